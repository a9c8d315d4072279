//! `data/annotations.toml`: what people want remembered of a moment in the
//! history, shown on every chart it concerns. It must not look for the moment.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::spanned::Spanned;
use jiff::civil::Date;
use serde::Deserialize;
use std::fmt;
use std::path::Path;

/// A remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// Where it belongs.
    pub at: Moment,
    /// The target it concerns; all without one.
    pub target: Option<String>,
    /// The suite it concerns; all without one.
    pub suite: Option<String>,
    /// What happened, in a sentence.
    pub text: String,
    /// Where more is said of it: an `https` address.
    pub link: Option<String>,
}

/// A moment in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// The first version from that day on.
    Day(Date),
    /// A commit, by at least the first seven digits of its hash.
    Commit(String),
    /// A release, by its number.
    Release(String),
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Commit(name) | Self::Release(name) => f.write_str(name),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    annotation: Vec<Spanned<WireAnnotation>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireAnnotation {
    day: Option<String>,
    commit: Option<String>,
    release: Option<String>,
    target: Option<String>,
    suite: Option<String>,
    text: String,
    link: Option<String>,
}

const FEWEST_DIGITS: usize = 7;

impl Annotation {
    /// Reads the file; where there is none, nothing was remarked.
    ///
    /// # Errors
    /// Names file and line of the first thing that is wrong.
    pub fn load(file: &Path) -> Result<Vec<Self>, Diagnostic> {
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(file, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Diagnostic::unreadable(file, &error)),
        }
    }

    /// Checks the text of such a file; `file` is used in messages.
    ///
    /// # Errors
    /// Names file and line of the first thing that is wrong.
    pub fn parse(file: &Path, text: &str) -> Result<Vec<Self>, Diagnostic> {
        let source = SourceText { file, text };
        let wire: Wire = toml::from_str(text).map_err(|e| source.toml_error(&e))?;
        wire.annotation.into_iter().map(|one| checked(source, one)).collect()
    }
}

fn checked(
    source: SourceText<'_>,
    wire: Spanned<WireAnnotation>,
) -> Result<Annotation, Diagnostic> {
    let span = wire.span();
    let WireAnnotation { day, commit, release, target, suite, text, link } = wire.into_inner();
    let refuse = |problem: String| Err(source.at(span.clone(), problem));
    if text.trim().is_empty() {
        return refuse("`text` of an annotation is empty".to_owned());
    }
    if let Some(link) = link.as_ref().filter(|link| !link.starts_with("https://")) {
        return refuse(format!("`{link}` does not begin with https://"));
    }
    let at = match (day, commit, release) {
        (Some(day), None, None) => match day.parse() {
            Ok(day) => Moment::Day(day),
            Err(_) => return refuse(format!("`{day}` is not a day; write it as \"2026-12-31\"")),
        },
        (None, Some(commit), None) => {
            let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
            if commit.len() < FEWEST_DIGITS || !commit.bytes().all(is_digit) {
                return refuse(format!(
                    "`{commit}` is not the beginning of a commit's hash: at least {FEWEST_DIGITS} \
                     digits from 0 to f"
                ));
            }
            Moment::Commit(commit)
        }
        (None, None, Some(release)) => Moment::Release(release),
        _ => return refuse("give one of `day`, `commit` and `release`".to_owned()),
    };
    Ok(Annotation { at, target, suite, text, link })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let got = match Annotation::parse(Path::new("annotations.toml"), text) {
            Ok(all) => format!("{all:?}"),
            Err(error) => error.to_string(),
        };
        assert!(got.contains(expected), "{got}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        check("", "[]");
        let at = |moment: &str| format!("\n[[annotation]]\ntext = 'new compiler'\n{moment}\n");
        check(&at("day = '2026-11-16'"), "Day(2026-11-16)");
        check(&at("commit = '3fa9c1e2'"), "Commit(\"3fa9c1e2\")");
        check(&at("day = 'monday'"), "annotations.toml:2: `monday` is not a day");
        check(&at("commit = 'HEAD'"), "annotations.toml:2: `HEAD` is not the beginning");
        check(&at(""), "annotations.toml:2: give one of `day`, `commit` and `release`");
        check(&at("day = '2026-11-16'\nlink = 'javascript:x'"), "does not begin with https://");
        check(&at("when = 'now'"), "annotations.toml:4: unknown field `when`");
        check("[[annotation]]\ntext = ' '\nrelease = '1'", "annotations.toml:1: `text`");
    }
}
