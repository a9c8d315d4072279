//! Files a suite hands to a program: fixed text, or a template that is filled
//! in for every block. It must not read or fill one in.

use std::path::{Path, PathBuf};

/// Names that the runner gives to templates and commands; a parameter of the
/// same name would hide one of them.
pub(super) const RESERVED: [&str; 16] = [
    "addr",
    "backends",
    "binary",
    "companion",
    "component",
    "components",
    "config",
    "index",
    "options",
    "port",
    "precompiled",
    "program",
    "scratch",
    "suite",
    "value",
    "workload",
];

/// A file of a suite's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile(PathBuf);

impl InputFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether it is filled in before use: its name ends in `.j2`.
    pub fn is_template(&self) -> bool {
        self.0.extension().is_some_and(|extension| extension == "j2")
    }
}
