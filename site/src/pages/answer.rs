//! The answer of a suite in words, with the numbers filled in: what each benchmark
//! costs by each arm, how that compares with the floor, and what became of it.

use super::Site;
use super::shown::{Benchmark, ShownLine};
use crate::series::{Ratio, State};
use crate::trend;
use crate::words;
use model::{Direction, Metric};
use stats::Verdict;

/// More arms than this are a table, not a sentence.
const MOST_ARMS: usize = 4;

/// A sentence or two on the main metric of a benchmark; `None` without a value.
pub(crate) fn of_benchmark(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
) -> Option<String> {
    let default = &site.config().default_target;
    let is_own = |line: &&ShownLine<'_>| line.key.target == *default && !line.line.is_anchor;
    let mut values: Vec<(String, f64, Option<f64>)> = Vec::new();
    let mut verdicts = Vec::new();
    for line in benchmark.of_metric(metric).filter(is_own) {
        let Some(point) = trend::newest(site.history, line.line) else { continue };
        let State::Measured { summary, ratio } = point.state(metric) else { continue };
        let ratio = match ratio {
            Ratio::Measured(measured) => Some(measured.summary.value),
            Ratio::IsAnchor | Ratio::Absent(_) => None,
        };
        values.push((line.key.arm.clone(), summary.value, ratio));
        let found = site.found.series_of(benchmark.suite, line.key, metric);
        if let Some(Ok(judged)) = found.and_then(|series| series.since_release.as_ref()) {
            verdicts.push(judged.verdict);
        }
    }
    let is_better = |a: f64, b: f64| match metric.direction {
        Direction::Higher => a > b,
        Direction::Lower | Direction::Neither => a < b,
    };
    let mut ordered = values.clone();
    ordered.sort_by(|a, b| {
        if is_better(a.1, b.1) { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater }
    });
    let (best, worst) = (ordered.first()?, ordered.last()?);
    let with_ratio = |(arm, value, ratio): &(String, f64, Option<f64>)| {
        let ratio = ratio.map(|ratio| format!(" ({} {})", words::times(ratio), site.anchor()));
        format!("{} by {arm}{}", metric.display(*value), ratio.unwrap_or_default())
    };
    let mut text = format!("{}: {} is ", benchmark.name, metric.label);
    if values.len() <= MOST_ARMS {
        let each: Vec<String> = values.iter().map(with_ratio).collect();
        text.push_str(&each.join(", "));
    } else {
        text.push_str(&format!(
            "between {} and {}, {} arms in all",
            with_ratio(best),
            with_ratio(worst),
            values.len()
        ));
    }
    text.push('.');
    if let Some(told) = since(site, &verdicts) {
        text.push(' ');
        text.push_str(&told);
    }
    Some(text)
}

/// What became of series since the last release, in a sentence.
pub(crate) fn since(site: &Site<'_>, verdicts: &[Verdict]) -> Option<String> {
    let [base, _] = site.marks().since_release()?;
    if verdicts.is_empty() {
        return None;
    }
    let base = site.marks().name(site.history, base);
    let counts: Vec<String> = counted(verdicts).into_iter().collect();
    Some(format!("Since {base}: {}.", counts.join(", ")))
}

/// How often each verdict was given, the worst first; none of what did not happen.
pub(crate) fn counted(verdicts: &[Verdict]) -> Vec<String> {
    let words = [
        (Verdict::Regressed, "worse"),
        (Verdict::Improved, "better"),
        (Verdict::Equivalent, "the same"),
        (Verdict::Inconclusive, "undecided"),
    ];
    let count = |verdict| verdicts.iter().filter(|it| **it == verdict).count();
    words
        .into_iter()
        .map(|(verdict, word)| (count(verdict), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect()
}
