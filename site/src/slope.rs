//! What one step of a parameter costs: a straight line through the blocks of
//! arms that differ only in how often they do the same. The fit is `stats`'; this
//! only chooses the points.

use crate::series::{History, Line, LineKey, Point, State};
use crate::versions::VersionRef;
use crate::words;
use model::{Metric, NoiseClass, SlopeSpec, Suite};
use stats::slope::{Slope, least_squares};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How often an interval holds the true slope.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// The lines of one table of a suite, from one run.
#[derive(Debug, Clone)]
pub(crate) struct Slopes {
    pub(crate) at: VersionRef,
    /// Position in [`History::runs`].
    pub(crate) run: usize,
    pub(crate) lines: Vec<SlopeLine>,
}

impl Slopes {
    /// Whether there is anything but reasons.
    pub(crate) fn has_values(&self) -> bool {
        let is_measured = |fit: &Fit| matches!(fit, Fit::Measured { .. });
        self.lines.iter().any(|line| line.fits.iter().any(is_measured))
    }
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct SlopeLine {
    /// The value of the parameter that is compared.
    pub(crate) name: String,
    /// The parameters besides that one and the number of times.
    pub(crate) beside: Vec<(String, String)>,
    /// What is known of each metric of the table, in its order.
    pub(crate) fits: Vec<Fit>,
}

/// A metric of a line.
#[derive(Debug, Clone)]
pub(crate) enum Fit {
    Measured {
        slope: Slope,
        /// Blocks in it that make no verdict, by their labels.
        void: usize,
    },
    /// There is none, for this reason.
    Absent(String),
}

/// A point with what its arm does how often.
type Placed<'a> = (&'a LineKey, &'a Point);

/// What is known of a table of a suite at its newest version; of versions that
/// are equally new, by a run that is not quick, and by one with values.
pub(crate) fn newest(history: &History, suite: &Suite, spec: &SlopeSpec) -> Option<Slopes> {
    let mut by_run: BTreeMap<(usize, VersionRef), Vec<Placed<'_>>> = BTreeMap::new();
    let is_asked = |(key, line): &(&LineKey, &Line)| {
        !line.is_anchor && spec.benchmarks.contains(&key.benchmark)
    };
    for (key, line) in history.suites.get(&suite.name)?.iter().filter(is_asked) {
        for point in &line.points {
            by_run.entry((point.run(), point.measured)).or_default().push((key, point));
        }
    }
    let mut newest: Vec<_> = by_run.into_iter().collect();
    newest.sort_by_cached_key(|((run, at), _)| {
        let head = &history.runs[*run];
        let time = history.versions.get(*at).time();
        Reverse((time, !head.is_quick(), head.started_at, *run))
    });
    let mut tables = newest.into_iter().filter_map(|((run, at), points)| {
        let lines = lines(history, suite, spec, &points);
        (!lines.is_empty()).then_some(Slopes { at, run, lines })
    });
    let first = tables.next()?;
    if first.has_values() {
        return Some(first);
    }
    Some(tables.find(Slopes::has_values).unwrap_or(first))
}

/// Points by line: what is compared, and the parameters beside it.
type Groups<'a> = BTreeMap<usize, (SlopeLine, Vec<(f64, &'a Point)>)>;

fn lines(
    history: &History,
    suite: &Suite,
    spec: &SlopeSpec,
    points: &[Placed<'_>],
) -> Vec<SlopeLine> {
    let mut groups = Groups::new();
    // In the order of the suite; of arms it no longer has nothing is told.
    for arm in suite.arms.iter().filter(|arm| spec.benchmarks.contains(&arm.benchmark)) {
        let (Some(times), Some(name)) = (arm.parameter(&spec.over), arm.parameter(&spec.lines))
        else {
            continue;
        };
        let Ok(times) = times.parse() else { continue };
        let is_beside = |key: &str| key != spec.over && key != spec.lines;
        let beside: Vec<(String, String)> =
            arm.parameters.iter().filter(|(key, _)| is_beside(key)).cloned().collect();
        let is_of_arm = |(key, point): &&Placed<'_>| {
            (&key.benchmark, &key.arm) == (&arm.benchmark, &arm.name)
                && history.definitions.get(point.definition) == arm.definition_sha256
        };
        for (_, point) in points.iter().filter(is_of_arm) {
            let same = |line: &SlopeLine| line.name == name && line.beside == beside;
            let known = groups.iter().find(|(_, (line, _))| same(line)).map(|(key, _)| *key);
            let key = known.unwrap_or(groups.len());
            let empty = || {
                let (name, beside) = (name.to_owned(), beside.clone());
                (SlopeLine { name, beside, fits: Vec::new() }, Vec::new())
            };
            groups.entry(key).or_insert_with(empty).1.push((times, point));
        }
    }
    let fitted = groups.into_values().map(|(mut line, points)| {
        line.fits = spec.metrics.iter().map(|metric| fit(metric, &points)).collect();
        line
    });
    fitted.collect()
}

fn fit(metric: &Metric, points: &[(f64, &Point)]) -> Fit {
    let (mut x, mut y, mut void) = (Vec::new(), Vec::new(), 0);
    for (times, point) in points {
        for (round, value) in point.block_values(metric) {
            void += usize::from(round.is_void);
            // A generator that waits makes requests late, not dearer.
            if !round.is_void || metric.noise != NoiseClass::Wall {
                x.push(*times);
                y.push(value);
            }
        }
    }
    match least_squares(&x, &y, CONFIDENCE) {
        Ok(slope) => Fit::Measured { slope, void },
        Err(_) if void > 0 => Fit::Absent(format!("{void} blocks say nothing about the host")),
        Err(_) if x.is_empty() => Fit::Absent(why_none(metric, points)),
        Err(error) => Fit::Absent(cannot_tell(x.len(), &error)),
    }
}

/// Why so many blocks give no line.
fn cannot_tell(blocks: usize, error: &stats::Error) -> String {
    let blocks = words::blocks(blocks as u32);
    match error {
        stats::Error::TooFew { needed, .. } => {
            format!("not known yet: {blocks} of at least {needed}. More blocks tell.")
        }
        stats::Error::ConstantX => {
            "not known yet: measured with one number of steps only. A line needs two.".to_owned()
        }
        error => format!("cannot be told from {blocks}: {error}"),
    }
}

/// The first reason that a point gives for having no value.
fn why_none(metric: &Metric, points: &[(f64, &Point)]) -> String {
    let reason = points.iter().find_map(|(_, point)| match point.state(metric) {
        State::Failed(reason) | State::Unsupported(reason) | State::Absent(reason) => {
            Some(reason.to_owned())
        }
        State::Measured { .. } => None,
    });
    reason.unwrap_or_else(|| "not measured".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_blocks_are_told_in_words() {
        for (x, expected) in [
            (&[1.0, 10.0][..], "not known yet: 2 blocks of at least 3. More blocks tell."),
            (&[5.0; 3], "not known yet: measured with one number of steps only. A line needs two."),
        ] {
            let error = least_squares(x, x, CONFIDENCE).unwrap_err();
            assert_eq!(cannot_tell(x.len(), &error), expected);
        }
    }
}
