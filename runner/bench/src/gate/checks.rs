//! One check of a gate: what was asked, what was found, what it leads to.

use crate::report::cells::change;
use crate::verdicts::{Comparison, Missing};
use model::{Direction, Metric};
use serde::Serialize;
use stats::Verdict;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// How much worse than the baseline.
    Regression,
    /// How much worse than the last release.
    Drift,
    /// An absolute limit.
    Budget,
    /// Whether it was measured.
    Measured,
}

/// What a check leads to; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CheckOutcome {
    /// The gate is closed.
    Failed,
    /// Something was not measured.
    Missing,
    /// The numbers do not tell.
    Undecided,
    /// It would fail or be undecided, of a series that is too young or too noisy to say.
    Warned,
    /// It fails, and somebody answers for it.
    Waived,
    /// Surely within the limit.
    Passed,
}

/// One check.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) kind: Kind,
    pub(crate) suite: String,
    pub(crate) benchmark: String,
    pub(crate) arm: String,
    pub(crate) metric: String,
    pub(crate) outcome: CheckOutcome,
    /// What passes, in words.
    pub(crate) limit: String,
    /// What was found, in words.
    pub(crate) found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// Whether more runs would make it surer.
    #[serde(skip)]
    pub(crate) is_noisy: bool,
}

impl CheckOutcome {
    /// The word used everywhere.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Missing => "missing",
            Self::Undecided => "undecided",
            Self::Warned => "warned",
            Self::Waived => "waived",
            Self::Passed => "passed",
        }
    }
}

impl Kind {
    /// The word used everywhere.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Drift => "drift",
            Self::Budget => "budget",
            Self::Measured => "measured",
        }
    }
}

impl Check {
    pub(super) fn of_comparison(
        kind: Kind,
        tolerated: f64,
        comparison: &Comparison,
        same_binary: bool,
    ) -> Self {
        let outcome = match comparison.verdict {
            _ if same_binary => CheckOutcome::Passed,
            word if word == Verdict::Regressed.word() => CheckOutcome::Failed,
            word if word == Verdict::Equivalent.word() => CheckOutcome::Passed,
            _ => CheckOutcome::Undecided,
        };
        let interval = match (comparison.low, comparison.high) {
            (Some(low), Some(high)) => format!(" ({} to {})", change(low), change(high)),
            _ => String::new(),
        };
        let direction = Metric::named(comparison.metric).map(|metric| metric.direction);
        let worse = if direction == Some(Direction::Higher) { '-' } else { '+' };
        let since = if kind == Kind::Drift { " since the last release" } else { "" };
        let note = if same_binary { Some("the same binary".to_owned()) } else { None };
        Self {
            kind,
            suite: comparison.suite.clone(),
            benchmark: comparison.benchmark.clone(),
            arm: comparison.arm.clone(),
            metric: comparison.metric.to_owned(),
            outcome,
            limit: format!("{worse}{:.2} %{since}", tolerated * 100.0),
            found: format!("{}{interval}", change(comparison.ratio)),
            note: note.or_else(|| comparison.why.clone()),
            // What repeats exactly has an interval without width.
            is_noisy: comparison.low.is_none() || comparison.low != comparison.high,
        }
    }

    pub(super) fn of_missing(missing: Missing) -> Self {
        let side = if missing.version == "a" { "the older version" } else { "the candidate" };
        let Missing { suite, benchmark, arm, reason, .. } = missing;
        Self {
            benchmark,
            arm,
            note: Some(format!("{side}: {reason}")),
            ..Self::of_missing_suite(&suite, "")
        }
    }

    pub(super) fn of_missing_suite(suite: &str, note: &str) -> Self {
        Self {
            kind: Kind::Measured,
            suite: suite.to_owned(),
            benchmark: String::new(),
            arm: String::new(),
            metric: String::new(),
            outcome: CheckOutcome::Missing,
            limit: "measured".to_owned(),
            found: "missing".to_owned(),
            note: Some(note.to_owned()),
            is_noisy: false,
        }
    }

    pub(super) fn put_on_probation(&mut self, why: &str) {
        if matches!(self.outcome, CheckOutcome::Failed | CheckOutcome::Undecided) {
            self.add_note(&format!("would be {}; {why}", self.outcome.word()));
            self.outcome = CheckOutcome::Warned;
        }
    }

    pub(super) fn add_note(&mut self, text: &str) {
        self.note = Some(match self.note.take() {
            Some(note) if !note.is_empty() => format!("{note}; {text}"),
            _ => text.to_owned(),
        });
    }

    /// The series, as people read it.
    pub(crate) fn name(&self) -> String {
        let parts = [&self.benchmark, &self.arm, &self.metric];
        let parts: Vec<&str> = parts
            .into_iter()
            .map(String::as_str)
            .filter(|part| !part.is_empty() && *part != "default")
            .collect();
        if parts.is_empty() {
            self.suite.clone()
        } else {
            format!("{}/{}", self.suite, parts.join(" "))
        }
    }
}
