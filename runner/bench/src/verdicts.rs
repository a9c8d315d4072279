//! From stored blocks to a comparison of two versions. It pairs blocks and
//! names what is missing; every number and every verdict comes from `stats`.

use crate::exit::Exit;
use anyhow::{Result, bail};
use model::{Arm, Artifact, Block, Config, Direction, Metric, NoiseClass, Outcome, Run, Suite};
use serde::Serialize;
use stats::compare::{self, Options, Repeatability};
use stats::{Better, Verdict, summary};
use std::collections::BTreeMap;

/// The chance of at least one false alarm in a whole comparison.
const FAMILY_ALPHA: f64 = 0.05;

/// One version in one stored run.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    /// The run.
    pub(crate) run: &'a Run,
    /// Position of its artifact.
    pub(crate) artifact: usize,
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
    /// Confidence of every interval: together they hold with 95 %.
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
    pub(crate) verdict: &'static str,
    /// Smallest change, as a fraction, that this comparison would see.
    pub(crate) smallest_visible: Option<f64>,
    /// Pairs of blocks.
    pub(crate) pairs: usize,
    /// Why there is no decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// Something that was not measured.
#[derive(Debug, Serialize)]
pub(crate) struct Missing {
    pub(crate) suite: String,
    pub(crate) benchmark: String,
    pub(crate) arm: String,
    pub(crate) version: &'static str,
    pub(crate) reason: String,
}

type Key = (String, String, String);

impl Missing {
    fn of(key: &Key, version: &'static str, reason: String) -> Self {
        let (suite, benchmark, arm) = key.clone();
        Self { suite, benchmark, arm, version, reason }
    }
}

/// The two versions' blocks of one arm, by round.
#[derive(Default)]
struct Arms<'a> {
    a: BTreeMap<u32, &'a Block>,
    b: BTreeMap<u32, &'a Block>,
}

/// Compares two versions.
///
/// # Errors
/// When they were measured on different testbeds, or nothing can be paired.
pub(crate) fn compare(
    a: Side<'_>,
    b: Side<'_>,
    suites: &[Suite],
    config: &Config,
) -> Result<Report> {
    refuse_other_epoch(a, b)?;
    let mut arms: BTreeMap<Key, Arms<'_>> = BTreeMap::new();
    for (side, is_a) in [(a, true), (b, false)] {
        for block in side.run.blocks.iter().filter(|block| block.artifact == side.artifact) {
            let cell = &block.cell;
            let key = (cell.suite.clone(), cell.benchmark.clone(), cell.arm.clone());
            let arms = arms.entry(key).or_default();
            let blocks = if is_a { &mut arms.a } else { &mut arms.b };
            blocks.insert(block.round, block);
        }
    }
    let mut report = Report {
        a: side_report(a),
        b: side_report(b),
        verdict: "",
        confidence: 1.0,
        comparisons: Vec::new(),
        missing: Vec::new(),
        unsupported: Vec::new(),
    };
    let mut paired = Vec::new();
    for (key, arms) in &arms {
        let arm = suites
            .iter()
            .filter(|suite| suite.name == key.0)
            .flat_map(|suite| &suite.arms)
            .find(|arm| arm.benchmark == key.1 && arm.name == key.2);
        note_missing(key, arms, &mut report);
        let adjacent = a.run.id == b.run.id;
        paired.extend(pairs(key, arms, arm, config, adjacent, &mut report.missing));
    }
    if paired.is_empty() && report.missing.is_empty() {
        bail!("the two versions have no measured benchmark in common");
    }
    let noisy = paired.iter().filter(|pair| pair.options.repeatability == Repeatability::Noisy);
    // Bonferroni: simple and never too bold.
    report.confidence = 1.0 - FAMILY_ALPHA / noisy.count().max(1) as f64;
    for mut pair in paired {
        pair.options.confidence = report.confidence;
        report.comparisons.push(pair.decide()?);
    }
    report.verdict = overall(&report);
    Ok(report)
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
         cannot be compared; measure both versions now with `bench compare`",
        a.run.id,
        b.run.id,
        a.run.testbed.epoch(),
        b.run.testbed.epoch(),
        told.join("; ")
    )
}

fn side_report(side: Side<'_>) -> SideReport {
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

/// Failed blocks, blocks without a partner, and what is not supported.
fn note_missing(key: &Key, arms: &Arms<'_>, report: &mut Report) {
    let unsupported = |blocks: &BTreeMap<u32, &Block>| {
        blocks.values().any(|block| matches!(block.outcome, Outcome::Unsupported { .. }))
    };
    let neither = unsupported(&arms.a) && unsupported(&arms.b);
    for (version, blocks, others) in [("a", &arms.a, &arms.b), ("b", &arms.b, &arms.a)] {
        let mut reasons: Vec<String> = Vec::new();
        for block in blocks.values() {
            match &block.outcome {
                Outcome::Measured(_) => {}
                Outcome::Failed { reason, .. } => reasons.push(format!("failed: {reason}")),
                Outcome::Unsupported { reason } => reasons.push(format!("not supported: {reason}")),
            }
        }
        let absent = others.keys().filter(|round| !blocks.contains_key(round)).count();
        if absent > 0 && !unsupported(blocks) && !unsupported(others) {
            reasons.push(format!("{absent} blocks were not measured"));
        }
        reasons.dedup();
        let list = if neither { &mut report.unsupported } else { &mut report.missing };
        list.extend(reasons.into_iter().map(|reason| Missing::of(key, version, reason)));
    }
}

/// One metric of one arm with its paired block summaries.
struct Pairs<'a> {
    key: &'a Key,
    metric: &'static Metric,
    a: Vec<f64>,
    b: Vec<f64>,
    options: Options,
    /// Why no verdict may be made, if so.
    forbidden: Option<String>,
}

