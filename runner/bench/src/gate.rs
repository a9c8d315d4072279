//! Whether a release may go out: the rules of `bench.toml` held against a run in
//! which baseline, candidate and last release were measured side by side. The
//! verdicts come from `stats`; what they lead to is decided here.

mod budgets;
mod checks;
mod waivers;

use crate::calibration::Pool;
use crate::exit::Exit;
use crate::verdicts::{self, Collected, Earlier, Known, Missing, Pairs, Side, SideReport};
use anyhow::Result;
use model::{Cell, Config, Gate, Outcome, Run, SeriesName, Suite};
use serde::Serialize;
use std::collections::HashMap;

pub(crate) use checks::{Check, CheckOutcome, Kind};
pub(crate) use waivers::refuse_expired;

/// What a gate is held against.
pub(crate) struct Case<'a> {
    pub(crate) run: &'a Run,
    pub(crate) parties: Parties,
    pub(crate) suites: &'a [Suite],
    pub(crate) config: &'a Config,
    pub(crate) gate: &'a Gate,
    pub(crate) earlier: &'a Earlier,
}

/// Positions of the artifacts of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parties {
    pub(crate) baseline: usize,
    pub(crate) candidate: usize,
    /// The last release; the baseline's position if it is that.
    pub(crate) release: Option<usize>,
}

/// The outcome of a gate.
#[derive(Debug, Serialize)]
pub(crate) struct GateReport {
    /// `refused` (for its waivers), `failed`, `incomplete`, `undecided` or `passed`.
    pub(crate) verdict: &'static str,
    pub(crate) run: String,
    pub(crate) baseline: SideReport,
    pub(crate) candidate: SideReport,
    pub(crate) release: Option<SideReport>,
    pub(crate) checks: Vec<Check>,
    /// Waivers that excuse nothing, which is an error: they would excuse the
    /// next failure unseen.
    pub(crate) unused_waivers: Vec<String>,
}

/// The series that are compared, and why. Those of one arm come from the same
/// blocks, so the order is that of the arms.
pub(crate) fn questions(case: &Case<'_>) -> (Vec<(Kind, Pairs)>, Vec<Missing>) {
    let side = |artifact| Side { run: case.run, artifact };
    let Parties { baseline, candidate, release } = case.parties;
    let (mut questions, mut missing) = (Vec::new(), Vec::new());
    let drift = case.gate.drift.as_ref().zip(release);
    let against = [Some((Kind::Regression, baseline)), drift.map(|(_, at)| (Kind::Drift, at))];
    for (kind, reference) in against.into_iter().flatten() {
        let known = Known { suites: case.suites, config: case.config, earlier: case.earlier };
        let found = verdicts::collect(side(reference), side(candidate), known);
        let Collected { pairs, missing: lacking, .. } = found;
        // What the older version could not do yet is no loss of the newer one.
        missing.extend(lacking.into_iter().filter(|it| !(it.is_unsupported && it.version == "a")));
        for mut pairs in pairs {
            let Some(rule) = case.gate.rule(&name(case, &pairs)) else { continue };
            let of_drift = drift.filter(|_| kind == Kind::Drift).map(|(drift, _)| drift.tolerated);
            pairs.series.tolerated = Some(of_drift.unwrap_or(rule.tolerated));
            questions.push((kind, pairs));
        }
    }
    missing.dedup_by(|a, b| {
        a.version == "b"
            && (&a.suite, &a.benchmark, &a.arm, a.version, &a.reason)
                == (&b.suite, &b.benchmark, &b.arm, b.version, &b.reason)
    });
    (questions, missing)
}

fn name<'a>(case: &'a Case<'_>, pairs: &'a Pairs) -> SeriesName<'a> {
    let (suite, benchmark, arm) = &pairs.arm;
    let target = &case.run.artifacts[case.parties.candidate].target;
    SeriesName { target, suite, benchmark, arm, metric: pairs.metric }
}

/// What is known of series from before.
pub(crate) struct Past<'a> {
    /// How many complete runs measured each cell.
    pub(crate) runs: &'a HashMap<Cell, u32>,
    /// How often a calibration raised an alarm about nothing.
    pub(crate) calibrated: &'a Pool,
}

