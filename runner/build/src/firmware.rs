//! Firmware of a version, cached like its binary, which builds it. It must not
//! know what is in it.

use crate::builder::{Builder, Got};
use crate::compile::Product;
use crate::cross::Cross;
use crate::error::BuildError;
use crate::progress::Progress;
use crate::resolved::{From, Origin, Resolved};
use model::Firmware;
use std::path::{Path, PathBuf};

/// Firmware that is to be built.
#[derive(Debug)]
pub(crate) struct Order {
    board: String,
    variant: String,
    /// The command, all but where the firmware goes filled in.
    command: Vec<String>,
    /// Who compiles for the board.
    pub(crate) cross: Cross,
}

/// Firmware, or why there is none here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flashed {
    /// An ELF file.
    Built(PathBuf),
    /// What is missing, and what to do.
    NotHere(String),
}

impl Order {
    /// What it is in keys.
    pub(crate) fn name(&self) -> String {
        format!("firmware {} {}", self.board, self.variant)
    }

    /// The command that leaves it in `file`.
    pub(crate) fn words(&self, file: &Path) -> Vec<String> {
        let file = file.to_string_lossy();
        self.command.iter().map(|word| word.replace("{firmware}", &file)).collect()
    }
}

impl Builder {
    /// The firmware of a resolved version, whose `binary` is built: out of the
    /// cache, or built.
    ///
    /// # Errors
    /// As [`Builder::obtain`]; that a compiler is missing is none.
    pub fn firmware(
        &self,
        resolved: &Resolved,
        binary: &Path,
        firmware: &Firmware,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Flashed, BuildError> {
        let not_here = |what: &str| Ok(Flashed::NotHere(what.to_owned()));
        let recipe = match &resolved.origin {
            Origin::Sources(recipe) if !matches!(recipe.from, From::Registry) => recipe,
            _ => return not_here("needs sources: firmware is built from them"),
        };
        let Some(spec) = &resolved.target.firmware else {
            return not_here("needs firmware, which this target has none of");
        };
        let Some(board) = spec.board(&firmware.board) else {
            return not_here(&format!("needs the board {}", firmware.board));
        };
        let folder = recipe.toolchain.folder();
        let cross = match Cross::find(&self.layout, folder, &board.triple) {
            Ok(cross) => cross,
            Err(problem) => return not_here(&problem),
        };
        let fill = |word: &String| {
            word.replace("{binary}", &binary.to_string_lossy())
                .replace("{board}", &firmware.board)
                .replace("{variant}", &firmware.variant)
        };
        let order = Order {
            board: firmware.board.clone(),
            variant: firmware.variant.clone(),
            command: spec.build.iter().map(fill).collect(),
            cross,
        };
        let Got { file, .. } = self.get(resolved, recipe, Product::Firmware(&order), progress)?;
        progress(Progress::Done);
        Ok(Flashed::Built(file))
    }
}
