//! The gate of `bench.toml`: what a release must pass. It says what is asked;
//! it must not judge a number.

use crate::metric::Metric;
use glob::Pattern;
use jiff::civil::Date;

/// What a release must pass.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    /// Suites that must be measured, whole.
    pub required: Vec<String>,
    /// A noisy series that fewer earlier runs measured warns instead of failing.
    pub probation_runs: u32,
    /// A noisy series whose calibration raised more false alarms, surely, warns too:
    /// a share of its comparisons.
    pub false_alarms: f64,
    /// How much worse than the baseline: the first rule that covers a series
    /// counts, and one that none covers is not judged.
    pub rules: Vec<Rule>,
    /// What must not be exceeded, whatever it was before.
    pub budgets: Vec<Budget>,
    /// How much worse than the last release; absent if nobody asks.
    pub drift: Option<Drift>,
    /// Recorded exceptions.
    pub waivers: Vec<Waiver>,
}

/// How much worse than the baseline a series may be.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Which series.
    pub covers: Selector,
    /// The largest regression that passes, a fraction.
    pub tolerated: f64,
}

/// An absolute limit of the candidate's own value.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Which series; it has a metric.
    pub covers: Selector,
    /// The worst value that passes, in the metric's unit: the largest of a metric
    /// of which less is better, else the smallest.
    pub limit: f64,
}

/// How far small steps may add up.
#[derive(Debug, Clone)]
pub struct Drift {
    /// Git tags that name releases.
    pub release_tags: String,
    /// The largest regression since the last release that passes, a fraction, of
    /// the series that the rules cover.
    pub tolerated: f64,
}

/// An exception: what it covers may fail.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// Which series.
    pub covers: Selector,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day it holds.
    pub expires: Date,
}

/// Picks series by shell patterns; what is not given matches all.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    /// Of the target's name.
    pub target: Option<Pattern>,
    /// Of the suite's.
    pub suite: Option<Pattern>,
    /// Of the benchmark's.
    pub benchmark: Option<Pattern>,
    /// Of the arm's: `wasi=p2*`.
    pub arm: Option<Pattern>,
    /// Of the metric's.
    pub metric: Option<Pattern>,
}

/// The names of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesName<'a> {
    /// Target.
    pub target: &'a str,
    /// Suite.
    pub suite: &'a str,
    /// Benchmark.
    pub benchmark: &'a str,
    /// Arm.
    pub arm: &'a str,
    /// Metric.
    pub metric: &'a Metric,
}

impl Selector {
    /// Whether it picks a series.
    pub fn covers(&self, series: &SeriesName<'_>) -> bool {
        let fits = |pattern: &Option<Pattern>, name: &str| {
            pattern.as_ref().is_none_or(|pattern| pattern.matches(name))
        };
        fits(&self.target, series.target)
            && fits(&self.suite, series.suite)
            && fits(&self.benchmark, series.benchmark)
            && fits(&self.arm, series.arm)
            && fits(&self.metric, series.metric.name)
    }

    /// Whether it picks anything in a suite.
    pub fn covers_suite(&self, name: &str) -> bool {
        self.suite.as_ref().is_none_or(|pattern| pattern.matches(name))
    }

    /// Whether it picks anything of a target.
    pub fn covers_target(&self, name: &str) -> bool {
        self.target.as_ref().is_none_or(|pattern| pattern.matches(name))
    }

    /// The patterns in words.
    pub fn words(&self) -> String {
        let parts = [
            ("target", &self.target),
            ("suite", &self.suite),
            ("benchmark", &self.benchmark),
            ("arm", &self.arm),
            ("metric", &self.metric),
        ];
        let given = parts.iter().filter_map(|(name, pattern)| Some((name, pattern.as_ref()?)));
        let words: Vec<String> =
            given.map(|(name, pattern)| format!("{name} {}", pattern.as_str())).collect();
        if words.is_empty() { "everything".to_owned() } else { words.join(", ") }
    }
}

impl Gate {
    /// Whether anything is asked of a suite.
    pub fn asks_of_suite(&self, name: &str) -> bool {
        self.required.iter().any(|required| required == name)
            || self.rules.iter().any(|rule| rule.covers.covers_suite(name))
            || self.budgets.iter().any(|budget| budget.covers.covers_suite(name))
    }

    /// The rule for a series.
    pub fn rule(&self, series: &SeriesName<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.covers.covers(series))
    }
}
