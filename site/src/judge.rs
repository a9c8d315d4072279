//! What changed between two versions of a series: which values are compared, and
//! in what words. The verdict is `stats`'.

use crate::histories::Segment;
use crate::series::{History, Line, Point};
use crate::versions::VersionRef;
use model::{Config, Direction, Metric, NoiseClass};
use stats::compare::{self, Repeatability};
use stats::decide::{self, Samples};
use stats::{Better, Verdict};

/// Version B held against version A.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub(crate) a: VersionRef,
    pub(crate) b: VersionRef,
    /// B / A.
    pub(crate) ratio: f64,
    /// Ends of the interval of `ratio`; `None` where the data allow none.
    pub(crate) interval: Option<(f64, f64)>,
    pub(crate) verdict: Verdict,
    /// The smallest effect that would have been seen, a fraction.
    pub(crate) smallest_visible: Option<f64>,
    /// Both are one binary: nothing can have changed, and what differs is noise.
    pub(crate) is_one_binary: bool,
}

/// How a judgement is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) config: &'a Config,
    pub(crate) metric: &'static Metric,
    /// The chance of a false alarm of this one series.
    pub(crate) alpha: f64,
}

/// The chance of a false alarm of each of so many series, so that it holds of all
/// together (Bonferroni).
pub(crate) fn alpha_of_each(series: usize) -> f64 {
    (decide::DEFAULT_ALPHA / series.max(1) as f64).max(1e-6)
}

/// Compares two versions of a series. One binary is no worse than itself: what was
/// measured of it is told, and no alarm raised.
///
/// # Errors
/// Why they cannot be compared, in words.
pub(crate) fn judge(
    history: &History,
    line: &Line,
    segments: &[Segment<'_>],
    question: &Question<'_>,
    versions: [VersionRef; 2],
) -> Result<Judged, String> {
    let judged = measured(history, line, segments, question, versions)?;
    if !history.versions.are_one_binary(judged.a, judged.b) {
        return Ok(judged);
    }
    Ok(Judged { is_one_binary: true, verdict: Verdict::Equivalent, ..judged })
}

fn measured(
    history: &History,
    line: &Line,
    segments: &[Segment<'_>],
    question: &Question<'_>,
    [a, b]: [VersionRef; 2],
) -> Result<Judged, String> {
    let Question { config, metric, alpha } = *question;
    let better = match metric.direction {
        Direction::Lower => Better::Lower,
        Direction::Higher => Better::Higher,
        Direction::Neither => return Err("neither way is better".to_owned()),
    };
    let both = |segment: &&Segment<'_>| [a, b].iter().all(|it| segment.position(*it).is_some());
    let Some(segment) = segments.iter().rev().find(both) else {
        return Err(why_not(history, segments, [a, b]));
    };
    let margin = config.margins.of(metric.noise);
    let [of_a, of_b] = [a, b].map(|version| blocks(history, line, segment, metric, version));
    let (rounds_a, rounds_b) = paired(&of_a, &of_b);
    let repeats = |blocks: &[OfRun]| {
        blocks.iter().all(|block| block.value == of_a[0].value)
            || blocks.iter().all(|block| block.value == of_b[0].value)
    };
    let is_exact = metric.noise == NoiseClass::Exact && repeats(&of_a) && repeats(&of_b);
    if is_exact || rounds_a.len() >= compare::MIN_PAIRS_TO_DECIDE {
        let (x, y) = if is_exact {
            (vec![of_a[0].value], vec![of_b[0].value])
        } else {
            (rounds_a, rounds_b)
        };
        let repeatability =
            if is_exact { Repeatability::Deterministic } else { Repeatability::Noisy };
        let options = compare::Options { better, margin, confidence: 1.0 - alpha, repeatability };
        let found = compare::paired(&x, &y, &options).map_err(|error| error.to_string())?;
        return Ok(Judged {
            a,
            b,
            ratio: found.ratio,
            interval: found.interval.map(|interval| (interval.low, interval.high)),
            verdict: found.verdict,
            smallest_visible: found.smallest_visible,
            is_one_binary: false,
        });
    }
    let runs = |blocks: &[OfRun]| blocks.iter().map(|block| vec![block.value]).collect::<Vec<_>>();
    let past = segment.position(a).unwrap_or_default();
    let samples = Samples {
        a: &runs(&of_a),
        b: &runs(&of_b),
        neighbours: false,
        history: level_before(segment, past)?,
    };
    let options = decide::Options { better, margin, alpha };
    let found = decide::decide(&samples, &options).map_err(|error| error.to_string())?;
    Ok(Judged {
        a,
        b,
        ratio: found.ratio,
        interval: found.interval.map(|interval| (interval.low, interval.high)),
        verdict: found.verdict,
        smallest_visible: found.smallest_visible,
        is_one_binary: false,
    })
}

/// The values before position `end` at the level that holds there: earlier ones
/// would tell of another level.
fn level_before<'a>(segment: &'a Segment<'_>, end: usize) -> Result<&'a [f64], String> {
    /// More would make the answer no surer and the search slower.
    const ENOUGH: usize = 60;
    let from = end.saturating_sub(ENOUGH);
    let values = &segment.values[from..end];
    if values.is_empty() {
        return Ok(values);
    }
    let changes = stats::detect::changes(values, &stats::detect::Options::default())
        .map_err(|error| error.to_string())?;
    Ok(&values[changes.last().map_or(0, |change| change.position)..])
}

/// A block of a version.
struct OfRun {
    run: usize,
    round: u32,
    value: f64,
}

fn blocks(
    history: &History,
    line: &Line,
    segment: &Segment<'_>,
    metric: &Metric,
    version: VersionRef,
) -> Vec<OfRun> {
    let is_of = |point: &&Point| {
        point.measured == version
            && point.segment(&history.runs) == (segment.epoch, segment.definition)
    };
    let points = crate::histories::points(history, line).filter(is_of);
    let mut blocks = Vec::new();
    for point in points {
        let sound = point.block_values(metric).filter(|(round, _)| !round.is_void);
        blocks.extend(sound.map(|(round, value)| OfRun {
            run: point.run(),
            round: round.round,
            value,
        }));
    }
    blocks
}

/// The values of the rounds that measured both, next to each other.
fn paired(a: &[OfRun], b: &[OfRun]) -> (Vec<f64>, Vec<f64>) {
    let beside =
        |block: &OfRun| b.iter().find(|other| (other.run, other.round) == (block.run, block.round));
    a.iter().filter_map(|block| Some((block.value, beside(block)?.value))).unzip()
}

fn why_not(history: &History, segments: &[Segment<'_>], versions: [VersionRef; 2]) -> String {
    let known = |version| segments.iter().any(|it| it.position(version).is_some());
    match versions.into_iter().find(|version| !known(*version)) {
        Some(version) => {
            format!("{} has no value to compare", history.versions.get(version).label())
        }
        None => "measured on different testbeds or with different definitions: not comparable"
            .to_owned(),
    }
}
