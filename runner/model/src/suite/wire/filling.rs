//! The values of one arm's parameters, filled into what a suite says, with the
//! place of each mistake.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::spanned::Spanned;
use crate::suite::InputFile;
use crate::suite::expand::substitute;
use schemars::JsonSchema;
use serde::Deserialize;
use std::ops::Range;
use std::path::Path;

/// One arm's parameters, and the file that is read.
#[derive(Clone, Copy)]
pub(super) struct Filling<'a> {
    pub(super) source: SourceText<'a>,
    pub(super) parameters: &'a [(String, String)],
}

/// A number, or the parameter that holds it.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a whole number, or text with a {parameter} in it")]
pub(super) enum WireCount {
    Number(u32),
    Text(String),
}

impl Filling<'_> {
    /// The text with its parameters filled in.
    pub(super) fn fill(self, text: &Spanned<String>) -> Result<String, Diagnostic> {
        self.fill_or_keep(text, &[])
    }

    /// The same, with placeholders that somebody else fills in later.
    pub(super) fn fill_or_keep(
        self,
        text: &Spanned<String>,
        keep: &[&str],
    ) -> Result<String, Diagnostic> {
        self.fill_at(text.span(), text.get_ref(), keep)
    }

    /// A file below `dir`.
    pub(super) fn file(
        self,
        span: Range<usize>,
        dir: &Path,
        text: &str,
    ) -> Result<InputFile, Diagnostic> {
        let path = dir.join(self.fill_at(span.clone(), text, &[])?);
        if path.is_file() {
            return Ok(InputFile::new(path));
        }
        Err(self.source.at(span, format!("there is no file {}", path.display())))
    }

    pub(super) fn count(self, span: Range<usize>, count: &WireCount) -> Result<u32, Diagnostic> {
        match count {
            WireCount::Number(number) => Ok(*number),
            WireCount::Text(text) => {
                let text = self.fill_at(span.clone(), text, &[])?;
                text.parse()
                    .map_err(|_| self.source.at(span, format!("`{text}` is not a whole number")))
            }
        }
    }

    fn fill_at(self, span: Range<usize>, text: &str, keep: &[&str]) -> Result<String, Diagnostic> {
        let kept = keep.iter().map(|name| ((*name).to_owned(), format!("{{{name}}}")));
        let known: Vec<_> = self.parameters.iter().cloned().chain(kept).collect();
        substitute(text, &known).map_err(|unknown| {
            let problem = format!("`{{{unknown}}}` is not a parameter of this benchmark");
            let problem = self.source.at(span, problem);
            match keep {
                [] => problem,
                _ => problem.with_remedy(format!(
                    "the runner itself fills in {}",
                    keep.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(" ")
                )),
            }
        })
    }
}
