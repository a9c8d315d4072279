//! The components in flash, where they run from; `tiny firmware` put them there.

use core::ptr::NonNull;
use tiny_core::{Guest, Library, Settings};
use wasmtime::component::Component;
use wasmtime::{Engine, Module, Result};

/// Code is read in words.
#[repr(align(16))]
struct Aligned<B: ?Sized>(B);

/// Written by `tiny firmware` beside the components: what they were precompiled
/// with, and a static for each.
mod generated {
    use super::{Aligned, Settings};
    include!(concat!(env!("TINY_COMPONENTS"), "/components.rs"));
}

// A mismatch ends here, and not on a board.
const _: () = Settings::of_boards(false).require(&generated::SYNC_WITH);
#[cfg(feature = "concurrency")]
const _: () = Settings::of_boards(true).require(&generated::ASYNC_WITH);

/// All of them.
pub(crate) struct InFlash;

impl Library for InFlash {
    fn component(&self, engine: &Engine, guest: Guest) -> Result<Component> {
        let code = match guest {
            Guest::Probe => &generated::PROBE.0[..],
            Guest::Sensor => &generated::SENSOR.0[..],
            Guest::Handler => &generated::HANDLER.0[..],
            Guest::Rogue => &generated::ROGUE.0[..],
            #[cfg(feature = "concurrency")]
            Guest::ProbeAsync => &generated::PROBE_ASYNC.0[..],
            #[cfg(not(feature = "concurrency"))]
            Guest::ProbeAsync => {
                return Err(wasmtime::Error::msg("built without concurrency support"));
            }
        };
        // SAFETY: it is what this very version of Wasmtime precompiled, and it stays.
        unsafe { Component::deserialize_raw(engine, NonNull::from(code)) }
    }

    fn module(&self, engine: &Engine) -> Result<Module> {
        // SAFETY: as above.
        unsafe { Module::deserialize_raw(engine, NonNull::from(&generated::PROBE_CORE.0[..])) }
    }
}
