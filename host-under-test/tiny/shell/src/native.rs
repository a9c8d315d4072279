//! Linux in the place of a board.

use crate::Engine;
use crate::guests::{self, Source};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::time::Instant;
use tiny_core::{Board, Guest, Host, Library, Memory, Settings};
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

/// Guests compiled at start.
pub(crate) struct Compiled {
    components: BTreeMap<&'static str, Component>,
    module: Module,
}

impl Library for Compiled {
    fn component(&self, _: &wasmtime::Engine, guest: Guest) -> wasmtime::Result<Component> {
        let name = match guest {
            Guest::Probe => "probe",
            Guest::ProbeAsync => "probe-async",
            Guest::Sensor => "sensor",
            Guest::Handler => "handler",
            Guest::Rogue => "rogue",
        };
        let found = self.components.get(name).cloned();
        found.ok_or_else(|| wasmtime::Error::msg("built without concurrency support"))
    }

    fn module(&self, _: &wasmtime::Engine) -> wasmtime::Result<Module> {
        Ok(self.module.clone())
    }
}

/// A host with everything in memory, for as long as the process lives.
pub(crate) fn host(engine: Engine, concurrency: bool) -> Result<Host> {
    let settings = Settings::of_boards(concurrency);
    let mut config = Config::new();
    if matches!(engine, Engine::Pulley) {
        config.target("pulley64")?;
    }
    settings.apply(&mut config);
    // Compiling and running have to share an engine, so the library comes last.
    let compiler = wasmtime::Engine::new(&config)?;
    let usable = |source: &&Source| concurrency || !source.is_async;
    let mut components = BTreeMap::new();
    for source in guests::SOURCES.iter().filter(usable).filter(|source| !source.is_module) {
        components.insert(source.name, Component::new(&compiler, source.wasm)?);
    }
    let module = Module::new(&compiler, guests::named("probe-core")?.wasm)?;
    let board: &'static Process = Box::leak(Box::new(Process { start: Instant::now() }));
    let library: &'static Compiled = Box::leak(Box::new(Compiled { components, module }));
    Ok(Host::with_engine(board, library, concurrency, compiler)?)
}

/// Answers frames on standard input.
pub(crate) fn serve(engine: Engine, concurrency: bool) -> Result<()> {
    tiny_core::serve(&mut host(engine, concurrency)?);
    Ok(())
}
