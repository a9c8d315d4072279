//! Absolute limits, held against the candidate's own values.

use super::{Case, Check, CheckOutcome, Kind};
use crate::report::cells::value;
use model::{Block, Budget, Direction, Metric, Outcome, SeriesName};
use stats::{interval, summary};
use std::collections::BTreeMap;

const CONFIDENCE: f64 = 0.95;

/// The checks of all budgets for the candidate's target; a budget that no number
/// falls under is missing.
pub(super) fn checks(case: &Case<'_>) -> Vec<Check> {
    let target = &case.run.artifacts[case.parties.candidate].target;
    let budgets = case.gate.budgets.iter().filter(|budget| budget.covers.covers_target(target));
    budgets.flat_map(|budget| of_budget(case, budget)).collect()
}

fn of_budget(case: &Case<'_>, budget: &Budget) -> Vec<Check> {
    type Values<'a> = BTreeMap<(&'a str, &'a str, &'a str, &'static str), Vec<f64>>;
    let mut values = Values::new();
    for block in case.run.counted_blocks() {
        for (metric, value) in covered(case, budget, block) {
            let cell = &block.cell;
            let key =
                (cell.suite.as_str(), cell.benchmark.as_str(), cell.arm.as_str(), metric.name);
            values.entry(key).or_default().push(value);
        }
    }
    if values.is_empty() {
        let note =
            format!("nothing was measured that its budget covers ({})", budget.covers.words());
        return vec![Check::of_missing_suite("budget", &note)];
    }
    let check =
        |((suite, benchmark, arm, metric), values): ((&str, &str, &str, &str), Vec<f64>)| {
            held(budget.limit, metric, &values).map(|(outcome, limit, found)| Check {
                kind: Kind::Budget,
                suite: suite.to_owned(),
                benchmark: benchmark.to_owned(),
                arm: arm.to_owned(),
                metric: metric.to_owned(),
                outcome,
                limit,
                found,
                note: None,
                is_noisy: false,
            })
        };
    values.into_iter().filter_map(check).collect()
}

/// The block's values that a budget covers.
fn covered<'a>(
    case: &'a Case<'_>,
    budget: &'a Budget,
    block: &'a Block,
) -> impl Iterator<Item = (&'static Metric, f64)> + 'a {
    let measured = match &block.outcome {
        Outcome::Measured(measured) if block.artifact == case.parties.candidate => Some(measured),
        _ => None,
    };
    measured.into_iter().flat_map(move |measured| {
        measured.metrics().filter_map(move |metric| {
            let cell = &block.cell;
            let (target, suite) = (cell.target.as_str(), cell.suite.as_str());
            let (benchmark, arm) = (cell.benchmark.as_str(), cell.arm.as_str());
            let name = SeriesName { target, suite, benchmark, arm, metric };
            let value = summary::median(&measured.values(metric)?).ok()?;
            budget.covers.covers(&name).then_some((metric, value))
        })
    })
}

/// Whether values keep a limit: all alike, by themselves; else by the interval
/// of their median.
fn held(limit: f64, metric: &str, values: &[f64]) -> Option<(CheckOutcome, String, String)> {
    let higher_is_better = Metric::named(metric)?.direction == Direction::Higher;
    let median = summary::median(values).ok()?;
    let repeats = values.iter().all(|value| *value == median);
    let interval = interval::of_median(values, CONFIDENCE).ok();
    let ends = if repeats { Some((median, median)) } else { interval.map(|it| (it.low, it.high)) };
    let within = |value: f64| if higher_is_better { value >= limit } else { value <= limit };
    let outcome = match ends {
        Some((low, high)) if within(low) && within(high) => CheckOutcome::Passed,
        Some((low, high)) if !within(low) && !within(high) => CheckOutcome::Failed,
        _ => CheckOutcome::Undecided,
    };
    let words = if higher_is_better { "at least" } else { "at most" };
    let found = match ends {
        Some((low, high)) if low < high => {
            let [median, low, high] = [median, low, high].map(|number| value(metric, number));
            format!("{median} ({low} to {high})")
        }
        _ => value(metric, median),
    };
    Some((outcome, format!("{words} {}", value(metric, limit)), found))
}

#[cfg(test)]
mod tests {
    use super::{CheckOutcome, held};

    #[test]
    fn a_budget_is_kept_exceeded_or_open() {
        let near: Vec<f64> = (0..12).map(|i| 980.0 + 4.0 * f64::from(i)).collect();
        for (metric, limit, values, expected) in [
            ("rss_peak_bytes", 1000.0, vec![1000.0], CheckOutcome::Passed),
            ("rss_peak_bytes", 999.0, vec![1000.0], CheckOutcome::Failed),
            ("rss_peak_bytes", 1000.0, near.clone(), CheckOutcome::Undecided),
            ("rss_peak_bytes", 1100.0, near.clone(), CheckOutcome::Passed),
            ("rss_peak_bytes", 900.0, near.clone(), CheckOutcome::Failed),
            ("throughput_rps", 900.0, near.clone(), CheckOutcome::Passed),
            ("throughput_rps", 1100.0, near, CheckOutcome::Failed),
            ("throughput_rps", 1000.0, vec![900.0, 1100.0], CheckOutcome::Undecided),
        ] {
            assert_eq!(held(limit, metric, &values).unwrap().0, expected, "{metric} {limit}");
        }
    }
}
