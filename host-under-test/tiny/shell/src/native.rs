//! Linux in the place of a board.

use crate::Engine;
use crate::guests;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tiny_core::host::Configure;
use tiny_core::{Board, Guest, Host, Library, Memory};
use wasmtime::Result;
use wasmtime::component::Component;
use wasmtime::{Config, Module};

/// A process: its clock counts nanoseconds, and its serial line is standard
/// input and output.
pub(crate) struct Process {
    start: Instant,
}

impl Board for Process {
    fn count(&self) -> u64 {
        self.now_ns()
    }

    fn now_ns(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    fn send(&self, bytes: &[u8]) {
        // Nobody listens any more: then nothing is left to do.
        let _ = io::stdout().write_all(bytes).and_then(|()| io::stdout().flush());
    }

    fn receive(&self) -> Option<u8> {
        let mut byte = [0];
        io::stdin().read_exact(&mut byte).ok().map(|()| byte[0])
    }

    /// The kernel knows; nobody asks here.
    fn memory(&self) -> Memory {
        Memory::default()
    }

    fn spin(&self, _: u32) {}
}

/// Guests compiled when they are first asked for, and kept for the same engine.
#[derive(Default)]
pub(crate) struct Compiled {
    components: Mutex<BTreeMap<&'static str, Component>>,
}

impl Library for Compiled {
    fn component(&self, engine: &wasmtime::Engine, guest: Guest) -> Result<Component> {
        let name = match guest {
            Guest::Probe => "probe",
            Guest::ProbeAsync => "probe-async",
            Guest::Sensor => "sensor",
            Guest::Handler => "handler",
            Guest::Rogue => "rogue",
        };
        let mut components = self.components.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = components.get(name)
            && wasmtime::Engine::same(kept.engine(), engine)
        {
            return Ok(kept.clone());
        }
        let component = Component::new(engine, guests::named(name)?.wasm)?;
        components.insert(name, component.clone());
        Ok(component)
    }

    fn module(&self, engine: &wasmtime::Engine) -> Result<Module> {
        Module::new(engine, guests::named("probe-core")?.wasm)
    }
}

/// A host with everything in memory, for as long as the process lives.
pub(crate) fn host(engine: Engine, concurrency: bool) -> Host {
    let board: &'static Process = Box::leak(Box::new(Process { start: Instant::now() }));
    let library: &'static Compiled = Box::leak(Box::default());
    let configure: Configure = match engine {
        Engine::Pulley => |config| config.target("pulley64").map(drop),
        Engine::Cranelift => |_: &mut Config| Ok(()),
    };
    Host::new(board, library, concurrency, configure)
}

/// Answers frames on standard input.
pub(crate) fn serve(engine: Engine, concurrency: bool) {
    tiny_core::serve(&mut host(engine, concurrency));
}
