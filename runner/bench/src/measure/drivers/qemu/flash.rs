//! What fills the flash of a board: the sections of the firmware's ELF file, and
//! which crate its code and constants come from, as far as symbols tell.

use crate::symbols::crate_of;
use model::Part;
use object::read::elf::ElfFile32;
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, SymbolKind};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What this can tell.
pub(super) const METRICS: [&str; 5] = [
    "flash_bytes",
    "flash_text_bytes",
    "flash_rodata_bytes",
    "flash_data_bytes",
    "flash_part_bytes",
];

/// Components are statics of this module of the firmware.
const COMPONENTS: &str = "tiny_firmware::library::generated";

/// Bytes by metric, of a part if one is asked for.
pub(super) fn read(file: &Path, part: Option<&Part>) -> Result<Vec<(&'static str, u64)>, String> {
    let problem =
        |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", file.display());
    let bytes = fs::read(file).map_err(|error| problem(&error))?;
    let elf = ElfFile32::<object::Endianness>::parse(&*bytes).map_err(|error| problem(&error))?;
    let (mut text, mut rodata, mut data) = (0, 0, 0);
    for section in elf.sections().filter(is_flashed) {
        *match section.kind() {
            SectionKind::Text => &mut text,
            SectionKind::Data => &mut data,
            _ => &mut rodata,
        } += section.size();
    }
    let all = text + rodata + data;
    let mut told = vec![
        ("flash_bytes", all),
        ("flash_text_bytes", text),
        ("flash_rodata_bytes", rodata),
        ("flash_data_bytes", data),
    ];
    if let Some(part) = part {
        let parts = parts(&elf);
        let size = |name: &str| parts.get(name).copied().unwrap_or_default();
        let bytes = match part.name.as_str() {
            Part::OTHER => all - part.named.iter().map(|name| size(name)).sum::<u64>().min(all),
            name => size(name),
        };
        told.push(("flash_part_bytes", bytes));
    }
    Ok(told)
}

/// Whether a section takes room in flash; what RAM begins with is copied from
/// there at boot.
fn is_flashed<'f>(section: &impl ObjectSection<'f>) -> bool {
    let SectionFlags::Elf { sh_flags, .. } = section.flags() else { return false };
    let is_loaded = sh_flags & u64::from(object::elf::SHF_ALLOC) != 0;
    is_loaded && !section.kind().is_bss() && section.size() > 0
}

/// Bytes by crate; what no symbol covers is in none.
fn parts(elf: &ElfFile32<'_, object::Endianness>) -> BTreeMap<String, u64> {
    let mut parts = BTreeMap::new();
    // Functions that are the same may be one: each address counts once.
    let mut seen = BTreeMap::new();
    for symbol in elf.symbols() {
        let counts = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data);
        let section = symbol.section_index().and_then(|at| elf.section_by_index(at).ok());
        if !counts || symbol.size() == 0 || !section.is_some_and(|it| is_flashed(&it)) {
            continue;
        }
        if seen.insert(symbol.address(), ()).is_none() {
            *parts.entry(part_of(symbol.name().unwrap_or_default())).or_default() += symbol.size();
        }
    }
    parts
}

/// The crate a symbol comes from, or that it is one of the components.
fn part_of(symbol: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(symbol));
    if name.contains(COMPONENTS) { "components".to_owned() } else { crate_of(symbol) }
}
