//! From stored blocks to a comparison of two versions. It pairs blocks and
//! names what is missing; every number and every verdict comes from `stats`.

mod earlier;
mod labels;
mod looks;
mod pairs;

use crate::exit::Exit;
use crate::session::ArmName;
use anyhow::{Result, bail};
use model::{Artifact, Config, Run, Suite};
use serde::Serialize;
use stats::compare::{Method, rank_p};
use stats::procedure::{self, Look, Standing};
use stats::{Overall, Verdict, summary};
use std::collections::BTreeSet;

pub(crate) use earlier::Earlier;
pub(crate) use labels::Label;
pub(crate) use looks::{Looks, of_finished as looks_of_finished, of_rounds};
pub(crate) use pairs::{Collected, Pairs, collect};

/// The chance of at least one false alarm in a whole comparison.
pub(crate) const FAMILY_ALPHA: f64 = 0.05;

/// One version in one stored run.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    /// The run.
    pub(crate) run: &'a Run,
    /// Position of its artifact.
    pub(crate) artifact: usize,
}

/// What is known beside the two versions' own numbers.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    /// What is asked.
    pub(crate) suites: &'a [Suite],
    /// The margins.
    pub(crate) config: &'a Config,
    /// How pairs scattered before.
    pub(crate) earlier: &'a Earlier,
}

/// A comparison of two versions.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The version compared with.
    pub(crate) a: SideReport,
    /// The version in question.
    pub(crate) b: SideReport,
    /// `regressed`, `incomplete`, `inconclusive`, `improved` or `equivalent`.
    pub(crate) verdict: &'static str,
    /// Both sides are one binary of one target: what differs is noise.
    pub(crate) same_binary: bool,
    /// How often not one of the alarms is false.
    pub(crate) confidence: f64,
    /// One entry for each metric.
    pub(crate) comparisons: Vec<Comparison>,
    /// What failed or was not measured on one side.
    pub(crate) missing: Vec<Missing>,
    /// What neither version can do.
    pub(crate) unsupported: Vec<Missing>,
}

/// One version, as the report names it.
#[derive(Debug, Serialize)]
pub(crate) struct SideReport {
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) run: String,
    pub(crate) binary_sha256: String,
    pub(crate) binary_bytes: u64,
}

/// One metric of one arm.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) suite: String,
    pub(crate) benchmark: String,
    pub(crate) arm: String,
    pub(crate) metric: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) direction: &'static str,
    /// Median of A's blocks.
    pub(crate) a: f64,
    /// Median of B's blocks.
    pub(crate) b: f64,
    /// Geometric mean of B / A over the pairs.
    pub(crate) ratio: f64,
    /// Lower end of the ratio's interval; null when there is none.
    pub(crate) low: Option<f64>,
    /// Upper end of it.
    pub(crate) high: Option<f64>,
    /// Confidence of this interval: the rule that keeps false alarms rare over
    /// all metrics and looks asks more of one than 95 %.
    pub(crate) confidence: f64,
    pub(crate) verdict: &'static str,
    /// Smallest change, as a fraction, that this comparison would see.
    pub(crate) smallest_visible: Option<f64>,
    /// Pairs of blocks that the verdict is made from.
    pub(crate) pairs: usize,
    /// Rounds after which it was decided; null when it was not.
    pub(crate) decided_after: Option<u32>,
    /// p-value of the signed-rank test beside the interval; null when exact.
    pub(crate) rank_p: Option<f64>,
    /// By how much, as a fraction, the history says that pairs scatter at least;
    /// null where there is none.
    pub(crate) noise_before: Option<f64>,
    /// What the other metrics of the arm say of it.
    pub(crate) labels: Vec<Label>,
    /// Why there is no decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// The blocks of both sides, for pictures.
    #[serde(skip)]
    pub(crate) blocks: [Vec<f64>; 2],
}

/// Something that was not measured.
#[derive(Debug, Serialize)]
pub(crate) struct Missing {
    pub(crate) suite: String,
    pub(crate) benchmark: String,
    pub(crate) arm: String,
    pub(crate) version: &'static str,
    pub(crate) reason: String,
    /// It is not supported, as opposed to failed or forgotten.
    #[serde(skip)]
    pub(crate) is_unsupported: bool,
}

