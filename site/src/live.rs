//! The history in memory, growing by runs: what a service answers from between two
//! builds of the site. Values, intervals and changes are those of the pages. It must
//! not read the store or render anything.

use crate::Error;
use crate::fold;
use crate::folded::FoldedRun;
use crate::found::{Found, FoundChange, OfSeries, metrics_of};
use crate::inputs::Inputs;
use crate::prepared;
use crate::series::{History, Line, LineKey, Point, Ratio, State};
use crate::shard;
use crate::source::RunEntry;
use compare::{Index, Shard, Terms};
use jiff::Timestamp;
use model::{Metric, Run, RunId, Testbed};
use std::collections::BTreeMap;

/// Runs folded into series. A clone shares the values of its blocks.
#[derive(Debug, Clone, Default)]
pub struct Live {
    history: History,
}

/// What a run adds; the samples are gone.
#[derive(Debug)]
pub struct LiveRun(FoldedRun);

/// Names a series, over all testbeds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesName {
    /// Suite name.
    pub suite: String,
    /// Benchmark name.
    pub benchmark: String,
    /// Target name.
    pub target: String,
    /// Arm name.
    pub arm: String,
    /// Metric name.
    pub metric: &'static str,
}

/// What one run says of a series at one version.
#[derive(Debug, Clone, PartialEq)]
pub struct LivePoint {
    /// The version measured, `target@label`.
    pub version: String,
    /// When it was committed, else first measured.
    pub version_time: Timestamp,
    /// The run.
    pub run: RunId,
    /// When that began.
    pub run_started_at: Timestamp,
    /// Which rules chose the number of blocks.
    pub profile: String,
    /// The name of the testbed's epoch.
    pub epoch: String,
    /// The start of the definition's digest.
    pub definition: String,
    /// Measured blocks.
    pub blocks: u32,
    /// `measured`, `failed`, `unsupported` or `absent`.
    pub state: &'static str,
    /// Why it is not measured.
    pub reason: Option<String>,
    /// Median of the blocks, in the metric's unit.
    pub value: Option<f64>,
    /// Ends of the 95 % interval of the median.
    pub interval: Option<(f64, f64)>,
    /// The same as a ratio to the anchor, measured beside it.
    pub ratio: Option<f64>,
}

/// A change of level of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveChange {
    /// The series.
    pub series: SeriesName,
    /// The testbed's epoch.
    pub epoch: String,
    /// The last version at the old level.
    pub after: String,
    /// The first version at the new level.
    pub first: String,
    /// The full name of that one.
    pub first_name: String,
    /// New level over old, less 1.
    pub effect: Option<f64>,
    /// `regressed` or `improved`.
    pub verdict: &'static str,
    /// `established`, or `suspected` where few versions follow.
    pub standing: &'static str,
    /// What people said: `new` unless they did.
    pub state: &'static str,
    /// In words.
    pub note: String,
    /// How much one value differs from the next where nothing changes, a fraction.
    pub noise: Option<f64>,
}

/// A version that was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveVersion {
    /// Its target.
    pub target: String,
    /// A short name.
    pub label: String,
    /// The full name.
    pub name: String,
    /// When it was committed, else first measured.
    pub time: Timestamp,
    /// What the commit says, or what kind of version it is.
    pub subject: String,
    /// The tag, if it is a release.
    pub release: Option<String>,
}

/// Folds a complete run; `None` of one whose results are never shown.
#[must_use]
pub fn fold_live(inputs: &Inputs, run: &Run) -> Option<LiveRun> {
    fold::fold(run, &inputs.suites, &inputs.config.default_target).map(LiveRun)
}

/// A run without its samples, as comparisons read it.
#[must_use]
pub fn shard_of(run: &Run) -> Shard {
    shard::of_run(run)
}

/// What comparisons must know of metrics and arms.
#[must_use]
pub fn terms_of(inputs: &Inputs) -> Terms {
    shard::terms(inputs)
}

impl Live {
    /// Adds runs.
    pub fn add(&mut self, runs: impl IntoIterator<Item = LiveRun>) {
        for run in runs {
            self.history.add(run.0);
        }
        self.history.settle();
    }

    /// Every series, in order.
    #[must_use]
    pub fn series(&self) -> Vec<SeriesName> {
        let mut names = Vec::new();
        for (suite, lines) in &self.history.suites {
            for (key, line) in lines {
                names.extend(metrics_of(line).into_iter().map(|metric| name(suite, key, metric)));
            }
        }
        names.sort_unstable();
        names
    }

