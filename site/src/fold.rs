//! Folds runs, one at a time, into the points that pages show, so that no
//! more than one run's samples are ever in memory. It must not summarise by
//! itself; `summary` asks `stats`.

use crate::anchor::{self, Rounds};
use crate::series::{BlockCounts, History, LineKey, Point, Ratio, RunHead, Value};
use crate::slope;
use crate::summary::{self, Summary};
use crate::versions::VersionRef;
use model::{Block, Digest, Label, Metric, Outcome, ProfileName, Run, Suite};
use std::collections::{BTreeMap, BTreeSet};

/// The blocks of one arm on one artifact.
type Group<'a> = Vec<&'a Block>;

/// Suite, line, artifact, and definition: a cell redefined within a run is two.
type GroupKey = (String, LineKey, usize, Digest);

/// Adds a complete run to the history.
pub(crate) fn add_run(history: &mut History, run: &Run, suites: &[Suite]) {
    // Slowed down on purpose: no result of any version.
    if run.profile == ProfileName::Calibrate.word() {
        return;
    }
    let epoch = run.testbed.epoch();
    history.testbeds.entry(epoch.clone()).or_insert_with(|| run.testbed.clone());
    history.runs.push(RunHead {
        id: run.id.clone(),
        started_at: run.started_at,
        profile: run.profile.clone(),
        epoch,
    });
    let versions: Vec<VersionRef> = run
        .artifacts
        .iter()
        .map(|a| history.versions.intern(&a.target, &a.version, run.started_at))
        .collect();
    slope::add_run(history, run, suites, &versions);
    let groups = groups_of(run);
    let anchors = anchor_rounds(run, &groups);
    for ((suite, key, artifact, definition), blocks) in &groups {
        let is_anchor = run.anchor.as_deref() == Some(key.target.as_str());
        let shown = shown_metrics(suites, suite, &key.benchmark, blocks);
        let mut point = Point {
            at: versions[*artifact],
            measured: versions[*artifact],
            run: history.runs.len() - 1,
            definition: *definition,
            blocks: count(blocks),
            failure: reason(blocks, |outcome| match outcome {
                Outcome::Failed { reason, .. } => Some(reason),
                _ => None,
            }),
            unsupported: reason(blocks, |outcome| match outcome {
                Outcome::Unsupported { reason } => Some(reason),
                _ => None,
            }),
            values: Vec::new(),
        };
        for metric in shown {
            let ratio = |own: &Rounds| match (&run.anchor, is_anchor) {
                (None, _) => Ratio::Absent("the run has no anchor".into()),
                (_, true) => Ratio::IsAnchor,
                _ => ratio_to(&anchors, suite, key, metric, own),
            };
            point.values.extend(value_of(blocks, metric, ratio).map(|value| (metric, value)));
        }
        let line = history.suites.entry(suite.clone()).or_default().entry(key.clone()).or_default();
        line.is_anchor = is_anchor;
        for at in places(run, &versions, is_anchor, suite, *artifact) {
            line.points.push(Point { at, ..point.clone() });
        }
    }
}

/// Where a point stands on the axis: an anchor's stands at every version that
/// was measured beside it.
fn places(
    run: &Run,
    versions: &[VersionRef],
    is_anchor: bool,
    suite: &str,
    artifact: usize,
) -> BTreeSet<VersionRef> {
    let own = BTreeSet::from([versions[artifact]]);
    if !is_anchor {
        return own;
    }
    let beside: BTreeSet<VersionRef> = run
        .blocks
        .iter()
        .filter(|block| block.cell.suite == suite)
        .filter(|block| run.anchor.as_deref() != Some(block.cell.target.as_str()))
        .map(|block| versions[block.artifact])
        .collect();
    if beside.is_empty() { own } else { beside }
}

fn groups_of(run: &Run) -> BTreeMap<GroupKey, Group<'_>> {
    let mut groups: BTreeMap<GroupKey, Group<'_>> = BTreeMap::new();
    for block in &run.blocks {
        let cell = &block.cell;
        let key = LineKey {
            benchmark: cell.benchmark.clone(),
            target: cell.target.clone(),
            arm: cell.arm.clone(),
        };
        let key = (cell.suite.clone(), key, block.artifact, block.definition_sha256);
        groups.entry(key).or_default().push(block);
    }
    groups
}

/// The metrics a suite shows of a benchmark; of a suite that is no longer in
/// the checkout, whatever was measured.
fn shown_metrics(
    suites: &[Suite],
    suite: &str,
    benchmark: &str,
    blocks: &Group<'_>,
) -> Vec<&'static Metric> {
    let declared = suites
        .iter()
        .find(|declared| declared.name == suite)
        .map(|declared| metrics_of(declared, benchmark))
        .unwrap_or_default();
    if !declared.is_empty() {
        return declared;
    }
    let mut found: Vec<&'static Metric> = Vec::new();
    for block in blocks {
        if let Outcome::Measured(measurements) = &block.outcome {
            let new: Vec<_> = measurements.metrics().filter(|m| !found.contains(m)).collect();
            found.extend(new);
        }
    }
    found
}