impl Missing {
    fn of(key: &ArmName, version: &'static str, reason: String) -> Self {
        let (suite, benchmark, arm) = key.clone();
        Self { suite, benchmark, arm, version, reason, is_unsupported: false }
    }
}

/// Compares two versions of one run, or of two (for what repeats exactly).
///
/// # Errors
/// When they were measured on different testbeds, or nothing can be paired.
pub(crate) fn compare(a: Side<'_>, b: Side<'_>, known: Known<'_>) -> Result<Report> {
    refuse_other_epoch(a, b)?;
    let collected = collect(a, b, known);
    if collected.pairs.is_empty() && collected.missing.is_empty() {
        bail!("the two versions have no measured benchmark in common");
    }
    let looks =
        if a.run.id == b.run.id { looks::of_finished(a.run) } else { looks::single().to_vec() };
    let Collected { pairs, missing, unsupported } = collected;
    let mut comparisons = judge(pairs, &looks, FAMILY_ALPHA)?;
    labels::cross_examine(&mut comparisons);
    let mut report = Report {
        a: side_report(a),
        b: side_report(b),
        verdict: "",
        same_binary: false,
        confidence: 1.0 - FAMILY_ALPHA,
        comparisons,
        missing,
        unsupported,
    };
    report.verdict = overall(&report);
    Ok(report)
}

/// Makes the verdicts of a family, in the order given; `alpha` is the chance of a
/// false alarm among them.
///
/// # Errors
/// When the looks make no sense.
pub(crate) fn judge(pairs: Vec<Pairs>, looks: &[Look], alpha: f64) -> Result<Vec<Comparison>> {
    let standings = standings(&pairs, looks, alpha)?;
    pairs.into_iter().zip(standings).map(|(pairs, standing)| decided(pairs, standing)).collect()
}

/// The arms that more pairs could decide something about, after these looks.
///
/// # Errors
/// When the looks make no sense.
pub(crate) fn undecided(pairs: &[Pairs], looks: &[Look], alpha: f64) -> Result<BTreeSet<ArmName>> {
    let standings = standings(pairs, looks, alpha)?;
    let open = pairs.iter().zip(standings).filter(|(_, standing)| {
        standing.as_ref().is_some_and(|standing| standing.decided_after.is_none())
    });
    Ok(open.map(|(pairs, _)| pairs.arm.clone()).collect())
}

/// What the procedure says of each; nothing of those that make no verdict, which
/// are no part of the family either.
fn standings(pairs: &[Pairs], looks: &[Look], alpha: f64) -> Result<Vec<Option<Standing>>> {
    let judged = pairs.iter().filter(|pairs| pairs.forbidden.is_none());
    let series: Vec<_> = judged.map(|pairs| pairs.series.clone()).collect();
    let mut standings = procedure::follow(&series, looks, alpha)?.into_iter();
    let of = |pairs: &Pairs| {
        if pairs.forbidden.is_none() { standings.next() } else { None }
    };
    Ok(pairs.iter().map(of).collect())
}

