//! A build that cargo gave up, and which failures are a version's own: its
//! result, as opposed to something that is wrong here.

use crate::error::BuildError;
use std::fmt;
use std::path::PathBuf;

/// A build that cargo gave up.
#[derive(Debug)]
pub struct Failure {
    /// What cargo was asked to do, e.g. `build`.
    pub command: String,
    /// The target.
    pub target: String,
    /// The version's label.
    pub version: String,
    /// How cargo ended, e.g. `exit status: 101`.
    pub status: String,
    /// The first error it printed, without `error:`.
    pub first_error: Option<String>,
    /// The last lines it printed.
    pub last_lines: Vec<String>,
    /// Everything it printed.
    pub log: PathBuf,
}

/// What a version that cannot be built is stored with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfVersion {
    /// Why, in one sentence.
    pub reason: String,
    /// The last lines of the build.
    pub log_tail: String,
}

impl Failure {
    /// Whether these words are among its last lines.
    pub(crate) fn says(&self, words: &str) -> bool {
        self.last_lines.iter().any(|line| line.contains(words))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "building `{}` at {} failed: `cargo {}` ended with {}",
            self.target, self.version, self.command, self.status
        )?;
        for line in &self.last_lines {
            writeln!(f, "{}", format!("  | {line}").trim_end())?;
        }
        write!(f, "whole log: {}", self.log.display())
    }
}

impl BuildError {
    /// What the version is stored with, if its own content is why there is no
    /// binary: building it once more would end alike. A missing network, a full
    /// disk or a signal is nobody's result.
    pub fn of_version(&self) -> Option<OfVersion> {
        match self {
            Self::Failed(failure) if !has_no_network(failure) => Some(OfVersion {
                reason: failure.first_error.clone().unwrap_or_else(|| {
                    format!("`cargo {}` ended with {}", failure.command, failure.status)
                }),
                log_tail: plain(&failure.last_lines.join("\n")),
            }),
            Self::NotPinned { .. }
            | Self::NoFolder { .. }
            | Self::NoLockfile { .. }
            | Self::UnusableSource { .. } => {
                Some(OfVersion { reason: plain(&self.to_string()), log_tail: String::new() })
            }
            _ => None,
        }
    }
}

/// Cargo's words when it could not get what it needs, or was ended.
fn has_no_network(failure: &Failure) -> bool {
    let words =
        ["spurious network error", "failed to download", "failed to get `", "No space left"];
    failure.status.starts_with("signal") || words.iter().any(|words| failure.says(words))
}

/// The first line of an output that begins an error.
pub(crate) fn first_error<'l>(lines: impl Iterator<Item = &'l str>) -> Option<String> {
    lines.map(str::trim).find_map(|line| {
        let rest = line.strip_prefix("error")?;
        // `error: text` or `error[E0432]: text`.
        let (code, text) = rest.split_once(": ")?;
        (code.is_empty() || code.starts_with('[')).then(|| plain(text))
    })
}

/// Without control characters, which are not stored.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_is_the_reason() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(first_error(text.lines()).as_deref(), expected, "{text}");
        };
        check(
            "   Compiling a v1\nerror[E0432]: unresolved import\n --> a.rs\nerror: could not compile",
            Some("unresolved import"),
        );
        check(
            "error: cannot install package `a 2`, it requires rustc 1.96 or newer, while the \
             currently active rustc version is 1.95\n`a 1` supports rustc 1.95",
            Some(
                "cannot install package `a 2`, it requires rustc 1.96 or newer, while the \
                 currently active rustc version is 1.95",
            ),
        );
        check("errors: 3\nno error: here", None);
    }
}
