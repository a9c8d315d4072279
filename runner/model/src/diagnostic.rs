//! One shape for every complaint about a file somebody wrote: where, what,
//! and what to do. It formats; it must not decide whether to go on.

use crate::suggestion;
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
    /// The line with a mark below what is wrong in it, for people; no part of the sentence.
    pub excerpt: Option<String>,
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
        let line = before.matches('\n').count() + 1;
        let excerpt = self.excerpt(line, span);
        Diagnostic { excerpt, ..Diagnostic::new(self.file, Some(line), problem) }
    }

    /// What the TOML parser or serde said, with the line it said it of.
    pub(crate) fn toml_error(&self, error: &toml::de::Error) -> Diagnostic {
        let said = error.message().trim().replace('\n', ", ");
        let Some(span) = error.span() else { return Diagnostic::new(self.file, None, said) };
        match suggestion::of_unknown(&said, self.key_before(span.start)) {
            Some((problem, remedy)) => self.at(span, problem).with_remedy(remedy),
            None => self.at(span, said),
        }
    }

    fn line_around(&self, offset: usize) -> (usize, &str) {
        let start =
            self.text.get(..offset).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
        (start, self.text.get(start..).and_then(|text| text.lines().next()).unwrap_or_default())
    }

    /// `driver` of `driver = "htpp-latency"`, for the value at an offset.
    fn key_before(&self, offset: usize) -> Option<&str> {
        let (start, line) = self.line_around(offset);
        let before = line.get(..offset.checked_sub(start)?)?;
        let (before, _) = before.rsplit_once('=')?;
        let key = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_' || c == ' ')).next()?;
        Some(key.trim()).filter(|key| !key.is_empty())
    }

    fn excerpt(&self, line: usize, span: Range<usize>) -> Option<String> {
        // What has no place of its own is about the whole file.
        if span.is_empty() {
            return None;
        }
        let (start, text) = self.line_around(span.start);
        let until = span.end.min(start + text.len());
        let column = self.text.get(start..span.start)?.chars().count();
        let width = self.text.get(span.start..until).map_or(1, |it| it.chars().count()).max(1);
        let number = line.to_string();
        let (margin, text) = (" ".repeat(number.len()), text.replace('\t', " "));
        let (indent, marks) = (" ".repeat(column), "^".repeat(width));
        Some(format!(" {number} | {text}\n {margin} | {indent}{marks}"))
    }
}

impl Diagnostic {
    /// A problem at a line, counted from 1, or with a whole file.
    pub fn new(file: &Path, line: Option<usize>, problem: impl Into<String>) -> Self {
        let (file, problem) = (file.to_path_buf(), problem.into());
        Self { file, line, problem, remedy: None, excerpt: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// A file that could not be read.
    pub fn unreadable(file: &Path, error: &std::io::Error) -> Self {
        Self::new(file, None, format!("cannot read this file: {error}"))
    }
}
