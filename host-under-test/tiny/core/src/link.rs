//! What guests import.

use crate::state::State;
use alloc::string::String;
use alloc::vec::Vec;
use wasmtime::component::{ComponentType, Lift, Linker};
use wasmtime::{Engine, Result, StoreContextMut};

const PINS: &str = "bench:board/pins@0.1.0";
const KEYS: &str = "bench:board/keys@0.1.0";
const CLOCK: &str = "wasi:clocks/monotonic-clock@0.2.12";
const RANDOM: &str = "wasi:random/insecure@0.2.12";
const LOGGING: &str = "wasi:logging/logging@0.1.0-draft";
#[cfg(feature = "concurrency")]
const CLOCK_P3: &str = "wasi:clocks/monotonic-clock@0.3.0";

/// Of wasi:logging.
#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(missing_docs, reason = "wasi:logging says what they are")]
pub enum Level {
    #[component(name = "trace")]
    Trace,
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
    #[component(name = "critical")]
    Critical,
}

/// Links components; those of WASI P3 with an engine for async guests.
///
/// # Errors
/// When the engine has no room for it.
pub fn components(engine: &Engine, concurrency: bool) -> Result<Linker<State>> {
    let mut linker = Linker::<State>::new(engine);
    let mut pins = linker.instance(PINS)?;
    pins.func_wrap("read", |mut store: StoreContextMut<'_, State>, (pin,): (u32,)| {
        Ok((store.data_mut().pins.read(pin),))
    })?;
    pins.func_wrap("write", |mut store: StoreContextMut<'_, State>, (pin, high): (u32, bool)| {
        store.data_mut().pins.write(pin, high);
        Ok(())
    })?;
    #[cfg(feature = "concurrency")]
    if concurrency {
        crate::executor::link_settled(&mut pins)?;
    }
    let mut keys = linker.instance(KEYS)?;
    keys.func_wrap("get", |store: StoreContextMut<'_, State>, (key,): (String,)| {
        Ok((store.data().keys.get(&key).map(<[u8]>::to_vec),))
    })?;
    keys.func_wrap(
        "set",
        |mut store: StoreContextMut<'_, State>, (key, value): (String, Vec<u8>)| {
            Ok((store.data_mut().keys.set(&key, &value).map_err(drop),))
        },
    )?;
    linker.instance(CLOCK)?.func_wrap("now", |store: StoreContextMut<'_, State>, (): ()| {
        Ok((store.data().board.now_ns(),))
    })?;
    linker
        .instance(RANDOM)?
        .func_wrap("get-insecure-random-u64", |mut store: StoreContextMut<'_, State>, (): ()| {
            Ok((store.data_mut().random(),))
        })?;
    linker.instance(LOGGING)?.func_wrap(
        "log",
        |mut store: StoreContextMut<'_, State>, line: (Level, String, String)| {
            log(store.data_mut(), &line);
            Ok(())
        },
    )?;
    #[cfg(feature = "concurrency")]
    if concurrency {
        crate::executor::link_clock(&mut linker.instance(CLOCK_P3)?)?;
    }
    #[cfg(not(feature = "concurrency"))]
    let _ = concurrency;
    Ok(linker)
}

/// Links core modules.
///
/// # Errors
/// When the engine has no room for it.
pub fn modules(engine: &Engine) -> Result<wasmtime::Linker<State>> {
    let mut linker = wasmtime::Linker::new(engine);
    linker.func_wrap(PINS, "read", |mut caller: wasmtime::Caller<'_, State>, pin: u32| {
        caller.data_mut().pins.read(pin)
    })?;
    Ok(linker)
}

fn log(state: &mut State, (level, context, message): &(Level, String, String)) {
    state.logged += 1;
    if !state.shows_log {
        return;
    }
    let word = match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
        Level::Critical => "critical",
    };
    for part in [word, " ", context, ": ", message, "\n"] {
        state.board.send(part.as_bytes());
    }
}
