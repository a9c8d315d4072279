//! What a binary says of itself without being run: the size of its sections, which crate
//! its code and constants come from, and how much of its machine code is another's. It must
//! not know what is measured.

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SymbolKind};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What fills a binary, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// By section; only what is loaded.
    pub(crate) sections: BTreeMap<String, u64>,
    /// By crate; what no symbol covers is in none.
    pub(crate) crates: BTreeMap<String, u64>,
}

impl Sizes {
    /// # Errors
    /// When it is no object file.
    pub(crate) fn of(binary: &Path) -> Result<Self> {
        let bytes = fs::read(binary).with_context(|| format!("reading {}", binary.display()))?;
        let file = object::File::parse(&*bytes)
            .with_context(|| format!("reading the sections of {}", binary.display()))?;
        let mut sizes = Self::default();
        for section in file.sections().filter(is_loaded) {
            let name = section.name().unwrap_or_default().to_owned();
            *sizes.sections.entry(name).or_default() += section.size();
        }
        // Functions that are the same may be one: each address counts once.
        let mut seen = BTreeSet::new();
        for symbol in file.symbols() {
            let counts = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data);
            if counts && symbol.size() > 0 && seen.insert(symbol.address()) {
                let name = crate_of(symbol.name().unwrap_or_default());
                *sizes.crates.entry(name).or_default() += symbol.size();
            }
        }
        Ok(sizes)
    }
}

/// Whether a section is there when the program runs, and has bytes in the file.
fn is_loaded<'f>(section: &impl ObjectSection<'f>) -> bool {
    let SectionFlags::Elf { sh_flags, .. } = section.flags() else { return true };
    sh_flags & u64::from(object::elf::SHF_ALLOC) != 0 && !section.kind().is_bss()
}

/// How much of the code of a binary is in functions that another has too, by name and
/// size: from 0 to 1. Two builds of the same sources with other debug information differ
/// in where functions are, and in a few that were put into others.
///
/// # Errors
/// When one cannot be read.
pub(crate) fn likeness(one: &Path, other: &Path) -> Result<f64> {
    let (mut ours, theirs) = (functions(one)?, functions(other)?);
    let all: u64 = ours.iter().map(|((_, bytes), count)| bytes * count).sum();
    for (function, count) in theirs {
        if let Some(left) = ours.get_mut(&function) {
            *left = left.saturating_sub(count);
        }
    }
    let lacking: u64 = ours.iter().map(|((_, bytes), count)| bytes * count).sum();
    Ok(if all == 0 { 1.0 } else { 1.0 - lacking as f64 / all as f64 })
}

/// How often a binary has a function of a name and size.
fn functions(binary: &Path) -> Result<BTreeMap<(String, u64), u64>> {
    let bytes = fs::read(binary).with_context(|| format!("reading {}", binary.display()))?;
    let mut functions = BTreeMap::new();
    let Ok(file) = object::File::parse(&*bytes) else {
        // A script is one function.
        return Ok(BTreeMap::from([((model::Digest::of(&bytes).to_string(), 1), 1)]));
    };
    for symbol in file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text) {
        let name = format!("{:#}", rustc_demangle::demangle(symbol.name().unwrap_or_default()));
        *functions.entry((name, symbol.size())).or_default() += 1;
    }
    Ok(functions)
}

/// The crate a symbol comes from: that of the implementing type of a method, and
/// not the one that its code was generated in.
pub(crate) fn crate_of(symbol: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(symbol));
    if name == symbol {
        // No symbol of Rust's: what the compiler itself calls.
        return "compiler_builtins".to_owned();
    }
    root(&name).to_owned()
}

/// The first word of a path as Rust writes it: `native` of `<native::Whole as Body>::poll`.
pub(crate) fn root(name: &str) -> &str {
    let begin = name.find(|c: char| c.is_ascii_alphanumeric() || c == '_').unwrap_or_default();
    let path = &name[begin..];
    let path = path.strip_prefix("dyn ").or_else(|| path.strip_prefix("mut ")).unwrap_or(path);
    let end = path.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(path.len());
    &path[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_belong_to_the_crate_they_were_written_in() {
        for (symbol, part) in [
            // `<wasmtime::Trap as core::fmt::Display>::fmt`, as v0 mangles it.
            (
                "_RNvXCs15kBYyAo9fc_8wasmtimeNtB2_4TrapNtNtCsbmNqQUJIY6D_4core3fmt7Display3fmt",
                "wasmtime",
            ),
            ("_RNvNtCsbmNqQUJIY6D_4core3fmt5write", "core"),
            ("memcpy", "compiler_builtins"),
            ("__aeabi_uldivmod", "compiler_builtins"),
        ] {
            assert_eq!(crate_of(symbol), part, "{symbol}");
        }
    }

    #[test]
    fn a_binary_is_taken_apart() {
        let own = std::env::current_exe().unwrap();
        let sizes = Sizes::of(&own).unwrap();
        assert!(sizes.sections[".text"] > 100_000, "{:?}", sizes.sections);
        assert!(sizes.crates["std"] > 1000 && sizes.crates["bench"] > 1000);
        assert_eq!(likeness(&own, &own).unwrap(), 1.0);
        let other = likeness(&own, Path::new("/bin/sh")).unwrap();
        assert!(other < 0.5, "{other}");
        assert!(Sizes::of(Path::new("/nowhere")).is_err());
    }
}
