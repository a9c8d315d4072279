//! The numbers of a chart as JSON, for whoever wants to draw their own.
//! Every point is there, also those that a chart leaves out.

use crate::Error;
use crate::pages::Site;
use crate::series::{LineKey, Point, Ratio, State};
use crate::summary::{CONFIDENCE, Summary};
use crate::trend;
use jiff::Timestamp;
use model::{Metric, VersionId};
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    suite: &'a str,
    benchmark: &'a str,
    metric: &'a str,
    label: &'a str,
    unit: &'a str,
    direction: &'a str,
    anchor: Option<&'a str>,
    /// Coverage of every interval, at least.
    confidence: f64,
    lines: Vec<LineOfPoints<'a>>,
}

#[derive(Serialize)]
struct LineOfPoints<'a> {
    target: &'a str,
    arm: &'a str,
    points: Vec<PointOut<'a>>,
}

#[derive(Serialize)]
struct PointOut<'a> {
    version: String,
    /// The anchor's own version, where the line is the anchor's.
    #[serde(skip_serializing_if = "Option::is_none")]
    measured_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    committed_at: Option<Timestamp>,
    run: &'a str,
    started_at: Timestamp,
    profile: &'a str,
    epoch: &'a str,
    definition_sha256: String,
    blocks: Blocks,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<SummaryOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<RatioOut<'a>>,
}

#[derive(Serialize)]
struct Blocks {
    measured: u32,
    failed: u32,
    unsupported: u32,
    generator_bound: u32,
    generator_starved: u32,
    shared_cpus: u32,
}

#[derive(Serialize)]
struct SummaryOut {
    median: f64,
    /// Absent with too few blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<(f64, f64)>,
    blocks: usize,
}

#[derive(Serialize)]
struct RatioOut<'a> {
    anchor_arm: &'a str,
    #[serde(flatten)]
    summary: SummaryOut,
    rounds_left_out: usize,
}

/// The JSON text of one metric of one benchmark.
pub(crate) fn json(
    site: &Site<'_>,
    suite: &str,
    benchmark: &str,
    metric: &'static Metric,
    file: &str,
) -> Result<String, Error> {
    let declared = site.declared(suite);
    let lines = site
        .history
        .suites
        .get(suite)
        .map(|all| trend::lines_of(all, benchmark, declared, &site.config().default_target));
    let document = Document {
        suite,
        benchmark,
        metric: metric.name,
        label: metric.label,
        unit: metric.unit.symbol(),
        direction: metric.direction.words(),
        anchor: site.config().anchor.as_deref(),
        confidence: CONFIDENCE,
        lines: lines
            .unwrap_or_default()
            .into_iter()
            .map(|(key, line)| line_out(site, metric, key, &line.points))
            .collect(),
    };
    let text = serde_json::to_string(&document);
    text.map_err(|source| Error::Json { file: file.to_owned(), source })
}

fn line_out<'a>(
    site: &Site<'a>,
    metric: &'static Metric,
    key: &'a LineKey,
    points: &'a [Point],
) -> LineOfPoints<'a> {
    let mut ordered: Vec<&Point> = points.iter().collect();
    ordered.sort_by_cached_key(|point| (site.history.versions.rank(point.at), point.run()));
    LineOfPoints {
        target: &key.target,
        arm: &key.arm,
        points: ordered.into_iter().map(|point| point_out(site, metric, point)).collect(),
    }
}

fn point_out<'a>(site: &Site<'a>, metric: &'static Metric, point: &'a Point) -> PointOut<'a> {
    let version = site.history.versions.get(point.at);
    let run = &site.history.runs[point.run()];
    let (commit, committed_at) = match &version.id {
        VersionId::Commit { sha, committed_at, .. } => (Some(sha.as_str()), Some(*committed_at)),
        VersionId::Release { .. } | VersionId::Binary { .. } => (None, None),
    };
    let state = point.state(metric);
    let (word, reason) = match state {
        State::Measured { .. } => ("measured", None),
        State::Failed(reason) => ("failed", Some(reason)),
        State::Unsupported(reason) => ("unsupported", Some(reason)),
        State::Absent(reason) => ("absent", Some(reason)),
    };
    let (value, ratio) = match state {
        State::Measured { summary, ratio } => (Some(summary_out(summary)), ratio_out(ratio)),
        _ => (None, None),
    };
    let blocks = &point.blocks;
    PointOut {
        version: version.label(),
        measured_version: (point.measured != point.at)
            .then(|| site.history.versions.get(point.measured).label()),
        commit,
        committed_at,
        run: run.id.as_str(),
        started_at: run.started_at,
        profile: &run.profile,
        epoch: &run.epoch,
        definition_sha256: site.history.definitions.get(point.definition).to_string(),
        blocks: Blocks {
            measured: blocks.measured,
            failed: blocks.failed,
            unsupported: blocks.unsupported,
            generator_bound: blocks.generator_bound,
            generator_starved: blocks.generator_starved,
            shared_cpus: blocks.shared_cpus,
        },
        state: word,
        reason,
        value,
        ratio,
    }
}

fn summary_out(summary: &Summary) -> SummaryOut {
    SummaryOut { median: summary.value, interval: summary.interval, blocks: summary.blocks }
}

fn ratio_out(ratio: &Ratio) -> Option<RatioOut<'_>> {
    let Ratio::Measured(measured) = ratio else { return None };
    Some(RatioOut {
        anchor_arm: &measured.anchor_arm,
        summary: summary_out(&measured.summary),
        rounds_left_out: measured.left_out,
    })
}
