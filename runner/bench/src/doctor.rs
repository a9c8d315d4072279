//! What makes this machine noisy, why that matters, and the command that changes
//! it. `machine` reads, `checks` judges what was read. It must not change the
//! machine.

mod checks;
mod machine;

use anyhow::{Result, bail};
use serde::Serialize;

/// How long the machine is watched for what shows only over time.
const WATCHED_S: f64 = 1.0;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What.
    pub(crate) name: &'static str,
    /// How it is.
    pub(crate) state: State,
    /// What was seen.
    pub(crate) found: String,
    /// What it does to measurements; empty where all is well.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) why: String,
    /// The command that changes it, or what else to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// As it should be.
    Fine,
    /// It makes measurements noisy.
    Noisy,
    /// The machine does not tell.
    Unknown,
}

impl State {
    /// The word used everywhere.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Noisy => "noisy",
            Self::Unknown => "unknown",
        }
    }
}

/// Looks at the machine for about a second.
pub(crate) fn examine() -> Vec<Check> {
    checks::all(&machine::Machine::read(WATCHED_S))
}

/// Refuses to measure on a machine that is noisy.
///
/// # Errors
/// Names everything that is.
pub(crate) fn insist_on_quiet() -> Result<()> {
    let checks = examine();
    let noisy: Vec<String> = checks
        .iter()
        .filter(|check| check.state == State::Noisy)
        .map(|check| format!("{}: {}", check.name, check.found))
        .collect();
    if noisy.is_empty() {
        return Ok(());
    }
    bail!(
        "this machine is noisy ({}); `bench doctor` says what to do, or measure without --strict",
        noisy.join("; ")
    )
}
