//! Links between epochs: which versions of an old epoch are worth measuring again
//! on a new one, and what those measured in both say of the change. The factors
//! come from `stats`; this only chooses what goes into them.

use model::{Digest, Metric, NoiseClass, Outcome, ProfileName, Run, VersionId};
use serde::Serialize;
use stats::bridge::{Anchor, Link, MIN_BLOCKS, link};
use stats::summary;
use std::collections::{BTreeMap, BTreeSet};

/// How often an interval of a factor holds the true one.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// What a factor is of: suite, benchmark, metric.
type Subject = (String, String, &'static str);

/// What is the same thing measured in two epochs: target, arm, binary, definition.
type Pinned = (String, String, Digest, Digest);

/// Everything two epochs have in common.
#[derive(Default)]
pub(crate) struct Bridge {
    old: String,
    new: String,
    series: BTreeMap<Subject, BTreeMap<Pinned, Anchor>>,
}

/// A factor as it is told.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) suite: String,
    pub(crate) benchmark: String,
    pub(crate) metric: &'static str,
    /// New over old.
    pub(crate) factor: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Arms of artifacts measured in both epochs.
    pub(crate) anchors: usize,
}

impl Bridge {
    /// Between two epochs, by their names.
    pub(crate) fn between(old: &str, new: &str) -> Self {
        Self { old: old.to_owned(), new: new.to_owned(), series: BTreeMap::new() }
    }

    /// Adds a run of either epoch; others, quick ones and calibrations say nothing.
    pub(crate) fn add(&mut self, run: &Run) {
        let epoch = run.testbed.epoch();
        let left_out = [ProfileName::Quick, ProfileName::Calibrate].map(ProfileName::word);
        if (epoch != self.old && epoch != self.new) || left_out.contains(&run.profile.as_str()) {
            return;
        }
        for block in run.counted_blocks() {
            let Outcome::Measured(measured) = &block.outcome else { continue };
            let is_void = block.labels.iter().any(|label| label.forbids_verdict());
            let cell = &block.cell;
            let binary = run.artifacts[block.artifact].binary_sha256;
            let pinned = (cell.target.clone(), cell.arm.clone(), binary, block.definition_sha256);
            for metric in measured.metrics() {
                // A generator that waits makes requests late, not dearer.
                if is_void && metric.noise == NoiseClass::Wall {
                    continue;
                }
                let Some(value) = value_of(measured, metric) else { continue };
                let subject = (cell.suite.clone(), cell.benchmark.clone(), metric.name);
                let anchors = self.series.entry(subject).or_default();
                let anchor = anchors.entry(pinned.clone()).or_default();
                let side = if epoch == self.old { &mut anchor.before } else { &mut anchor.after };
                side.push(value);
            }
        }
    }

    /// The factors of everything that was measured enough in both epochs.
    pub(crate) fn links(&self) -> Vec<Told> {
        let told = |((suite, benchmark, metric), anchors): (&Subject, &BTreeMap<_, Anchor>)| {
            let is_enough = |anchor: &&Anchor| {
                anchor.before.len() >= MIN_BLOCKS && anchor.after.len() >= MIN_BLOCKS
            };
            let anchors: Vec<Anchor> = anchors.values().filter(is_enough).cloned().collect();
            let Link { factor, interval, anchors } = link(&anchors, CONFIDENCE).ok()?;
            let (suite, benchmark) = (suite.clone(), benchmark.clone());
            let (low, high) = (interval.low, interval.high);
            Some(Told { suite, benchmark, metric, factor, low, high, anchors })
        };
        self.series.iter().filter_map(told).collect()
    }
}

fn value_of(measured: &model::Measurements, metric: &Metric) -> Option<f64> {
    summary::median(&measured.values(metric)?).ok().filter(|value| *value > 0.0)
}

/// What an epoch measured that can be measured again, newest run first.
#[derive(Default)]
pub(crate) struct Epochs {
    /// Epochs by their newest run, oldest first.
    order: Vec<String>,
    versions: BTreeMap<String, Vec<Version>>,
}

#[derive(Clone, PartialEq)]
struct Version {
    target: String,
    name: String,
    is_anchor: bool,
    suites: BTreeSet<String>,
}

impl Epochs {
    /// Adds a run, in the order in which they started.
    pub(crate) fn add(&mut self, run: &Run) {
        if run.profile == ProfileName::Calibrate.word() {
            return;
        }
        let epoch = run.testbed.epoch();
        self.order.retain(|known| *known != epoch);
        self.order.push(epoch.clone());
        let versions = self.versions.entry(epoch).or_default();
        for (position, artifact) in run.artifacts.iter().enumerate() {
            // Modified sources and given binaries cannot be got again by name.
            let name = match &artifact.version {
                VersionId::Commit { sha, modified: None, .. } => sha.clone(),
                VersionId::Release { version } => version.clone(),
                VersionId::Commit { .. } | VersionId::Binary { .. } => continue,
            };
            let of_artifact = run.blocks.iter().filter(|block| block.artifact == position);
            let suites = of_artifact.map(|block| block.cell.suite.clone()).collect();
            let is_anchor = run.anchor.as_ref() == Some(&artifact.target);
            let version = Version { target: artifact.target.clone(), name, is_anchor, suites };
            versions
                .retain(|known| (&known.target, &known.name) != (&version.target, &version.name));
            versions.push(version);
        }
    }

    /// The epoch whose name begins so or, without one, the newest but `now`.
    pub(crate) fn old(&self, asked: Option<&str>, now: &str) -> Option<&str> {
        let mut newest_first = self.order.iter().rev().filter(|epoch| *epoch != now);
        match asked {
            None => newest_first.next(),
            Some(asked) => newest_first.find(|epoch| epoch.starts_with(asked)),
        }
        .map(String::as_str)
    }

    /// The versions of an epoch to measure again: its newest anchor, and the newest
    /// `most` others, one of each target before a second of any.
    pub(crate) fn to_measure_again(&self, epoch: &str, most: usize) -> Vec<String> {
        let newest_first = || self.versions.get(epoch).into_iter().flatten().rev();
        let word = |version: &Version| format!("{}@{}", version.target, version.name);
        let mut others: Vec<&Version> = newest_first().filter(|it| !it.is_anchor).collect();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        others.sort_by_cached_key(|version| {
            let earlier = seen.entry(version.target.as_str()).or_default();
            *earlier += 1;
            *earlier
        });
        let anchor = newest_first().find(|version| version.is_anchor);
        others.into_iter().take(most).chain(anchor).map(word).collect()
    }

    /// The suites that an epoch measured.
    pub(crate) fn suites(&self, epoch: &str) -> BTreeSet<String> {
        let versions = self.versions.get(epoch).into_iter().flatten();
        versions.flat_map(|version| version.suites.iter().cloned()).collect()
    }
}
