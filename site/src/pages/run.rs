//! The page of a run: what it stood on, and every block with every number.

use super::{Layout, render};
use crate::Error;
use crate::names;
use crate::summary;
use crate::words;
use askama::Template;
use model::{Artifact, Block, FailedBuild, Label, Metric, Outcome, ProfileName, Run, VersionId};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    layout: Layout,
    id: String,
    lead: String,
    quick: bool,
    head: Vec<(&'static str, String)>,
    plan: String,
    epoch: String,
    testbed: Vec<(String, String)>,
    artifacts: Vec<ArtifactView>,
    failed_builds: Vec<FailedBuildView>,
    failures_lead: String,
    labels: Vec<LabelView>,
    groups: Vec<Group>,
}

struct ArtifactView {
    name: String,
    subject: String,
    is_anchor: bool,
    facts: Vec<(&'static str, String)>,
}

/// A version that could not be built.
struct FailedBuildView {
    name: String,
    reason: String,
    rustc: Option<String>,
    log_tail: String,
}

struct LabelView {
    word: &'static str,
    meaning: &'static str,
}

/// The blocks of one benchmark.
struct Group {
    id: String,
    suite: String,
    benchmark: String,
    /// What is in it, in a few words.
    brief: String,
    caption: String,
    metrics: Vec<&'static Metric>,
    rows: Vec<Row>,
    absent: BTreeSet<String>,
    failures: Vec<Failure>,
}

struct Row {
    kind: &'static str,
    ordinal: u32,
    round: u32,
    target: String,
    version: String,
    arm: String,
    /// Empty of what was measured, which goes without saying.
    outcome: &'static str,
    labels: Vec<&'static str>,
    /// What stands in the place of values.
    instead: Option<String>,
    values: Vec<String>,
    took: String,
}

struct Failure {
    ordinal: u32,
    reason: String,
    log_tail: String,
}

/// Renders the page of a run.
pub(crate) fn page(run: &Run) -> Result<String, Error> {
    let mut by_benchmark: BTreeMap<(&str, &str), Vec<&Block>> = BTreeMap::new();
    for block in &run.blocks {
        by_benchmark.entry((&block.cell.suite, &block.cell.benchmark)).or_default().push(block);
    }
    let groups = by_benchmark
        .into_iter()
        .enumerate()
        .map(|(position, ((suite, benchmark), blocks))| {
            group(run, position, suite, benchmark, &blocks)
        })
        .collect();
    let labels: BTreeSet<Label> =
        run.blocks.iter().flat_map(|block| block.labels.iter().copied()).collect();
    let page = RunPage {
        layout: Layout::of(&names::run_page(&run.id), &format!("Run {}", run.id)),
        id: run.id.to_string(),
        lead: lead(run),
        quick: run.profile == ProfileName::Quick.word(),
        head: head(run),
        plan: run.plan.clone(),
        epoch: run.testbed.epoch(),
        testbed: testbed(run),
        artifacts: run.artifacts.iter().map(|artifact| artifact_view(run, artifact)).collect(),
        failed_builds: run.failed_builds.iter().map(failed_build_view).collect(),
        failures_lead: failures_lead(run),
        labels: labels
            .into_iter()
            .map(|label| LabelView { word: label.word(), meaning: label.meaning() })
            .collect(),
        groups,
    };
    render(&names::run_page(&run.id), &page)
}

fn lead(run: &Run) -> String {
    let versions: Vec<String> = run
        .artifacts
        .iter()
        .filter(|artifact| run.anchor.as_deref() != Some(artifact.target.as_str()))
        .map(named)
        .collect();
    let beside = run.anchor.as_ref().map(|a| format!(" beside {a}")).unwrap_or_default();
    let built = if versions.is_empty() && !run.failed_builds.is_empty() {
        let failed = run.failed_builds.iter();
        let failed: Vec<_> = failed.map(|it| it.version.full_label(&it.target)).collect();
        format!("{}, which could not be built", failed.join(" and "))
    } else if versions.is_empty() {
        "the anchor alone".to_owned()
    } else {
        versions.join(" and ")
    };
    format!(
        "{} of {built}{beside}, {}, started {}.",
        words::blocks(run.blocks.len() as u32),
        run.status.word(),
        words::minute(run.started_at)
    )
}

fn failed_build_view(failed: &FailedBuild) -> FailedBuildView {
    FailedBuildView {
        name: failed.version.full_label(&failed.target),
        reason: failed.reason.clone(),
        rustc: failed.rustc.clone(),
        log_tail: failed.log_tail.clone(),
    }
}

fn named(artifact: &Artifact) -> String {
    artifact.version.full_label(&artifact.target)
}

fn head(run: &Run) -> Vec<(&'static str, String)> {
    vec![
        ("Status", run.status.word().to_owned()),
        ("Profile", run.profile.clone()),
        ("Started", words::second(run.started_at)),
        ("Finished", run.finished_at.map_or_else(|| "not finished".to_owned(), words::second)),
        ("Blocks", format!("{} of at most {}", run.blocks.len(), run.planned_blocks)),
        ("Seed of the order of blocks", run.seed.to_string()),
        ("Anchor", run.anchor.clone().unwrap_or_else(|| "none".to_owned())),
        ("Tools", run.harness.clone()),
    ]
}

fn testbed(run: &Run) -> Vec<(String, String)> {
    let fields = run.testbed.fields().into_iter();
    fields.map(|(name, value)| (name.replace('_', " "), value)).collect()
}

fn artifact_view(run: &Run, artifact: &Artifact) -> ArtifactView {
    let not_known = || "not known: a given binary".to_owned();
    let digest = |digest: Option<model::Digest>| digest.map_or_else(not_known, |d| d.to_string());
    let mut facts = Vec::new();
    let subject = match &artifact.version {
        VersionId::Commit { sha, subject, committed_at, modified } => {
            facts.push(("Commit", sha.clone()));
            facts.push(("Committed", words::second(*committed_at)));
            if let Some(digest) = modified {
                facts.push(("Uncommitted changes", format!("sources with digest {digest}")));
            }
            subject.clone()
        }
        VersionId::Release { version } => format!("Release {version} on crates.io."),
        VersionId::Binary { .. } => "A binary that was given, not built here.".to_owned(),
    };
    facts.extend([
        ("Size", format!("{} bytes", artifact.binary_bytes)),
        ("Binary SHA-256", artifact.binary_sha256.to_string()),
        ("Sources SHA-256", digest(artifact.source_sha256)),
        ("Lockfile SHA-256", digest(artifact.lockfile_sha256)),
        ("Compiler", artifact.rustc.clone().unwrap_or_else(not_known)),
        ("Build", artifact.build_flags.clone().unwrap_or_else(not_known)),
    ]);
    let is_anchor = run.anchor.as_deref() == Some(artifact.target.as_str());
    ArtifactView { name: named(artifact), subject, is_anchor, facts }
}

fn failures_lead(run: &Run) -> String {
    let count = |of: fn(&Outcome) -> bool| run.blocks.iter().filter(|b| of(&b.outcome)).count();
    let failed = count(|outcome| matches!(outcome, Outcome::Failed { .. }));
    let unsupported = count(|outcome| matches!(outcome, Outcome::Unsupported { .. }));
    let failed = match failed {
        0 => "No block failed".to_owned(),
        count => format!("{} failed", words::blocks(count as u32)),
    };
    match unsupported {
        0 => format!("{failed}."),
        count => {
            format!(
                "{failed}; {} asked for what a version does not support.",
                words::blocks(count as u32)
            )
        }
    }
}

fn group(run: &Run, position: usize, suite: &str, benchmark: &str, blocks: &[&Block]) -> Group {
    let metrics: Vec<&'static Metric> = model::METRICS
        .iter()
        .filter(|metric| metric.is_comparable())
        .filter(|metric| blocks.iter().any(|block| samples(block, metric).is_some()))
        .collect();
    let mut ordered = blocks.to_vec();
    ordered.sort_by_key(|block| block.ordinal);
    let arms: BTreeSet<&str> = blocks.iter().map(|block| block.cell.arm.as_str()).collect();
    let failed = blocks.iter().filter(|it| matches!(it.outcome, Outcome::Failed { .. })).count();
    let definitions: BTreeSet<String> = blocks
        .iter()
        .map(|block| format!("{} {}", block.cell.arm, block.definition_sha256.short()))
        .collect();
    Group {
        id: format!("group-{position}"),
        suite: suite.to_owned(),
        benchmark: benchmark.to_owned(),
        brief: format!(
            "{}, {}{}",
            words::blocks(blocks.len() as u32),
            words::counted(arms.len(), "arm"),
            if failed > 0 { format!(", {failed} failed") } else { String::new() }
        ),
        caption: format!(
            "In the order they were measured; definitions: {}",
            definitions.into_iter().collect::<Vec<_>>().join(", ")
        ),
        rows: ordered.iter().map(|block| row(run, block, &metrics)).collect(),
        absent: blocks.iter().flat_map(|block| absent(block)).collect(),
        failures: ordered.iter().filter_map(|block| failure(block)).collect(),
        metrics,
    }
}

fn samples(block: &Block, metric: &Metric) -> Option<Vec<f64>> {
    match &block.outcome {
        Outcome::Measured(measurements) => measurements.values(metric),
        _ => None,
    }
}

fn row(run: &Run, block: &Block, metrics: &[&'static Metric]) -> Row {
    let (kind, outcome, instead) = match &block.outcome {
        Outcome::Measured(_) => ("measured", "", None),
        Outcome::Failed { reason, .. } => ("failed", "failed", Some(reason.clone())),
        Outcome::Unsupported { reason } => ("unsupported", "not supported", Some(reason.clone())),
    };
    let value = |metric: &&'static Metric| match samples(block, metric) {
        Some(samples) => match summary::of_block(&samples) {
            Ok(value) => metric.display(value),
            Err(error) => error.to_string(),
        },
        None => "not measured".to_owned(),
    };
    Row {
        kind,
        ordinal: block.ordinal,
        round: block.round,
        target: block.cell.target.clone(),
        version: run
            .artifacts
            .get(block.artifact)
            .map_or_else(String::new, |artifact| artifact.version.label()),
        arm: block.cell.arm.clone(),
        outcome,
        labels: block.labels.iter().map(|label| label.word()).collect(),
        // A row without values still needs a cell where no metric was measured.
        instead: instead.filter(|_| !metrics.is_empty()),
        values: metrics.iter().map(value).collect(),
        took: model::Unit::Nanoseconds.display(block.duration_ns as f64),
    }
}

fn absent(block: &Block) -> Vec<String> {
    let Outcome::Measured(measurements) = &block.outcome else { return Vec::new() };
    let told = |absent: &model::Absent| {
        let label = Metric::named(&absent.metric).map_or(absent.metric.as_str(), |m| m.label);
        format!("{label} of {} {}: {}", block.cell.target, block.cell.arm, absent.reason)
    };
    measurements.absent.iter().map(told).collect()
}

fn failure(block: &Block) -> Option<Failure> {
    let Outcome::Failed { reason, log_tail } = &block.outcome else { return None };
    Some(Failure { ordinal: block.ordinal, reason: reason.clone(), log_tail: log_tail.clone() })
}
