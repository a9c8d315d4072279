//! A run as a flat table: one row for each value of each block, and one for each that is
//! missing, with the reason. Histograms are not in it, their quantiles are.

use model::{Block, Label, METRICS, Metric, Outcome, Run, Source, VersionId};
use serde::Serialize;

/// One row; the fields are the columns of every flat format.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Record<'a> {
    pub(super) run: &'a str,
    pub(super) started_at: String,
    pub(super) profile: &'a str,
    pub(super) status: &'static str,
    pub(super) epoch: &'a str,
    pub(super) target: &'a str,
    pub(super) version: &'a str,
    pub(super) commit: Option<&'a str>,
    pub(super) binary_sha256: &'a str,
    pub(super) suite: &'a str,
    pub(super) benchmark: &'a str,
    pub(super) arm: &'a str,
    /// Position of the block in the run's plan.
    pub(super) block: u32,
    pub(super) round: u32,
    /// `measured`, `failed`, `unsupported`, or `absent` of one metric.
    pub(super) outcome: &'static str,
    /// Caveats, with blanks between them.
    pub(super) labels: &'a str,
    pub(super) metric: Option<&'a str>,
    pub(super) unit: Option<&'static str>,
    /// Position in the block, from 0.
    pub(super) index: Option<u32>,
    pub(super) value: Option<f64>,
    pub(super) reason: Option<&'a str>,
}

/// What the rows of a run share.
struct Head {
    run: String,
    epoch: String,
    versions: Vec<(String, String)>,
}

/// Hands every row of a run to `take`, in order.
pub(super) fn each<E>(
    run: &Run,
    take: &mut dyn FnMut(&Record<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let head = Head {
        run: run.id.to_string(),
        epoch: run.testbed.epoch(),
        versions: run
            .artifacts
            .iter()
            .map(|it| (it.version.label(), it.binary_sha256.to_string()))
            .collect(),
    };
    run.blocks.iter().try_for_each(|block| of_block(run, &head, block, take))
}

fn of_block<E>(
    run: &Run,
    head: &Head,
    block: &Block,
    take: &mut dyn FnMut(&Record<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let labels: Vec<&str> = block.labels.iter().copied().map(Label::word).collect();
    let labels = labels.join(" ");
    let (version, binary_sha256) = &head.versions[block.artifact];
    let commit = match &run.artifacts[block.artifact].version {
        VersionId::Commit { sha, .. } => Some(sha.as_str()),
        VersionId::Release { .. } | VersionId::Binary { .. } => None,
    };
    let row = Record {
        run: &head.run,
        started_at: block.started_at.to_string(),
        profile: &run.profile,
        status: run.status.word(),
        epoch: &head.epoch,
        target: &block.cell.target,
        version,
        commit,
        binary_sha256,
        suite: &block.cell.suite,
        benchmark: &block.cell.benchmark,
        arm: &block.cell.arm,
        block: block.ordinal,
        round: block.round,
        outcome: "measured",
        labels: &labels,
        metric: None,
        unit: None,
        index: None,
        value: None,
        reason: None,
    };
    match &block.outcome {
        Outcome::Failed { reason, .. } => {
            take(&Record { outcome: "failed", reason: Some(reason), ..row })
        }
        Outcome::Unsupported { reason } => {
            take(&Record { outcome: "unsupported", reason: Some(reason), ..row })
        }
        Outcome::Measured(measurements) => {
            for metric in METRICS.iter().filter(|metric| metric.source != Source::Histogram) {
                let (name, unit) = (Some(metric.name), Some(metric.unit.symbol()));
                for (index, value) in (0..).zip(measurements.values(metric).unwrap_or_default()) {
                    let (index, value) = (Some(index), Some(value));
                    take(&Record { metric: name, unit, index, value, ..row.clone() })?;
                }
            }
            measurements.absent.iter().try_for_each(|absent| {
                let (metric, reason) = (Some(absent.metric.as_str()), Some(absent.reason.as_str()));
                let unit = Metric::named(&absent.metric).map(|metric| metric.unit.symbol());
                take(&Record { outcome: "absent", metric, unit, reason, ..row.clone() })
            })
        }
    }
}
