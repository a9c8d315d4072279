//! The numbers of charts as JSON, for whoever wants to draw their own: each series
//! in columns, where the files of a chart's lines lie, and the versions that series
//! are numbered by. Every point is there, also those that a drawing leaves out.

use crate::Error;
use crate::csv;
use crate::names;
use crate::pages::Site;
use crate::pages::shown::ShownLine;
use crate::series::{LineKey, Point, Ratio, State};
use crate::summary::CONFIDENCE;
use model::{Metric, VersionId};
use serde::Serialize;

/// Where the list of versions lies, from the site's root.
pub(crate) const VERSIONS: &str = "data/versions.json";
/// Digits of a value, and of the ends of its interval; `bench export` has all.
pub(crate) const VALUE_DIGITS: usize = 6;
const INTERVAL_DIGITS: usize = 4;
/// Digits of how far an interval reaches.
const REACH_DIGITS: usize = 2;

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
    /// How far the interval reaches below and above the value: few digits, where its
    /// ends would need as many as the value.
    below: Vec<Number>,
    above: Vec<Number>,
    ratio: Vec<Number>,
}

/// A number, or null.
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
        let [value, _, _, ratio] = rounded_numbers(point, metric).map(Number);
        let [below, above] = reach(point, metric).map(Number);
        columns.value.push(value);
        columns.below.push(below);
        columns.above.push(above);
        columns.ratio.push(ratio);
    }
    let LineKey { benchmark, target, arm } = line.key;
    let definitions = definitions.into_iter().map(|it| history.definitions.get(it).to_string());
    let document = SeriesOut {
        about: "A series in columns, one entry for each point. version_step and run_step_s are \
                differences from the entry before; a version is a position in `versions`. The \
                interval is from value - below to value + above.",
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
    /// The newest points first.
    csv: Vec<String>,
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
        csv: csv::names_of(suite, line, metric),
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

/// Value, ends of its interval and ratio of a point, as files have them.
pub(crate) fn rounded_numbers(point: &Point, metric: &Metric) -> [Option<f64>; 4] {
    let State::Measured { summary, ratio } = point.state(metric) else {
        return [None; 4];
    };
    let ratio = match ratio {
        Ratio::Measured(measured) => Some(measured.summary.value),
        Ratio::IsAnchor | Ratio::Absent(_) => None,
    };
    [
        rounded(Some(summary.value), VALUE_DIGITS),
        rounded(summary.interval.map(|ends| ends.0), INTERVAL_DIGITS),
        rounded(summary.interval.map(|ends| ends.1), INTERVAL_DIGITS),
        rounded(ratio, INTERVAL_DIGITS),
    ]
}

/// How far the interval of a point reaches below and above its value.
fn reach(point: &Point, metric: &Metric) -> [Option<f64>; 2] {
    let State::Measured { summary, .. } = point.state(metric) else { return [None; 2] };
    let value = summary.value;
    let reach = summary.interval.map(|(low, high)| [value - low, high - value]);
    reach.map_or([None; 2], |both| both.map(|one| rounded(Some(one), REACH_DIGITS)))
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

/// A number with so many significant digits, as short as can be; at most 15.
pub(crate) fn rounded(value: Option<f64>, digits: usize) -> Option<f64> {
    let value = value.filter(|value| value.is_finite())?;
    let magnitude = value.abs();
    // Of a number from 1 on, its digits before the point; else how many zeros follow it.
    let above = POWERS.partition_point(|power| *power <= magnitude);
    if above == POWERS.len() {
        return Some(value);
    }
    let shift = if above > 0 {
        digits as i32 - above as i32
    } else {
        let zeros = POWERS.iter().take_while(|power| magnitude * **power < 1.0).count();
        digits as i32 + zeros as i32 - 1
    };
    // Zero, or so small that its digits are not worth a step.
    let Some(power) = POWERS.get(shift.unsigned_abs() as usize) else { return Some(value) };
    // Powers up to 10^22 and whole numbers up to 2^53 are exact, so that the division
    // gives the number nearest to the decimal one.
    Some(if shift >= 0 { (value * power).round() / power } else { (value / power).round() * power })
}

/// Every power of ten that is exact.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

fn to_json(file: &str, document: &impl Serialize) -> Result<String, Error> {
    let text = serde_json::to_string(document);
    text.map_err(|source| Error::Json { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_short() {
        let check = |value: f64, expected: &str| {
            let got = serde_json::to_string(&Number(rounded(Some(value), 4))).unwrap();
            assert_eq!(got, expected);
        };
        check(184_213.7, "184200");
        check(0.031_256_9, "0.03126");
        check(0.0, "0");
        check(f64::INFINITY, "null");
        check(-1_234_567.0, "-1235000");
        check(9_999.6, "10000");
        check(1.0, "1");
        check(0.999_96, "1");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// As near as so many digits allow, and no more digits than that.
        #[test]
        fn digits_are_as_many_as_asked_for(value in -1e15..1e15f64, power in -14..1i32) {
            let value = value * 10f64.powi(power);
            for digits in [2, 4, 6] {
                let short = rounded(Some(value), digits).unwrap();
                let most = 0.500_001 * 10f64.powi(1 - digits as i32) * value.abs();
                prop_assert!((short - value).abs() <= most, "{} became {}", value, short);
                let text = short.abs().to_string();
                let told = text.replace('.', "");
                let told = told.trim_matches('0');
                prop_assert!(told.len() <= digits, "{} became {}", value, text);
            }
        }
    }
}