fn decided(pairs: Pairs, standing: Option<Standing>) -> Result<Comparison> {
    // Without a verdict the numbers are shown all the same.
    let standing = match standing {
        Some(standing) => standing,
        None => {
            let alone = std::slice::from_ref(&pairs.series);
            procedure::follow(alone, &looks::single(), FAMILY_ALPHA)?.remove(0)
        }
    };
    let (suite, benchmark, arm) = pairs.arm;
    let (a, b) = (summary::median(&pairs.series.a)?, summary::median(&pairs.series.b)?);
    let base = Comparison {
        suite,
        benchmark,
        arm,
        metric: pairs.metric.name,
        unit: pairs.metric.unit.symbol(),
        direction: pairs.metric.direction.words(),
        a,
        b,
        ratio: if a > 0.0 { b / a } else { 1.0 },
        low: None,
        high: None,
        confidence: standing.confidence,
        verdict: Verdict::Inconclusive.word(),
        smallest_visible: None,
        pairs: pairs.series.a.len(),
        decided_after: standing.decided_after.filter(|_| pairs.forbidden.is_none()),
        rank_p: None,
        noise_before: Some(pairs.series.least_noise).filter(|noise| *noise > 0.0),
        labels: Vec::new(),
        why: None,
        blocks: [pairs.series.a, pairs.series.b],
    };
    let decided = match standing.comparison {
        Ok(decided) => decided,
        Err(error) => return Ok(Comparison { why: Some(error.to_string()), ..base }),
    };
    let [blocks_a, blocks_b] = &base.blocks;
    let seen = decided.pairs.min(blocks_a.len());
    let rank_p = match decided.method {
        Method::Exact => None,
        _ => Some(rank_p(&blocks_a[..seen], &blocks_b[..seen])?),
    };
    let is_doubted = rank_p.is_some_and(|p| decided.is_doubted_by_ranks(p));
    let verdict = if pairs.forbidden.is_some() { Verdict::Inconclusive } else { decided.verdict };
    Ok(Comparison {
        ratio: decided.ratio,
        low: decided.interval.map(|interval| interval.low),
        high: decided.interval.map(|interval| interval.high),
        verdict: verdict.word(),
        smallest_visible: decided.smallest_visible,
        pairs: decided.pairs,
        rank_p,
        labels: is_doubted.then_some(Label::RanksDisagree).into_iter().collect(),
        why: pairs.forbidden.or_else(|| decided.undecided.map(|why| why.to_string())),
        ..base
    })
}

fn refuse_other_epoch(a: Side<'_>, b: Side<'_>) -> Result<()> {
    let differences = a.run.testbed.differences(&b.run.testbed);
    if differences.is_empty() {
        return Ok(());
    }
    let told: Vec<String> =
        differences.iter().map(|(field, a, b)| format!("{field} was `{a}`, then `{b}`")).collect();
    bail!(
        "run {} and run {} stand on different testbeds (epochs {} and {}: {}), so their numbers \
         cannot be compared; measure both versions now with `bench compare`, or link the epochs \
         with `bench bridge` to see them side by side",
        a.run.id,
        b.run.id,
        a.run.testbed.epoch(),
        b.run.testbed.epoch(),
        told.join("; ")
    )
}

pub(crate) fn side_report(side: Side<'_>) -> SideReport {
    let Artifact { target, version, binary_sha256, binary_bytes, .. } =
        &side.run.artifacts[side.artifact];
    SideReport {
        target: target.clone(),
        version: version.label(),
        run: side.run.id.to_string(),
        binary_sha256: binary_sha256.to_string(),
        binary_bytes: *binary_bytes,
    }
}

fn overall(report: &Report) -> &'static str {
    let verdicts: Vec<Verdict> =
        report.comparisons.iter().filter_map(|it| Verdict::named(it.verdict)).collect();
    Overall::of(&verdicts, !report.missing.is_empty()).word()
}

impl Report {
    /// Takes back every alarm if both sides are the same binary of the same
    /// target: there is nothing that could have changed, so an alarm is evidence
    /// of noise.
    pub(crate) fn excuse_same_binary(&mut self) {
        self.same_binary =
            self.a.target == self.b.target && self.a.binary_sha256 == self.b.binary_sha256;
        if !self.same_binary {
            return;
        }
        for comparison in &mut self.comparisons {
            comparison.labels = vec![Label::SameBinary];
            comparison.verdict = Verdict::Equivalent.word();
            comparison.why = None;
        }
        self.verdict = overall(self);
    }

    /// Metrics whose interval does not hold 1.
    pub(crate) fn intervals_without_one(&self) -> usize {
        let excludes = |c: &&Comparison| c.low.zip(c.high).is_some_and(|(l, h)| l > 1.0 || h < 1.0);
        self.comparisons.iter().filter(excludes).count()
    }

    /// The exit code that scripts see.
    pub(crate) fn exit(&self) -> Exit {
        let of = |verdict: Verdict, exit| {
            if self.comparisons.iter().any(|c| c.verdict == verdict.word()) {
                exit
            } else {
                Exit::Fine
            }
        };
        let missing = if self.missing.is_empty() { Exit::Fine } else { Exit::Incomplete };
        of(Verdict::Regressed, Exit::Regression)
            .or(of(Verdict::Inconclusive, Exit::Undecided))
            .or(missing)
    }
}
