//! The numbers of charts as files, for whoever wants to draw their own: for each
//! series JSON in columns and CSV, for each chart all its lines as CSV, and the
//! versions they are numbered by. Every point is there, also those that a drawing
//! leaves out.

use crate::Error;
use crate::names;
use crate::pages::Site;
use crate::pages::shown::ShownLine;
use crate::series::{LineKey, Point, Ratio, State};
use crate::summary::CONFIDENCE;
use crate::words;
use model::{Metric, VersionId};
use serde::Serialize;
use std::fmt::Write as _;

/// Where the list of versions lies, from the site's root.
pub(crate) const VERSIONS: &str = "data/versions.json";
/// Digits of a value, and of the ends of its interval; `bench export` has all.
const VALUE_DIGITS: usize = 6;
const INTERVAL_DIGITS: usize = 4;

#[derive(Serialize)]
struct Versions<'a> {
    about: &'static str,
    versions: Vec<VersionOut<'a>>,
}

#[derive(Serialize)]
struct VersionOut<'a> {
    target: &'a str,
    label: String,
    name: String,
    time: String,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<&'a str>,
}

/// Every version, in order: what the files of series number.
pub(crate) fn versions(site: &Site<'_>) -> Result<String, Error> {
    let versions = &site.history.versions;
    let all = versions.in_order().into_iter().map(|reference| {
        let version = versions.get(reference);
        let release = match &version.id {
            VersionId::Commit { sha, .. } => site.inputs.release(&version.target, sha),
            _ => None,
        };
        VersionOut {
            target: &version.target,
            label: version.label(),
            name: version.name(),
            time: version.time().to_string(),
            subject: version.subject(),
            release: release.map(|release| release.name.as_str()),
        }
    });
    let about = "Every version that was measured, in the order of charts. Files of series name \
                 them by their position here, from 0.";
    to_json(VERSIONS, &Versions { about, versions: all.collect() })
}

#[derive(Serialize)]
struct SeriesOut<'a> {
    about: &'static str,
    suite: &'a str,
    benchmark: &'a str,
    target: &'a str,
    arm: &'a str,
    metric: &'a str,
    label: &'a str,
    unit: &'a str,
    direction: &'a str,
    anchor: Option<&'a str>,
    /// The arm of the anchor that the newest ratio is one to.
    anchor_arm: Option<&'a str>,
    /// Coverage of every interval, at least.
    confidence: f64,
    versions: &'static str,
    /// Names that the columns point into.
    epochs: Vec<&'a str>,
    definitions: Vec<String>,
    reasons: Vec<&'a str>,
    columns: Columns,
}

/// One entry for each point. `version_step` is added to the position before.
#[derive(Serialize, Default)]
struct Columns {
    version_step: Vec<i64>,
    /// Seconds since 1970 of the run, as steps from the one before.
    run_step_s: Vec<i64>,
    epoch: Vec<usize>,
    definition: Vec<usize>,
    blocks: Vec<u32>,
    /// 0 measured, 1 failed, 2 not supported, 3 absent.
    state: Vec<u8>,
    /// Position in `reasons`, or null.
    reason: Vec<Option<usize>>,
    value: Vec<Number>,
    low: Vec<Number>,
    high: Vec<Number>,
    ratio: Vec<Number>,
}

/// A number of few digits, or null.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Number(Option<f64>);

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => to.serialize_none(),
            // Without the `.0`, which would be a sixth of a file.
            Some(whole) if whole.fract() == 0.0 && whole.abs() < 1e15 => {
                to.serialize_i64(whole as i64)
            }
            Some(value) => to.serialize_f64(value),
        }
    }
}

