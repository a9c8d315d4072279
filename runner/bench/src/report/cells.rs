//! One comparison in words, the same words everywhere; and which comparisons
//! come first.

use crate::verdicts::{Comparison, Label, Missing, Report, SideReport};
use model::Metric;
use stats::Verdict;

/// A comparison, ready to be shown.
pub(crate) struct Cells {
    pub(crate) benchmark: String,
    pub(crate) metric: &'static str,
    pub(crate) a: String,
    pub(crate) b: String,
    pub(crate) change: String,
    pub(crate) interval: String,
    pub(crate) visible: String,
    pub(crate) verdict: &'static str,
    /// In words, with commas.
    pub(crate) labels: String,
}

impl Cells {
    pub(crate) fn of(c: &Comparison) -> Self {
        let interval = match (c.low, c.high) {
            (Some(low), Some(high)) => format!("{} to {}", change(low), change(high)),
            _ => "none".to_owned(),
        };
        let visible = c.smallest_visible.map(|v| format!("{:.2} %", v * 100.0));
        Self {
            benchmark: name(&c.benchmark, &c.arm),
            metric: c.metric,
            a: value(c.metric, c.a),
            b: value(c.metric, c.b),
            change: change(c.ratio),
            interval,
            visible: visible.unwrap_or_else(|| "unknown".to_owned()),
            verdict: c.verdict,
            labels: c.labels.iter().map(|label| label.words()).collect::<Vec<_>>().join(", "),
        }
    }
}

/// A value with its unit.
pub(crate) fn value(metric: &str, value: f64) -> String {
    Metric::named(metric).map_or_else(String::new, |metric| metric.display(value))
}

/// A ratio as a change in percent.
pub(crate) fn change(ratio: f64) -> String {
    format!("{:+.2} %", (ratio - 1.0) * 100.0)
}

fn name(benchmark: &str, arm: &str) -> String {
    if arm == "default" { benchmark.to_owned() } else { format!("{benchmark} {arm}") }
}

/// A version with its target.
pub(crate) fn side(side: &SideReport) -> String {
    format!("{} {}", side.target, side.version)
}

/// What is missing, in one line.
pub(crate) fn missing(missing: &Missing) -> String {
    let version = missing.version.to_uppercase();
    let name = name(&missing.benchmark, &missing.arm);
    format!("{version} {}/{name}: {}", missing.suite, missing.reason)
}

/// Whether a comparison is news.
pub(crate) fn is_change(c: &Comparison) -> bool {
    c.verdict == Verdict::Regressed.word() || c.verdict == Verdict::Improved.word()
}

/// The comparisons by suite, what changed first and the worst before it.
pub(crate) fn by_suite(
    report: &Report,
    wanted: impl Fn(&Comparison) -> bool,
) -> Vec<(&str, Vec<&Comparison>)> {
    let mut suites: Vec<(&str, Vec<&Comparison>)> = Vec::new();
    for comparison in report.comparisons.iter().filter(|c| wanted(c)) {
        match suites.iter_mut().find(|(suite, _)| *suite == comparison.suite) {
            Some((_, of_suite)) => of_suite.push(comparison),
            None => suites.push((&comparison.suite, vec![comparison])),
        }
    }
    for (_, of_suite) in &mut suites {
        of_suite.sort_by_key(|c| rank(c.verdict));
    }
    suites.sort_by_key(|(_, of_suite)| of_suite.iter().map(|c| rank(c.verdict)).min());
    suites
}

fn rank(verdict: &str) -> usize {
    ["regressed", "improved", "inconclusive"]
        .iter()
        .position(|word| *word == verdict)
        .unwrap_or(usize::MAX)
}

/// Why something is inconclusive, each reason once.
pub(crate) fn reasons(report: &Report) -> Vec<&str> {
    let mut reasons: Vec<&str> =
        report.comparisons.iter().filter_map(|c| c.why.as_deref()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

/// The labels that occur.
pub(crate) fn labels(report: &Report) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    for label in report.comparisons.iter().flat_map(|c| &c.labels) {
        if !labels.contains(label) {
            labels.push(*label);
        }
    }
    labels
}

/// The whole in one line.
pub(crate) fn in_words(report: &Report) -> String {
    let count = |verdict: &str| report.comparisons.iter().filter(|c| c.verdict == verdict).count();
    let counted = ["regressed", "improved", "equivalent", "inconclusive"]
        .into_iter()
        .filter(|verdict| count(verdict) > 0)
        .map(|verdict| format!("{} {verdict}", count(verdict)))
        .collect::<Vec<_>>()
        .join(", ");
    format!("{}: {counted}, {} missing", report.verdict, report.missing.len())
}

/// What the intervals and verdicts mean.
pub(crate) fn footnote(report: &Report) -> String {
    if report.same_binary {
        let (all, without) = (report.comparisons.len(), report.intervals_without_one());
        return format!(
            "Both sides are the same binary, so every difference is noise. {without} of {all} \
             intervals exclude \"no change\"."
        );
    }
    let percent = report.confidence * 100.0;
    format!(
        "In {percent:.0} % of such comparisons not one \"regressed\" or \"improved\" is false. \
         \"visible\" is the smallest change that would have been seen 4 times in 5."
    )
}
