//! The processes an arm needs beside its hosts. Each has a role, which says
//! when it is started and whose costs it adds to. It must not start anything.

use super::InputFile;
use crate::config::Ready;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;

/// A process beside the hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessSpec {
    /// What templates call it, and failures.
    pub name: String,
    /// Its part in the measurement.
    pub role: Role,
    /// What is run.
    pub program: Program,
    /// Its configuration, filled in when it is a template.
    pub config: Option<InputFile>,
    /// Command with placeholders; empty for an anchor that is started as `bench.toml` says.
    pub start: Vec<String>,
    /// How it says that it is ready; for the anchor as `bench.toml` says.
    pub ready: Ready,
}

/// What a process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Stands for the outside world: started before the hosts, its costs are
    /// nobody's, and it runs on the load generator's CPUs.
    Backend,
    /// Part of what serves: started before the hosts, its costs are theirs.
    Companion,
    /// Stands before the hosts and is asked in their place: started after
    /// them, its costs are theirs.
    Front,
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// The anchor of `bench.toml`, as it is built for this run.
    Anchor,
    /// A program that is installed or not.
    Installed(String),
    /// A program in the suite's folder.
    Own(PathBuf),
}

impl Role {
    /// The word used in suites and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Companion => "companion",
            Self::Front => "front",
        }
    }

    /// Whether what it uses is charged to what is measured.
    pub fn is_counted(self) -> bool {
        !matches!(self, Self::Backend)
    }
}
