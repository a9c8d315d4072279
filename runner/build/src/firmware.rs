//! Firmware of a version, cached like its binary, which builds it. It must not
//! know what is in it.

use crate::builder::{Builder, Got};
use crate::compile::Product;
use crate::cross::Cross;
use crate::error::BuildError;
use crate::progress::Progress;
use crate::resolved::{From, Origin, Recipe, Resolved};
use model::{Digest, Firmware};
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
        let (recipe, order) = match self.order(resolved, binary, firmware) {
            Ok(ordered) => ordered,
            Err(reason) => return Ok(Flashed::NotHere(reason)),
        };
        let Got { file, .. } = self.get(resolved, recipe, Product::Firmware(&order), progress)?;
        progress(Progress::Done);
        Ok(Flashed::Built(file))
    }

    /// Builds the same once more from nothing, in an empty folder, and gives the
    /// digest of what comes of it; `None` where there is none here.
    ///
    /// # Errors
    /// As [`Builder::firmware`].
    pub fn firmware_again(
        &self,
        resolved: &Resolved,
        binary: &Path,
        firmware: &Firmware,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<Digest>, BuildError> {
        let Ok((recipe, order)) = self.order(resolved, binary, firmware) else { return Ok(None) };
        let digest = self.again(resolved, recipe, Product::Firmware(&order), progress)?;
        progress(Progress::Done);
        Ok(Some(digest))
    }

    /// What is to be built, or why it cannot be here.
    fn order<'r>(
        &self,
        resolved: &'r Resolved,
        binary: &Path,
        firmware: &Firmware,
    ) -> Result<(&'r Recipe, Order), String> {
        let recipe = match &resolved.origin {
            Origin::Sources(recipe) if !matches!(recipe.from, From::Registry) => recipe,
            _ => return Err("needs sources: firmware is built from them".to_owned()),
        };
        let Some(spec) = &resolved.target.firmware else {
            return Err("needs firmware, which this target has none of".to_owned());
        };
        let Some(board) = spec.board(&firmware.board) else {
            return Err(format!("needs the board {}", firmware.board));
        };
        let folder = recipe.toolchain.folder();
        let cross = Cross::find(&self.layout, folder, &board.triple)?;
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
        Ok((recipe, order))
    }
}
