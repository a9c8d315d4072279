//! What a measurement leaves behind: a run, its artifacts and its blocks.
//! The same values live in the database and in bundles. It must not summarise
//! across blocks; that is for `stats`.

use crate::digest::Digest;
use crate::histogram::LatencyHistogram;
use crate::metric::{METRICS, Metric, Source};
use crate::testbed::Testbed;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

mod failed_build;
mod validate;
pub use failed_build::FailedBuild;
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum VersionId {
    /// A git commit, perhaps with uncommitted changes on top.
    Commit {
        /// Full hash.
        sha: String,
        /// First line of the message.
        subject: String,
        /// When it was committed.
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
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// The generator used 90 % or more of its CPU: no verdict on the host.
    GeneratorBound,
    /// Generator and host could not be pinned to separate CPUs.
    SharedCpus,
    /// The generator waited for a CPU more than a tenth of the time: no verdict
    /// on the host.
    GeneratorStarved,
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

/// The stored values of one block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measurements {
    /// Stored metric -> samples in order.
    pub samples: BTreeMap<String, Vec<f64>>,
    /// Stored metric -> histogram.
    pub histograms: BTreeMap<String, LatencyHistogram>,
    /// Metrics that could not be measured, each with its reason.
    pub absent: Vec<Absent>,
}

/// A metric that is missing for a stated reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    /// The comparable metric that is missing.
    pub metric: String,
    /// Why.
    pub reason: String,
}

impl Measurements {
    /// Adds samples of a stored metric.
    pub fn insert(&mut self, metric: &str, samples: Vec<f64>) {
        self.samples.insert(metric.to_owned(), samples);
    }

    /// Records why a metric is missing.
    pub fn insert_absent(&mut self, metric: &str, reason: &str) {
        self.absent.push(Absent { metric: metric.to_owned(), reason: reason.to_owned() });
    }

    /// The values of a metric in this block, stored or derived; `None` when
    /// the block did not measure it.
    pub fn values(&self, metric: &Metric) -> Option<Vec<f64>> {
        match metric.source {
            Source::Samples => self.samples.get(metric.name).cloned(),
            Source::Histogram => None,
            Source::Quantile { histogram, quantile } => {
                Some(vec![self.histograms.get(histogram)?.quantile_ns(quantile)])
            }
            Source::Ratio { numerator, denominator, scale } => {
                ratio(self.samples.get(numerator)?, self.samples.get(denominator)?, scale)
            }
        }
    }

    /// The comparable metrics this block has values of, in table order.
    pub fn metrics(&self) -> impl Iterator<Item = &'static Metric> + '_ {
        METRICS.iter().filter(|metric| metric.is_comparable() && self.values(metric).is_some())
    }
}

/// Slice by slice where both have one value a slice; else total over total.
/// Slices without a request carry no ratio and are left out.
fn ratio(numerator: &[f64], denominator: &[f64], scale: f64) -> Option<Vec<f64>> {
    let values: Vec<f64> = if numerator.len() == denominator.len() {
        numerator
            .iter()
            .zip(denominator)
            .filter(|(_, d)| **d > 0.0)
            .map(|(n, d)| scale * n / d)
            .collect()
    } else {
        let total: f64 = denominator.iter().sum();
        if total > 0.0 { vec![scale * numerator.iter().sum::<f64>() / total] } else { Vec::new() }
    };
    (!values.is_empty()).then_some(values)
}

impl VersionId {
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
        }
    }

    /// Whether a block with it makes no verdict on the host.
    pub fn forbids_verdict(self) -> bool {
        match self {
            Self::GeneratorBound | Self::GeneratorStarved => true,
            Self::SharedCpus => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_derived_slice_by_slice() {
        let mut block = Measurements::default();
        block.insert("slice_ns", vec![1e8, 2e8, 1e8]);
        block.insert("requests", vec![1000.0, 4000.0, 0.0]);
        block.insert("cpu_ns", vec![2e7, 4e7, 5e6]);
        block.insert("cpu_kernel_ns", vec![3e7]);
        let values = |name| block.values(Metric::named(name).unwrap());
        assert_eq!(values("throughput_rps"), Some(vec![10_000.0, 20_000.0, 0.0]));
        assert_eq!(values("cpu_ns_per_request"), Some(vec![20_000.0, 10_000.0]));
        assert_eq!(values("cpu_kernel_ns_per_request"), Some(vec![6_000.0]));
        assert_eq!(values("instructions_per_request"), None);
        assert_eq!(values("latency_p50_ns"), None);
        let names: Vec<_> = block.metrics().map(|metric| metric.name).collect();
        assert_eq!(names, ["throughput_rps", "cpu_ns_per_request", "cpu_kernel_ns_per_request"]);
    }

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
