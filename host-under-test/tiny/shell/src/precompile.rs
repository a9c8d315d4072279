//! Compiles the guests for the interpreter of the boards, with the settings that
//! boards have, and writes what the firmware embeds. Every component is loaded
//! once here, by an engine with those settings.

use crate::guests::{SOURCES, Source};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tiny_core::Settings;
use wasmtime::Result;
use wasmtime::error::Context;
use wasmtime::{Config, Engine, OptLevel};

/// Writes the components and `components.rs` into `folder`.
pub(crate) fn write(folder: &Path, settings: &Settings) -> Result<()> {
    let engine = engine(settings).context("setting up the compiler")?;
    // A value as Rust prints it is how Rust is written.
    let mut code = format!("pub(super) const PRECOMPILED_WITH: Settings = {settings:?};\n");
    for source in SOURCES.iter().filter(|source| settings.concurrency || !source.is_async) {
        let name = source.name;
        let bytes = compile(&engine, source).with_context(|| format!("precompiling {name}"))?;
        let file = folder.join(format!("{name}.cwasm"));
        fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))?;
        let constant = name.replace('-', "_").to_uppercase();
        let path = file.display();
        writeln!(
            code,
            "pub(super) static {constant}: &Aligned<[u8]> = &Aligned(*include_bytes!({:?}));",
            path.to_string()
        )?;
    }
    let file = folder.join("components.rs");
    fs::write(&file, code).with_context(|| format!("writing {}", file.display()))
}

/// A compiler for the boards' interpreter.
fn engine(settings: &Settings) -> Result<Engine> {
    let mut config = Config::new();
    settings.apply(&mut config);
    config.target("pulley32")?;
    // Addresses of instructions would only serve backtraces, which no board prints.
    config.generate_address_map(false);
    config.native_unwind_info(false);
    config.cranelift_opt_level(OptLevel::SpeedAndSize);
    Ok(Engine::new(&config)?)
}

fn compile(engine: &Engine, source: &Source) -> Result<Vec<u8>> {
    Ok(match source.is_module {
        true => engine.precompile_module(source.wasm)?,
        false => engine.precompile_component(source.wasm)?,
    })
}
