//! Runs as histories: one value for each version of a series, in the order of
//! versions. A change of testbed or definition begins another history, which no
//! change crosses. It must not judge; `stats` finds the changes.

use model::{Block, Cell, Digest, Metric, Outcome, Place, ProfileName, Run};
use serde::Serialize;
use stats::summary;
use std::collections::{BTreeMap, BTreeSet};

/// A line on a chart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct SeriesKey {
    pub(crate) target: String,
    pub(crate) suite: String,
    pub(crate) benchmark: String,
    pub(crate) arm: String,
    pub(crate) metric: &'static str,
}

impl SeriesKey {
    fn of(cell: &Cell, metric: &'static Metric) -> Self {
        let Cell { target, suite, benchmark, arm } = cell.clone();
        Self { target, suite, benchmark, arm, metric: metric.name }
    }

    /// The key as people read it.
    pub(crate) fn words(&self) -> String {
        let Self { target, suite, benchmark, arm, metric } = self;
        let arm = if arm == "default" { String::new() } else { format!(" {arm}") };
        format!("{target} {suite}/{benchmark}{arm} {metric}")
    }
}

/// A stretch of a series on one testbed and of one definition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct SegmentKey {
    series: SeriesKey,
    epoch: String,
    definition: Digest,
}

/// The histories of a store.
#[derive(Default)]
pub(crate) struct Histories {
    segments: BTreeMap<SegmentKey, BTreeMap<Place, Point>>,
}

/// What was measured of a version.
#[derive(Default)]
struct Point {
    binaries: BTreeSet<Digest>,
    values: Vec<f64>,
}

/// A segment, ready to be looked at.
pub(crate) struct Segment<'a> {
    pub(crate) series: &'a SeriesKey,
    /// Names of the versions: full hashes, releases.
    pub(crate) versions: Vec<&'a str>,
    /// One value for each: the median of its blocks.
    pub(crate) values: Vec<f64>,
    /// The binaries each was measured with.
    binaries: Vec<&'a BTreeSet<Digest>>,
}

impl Segment<'_> {
    /// Whether the version at a position is the one binary that the version before it is.
    pub(crate) fn is_same_binary_as_before(&self, position: usize) -> bool {
        let [before, this] = [position.wrapping_sub(1), position].map(|at| self.binaries.get(at));
        before == this && this.is_some_and(|binaries| binaries.len() == 1)
    }
}

impl Histories {
    /// Adds a run. Quick runs measure less than others and those of a calibration are
    /// slowed down on purpose; both are left out, as are versions that stand in no
    /// order: given binaries and modified sources.
    pub(crate) fn add(&mut self, run: &Run) {
        let left_out = [ProfileName::Quick, ProfileName::Calibrate].map(ProfileName::word);
        if left_out.contains(&run.profile.as_str()) {
            return;
        }
        let epoch = run.testbed.epoch();
        for block in run.counted_blocks() {
            let artifact = &run.artifacts[block.artifact];
            let Some(place) = artifact.version.place() else { continue };
            for (metric, value) in values(block) {
                let key = SegmentKey {
                    series: SeriesKey::of(&block.cell, metric),
                    epoch: epoch.clone(),
                    definition: block.definition_sha256,
                };
                let points = self.segments.entry(key).or_default();
                let point = points.entry(place.clone()).or_default();
                point.binaries.insert(artifact.binary_sha256);
                point.values.push(value);
            }
        }
    }

    /// Every segment, by series.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.segments.iter().map(|(key, points)| {
            let (mut versions, mut values, mut binaries) = (Vec::new(), Vec::new(), Vec::new());
            for (place, point) in points {
                let Ok(median) = summary::median(&point.values) else { continue };
                versions.push(place.name());
                values.push(median);
                binaries.push(&point.binaries);
            }
            Segment { series: &key.series, versions, values, binaries }
        })
    }
}

/// The block's value of each metric; none of one that says nothing of the host.
fn values(block: &Block) -> Vec<(&'static Metric, f64)> {
    match &block.outcome {
        Outcome::Measured(measured)
            if !block.labels.iter().any(|label| label.forbids_verdict()) =>
        {
            let value = |metric: &'static Metric| {
                Some((metric, summary::median(&measured.values(metric)?).ok()?))
            };
            measured.metrics().filter_map(value).collect()
        }
        _ => Vec::new(),
    }
}
