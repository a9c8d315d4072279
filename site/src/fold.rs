//! Folds a run into what pages show of it, so that no more than a few runs'
//! samples are ever in memory. It must not summarise by itself; `summary` asks
//! `stats`.

use crate::anchor::{self, Rounds};
use crate::folded::{FoldedCell, FoldedRatio, FoldedRun, FoldedValue};
use crate::series::NotBuilt;
use crate::summary::{self, Summary};
use model::{Block, Digest, FailedBuild, Label, METRICS, Metric, Outcome, ProfileName, Run, Suite};
use std::collections::{BTreeMap, BTreeSet};

/// The blocks of one arm on one artifact.
type Group<'a> = Vec<&'a Block>;

/// Suite, benchmark, target, arm, artifact, and definition: a cell redefined
/// within a run is two.
type GroupKey<'a> = (&'a str, &'a str, &'a str, &'a str, usize, Digest);

/// Folds a complete run; `None` of one whose results are never shown.
pub(crate) fn fold(run: &Run, suites: &[Suite], default_target: &str) -> Option<FoldedRun> {
    // Slowed down on purpose: no result of any version.
    if run.profile == ProfileName::Calibrate.word() {
        return None;
    }
    let groups = groups_of(run);
    let anchors = anchor_rounds(run, &groups);
    let artifacts = artifacts_of(run);
    let mut definitions: Vec<Digest> = groups.keys().map(|key| key.5).collect();
    definitions.sort_unstable();
    definitions.dedup();
    let mut metrics = Shown { suites, known: BTreeMap::new() };
    let cells = groups.iter().map(|(key, blocks)| {
        let &(suite, benchmark, target, arm, artifact, definition) = key;
        let is_anchor = run.anchor.as_deref() == Some(target);
        let places = places(&artifacts[suite], target, artifact as u32, is_anchor, default_target);
        let mut cell = FoldedCell {
            suite: suite.to_owned(),
            benchmark: benchmark.to_owned(),
            target: target.to_owned(),
            arm: arm.to_owned(),
            is_anchor,
            places,
            measured: artifact as u32,
            definition: definitions.binary_search(&definition).unwrap_or_default() as u32,
            blocks: count(blocks),
            failure: reason(blocks, |outcome| match outcome {
                Outcome::Failed { reason, .. } => Some(reason),
                _ => None,
            }),
            unsupported: reason(blocks, |outcome| match outcome {
                Outcome::Unsupported { reason } => Some(reason),
                _ => None,
            }),
            rounds: measured(blocks).map(|block| (block.round, is_void(block))).collect(),
            values: Vec::new(),
            of_blocks: Vec::new(),
        };
        for metric in metrics.of(suite, benchmark, blocks) {
            let ratio = |own: &Rounds| match (&run.anchor, is_anchor) {
                (None, _) => FoldedRatio::Absent("the run has no anchor".into()),
                (_, true) => FoldedRatio::IsAnchor,
                _ => ratio_to(&anchors, suite, benchmark, arm, metric, own),
            };
            add_value(&mut cell, blocks, metric, ratio);
        }
        cell
    });
    Some(FoldedRun {
        cells: cells.collect(),
        id: run.id.clone(),
        started_at: run.started_at,
        profile: run.profile.clone(),
        testbed: run.testbed.clone(),
        versions: run
            .artifacts
            .iter()
            .map(|it| (it.target.clone(), it.version.clone(), it.binary_sha256))
            .collect(),
        definitions,
        not_built: run.failed_builds.iter().map(not_built).collect(),
    })
}

fn not_built(failed: &FailedBuild) -> NotBuilt {
    NotBuilt { version: failed.version.full_label(&failed.target), reason: failed.reason.clone() }
}

/// Which artifacts a run measured in each suite, by target.
type Measured<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<u32>>>;

fn artifacts_of(run: &Run) -> Measured<'_> {
    let mut measured = Measured::new();
    for block in &run.blocks {
        let suite = measured.entry(&block.cell.suite).or_default();
        suite.entry(&block.cell.target).or_default().insert(block.artifact as u32);
    }
    measured
}

/// Where a value stands on the axis: that of an anchor or a peer at every version
/// that was measured beside it, since that is what it is to be compared with.
fn places(
    of_suite: &BTreeMap<&str, BTreeSet<u32>>,
    target: &str,
    artifact: u32,
    is_anchor: bool,
    default_target: &str,
) -> Vec<u32> {
    let others = || of_suite.iter().filter(|(other, _)| **other != target);
    let beside: BTreeSet<u32> = match of_suite.get(default_target) {
        _ if target == default_target => BTreeSet::new(),
        Some(under_test) => under_test.clone(),
        None if is_anchor => others().flat_map(|(_, artifacts)| artifacts).copied().collect(),
        None => BTreeSet::new(),
    };
    if beside.is_empty() { vec![artifact] } else { beside.into_iter().collect() }
}

