//! The lines of a bundle as they are written. They never leave `bundle`.

use super::SCHEMA;
use crate::digest::Digest;
use crate::histogram::LatencyHistogram;
use crate::run::{
    Absent, Artifact, Block, Cell, FailedBuild, Label, Measurements, Outcome, Run, RunId, RunStatus,
};
use crate::testbed::Testbed;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Line {
    Run(Box<WireRun>),
    Artifact(Box<Artifact>),
    FailedBuild(Box<FailedBuild>),
    Block(Box<WireBlock>),
    End { lines: u64, sha256: Digest },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireRun {
    pub(super) schema: u32,
    #[serde(default, skip_serializing_if = "Kind::is_full")]
    pub(super) kind: Kind,
    id: RunId,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
    status: RunStatus,
    profile: String,
    seed: u64,
    harness: String,
    plan: String,
    planned_blocks: u32,
    anchor: Option<String>,
    testbed: Testbed,
}

/// What stands in the place of values; a reader that knows only full bundles
/// refuses the other kind by its head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// Raw samples.
    #[default]
    Full,
    /// Summaries of blocks.
    Published,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireBlock {
    ordinal: u32,
    cell: Cell,
    artifact: usize,
    round: u32,
    suite_sha256: Digest,
    definition_sha256: Digest,
    started_at: Timestamp,
    duration_ns: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    labels: Vec<Label>,
    outcome: WireOutcome,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum WireOutcome {
    Measured {
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        samples: BTreeMap<String, Vec<f64>>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        summaries: BTreeMap<String, f64>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        histograms: BTreeMap<String, LatencyHistogram>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        absent: Vec<Absent>,
    },
    Failed {
        reason: String,
        log_tail: String,
    },
    Unsupported {
        reason: String,
    },
}

impl Kind {
    /// Whether every measured block is of this kind; one without values fits both.
    pub(super) fn fits(self, run: &Run) -> bool {
        run.blocks.iter().all(|block| match &block.outcome {
            Outcome::Measured(block) if self == Self::Full => block.summaries.is_empty(),
            Outcome::Measured(block) => block.samples.is_empty(),
            Outcome::Failed { .. } | Outcome::Unsupported { .. } => true,
        })
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_full(&self) -> bool {
        *self == Self::Full
    }
}

impl WireRun {
    pub(super) fn from_run(run: &Run) -> Self {
        Self {
            schema: SCHEMA,
            kind: if run.is_published() { Kind::Published } else { Kind::Full },
            id: run.id.clone(),
            started_at: run.started_at,
            finished_at: run.finished_at,
            status: run.status,
            profile: run.profile.clone(),
            seed: run.seed,
            harness: run.harness.clone(),
            plan: run.plan.clone(),
            planned_blocks: run.planned_blocks,
            anchor: run.anchor.clone(),
            testbed: run.testbed.clone(),
        }
    }

    pub(super) fn into_run(self) -> Result<Run, String> {
        if self.status == RunStatus::Running {
            return Err("a run that is still running cannot be imported".to_owned());
        }
        if (self.status == RunStatus::Complete) != self.finished_at.is_some() {
            return Err("`finished_at` must stand with status complete, and only then".to_owned());
        }
        Ok(Run {
            id: self.id,
            started_at: self.started_at,
            finished_at: self.finished_at,
            status: self.status,
            profile: self.profile,
            seed: self.seed,
            harness: self.harness,
            plan: self.plan,
            planned_blocks: self.planned_blocks,
            anchor: self.anchor,
            testbed: self.testbed,
            artifacts: Vec::new(),
            failed_builds: Vec::new(),
            blocks: Vec::new(),
        })
    }
}

impl WireBlock {
    pub(super) fn from_block(block: &Block) -> Self {
        let outcome = match block.outcome.clone() {
            Outcome::Measured(Measurements { samples, summaries, histograms, absent }) => {
                WireOutcome::Measured { samples, summaries, histograms, absent }
            }
            Outcome::Failed { reason, log_tail } => WireOutcome::Failed { reason, log_tail },
            Outcome::Unsupported { reason } => WireOutcome::Unsupported { reason },
        };
        Self {
            ordinal: block.ordinal,
            cell: block.cell.clone(),
            artifact: block.artifact,
            round: block.round,
            suite_sha256: block.suite_sha256,
            definition_sha256: block.definition_sha256,
            started_at: block.started_at,
            duration_ns: block.duration_ns,
            labels: block.labels.clone(),
            outcome,
        }
    }

    pub(super) fn into_block(self) -> Result<Block, String> {
        let outcome = match self.outcome {
            WireOutcome::Measured { samples, summaries, histograms, absent } => {
                Outcome::Measured(Measurements { samples, summaries, histograms, absent })
            }
            WireOutcome::Failed { reason, log_tail } => Outcome::Failed { reason, log_tail },
            WireOutcome::Unsupported { reason } => Outcome::Unsupported { reason },
        };
        if self.labels.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err("`labels` must be sorted and without repetition".to_owned());
        }
        Ok(Block {
            ordinal: self.ordinal,
            cell: self.cell,
            artifact: self.artifact,
            round: self.round,
            suite_sha256: self.suite_sha256,
            definition_sha256: self.definition_sha256,
            started_at: self.started_at,
            duration_ns: self.duration_ns,
            labels: self.labels,
            outcome,
        })
    }
}
