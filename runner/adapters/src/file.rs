//! What is read: text and what it is called. It must not read it.

use model::Diagnostic;
use std::path::PathBuf;

/// A file that some tool wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// As the user would name it.
    pub path: PathBuf,
    /// The benchmark of tools that name none: as a rule the file's name without its ending.
    pub name: String,
    /// What is in it.
    pub text: String,
    /// What lies beside it: criterion's `benchmark.json`, which alone names `sample.json`.
    pub beside: Option<String>,
}

impl File {
    /// Refuses it at a line, counted from 1.
    pub(crate) fn at(&self, line: usize, problem: impl Into<String>) -> Diagnostic {
        Diagnostic::new(&self.path, Some(line.max(1)), problem)
    }

    /// Its lines without the empty ones, each with its number from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        numbered.filter(|(_, line)| !line.trim().is_empty())
    }

    /// The number of its last line.
    pub(crate) fn last_line(&self) -> usize {
        self.text.lines().count().max(1)
    }
}