    fn line(&self, name: &SeriesName) -> Option<&Line> {
        let SeriesName { suite, benchmark, target, arm, .. } = name.clone();
        self.history.suites.get(&suite)?.get(&LineKey { benchmark, target, arm })
    }

    /// The points of a series in the order of versions, then of runs; from a position,
    /// at most so many, and how many there are. `None` of a series there is not.
    #[must_use]
    pub fn points(
        &self,
        name: &SeriesName,
        from: usize,
        most: usize,
    ) -> Option<(Vec<LivePoint>, usize)> {
        let (line, metric) = (self.line(name)?, Metric::named(name.metric)?);
        let versions = &self.history.versions;
        let mut points: Vec<&Point> = line.points.iter().collect();
        points.sort_by_key(|point| {
            let run = &self.history.runs[point.run()];
            (versions.rank(point.at), run.started_at, run.id.as_str(), point.measured)
        });
        let all = points.len();
        let some = points.into_iter().skip(from).take(most);
        Some((some.map(|point| self.point(point, metric)).collect(), all))
    }

    fn point(&self, point: &Point, metric: &'static Metric) -> LivePoint {
        let run = &self.history.runs[point.run()];
        let version = self.history.versions.get(point.measured);
        let (mut value, mut interval, mut ratio_to_anchor) = (None, None, None);
        let (state, reason) = match point.state(metric) {
            State::Measured { summary, ratio } => {
                (value, interval) = (Some(summary.value), summary.interval);
                if let Ratio::Measured(measured) = ratio {
                    ratio_to_anchor = Some(measured.summary.value);
                }
                ("measured", None)
            }
            State::Failed(reason) => ("failed", Some(reason)),
            State::Unsupported(reason) => ("unsupported", Some(reason)),
            State::Absent(reason) => ("absent", Some(reason)),
        };
        LivePoint {
            version: version.full_label(),
            version_time: version.time(),
            run: run.id.clone(),
            run_started_at: run.started_at,
            profile: run.profile.clone(),
            epoch: run.epoch.to_string(),
            definition: self.history.definitions.get(point.definition).short(),
            blocks: point.blocks.measured,
            state,
            reason: reason.map(str::to_owned),
            value,
            interval,
            ratio: ratio_to_anchor,
        }
    }

    /// Every change of level, with what people said of it.
    ///
    /// # Errors
    /// When `stats` refuses values, which names the series.
    pub fn changes(&self, inputs: &Inputs) -> Result<Vec<LiveChange>, Error> {
        let found = Found::of(&self.history, inputs)?;
        let mut changes = Vec::new();
        for (suite, key, of) in found.all() {
            changes.extend(of.changes.iter().map(|change| self.change(suite, key, of, change)));
        }
        Ok(changes)
    }

    fn change(&self, suite: &str, key: &LineKey, of: &OfSeries, found: &FoundChange) -> LiveChange {
        let versions = &self.history.versions;
        LiveChange {
            series: name(suite, key, of.metric),
            epoch: found.epoch.clone(),
            after: versions.get(found.after).full_label(),
            first: versions.get(found.first).full_label(),
            first_name: versions.get(found.first).name(),
            effect: found.effect,
            verdict: found.verdict.word(),
            standing: if found.is_suspected { "suspected" } else { "established" },
            state: found.state,
            note: found.note.clone(),
            noise: of.noise,
        }
    }

    /// Every version, in the order of charts.
    #[must_use]
    pub fn versions(&self, inputs: &Inputs) -> Vec<LiveVersion> {
        let versions = &self.history.versions;
        let version = |reference| {
            let version = versions.get(reference);
            LiveVersion {
                target: version.target.clone(),
                label: version.label(),
                name: version.name(),
                time: version.time(),
                subject: version.subject(),
                release: prepared::name_of(inputs, version),
            }
        };
        versions.in_order().into_iter().map(version).collect()
    }

    /// Every testbed, by the name of its epoch.
    #[must_use]
    pub fn testbeds(&self) -> &BTreeMap<String, Testbed> {
        &self.history.testbeds
    }

    /// Which run measured what; `entries` is every run, newest first.
    #[must_use]
    pub fn index(&self, inputs: &Inputs, entries: &[RunEntry]) -> Index {
        shard::index_of(inputs, &self.history, entries)
    }
}

fn name(suite: &str, key: &LineKey, metric: &'static Metric) -> SeriesName {
    let LineKey { benchmark, target, arm } = key.clone();
    SeriesName { suite: suite.to_owned(), benchmark, target, arm, metric: metric.name }
}
