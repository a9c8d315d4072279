//! What is known of every series once all runs are: where its level changed and
//! what people said of it, how noisy it is, and what became of it since the last
//! release. It asks `stats` and decides nothing.

use crate::Error;
use crate::histories::{self, Segment};
use crate::inputs::{AlertNote, Inputs};
use crate::judge::{self, Judged, Question};
use crate::marks::Marks;
use crate::parallel;
use crate::series::{History, Line, LineKey, Value};
use crate::versions::VersionRef;
use model::{Direction, METRICS, Metric};
use stats::Verdict;
use stats::detect::{self, Standing};
use std::collections::BTreeMap;

/// What is known of all series.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Releases and the newest version of the default target.
    pub(crate) marks: Marks,
    suites: BTreeMap<String, BTreeMap<LineKey, Vec<OfSeries>>>,
}

/// What is known of a series.
#[derive(Debug)]
pub(crate) struct OfSeries {
    pub(crate) metric: &'static Metric,
    /// Where its level changed, in order.
    pub(crate) changes: Vec<FoundChange>,
    /// How much a value differs from the next where nothing changed, a fraction;
    /// `None` with too few values.
    pub(crate) noise: Option<f64>,
    /// Values that were looked at.
    pub(crate) values: usize,
    /// The newest version against the last release, or why not; `None` where
    /// there is no release, or nothing newer.
    pub(crate) since_release: Option<Result<Judged, String>>,
    /// The last release against the one before.
    pub(crate) of_release: Option<Result<Judged, String>>,
}

/// A change of level.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FoundChange {
    /// The last version at the old level.
    pub(crate) after: VersionRef,
    /// The first version at the new level.
    pub(crate) first: VersionRef,
    /// The first version at the new level on the axis of its testbed.
    pub(crate) epoch: String,
    pub(crate) rises: bool,
    /// New level over old, less 1.
    pub(crate) effect: Option<f64>,
    /// Few versions follow: not sure yet.
    pub(crate) is_suspected: bool,
    /// Regressed or improved.
    pub(crate) verdict: Verdict,
    /// What people said: `new` unless they did.
    pub(crate) state: &'static str,
    pub(crate) note: String,
}

impl FoundChange {
    /// Whether somebody should still look at it.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, "new" | "confirmed")
    }
}

impl Found {
    /// Looks at every series.
    ///
    /// # Errors
    /// When `stats` refuses values, which names the series.
    pub(crate) fn of(history: &History, inputs: &Inputs) -> Result<Self, Error> {
        let marks = Marks::of(history, inputs);
        let mut all: Vec<(&str, &LineKey, &Line, Vec<&'static Metric>)> = Vec::new();
        for (suite, lines) in &history.suites {
            for (key, line) in lines {
                all.push((suite, key, line, metrics_of(line)));
            }
        }
        let is_own = |key: &&LineKey| key.target == inputs.config.default_target;
        let own = all.iter().filter(|(_, key, ..)| is_own(key)).map(|(.., metrics)| metrics.len());
        let alpha = judge::alpha_of_each(own.sum());
        let found = parallel::each(&all, |(suite, key, line, metrics)| {
            let series = Series { history, inputs, marks: &marks, suite, key, line, alpha };
            let of_line = metrics.iter().map(|metric| series.look_at(metric));
            of_line.collect::<Result<Vec<OfSeries>, Error>>()
        })?;
        let mut suites: BTreeMap<String, BTreeMap<LineKey, Vec<OfSeries>>> = BTreeMap::new();
        for ((suite, key, ..), of_line) in all.into_iter().zip(found) {
            suites.entry(suite.to_owned()).or_default().insert(key.clone(), of_line);
        }
        Ok(Self { marks, suites })
    }

    /// What is known of a series.
    pub(crate) fn series_of(
        &self,
        suite: &str,
        key: &LineKey,
        metric: &Metric,
    ) -> Option<&OfSeries> {
        self.suites.get(suite)?.get(key)?.iter().find(|series| series.metric.name == metric.name)
    }

    /// The metrics of a line: see [`metrics_of`].
    pub(crate) fn metrics(
        &self,
        suite: &str,
        key: &LineKey,
    ) -> impl Iterator<Item = &'static Metric> {
        let of_line = self.suites.get(suite).and_then(|lines| lines.get(key));
        of_line.into_iter().flatten().map(|series| series.metric)
    }

    /// Every series there is: suite, line, and what is known.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &LineKey, &OfSeries)> {
        self.suites.iter().flat_map(|(suite, lines)| {
            lines.iter().flat_map(move |(key, of_line)| {
                of_line.iter().map(move |series| (suite.as_str(), key, series))
            })
        })
    }

    /// How many series there are.
    pub(crate) fn series(&self) -> usize {
        self.all().count()
    }
}

