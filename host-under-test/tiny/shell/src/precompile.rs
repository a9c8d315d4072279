//! Compiles the guests for the interpreter of the boards, with the settings that
//! boards have, and writes what the firmware embeds.

use crate::guests::{SOURCES, Source};
use object::build::elf::{Builder, SectionData};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use tiny_core::Settings;
use wasmtime::Result;
use wasmtime::error::Context;
use wasmtime::{Config, Engine, OptLevel};

/// Writes the components and `components.rs` into `folder`; async ones only if
/// the board can run them.
pub(crate) fn write(folder: &Path, with_async: bool) -> Result<()> {
    let (sync, other) = (Settings::of_boards(false), Settings::of_boards(true));
    // A value as Rust prints it is how Rust is written.
    let mut code = format!("pub(super) const SYNC_WITH: Settings = {sync:?};\n");
    if with_async {
        writeln!(code, "pub(super) const ASYNC_WITH: Settings = {other:?};")?;
    }
    for source in SOURCES.iter().filter(|source| with_async || !source.is_async) {
        let name = source.name;
        let settings = if source.is_async { &other } else { &sync };
        let bytes = compile(&engine(settings)?, source)
            .and_then(|bytes| stripped(&bytes))
            .with_context(|| format!("precompiling {name}"))?;
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
    Engine::new(&config).context("setting up the compiler")
}

fn compile(engine: &Engine, source: &Source) -> Result<Vec<u8>> {
    Ok(match source.is_module {
        true => engine.precompile_module(source.wasm)?,
        false => engine.precompile_component(source.wasm)?,
    })
}

/// Without names of functions, which are a fifth of a small component; Wasmtime
/// finds what it needs by sections.
fn stripped(elf: &[u8]) -> Result<Vec<u8>> {
    let mut builder = Builder::read(elf)?;
    for symbol in &mut builder.symbols {
        symbol.delete = true;
    }
    for section in &mut builder.sections {
        section.delete |= matches!(
            section.data,
            SectionData::Symbol | SectionData::String | SectionData::SymbolSectionIndex
        );
    }
    builder.delete_orphans();
    let mut stripped = Vec::new();
    builder.write(&mut stripped)?;
    Ok(stripped)
}