fn groups_of(run: &Run) -> BTreeMap<GroupKey<'_>, Group<'_>> {
    let mut groups: BTreeMap<GroupKey<'_>, Group<'_>> = BTreeMap::new();
    for block in run.counted_blocks() {
        let cell = &block.cell;
        let key = (
            cell.suite.as_str(),
            cell.benchmark.as_str(),
            cell.target.as_str(),
            cell.arm.as_str(),
            block.artifact,
            block.definition_sha256,
        );
        groups.entry(key).or_default().push(block);
    }
    // A block that was disturbed is measured again in its round: the last one counts.
    for blocks in groups.values_mut() {
        let last: BTreeMap<u32, u32> = blocks.iter().map(|it| (it.round, it.ordinal)).collect();
        blocks.retain(|block| last.get(&block.round) == Some(&block.ordinal));
    }
    groups
}

/// The metrics a suite shows of a benchmark; of a suite that is no longer in
/// the checkout, whatever was measured.
struct Shown<'a> {
    suites: &'a [Suite],
    known: BTreeMap<(String, String), Vec<&'static Metric>>,
}

impl Shown<'_> {
    fn of(&mut self, suite: &str, benchmark: &str, blocks: &Group<'_>) -> Vec<&'static Metric> {
        let suites = self.suites;
        let declared =
            self.known.entry((suite.to_owned(), benchmark.to_owned())).or_insert_with(|| {
                let declared = suites.iter().find(|declared| declared.name == suite);
                declared.map(|declared| metrics_of(declared, benchmark)).unwrap_or_default()
            });
        if !declared.is_empty() {
            return declared.clone();
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

fn count(blocks: &Group<'_>) -> [u32; 7] {
    let mut counts = [0; 7];
    for block in blocks {
        let has = |label| block.labels.contains(&label);
        let is_measured = matches!(block.outcome, Outcome::Measured(_));
        let of = [
            is_measured,
            matches!(block.outcome, Outcome::Failed { .. }),
            matches!(block.outcome, Outcome::Unsupported { .. }),
            is_measured && has(Label::GeneratorBound),
            is_measured && has(Label::GeneratorStarved),
            is_measured && is_void(block),
            is_measured && has(Label::SharedCpus),
        ];
        for (count, is_so) in counts.iter_mut().zip(of) {
            *count += u32::from(is_so);
        }
    }
    counts
}

fn is_void(block: &Block) -> bool {
    block.labels.iter().any(|label| label.forbids_verdict())
}

fn measured<'a>(blocks: &Group<'a>) -> impl Iterator<Item = &'a Block> {
    blocks.iter().copied().filter(|block| matches!(block.outcome, Outcome::Measured(_)))
}

fn reason(blocks: &Group<'_>, of: fn(&Outcome) -> Option<&String>) -> Option<String> {
    blocks.iter().find_map(|block| of(&block.outcome)).cloned()
}

/// Adds what the blocks say of a metric, if they say anything.
fn add_value(
    cell: &mut FoldedCell,
    blocks: &Group<'_>,
    metric: &'static Metric,
    ratio: impl FnOnce(&Rounds) -> FoldedRatio,
) {
    let row: Vec<f64> =
        measured(blocks).map(|block| block_value(block, metric).unwrap_or(f64::NAN)).collect();
    let values: Vec<f64> = row.iter().copied().filter(|value| !value.is_nan()).collect();
    let value = if values.is_empty() {
        match absent_reason(blocks, metric) {
            Some(reason) => FoldedValue::Absent(reason),
            None => return,
        }
    } else {
        match Summary::of_blocks(&values) {
            Ok(summary) => {
                FoldedValue::Measured { summary, ratio: ratio(&rounds_of(blocks, metric)) }
            }
            Err(error) => FoldedValue::Absent(error.to_string()),
        }
    };
    let position = METRICS.iter().position(|known| known.name == metric.name);
    cell.values.push((position.unwrap_or_default() as u16, value));
    cell.of_blocks.extend(row);
}

/// The value of a block: the median of its samples.
pub(crate) fn block_value(block: &Block, metric: &Metric) -> Option<f64> {
    let Outcome::Measured(measurements) = &block.outcome else { return None };
    summary::of_block(&measurements.values(metric)?).ok()
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
    measured(blocks).find_map(|block| match &block.outcome {
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

fn anchor_rounds<'a>(run: &'a Run, groups: &BTreeMap<GroupKey<'a>, Group<'a>>) -> Anchors<'a> {
    let mut anchors = Anchors::new();
    for ((suite, benchmark, target, arm, ..), blocks) in groups {
        if run.anchor.as_deref() == Some(target) {
            let arms = anchors.entry((suite, benchmark)).or_default();
            arms.entry(arm).or_default().extend(blocks);
        }
    }
    anchors
}

fn ratio_to(
    anchors: &Anchors<'_>,
    suite: &str,
    benchmark: &str,
    arm: &str,
    metric: &Metric,
    own: &Rounds,
) -> FoldedRatio {
    let Some(arms) = anchors.get(&(suite, benchmark)) else {
        return FoldedRatio::Absent("the anchor was not measured in this benchmark".into());
    };
    let measuring = arms
        .iter()
        .filter(|(_, blocks)| blocks.iter().any(|block| block_value(block, metric).is_some()))
        .map(|(arm, _)| *arm);
    match anchor::matching_arm(arm, measuring) {
        Some(arm) => anchor::ratio(own, &rounds_of(&arms[arm], metric), arm),
        None => FoldedRatio::Absent("the anchor has no value of this metric".into()),
    }
}