/// The metrics that a line ever had something to say of, in the order of the
/// table of metrics.
pub(crate) fn metrics_of(line: &Line) -> Vec<&'static Metric> {
    let mut is_there = vec![false; METRICS.len()];
    let mut last: &[(&'static Metric, Value)] = &[];
    for point in &line.points {
        // Nearly every point has the same.
        let is_same = last.len() == point.values.len()
            && last.iter().zip(&*point.values).all(|(a, b)| a.0.name == b.0.name);
        if !is_same {
            last = &point.values;
            for (there, metric) in is_there.iter_mut().zip(METRICS) {
                *there |= last.iter().any(|(of, _)| of.name == metric.name);
            }
        }
    }
    is_there.iter().zip(METRICS).filter(|(there, _)| **there).map(|(_, metric)| metric).collect()
}

struct Series<'a> {
    history: &'a History,
    inputs: &'a Inputs,
    marks: &'a Marks,
    suite: &'a str,
    key: &'a LineKey,
    line: &'a Line,
    alpha: f64,
}

impl Series<'_> {
    fn look_at(&self, metric: &'static Metric) -> Result<OfSeries, Error> {
        let segments = histories::of(self.history, self.line, metric);
        let mut changes = Vec::new();
        for segment in segments.iter().filter(|segment| !segment.values.is_empty()) {
            let found = detect::changes(&segment.values, &detect::Options::default());
            let found = found.map_err(|source| self.refused(metric, source))?;
            let versions = &segment.versions;
            let is_same =
                |at: usize| self.history.versions.are_one_binary(versions[at - 1], versions[at]);
            let found = detect::between_binaries(found, versions.len(), is_same);
            changes.extend(found.iter().filter_map(|one| self.change(metric, segment, one)));
        }
        let newest = segments.last();
        let is_own = self.key.target == self.inputs.config.default_target;
        let question = Question { config: &self.inputs.config, metric, alpha: self.alpha };
        let judge = |pair: Option<[VersionRef; 2]>| {
            let pair = pair.filter(|_| is_own && metric.is_comparable())?;
            Some(judge::judge(self.history, self.line, &segments, &question, pair))
        };
        Ok(OfSeries {
            metric,
            noise: newest.and_then(|segment| stats::history::noise(&segment.values).ok()),
            values: newest.map_or(0, |segment| segment.values.len()),
            since_release: judge(self.marks.since_release()),
            of_release: judge(self.marks.of_release()),
            changes,
        })
    }

    fn refused(&self, metric: &Metric, source: stats::Error) -> Error {
        let LineKey { benchmark, target, arm } = self.key;
        let series = format!("{target} {}/{benchmark} {arm} {}", self.suite, metric.name);
        Error::Statistics { series, source }
    }

    fn change(
        &self,
        metric: &Metric,
        segment: &Segment<'_>,
        found: &detect::Change,
    ) -> Option<FoundChange> {
        let is_worse = match metric.direction {
            Direction::Lower => found.rises,
            Direction::Higher => !found.rises,
            Direction::Neither => return None,
        };
        let verdict = if is_worse { Verdict::Regressed } else { Verdict::Improved };
        let said = self.inputs.alerts.iter().find(|alert| {
            self.is_of(alert, metric, verdict)
                && position_of(self.history, segment, &alert.first)
                    .is_some_and(|at| at.abs_diff(found.position) <= detect::SAME_WITHIN)
        });
        Some(FoundChange {
            after: *segment.versions.get(found.position.checked_sub(1)?)?,
            first: *segment.versions.get(found.position)?,
            epoch: segment.epoch.to_owned(),
            rises: found.rises,
            effect: found.effect,
            is_suspected: found.standing == Standing::Suspected,
            verdict,
            state: said.map_or("new", |alert| alert.state),
            note: said.map(|alert| alert.note.clone()).unwrap_or_default(),
        })
    }

    fn is_of(&self, alert: &AlertNote, metric: &Metric, verdict: Verdict) -> bool {
        let LineKey { benchmark, target, arm } = self.key;
        (&alert.target, &alert.benchmark, &alert.arm) == (target, benchmark, arm)
            && (alert.suite.as_str(), alert.metric.as_str(), alert.verdict.as_str())
                == (self.suite, metric.name, verdict.word())
    }
}

fn position_of(history: &History, segment: &Segment<'_>, first: &str) -> Option<usize> {
    segment.versions.iter().position(|version| history.versions.get(*version).name() == first)
}
