//! What a measurement leaves behind: a run, its artifacts and its blocks.
//! The same values live in the database and in bundles. It must not summarise
//! across blocks; that is for `stats`.

use crate::digest::Digest;
use crate::testbed::Testbed;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

mod extent;
mod failed_build;
mod measurements;
mod place;
mod times;
mod validate;
pub use extent::Extent;
pub use failed_build::FailedBuild;
pub use measurements::{Absent, Measurements};
pub use place::Place;
pub use validate::Invalid;

/// One execution of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Unique name.
    pub id: RunId,
    /// When the first block was about to start.
    pub started_at: Timestamp,
    /// When the last block had ended; `None` while it runs.
    pub finished_at: Option<Timestamp>,
    /// How it ended, if it did.
    pub status: RunStatus,
    /// `quick`, `full`, `compare`: which rules chose the number of blocks.
    pub profile: String,
    /// Seed of the order of blocks.
    pub seed: u64,
    /// Version of the tools that measured, e.g. `0.1.0 (3fa9c1e2)`.
    pub harness: String,
    /// What was asked for, as JSON; enough to plan the same run again.
    pub plan: String,
    /// Blocks the plan has.
    pub planned_blocks: u32,
    /// The target measured in adjacent blocks, if one is declared.
    pub anchor: Option<String>,
    /// What the measurement stood on.
    pub testbed: Testbed,
    /// What was measured; blocks refer to it by position.
    pub artifacts: Vec<Artifact>,
    /// What was to be measured and could not be built.
    pub failed_builds: Vec<FailedBuild>,
    /// The blocks measured so far, by ordinal.
    pub blocks: Vec<Block>,
}

/// Names a run: 16 hexadecimal digits.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// A runner is at it.
    Running,
    /// Every planned block has an outcome.
    Complete,
    /// The runner went away before the plan was done; `--resume` goes on.
    Interrupted,
}

/// What a build produced, or a binary that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// The target it is a version of.
    pub target: String,
    /// Which version.
    pub version: VersionId,
    /// Digest of the binary.
    pub binary_sha256: Digest,
    /// Size of the binary in bytes.
    pub binary_bytes: u64,
    /// Digest of the sources; absent for a given binary.
    pub source_sha256: Option<Digest>,
    /// Digest of the lockfile; absent for a given binary.
    pub lockfile_sha256: Option<Digest>,
    /// The compiler, e.g. `rustc 1.95.0 (59807616e 2026-04-14)`; absent for a given binary.
    pub rustc: Option<String>,
    /// Build profile and flags; absent for a given binary.
    pub build_flags: Option<String>,
}

/// One state of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum VersionId {
    /// A git commit, perhaps with uncommitted changes on top.
    Commit {
        /// Full hash.
        sha: String,
        /// First line of the message.
        subject: String,
        /// When it was committed, to the second; nanoseconds count the commits of that
        /// second before it.
        committed_at: Timestamp,
        /// Digest of the sources when they differ from the commit's.
        modified: Option<Digest>,
    },
    /// A release on crates.io.
    Release {
        /// Exact version.
        version: String,
    },
    /// A binary somebody built; its digest is its name.
    Binary {
        /// Digest of the binary.
        sha256: Digest,
    },
}

/// What a block measures: one arm of one benchmark on one target.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Target name.
    pub target: String,
    /// Suite name.
    pub suite: String,
    /// Benchmark name.
    pub benchmark: String,
    /// Arm: `wasi=p2,code=compile`, or `default`.
    pub arm: String,
}

/// One fresh host process, measured from start to stop.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Position in the run's plan.
    pub ordinal: u32,
    /// What it measured.
    pub cell: Cell,
    /// Position in [`Run::artifacts`].
    pub artifact: usize,
    /// Which repetition: the blocks of one round are adjacent in time and
    /// pair up in comparisons.
    pub round: u32,
    /// Digest of the suite's folder and of the components it uses.
    pub suite_sha256: Digest,
    /// Digest of what defines this arm's numbers (driver, load, request,
    /// expected answer, workload, component); a new one starts a new segment.
    pub definition_sha256: Digest,
    /// When the host was spawned.
    pub started_at: Timestamp,
    /// From spawn to having stopped.
    pub duration_ns: u64,
    /// Caveats.
    pub labels: Vec<Label>,
    /// What came of it.
    pub outcome: Outcome,
}

/// A caveat that goes with a block wherever its numbers go.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// The generator used 90 % or more of its CPU: no verdict on the host.
    GeneratorBound,
    /// Generator and host could not be pinned to separate CPUs.
    SharedCpus,
    /// The generator waited for a CPU more than a tenth of the time: no verdict
    /// on the host.
    GeneratorStarved,
    /// Something else used the machine meanwhile: no verdict, and measured again
    /// where a run may still do that.
    Disturbed,
}

/// Failure is a row, not a gap and never a number.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Every answer was checked and right.
    Measured(Measurements),
    /// The host died, stalled or answered wrongly.
    Failed {
        /// What went wrong, in one sentence.
        reason: String,
        /// The last lines the host printed.
        log_tail: String,
    },
    /// This version cannot do what the arm asks for.
    Unsupported {
        /// Which capability is missing.
        reason: String,
    },
}

