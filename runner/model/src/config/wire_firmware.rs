//! A target's firmware as `bench.toml` writes it.

use super::target::{BoardSpec, FirmwareSpec};
use crate::diagnostic::Diagnostic;
use crate::spanned::Spanned;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireFirmware {
    build: Spanned<Vec<String>>,
    boards: IndexMap<String, WireBoard>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireBoard {
    triple: String,
    emulator: Spanned<Vec<String>>,
}

/// What fills the command that builds it.
const BUILD: [&str; 4] = ["binary", "board", "variant", "firmware"];
/// What fills the command that switches a board on.
const EMULATOR: [&str; 2] = ["firmware", "serial"];

/// Checks it; `check` looks for placeholders that nothing fills.
pub(super) fn spec(
    wire: &WireFirmware,
    check: impl Fn(&Spanned<Vec<String>>, &[&str]) -> Result<(), Diagnostic>,
) -> Result<FirmwareSpec, Diagnostic> {
    check(&wire.build, &BUILD)?;
    let mut boards = Vec::new();
    for (name, board) in &wire.boards {
        check(&board.emulator, &EMULATOR)?;
        boards.push(BoardSpec {
            name: name.clone(),
            triple: board.triple.clone(),
            emulator: board.emulator.get_ref().clone(),
        });
    }
    Ok(FirmwareSpec { build: wire.build.get_ref().clone(), boards })
}