/// The JSON text of a series.
pub(crate) fn series_json(
    site: &Site<'_>,
    suite: &str,
    line: &ShownLine<'_>,
    metric: &'static Metric,
    file: &str,
) -> Result<String, Error> {
    let history = site.history;
    let (mut epochs, mut definitions, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    let mut columns = Columns::default();
    let (mut last_version, mut last_run) = (0, 0);
    for (_, point) in &line.points {
        let run = &history.runs[point.run()];
        let version = i64::from(history.versions.rank(point.at));
        columns.version_step.push(version - last_version);
        last_version = version;
        let started = run.started_at.as_second();
        columns.run_step_s.push(started - last_run);
        last_run = started;
        columns.epoch.push(position(&mut epochs, &*run.epoch));
        columns.definition.push(position(&mut definitions, point.definition));
        columns.blocks.push(point.blocks.measured);
        let (state, reason) = match point.state(metric) {
            State::Measured { .. } => (0, None),
            State::Failed(reason) => (1, Some(reason)),
            State::Unsupported(reason) => (2, Some(reason)),
            State::Absent(reason) => (3, Some(reason)),
        };
        columns.state.push(state);
        columns.reason.push(reason.map(|reason| position(&mut reasons, reason)));
        let (value, interval, ratio) = numbers(point, metric);
        columns.value.push(rounded(value, VALUE_DIGITS));
        columns.low.push(rounded(interval.map(|ends| ends.0), INTERVAL_DIGITS));
        columns.high.push(rounded(interval.map(|ends| ends.1), INTERVAL_DIGITS));
        columns.ratio.push(rounded(ratio, INTERVAL_DIGITS));
    }
    let LineKey { benchmark, target, arm } = line.key;
    let definitions = definitions.into_iter().map(|it| history.definitions.get(it).to_string());
    let document = SeriesOut {
        about: "A series in columns, one entry for each point. version_step and run_step_s are \
                differences from the entry before; a version is a position in `versions`.",
        suite,
        benchmark,
        target,
        arm,
        metric: metric.name,
        label: metric.label,
        unit: metric.unit.symbol(),
        direction: metric.direction.words(),
        anchor: site.config().anchor.as_deref(),
        anchor_arm: line.points.iter().rev().find_map(|(_, point)| anchor_arm(point, metric)),
        confidence: CONFIDENCE,
        versions: VERSIONS,
        definitions: definitions.collect(),
        epochs,
        reasons,
        columns,
    };
    to_json(file, &document)
}

/// The head of every CSV file.
const HEAD: &str = "version,committed_or_measured_at,target,arm,value,low,high,blocks,ratio,\
                    state,reason,testbed,definition,profile,run\n";

/// The points of lines as CSV, oldest version first.
pub(crate) fn csv<'a>(
    site: &Site<'_>,
    lines: impl Iterator<Item = &'a ShownLine<'a>>,
    metric: &'static Metric,
) -> String {
    let history = site.history;
    let mut text = HEAD.to_owned();
    for line in lines {
        for (_, point) in &line.points {
            let run = &history.runs[point.run()];
            let version = history.versions.get(point.measured);
            let (state, reason) = match point.state(metric) {
                State::Measured { .. } => ("measured", ""),
                State::Failed(reason) => ("failed", reason),
                State::Unsupported(reason) => ("unsupported", reason),
                State::Absent(reason) => ("absent", reason),
            };
            let (value, interval, ratio) = numbers(point, metric);
            let number = |value: Option<f64>| value.map_or_else(String::new, |it| it.to_string());
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{},{},{},{},{},{},{},{},{},{state},{},{},{},{},{}",
                field(&version.label()),
                words::second(version.time()),
                field(&line.key.target),
                field(&line.key.arm),
                number(value),
                number(interval.map(|ends| ends.0)),
                number(interval.map(|ends| ends.1)),
                point.blocks.measured,
                number(ratio),
                field(reason),
                run.epoch,
                history.definitions.get(point.definition).short(),
                field(&run.profile),
                run.id,
            );
        }
    }
    text
}

#[derive(Serialize)]
struct ChartOut<'a> {
    about: &'static str,
    suite: &'a str,
    benchmark: &'a str,
    metric: &'a str,
    unit: &'a str,
    versions: &'static str,
    series: Vec<LineOut<'a>>,
}

#[derive(Serialize)]
struct LineOut<'a> {
    target: &'a str,
    arm: &'a str,
    json: String,
    csv: String,
    page: String,
}

/// Where the files of a chart's lines lie.
pub(crate) fn chart_json<'a>(
    suite: &str,
    benchmark: &str,
    lines: impl Iterator<Item = &'a ShownLine<'a>>,
    metric: &'static Metric,
    file: &str,
) -> Result<String, Error> {
    let series = lines.map(|line| LineOut {
        target: &line.key.target,
        arm: &line.key.arm,
        json: names::series_file(suite, line.key, metric, "json"),
        csv: names::series_file(suite, line.key, metric, "csv"),
        page: names::series_page(suite, line.key, metric),
    });
    let document = ChartOut {
        about: "The lines of a chart; paths are from the site's root.",
        suite,
        benchmark,
        metric: metric.name,
        unit: metric.unit.symbol(),
        versions: VERSIONS,
        series: series.collect(),
    };
    to_json(file, &document)
}

type Numbers = (Option<f64>, Option<(f64, f64)>, Option<f64>);

fn numbers(point: &Point, metric: &Metric) -> Numbers {
    let State::Measured { summary, ratio } = point.state(metric) else {
        return (None, None, None);
    };
    let ratio = match ratio {
        Ratio::Measured(measured) => Some(measured.summary.value),
        Ratio::IsAnchor | Ratio::Absent(_) => None,
    };
    (Some(summary.value), summary.interval, ratio)
}

fn anchor_arm<'a>(point: &'a Point, metric: &Metric) -> Option<&'a str> {
    match point.state(metric) {
        State::Measured { ratio: Ratio::Measured(measured), .. } => Some(&measured.anchor_arm),
        _ => None,
    }
}

fn position<T: PartialEq>(known: &mut Vec<T>, one: T) -> usize {
    known.iter().position(|it| *it == one).unwrap_or_else(|| {
        known.push(one);
        known.len() - 1
    })
}

/// A number with so many significant digits, as short as can be.
fn rounded(value: Option<f64>, digits: usize) -> Number {
    let finite = value.filter(|value| value.is_finite());
    Number(finite.and_then(|value| format!("{value:.*e}", digits - 1).parse().ok()))
}

/// A field of a CSV file (RFC 4180). What a spreadsheet would take for a formula is
/// made text.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

fn to_json(file: &str, document: &impl Serialize) -> Result<String, Error> {
    let text = serde_json::to_string(document);
    text.map_err(|source| Error::Json { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_fields_are_quoted() {
        let check = |value: f64, expected: &str| {
            let got = serde_json::to_string(&rounded(Some(value), 4)).unwrap();
            assert_eq!(got, expected);
        };
        check(184_213.7, "184200");
        check(0.031_256_9, "0.03126");
        check(0.0, "0");
        check(f64::INFINITY, "null");
        for (text, expected) in
            [("a", "a"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("=1+1", "'=1+1")]
        {
            assert_eq!(field(text), expected);
        }
    }
}
