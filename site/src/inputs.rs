//! What a site is made of besides the database: what people wrote in the
//! checkout, already checked, and the releases its repository knows.

use crate::profiles::Profile;
use jiff::Timestamp;
use model::{Annotation, Config, RunId, Suite};
use std::collections::BTreeMap;

/// What people wrote.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The suites of the checkout, in order.
    pub suites: Vec<Suite>,
    /// `bench.toml`.
    pub config: Config,
    /// Releases of targets that are built from commits.
    pub releases: Vec<Release>,
    /// What was said of changes of level: `data/alerts.toml`.
    pub alerts: Vec<AlertNote>,
    /// What the gate says of stored comparisons, newest first.
    pub gates: Vec<GateResult>,
    /// What earlier runs said that the pairs of a stored comparison scatter by at
    /// least: run, then `suite/benchmark/arm/metric`, then a fraction.
    pub noise: BTreeMap<String, BTreeMap<String, f64>>,
    /// What was remarked of moments: `data/annotations.toml`.
    pub annotations: Vec<Annotation>,
    /// Flame graphs: `data/profiles`.
    pub profiles: Vec<Profile>,
    /// How often the method is wrong, as JSON: the file `calibration.json`. Absent: no
    /// calibration is stored.
    pub calibration: Option<String>,
    /// What people wrote to be read, in order.
    pub documents: Vec<Document>,
}

/// A text in Markdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it lies, from the root of the checkout: `operation/README.md`.
    pub path: String,
    /// Markdown; HTML in it is shown as text.
    pub text: String,
}

/// A commit with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its target.
    pub target: String,
    /// The tag.
    pub name: String,
    /// The commit's full hash.
    pub sha: String,
    /// When it was committed.
    pub committed_at: Timestamp,
}

/// What people said of a change of level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertNote {
    /// Target of the series.
    pub target: String,
    /// Suite of the series.
    pub suite: String,
    /// Benchmark of the series.
    pub benchmark: String,
    /// Arm of the series.
    pub arm: String,
    /// Name of the metric.
    pub metric: String,
    /// `regressed` or `improved`.
    pub verdict: String,
    /// The first version at the new level: a full hash or a release.
    pub first: String,
    /// `new`, `confirmed`, `acknowledged`, `invalid`, `infra` or `fixed`.
    pub state: &'static str,
    /// In words.
    pub note: String,
}

/// What the gate says of a stored comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateResult {
    /// The run.
    pub run: RunId,
    /// What the candidate is held against: `target@label`.
    pub baseline: String,
    /// What may go out, or not.
    pub candidate: String,
    /// `refused`, `failed`, `incomplete`, `undecided` or `passed`.
    pub verdict: String,
    /// Every check.
    pub checks: Vec<GateCheck>,
}

/// One check of a gate, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateCheck {
    /// `failed`, `missing`, `undecided`, `warned`, `waived` or `passed`.
    pub outcome: String,
    /// What is asked: `regression`, `drift`, `budget` or `measured`.
    pub kind: String,
    /// The series.
    pub name: String,
    /// What passes.
    pub limit: String,
    /// What was found.
    pub found: String,
    /// What is to be known of it; may be empty.
    pub note: String,
}

impl Inputs {
    /// A checkout nobody remarked anything of.
    pub fn of(suites: Vec<Suite>, config: Config) -> Self {
        Self {
            suites,
            config,
            releases: Vec::new(),
            alerts: Vec::new(),
            gates: Vec::new(),
            noise: BTreeMap::new(),
            annotations: Vec::new(),
            profiles: Vec::new(),
            calibration: None,
            documents: Vec::new(),
        }
    }

    /// The suite of that name, if the checkout has it.
    pub(crate) fn suite(&self, name: &str) -> Option<&Suite> {
        self.suites.iter().find(|suite| suite.name == name)
    }

    /// The name of a commit of a target that is a release.
    pub(crate) fn release(&self, target: &str, sha: &str) -> Option<&Release> {
        self.releases.iter().find(|release| release.target == target && release.sha == sha)
    }
}
