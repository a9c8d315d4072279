//! Links between epochs: which versions of an old epoch are worth measuring again
//! on a new one, and what those measured in both say of the change. The factors
//! come from `stats`; this only chooses what goes into them.

use model::{Digest, Metric, NoiseClass, Outcome, ProfileName, Run, VersionId};
use serde::Serialize;
use stats::bridge::{Anchor, CONFIDENCE, Link, link};
use stats::summary;
use std::collections::{BTreeMap, BTreeSet};

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
        if (epoch != self.old && epoch != self.new) || says_nothing(run) {
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
            let anchors: Vec<Anchor> =
                anchors.values().filter(|anchor| anchor.is_enough()).cloned().collect();
            let Link { factor, interval, anchors } = link(&anchors, CONFIDENCE).ok()?;
            let (suite, benchmark) = (suite.clone(), benchmark.clone());
            let (low, high) = (interval.low, interval.high);
            Some(Told { suite, benchmark, metric, factor, low, high, anchors })
        };
        self.series.iter().filter_map(told).collect()
    }
}

fn says_nothing(run: &Run) -> bool {
    let left_out = [ProfileName::Quick, ProfileName::Calibrate].map(ProfileName::word);
    left_out.contains(&run.profile.as_str())
}

/// How to ask for a version again; modified sources and given binaries cannot be got
/// by name.
fn word(target: &str, version: &VersionId) -> Option<String> {
    match version {
        VersionId::Commit { sha, modified: None, .. } => Some(format!("{target}@{sha}")),
        VersionId::Release { version } => Some(format!("{target}@{version}")),
        VersionId::Commit { .. } | VersionId::Binary { .. } => None,
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
    /// Words of versions that could not be built, by epoch.
    not_built: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Clone, PartialEq)]
struct Version {
    /// Target and name, as they are typed.
    word: String,
    target: String,
    binary: Digest,
    is_anchor: bool,
    suites: BTreeSet<String>,
}

impl Epochs {
    /// Adds a run, in the order in which they started; those that [`Bridge::add`]
    /// leaves out cannot link anything.
    pub(crate) fn add(&mut self, run: &Run) {
        if says_nothing(run) {
            return;
        }
        let epoch = run.testbed.epoch();
        self.order.retain(|known| *known != epoch);
        self.order.push(epoch.clone());
        let not_built = self.not_built.entry(epoch.clone()).or_default();
        not_built.extend(run.failed_builds.iter().filter_map(|it| word(&it.target, &it.version)));
        let versions = self.versions.entry(epoch).or_default();
        for (position, artifact) in run.artifacts.iter().enumerate() {
            let Some(word) = word(&artifact.target, &artifact.version) else { continue };
            let of_artifact = run.blocks.iter().filter(|block| block.artifact == position);
            let mut suites: BTreeSet<String> =
                of_artifact.map(|block| block.cell.suite.clone()).collect();
            if let Some(known) = versions.iter().position(|known| known.word == word) {
                suites.extend(versions.remove(known).suites);
            }
            versions.push(Version {
                word,
                target: artifact.target.clone(),
                binary: artifact.binary_sha256,
                is_anchor: run.anchor.as_ref() == Some(&artifact.target),
                suites,
            });
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
        self.chosen(epoch, most).map(|version| version.word.clone()).collect()
    }

    /// Those of them that `now` has not measured in every one of these suites, and
    /// has not failed to build.
    pub(crate) fn owed(
        &self,
        epoch: &str,
        now: &str,
        most: usize,
        suites: &BTreeSet<String>,
    ) -> Vec<String> {
        let is_same = |a: &Version, b: &Version| {
            a.word == b.word || (&a.target, a.binary) == (&b.target, b.binary)
        };
        let is_measured = |version: &Version, suite: &String| {
            let mut there = self.versions.get(now).into_iter().flatten();
            there.any(|other| is_same(version, other) && other.suites.contains(suite))
        };
        let is_hopeless = |version: &Version| {
            self.not_built.get(now).is_some_and(|it| it.contains(&version.word))
        };
        let is_owed = |version: &&Version| {
            let mut both = version.suites.intersection(suites);
            !is_hopeless(version) && both.any(|suite| !is_measured(version, suite))
        };
        self.chosen(epoch, most).filter(is_owed).map(|version| version.word.clone()).collect()
    }

    fn chosen(&self, epoch: &str, most: usize) -> impl Iterator<Item = &Version> {
        let newest_first = || self.versions.get(epoch).into_iter().flatten().rev();
        let mut others: Vec<&Version> = newest_first().filter(|it| !it.is_anchor).collect();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        others.sort_by_cached_key(|version| {
            let earlier = seen.entry(version.target.as_str()).or_default();
            *earlier += 1;
            *earlier
        });
        let anchor = newest_first().find(|version| version.is_anchor);
        others.into_iter().take(most).chain(anchor)
    }

    /// The suites that an epoch measured.
    pub(crate) fn suites(&self, epoch: &str) -> BTreeSet<String> {
        let versions = self.versions.get(epoch).into_iter().flatten();
        versions.flat_map(|version| version.suites.iter().cloned()).collect()
    }
}