/// The metrics of a benchmark over all its arms, the main one first.
pub(crate) fn metrics_of(suite: &Suite, benchmark: &str) -> Vec<&'static Metric> {
    let mut metrics: Vec<&'static Metric> = Vec::new();
    for metric in suite.arms_of(benchmark).flat_map(|arm| &arm.metrics) {
        if !metrics.contains(metric) {
            metrics.push(metric);
        }
    }
    metrics
}

fn count(blocks: &Group<'_>) -> BlockCounts {
    let mut counts = BlockCounts::default();
    for block in blocks {
        match block.outcome {
            Outcome::Measured(_) => {
                counts.measured += 1;
                let has = |label| usize::from(block.labels.contains(&label));
                counts.generator_bound += has(Label::GeneratorBound);
                counts.generator_starved += has(Label::GeneratorStarved);
                counts.void += usize::from(is_void(block));
                counts.shared_cpus += has(Label::SharedCpus);
            }
            Outcome::Failed { .. } => counts.failed += 1,
            Outcome::Unsupported { .. } => counts.unsupported += 1,
        }
    }
    counts
}

fn is_void(block: &Block) -> bool {
    block.labels.iter().any(|label| label.forbids_verdict())
}

fn reason(blocks: &Group<'_>, of: fn(&Outcome) -> Option<&String>) -> Option<String> {
    blocks.iter().find_map(|block| of(&block.outcome)).cloned()
}

fn value_of(
    blocks: &Group<'_>,
    metric: &'static Metric,
    ratio: impl FnOnce(&Rounds) -> Ratio,
) -> Option<Value> {
    let values = block_values(blocks, metric);
    if values.is_empty() {
        return absent_reason(blocks, metric).map(Value::Absent);
    }
    Some(match Summary::of_blocks(&values) {
        Ok(summary) => Value::Measured { summary, ratio: ratio(&rounds_of(blocks, metric)) },
        Err(error) => Value::Absent(error.to_string()),
    })
}

pub(crate) fn block_value(block: &Block, metric: &Metric) -> Option<f64> {
    let Outcome::Measured(measurements) = &block.outcome else { return None };
    summary::of_block(&measurements.values(metric)?).ok()
}

fn block_values(blocks: &Group<'_>, metric: &Metric) -> Vec<f64> {
    blocks.iter().filter_map(|block| block_value(block, metric)).collect()
}

fn rounds_of(blocks: &Group<'_>, metric: &Metric) -> Rounds {
    let mut rounds = Rounds::default();
    for block in blocks {
        if let Some(value) = block_value(block, metric) {
            rounds.values.entry(block.round).or_insert(value);
            if is_void(block) {
                rounds.void.insert(block.round);
            }
        }
    }
    rounds
}

fn absent_reason(blocks: &Group<'_>, metric: &Metric) -> Option<String> {
    blocks.iter().find_map(|block| match &block.outcome {
        Outcome::Measured(measurements) => measurements
            .absent
            .iter()
            .find(|absent| absent.metric == metric.name)
            .map(|absent| absent.reason.clone()),
        _ => None,
    })
}

/// The anchor's blocks of each suite and benchmark, by arm.
type Anchors<'a> = BTreeMap<(&'a str, &'a str), BTreeMap<&'a str, Group<'a>>>;

fn anchor_rounds<'a>(run: &'a Run, groups: &'a BTreeMap<GroupKey, Group<'a>>) -> Anchors<'a> {
    let mut anchors = Anchors::new();
    for ((suite, key, ..), blocks) in groups {
        if run.anchor.as_deref() == Some(key.target.as_str()) {
            let arms = anchors.entry((suite, &key.benchmark)).or_default();
            arms.entry(&key.arm).or_default().extend(blocks);
        }
    }
    anchors
}

fn ratio_to(
    anchors: &Anchors<'_>,
    suite: &str,
    key: &LineKey,
    metric: &Metric,
    own: &Rounds,
) -> Ratio {
    let Some(arms) = anchors.get(&(suite, key.benchmark.as_str())) else {
        return Ratio::Absent("the anchor was not measured in this benchmark".into());
    };
    let measuring = arms
        .iter()
        .filter(|(_, blocks)| blocks.iter().any(|block| block_value(block, metric).is_some()))
        .map(|(arm, _)| *arm);
    match anchor::matching_arm(&key.arm, measuring) {
        Some(arm) => anchor::ratio(own, &rounds_of(&arms[arm], metric), arm),
        None => Ratio::Absent("the anchor has no value of this metric".into()),
    }
}
