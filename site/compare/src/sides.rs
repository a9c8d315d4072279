//! A run as a page carries it: block summaries, and what is known of each block.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A run without its samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// The run's name.
    pub run: String,
    /// What it stood on, field by field.
    pub testbed: Vec<(String, String)>,
    /// The name of that.
    pub epoch: String,
    /// When was looked: rounds that were over, and the share of the whole.
    pub looks: Vec<(u32, f64)>,
    /// What was measured.
    pub versions: Vec<Version>,
    /// The blocks of each arm on each version.
    pub arms: Vec<ArmBlocks>,
}

/// A version as a run knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Its target.
    pub target: String,
    /// Its short name.
    pub label: String,
    /// SHA-256 of its binary.
    pub binary_sha256: String,
}

impl Shard {
    /// The position of a version by its name, `target@label`.
    pub(crate) fn position(&self, name: &str) -> Result<usize, String> {
        let named = |version: &Version| {
            name.strip_prefix(&version.target).and_then(|rest| rest.strip_prefix('@'))
                == Some(&version.label)
        };
        let position = self.versions.iter().position(named);
        position.ok_or_else(|| format!("run {} has no version {name}", self.run))
    }
}

/// The blocks of one arm on one version, of one definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmBlocks {
    /// Suite name.
    pub suite: String,
    /// Benchmark name.
    pub benchmark: String,
    /// Arm name.
    pub arm: String,
    /// Position in [`Shard::versions`].
    pub version: usize,
    /// What defines its numbers: the start of a digest.
    pub definition: String,
    /// The round of each block, ascending.
    pub rounds: Vec<u32>,
    /// A letter for each block: `f` failed, `u` not supported, or a digit of a
    /// measured one, the sum of 1 where the generator was the limit, 2 where it was
    /// starved and 4 where the machine was disturbed.
    pub states: String,
    /// Reasons of what failed or is not supported, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// The median of each block's samples, by metric, in the metric's unit; none
    /// where a block has no value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Vec<Option<f64>>>,
}

/// How a block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Measured(Peace),
    Failed,
    Unsupported,
}

/// Under what a block was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Peace {
    pub(crate) is_bound: bool,
    pub(crate) is_starved: bool,
    pub(crate) is_disturbed: bool,
}

impl State {
    pub(crate) fn of(letter: char) -> Result<Self, String> {
        match letter {
            'f' => Ok(Self::Failed),
            'u' => Ok(Self::Unsupported),
            '0'..='7' => {
                let has = |bit: u32| letter.to_digit(8).is_some_and(|sum| sum & bit != 0);
                Ok(Self::Measured(Peace {
                    is_bound: has(1),
                    is_starved: has(2),
                    is_disturbed: has(4),
                }))
            }
            other => Err(format!("`{other}` is no state of a block")),
        }
    }

    /// Of a block that was measured.
    pub(crate) fn peace(self) -> Option<Peace> {
        match self {
            Self::Measured(peace) => Some(peace),
            Self::Failed | Self::Unsupported => None,
        }
    }
}
