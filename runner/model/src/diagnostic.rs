//! One shape for every complaint about a file somebody wrote: where, what,
//! and what to do. It formats; it must not decide whether to go on.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A problem in a configuration file, pointing at the line that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file, as the user would name it.
    pub file: PathBuf,
    /// Line, counted from 1; `None` when the file could not be read at all.
    pub line: Option<usize>,
    /// What is wrong, in one sentence without a full stop.
    pub problem: String,
    /// What to do about it, where that is known.
    pub remedy: Option<String>,
}

impl std::error::Error for Diagnostic {}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.problem)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

/// A file's text, kept to turn byte offsets into lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceText<'a> {
    pub(crate) file: &'a Path,
    pub(crate) text: &'a str,
}

impl SourceText<'_> {
    /// A diagnostic at the line that holds the start of `span`.
    pub(crate) fn at(&self, span: Range<usize>, problem: impl Into<String>) -> Diagnostic {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        Diagnostic {
            file: self.file.to_path_buf(),
            line: Some(before.matches('\n').count() + 1),
            problem: problem.into(),
            remedy: None,
        }
    }

    /// What the TOML parser or serde said, with the line it said it of.
    pub(crate) fn toml_error(&self, error: &toml::de::Error) -> Diagnostic {
        let problem = error.message().trim().replace('\n', ", ");
        match error.span() {
            Some(span) => self.at(span, problem),
            None => Diagnostic { line: None, ..self.at(0..0, problem) },
        }
    }
}

impl Diagnostic {
    /// Adds what to do.
    #[must_use]
    pub fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// A file that could not be read.
    pub fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        Self {
            file: file.to_path_buf(),
            line: None,
            problem: format!("cannot read this file: {error}"),
            remedy: None,
        }
    }
}