impl Run {
    /// The highest number of blocks of a plan of `planned`: a fifth more, for those
    /// that are disturbed and measured again. Their numbers follow the plan's.
    pub fn most_blocks(planned: u32) -> u32 {
        planned.saturating_add(planned.div_ceil(5))
    }

    /// The blocks that count: all but those that were disturbed and measured again,
    /// in the same round on the same artifact.
    pub fn counted_blocks(&self) -> impl Iterator<Item = &Block> {
        let same = |a: &Block, b: &Block| {
            (a.artifact, a.round, a.definition_sha256, &a.cell)
                == (b.artifact, b.round, b.definition_sha256, &b.cell)
        };
        // Few blocks are repeated, so few are looked at for each.
        let repeated: Vec<&Block> =
            self.blocks.iter().filter(|block| block.ordinal >= self.planned_blocks).collect();
        self.blocks.iter().filter(move |block| {
            let is_later = |other: &&&Block| other.ordinal > block.ordinal;
            !block.labels.contains(&Label::Disturbed)
                || !repeated.iter().filter(is_later).any(|other| same(block, other))
        })
    }

    /// Whether its blocks hold summaries and no samples: the kind of run that is
    /// kept in git, and from which a full one cannot be made.
    pub fn is_published(&self) -> bool {
        self.blocks.iter().any(|block| match &block.outcome {
            Outcome::Measured(measurements) => measurements.is_published(),
            _ => false,
        })
    }
}

impl VersionId {
    /// Whether a text is a full hash of a git commit.
    pub fn is_commit_hash(text: &str) -> bool {
        text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// A short name: `3fa9c1e2`, `3fa9c1e2+ab12cd34` when modified, `48.0.8`,
    /// `sha256:ab12cd34`.
    pub fn label(&self) -> String {
        let eight = |text: &str| text.chars().take(8).collect::<String>();
        match self {
            Self::Commit { sha, modified: None, .. } => eight(sha),
            Self::Commit { sha, modified: Some(digest), .. } => {
                format!("{}+{}", eight(sha), eight(&digest.to_string()))
            }
            Self::Release { version } => version.clone(),
            Self::Binary { sha256 } => format!("sha256:{}", eight(&sha256.to_string())),
        }
    }

    /// Target and short name, as the command line takes them: `host@3fa9c1e2`.
    pub fn full_label(&self, target: &str) -> String {
        format!("{target}@{}", self.label())
    }
}

impl Artifact {
    /// How `build_flags` begins of what was built and measured elsewhere. Its digest and
    /// size are those of what its results were read from, for want of the binary.
    pub const IMPORTED: &str = "imported from ";

    /// Whether another tool measured it.
    pub fn is_imported(&self) -> bool {
        self.build_flags.as_deref().is_some_and(|flags| flags.starts_with(Self::IMPORTED))
    }
}

impl RunId {
    /// A name made of 64 random bits.
    pub fn from_bits(bits: u64) -> Self {
        Self(format!("{bits:016x}"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RunId {
    type Error = String;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let right =
            text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if right {
            Ok(Self(text))
        } else {
            let shown: String = text.chars().take(40).collect();
            Err(format!("`{shown}` is not a run's name: 16 lower-case hexadecimal digits are"))
        }
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{} {}", self.target, self.suite, self.benchmark, self.arm)
    }
}

impl RunStatus {
    /// The word used everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Complete => "complete",
            Self::Interrupted => "interrupted",
        }
    }
}

impl Label {
    /// The word used everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::GeneratorBound => "generator-bound",
            Self::SharedCpus => "shared-cpus",
            Self::GeneratorStarved => "generator-starved",
            Self::Disturbed => "disturbed",
        }
    }

    /// What it means for the reader.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::GeneratorBound => {
                "the load generator used 90 % or more of its CPU, so this says nothing about the host"
            }
            Self::SharedCpus => "load generator and host ran on the same CPUs",
            Self::GeneratorStarved => {
                "the load generator waited for a CPU more than a tenth of the time, so this says \
                 nothing about the host"
            }
            Self::Disturbed => {
                "something else used the machine meanwhile (the hypervisor or other programs), so \
                 this says nothing about the host"
            }
        }
    }

    /// Whether a block with it makes no verdict on the host.
    pub fn forbids_verdict(self) -> bool {
        match self {
            Self::GeneratorBound | Self::GeneratorStarved | Self::Disturbed => true,
            Self::SharedCpus => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_labels_tell_modified_sources_apart() {
        let digest = Digest::of("x");
        let commit = |modified| VersionId::Commit {
            sha: "3fa9c1e2aabbccdd3fa9c1e2aabbccdd3fa9c1e2".into(),
            subject: "Serve".into(),
            committed_at: Timestamp::UNIX_EPOCH,
            modified,
        };
        assert_eq!(commit(None).label(), "3fa9c1e2");
        assert_eq!(commit(Some(digest)).label(), format!("3fa9c1e2+{}", &digest.to_string()[..8]));
        let given = VersionId::Binary { sha256: digest };
        assert_eq!(given.label(), format!("sha256:{}", &digest.to_string()[..8]));
    }
}