/// Holds the gate against a finished run.
///
/// # Errors
/// When the numbers cannot be judged.
pub(crate) fn evaluate(case: &Case<'_>, past: &Past<'_>) -> Result<GateReport> {
    let (questions, missing) = questions(case);
    let looks = verdicts::looks_of_finished(case.run);
    let (kinds, pairs): (Vec<Kind>, Vec<Pairs>) = questions.into_iter().unzip();
    let tolerated: Vec<Option<f64>> = pairs.iter().map(|pairs| pairs.series.tolerated).collect();
    let comparisons = verdicts::judge(pairs, &looks, verdicts::FAMILY_ALPHA)?;
    let Parties { baseline, candidate, release } = case.parties;
    let artifact = |at: usize| &case.run.artifacts[at];
    let same = |at: usize| {
        artifact(at).target == artifact(candidate).target
            && artifact(at).binary_sha256 == artifact(candidate).binary_sha256
    };
    let mut checks = Vec::new();
    for ((kind, tolerated), comparison) in kinds.into_iter().zip(tolerated).zip(comparisons) {
        let reference = if kind == Kind::Drift { release.unwrap_or(baseline) } else { baseline };
        let tolerated = tolerated.unwrap_or(0.0);
        checks.push(Check::of_comparison(kind, tolerated, &comparison, same(reference)));
    }
    checks.extend(budgets::checks(case));
    checks.extend(missing.into_iter().map(Check::of_missing));
    checks.extend(unmeasured_suites(case));
    let unused_waivers =
        waivers::apply(&case.gate.waivers, &artifact(candidate).target, &mut checks);
    let target = &artifact(candidate).target;
    for check in checks.iter_mut().filter(|check| check.is_noisy) {
        if let Some(why) = past.probation(case.gate, target, check)? {
            check.put_on_probation(&why);
        }
    }
    checks.sort_by_key(|check| check.outcome);
    let side = |artifact| verdicts::side_report(Side { run: case.run, artifact });
    let mut report = GateReport {
        verdict: "",
        run: case.run.id.to_string(),
        baseline: side(baseline),
        candidate: side(candidate),
        release: release.map(side),
        checks,
        unused_waivers,
    };
    report.verdict = report.verdict();
    Ok(report)
}

impl Past<'_> {
    /// Why a noisy series warns instead of failing, if so.
    fn probation(&self, gate: &Gate, target: &str, check: &Check) -> Result<Option<String>> {
        let [suite, benchmark, arm] =
            [&check.suite, &check.benchmark, &check.arm].map(Clone::clone);
        let cell = Cell { target: target.to_owned(), suite, benchmark, arm };
        let runs = self.runs.get(&cell).copied().unwrap_or(0);
        if runs < gate.probation_runs {
            let needed = gate.probation_runs;
            return Ok(Some(format!("a series warns until {needed} runs have measured it")));
        }
        let arm = [cell.suite.as_str(), &cell.benchmark, &cell.arm];
        let alarms = self.calibrated.false_alarms(target, arm, &check.metric)?;
        Ok(alarms.filter(|rate| rate.low > gate.false_alarms).map(|rate| {
            format!(
                "{} of {} comparisons of it with itself raised a false alarm, which is surely more \
                 than {:.1} %",
                rate.hits,
                rate.comparisons,
                gate.false_alarms * 100.0
            )
        }))
    }
}

/// Required suites of which the candidate has no number at all; those of other
/// targets are not its own.
fn unmeasured_suites<'a>(case: &'a Case<'_>) -> impl Iterator<Item = Check> + 'a {
    let is_measured = |suite: &str| {
        let mut blocks = case.run.blocks.iter().filter(|block| block.cell.suite == suite);
        blocks.any(|block| {
            block.artifact == case.parties.candidate
                && matches!(block.outcome, Outcome::Measured(_))
        })
    };
    let target = case.config.target(&case.run.artifacts[case.parties.candidate].target);
    let is_its_own = move |suite: &str| {
        target.is_none_or(|target| target.takes_part(suite, &case.config.targets))
    };
    let required = case.gate.required.iter().filter(move |suite| is_its_own(suite));
    let missing = required.filter(move |suite| !is_measured(suite));
    missing
        .map(|suite| Check::of_missing_suite(suite, "required, and not measured on the candidate"))
}

impl GateReport {
    /// How many checks ended so.
    pub(crate) fn count(&self, outcome: CheckOutcome) -> usize {
        self.checks.iter().filter(|check| check.outcome == outcome).count()
    }

    fn verdict(&self) -> &'static str {
        let any = |outcome| self.count(outcome) > 0;
        match () {
            () if !self.unused_waivers.is_empty() => "refused",
            () if any(CheckOutcome::Failed) => "failed",
            () if any(CheckOutcome::Missing) || self.checks.is_empty() => "incomplete",
            () if any(CheckOutcome::Undecided) => "undecided",
            () => "passed",
        }
    }

    /// The exit code that scripts see.
    pub(crate) fn exit(&self) -> Exit {
        let of = |outcome, exit| if self.count(outcome) > 0 { exit } else { Exit::Fine };
        let waivers = if self.unused_waivers.is_empty() { Exit::Fine } else { Exit::BadInput };
        // A gate that judged nothing has let nothing pass.
        let nothing = if self.checks.is_empty() { Exit::Incomplete } else { Exit::Fine };
        waivers
            .or(of(CheckOutcome::Failed, Exit::Regression))
            .or(of(CheckOutcome::Missing, Exit::Incomplete))
            .or(of(CheckOutcome::Undecided, Exit::Undecided))
            .or(nothing)
    }
}