fn pairs<'a>(
    key: &'a Key,
    arms: &Arms<'a>,
    arm: Option<&Arm>,
    config: &Config,
    adjacent: bool,
    missing: &mut Vec<Missing>,
) -> Vec<Pairs<'a>> {
    let rounds = arms.a.iter().filter_map(|(round, a)| Some((*a, *arms.b.get(round)?)));
    let mut measured = Vec::new();
    let mut forbidden = None;
    for (a, b) in rounds {
        let (Outcome::Measured(of_a), Outcome::Measured(of_b)) = (&a.outcome, &b.outcome) else {
            continue;
        };
        if a.definition_sha256 != b.definition_sha256 {
            forbidden = Some("the benchmark changed between the two runs".to_owned());
        } else if let Some(label) =
            a.labels.iter().chain(&b.labels).find(|label| label.forbids_verdict())
        {
            forbidden = Some(format!("{}: {}", label.word(), label.meaning()));
        }
        measured.push((of_a, of_b));
    }
    let reported: Vec<&'static Metric> = match (arm, measured.first()) {
        (Some(arm), _) => arm.metrics.clone(),
        (None, Some((of_a, _))) => of_a.metrics().collect(),
        (None, None) => Vec::new(),
    };
    let mut all = Vec::new();
    for metric in reported {
        let better = match metric.direction {
            Direction::Lower => Better::Lower,
            Direction::Higher => Better::Higher,
            Direction::Neither => continue,
        };
        let of_block = |m: &model::Measurements| summary::median(&m.values(metric)?).ok();
        let values: Vec<_> = measured.iter().map(|(a, b)| (of_block(a), of_block(b))).collect();
        for (version, absent) in [
            ("a", values.iter().any(|(a, b)| a.is_none() && b.is_some())),
            ("b", values.iter().any(|(a, b)| a.is_some() && b.is_none())),
        ] {
            if absent {
                let reason = format!("{metric} was measured only on the other side");
                missing.push(Missing::of(key, version, reason));
            }
        }
        let (a, b): (Vec<f64>, Vec<f64>) =
            values.into_iter().filter_map(|(a, b)| Some((a?, b?))).unzip();
        if a.is_empty() {
            continue;
        }
        let (noise, repeatability) = match arm.map(|arm| arm.noise) {
            Some(NoiseClass::Exact) => (NoiseClass::Exact, Repeatability::Deterministic),
            _ => (metric.noise, Repeatability::Noisy),
        };
        let apart = (!adjacent && repeatability == Repeatability::Noisy).then(|| {
            "the two runs were measured at different times; compare the versions themselves to \
             measure them side by side"
                .to_owned()
        });
        let forbidden = forbidden.clone().or(apart);
        let options =
            Options { better, margin: config.margins.of(noise), confidence: 0.95, repeatability };
        all.push(Pairs { key, metric, a, b, options, forbidden });
    }
    all
}

impl Pairs<'_> {
    fn decide(self) -> Result<Comparison> {
        let (suite, benchmark, arm) = self.key.clone();
        let base = Comparison {
            suite,
            benchmark,
            arm,
            metric: self.metric.name,
            unit: self.metric.unit.symbol(),
            direction: self.metric.direction.words(),
            a: summary::median(&self.a)?,
            b: summary::median(&self.b)?,
            ratio: 1.0,
            low: None,
            high: None,
            verdict: Verdict::Inconclusive.word(),
            smallest_visible: None,
            pairs: self.a.len(),
            why: None,
        };
        let decided = match compare::paired(&self.a, &self.b, &self.options) {
            Ok(decided) => decided,
            Err(error) => {
                let ratio = if base.a > 0.0 { base.b / base.a } else { 1.0 };
                return Ok(Comparison { ratio, why: Some(error.to_string()), ..base });
            }
        };
        let verdict =
            if self.forbidden.is_some() { Verdict::Inconclusive } else { decided.verdict };
        Ok(Comparison {
            ratio: decided.ratio,
            low: decided.interval.map(|interval| interval.low),
            high: decided.interval.map(|interval| interval.high),
            verdict: verdict.word(),
            smallest_visible: decided.smallest_visible,
            why: self.forbidden.or_else(|| decided.undecided.map(|why| why.to_string())),
            ..base
        })
    }
}

fn overall(report: &Report) -> &'static str {
    let any = |verdict: Verdict| report.comparisons.iter().any(|c| c.verdict == verdict.word());
    if any(Verdict::Regressed) {
        return Verdict::Regressed.word();
    }
    if !report.missing.is_empty() {
        return "incomplete";
    }
    let rest = [Verdict::Inconclusive, Verdict::Improved];
    rest.into_iter().find(|verdict| any(*verdict)).unwrap_or(Verdict::Equivalent).word()
}

impl Report {
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
