//! Which blocks belong together: those of one arm and round, one of each
//! version. It also says what has no partner, and what may make no verdict.

use super::{Known, Missing, Side};
use crate::session::{ArmName, name_of};
use model::{Arm, Block, Config, Direction, Label, Measurements, Metric, NoiseClass, Outcome, Run};
use stats::compare::Repeatability;
use stats::pairing::{self, Caveats, Forbidden};
use stats::procedure::Series;
use stats::{Better, summary};
use std::collections::BTreeMap;

/// One metric of one arm with its paired block summaries.
pub(crate) struct Pairs {
    pub(crate) arm: ArmName,
    pub(crate) metric: &'static Metric,
    pub(crate) series: Series,
    /// Why no verdict may be made, if so.
    pub(crate) forbidden: Option<String>,
}

/// Everything two versions have in common, and what they have not.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) pairs: Vec<Pairs>,
    pub(crate) missing: Vec<Missing>,
    pub(crate) unsupported: Vec<Missing>,
}

/// The two versions' blocks of one arm, by round.
#[derive(Default)]
struct Blocks<'a> {
    a: BTreeMap<u32, &'a Block>,
    b: BTreeMap<u32, &'a Block>,
}

/// Pairs the blocks of two versions.
pub(crate) fn collect(a: Side<'_>, b: Side<'_>, known: Known<'_>) -> Collected {
    let mut arms: BTreeMap<ArmName, Blocks<'_>> = BTreeMap::new();
    for (side, is_a) in [(a, true), (b, false)] {
        for block in side.run.counted_blocks().filter(|block| block.artifact == side.artifact) {
            let arms = arms.entry(name_of(&block.cell)).or_default();
            let blocks = if is_a { &mut arms.a } else { &mut arms.b };
            blocks.insert(block.round, block);
        }
    }
    let adjacent = a.run.id == b.run.id;
    let mut collected = Collected::default();
    for (name, blocks) in &arms {
        let suite = known.suites.iter().find(|suite| suite.name == name.0);
        let arm = suite.and_then(|suite| suite.arm(&name.1, &name.2));
        note_missing(name, blocks, &mut collected);
        of_arm(name, blocks, arm, known.config, adjacent, &mut collected);
        let of_arm = collected.pairs.iter_mut().rev().take_while(|pairs| pairs.arm == *name);
        if adjacent {
            for pairs in of_arm {
                pairs.series.least_noise = least_noise(b.run, blocks, pairs.metric, known);
            }
        }
    }
    collected
}

/// What earlier runs say that pairs of either side's target scatter by.
fn least_noise(run: &Run, blocks: &Blocks<'_>, metric: &'static Metric, known: Known<'_>) -> f64 {
    let first = [&blocks.a, &blocks.b].map(|blocks| blocks.values().next());
    let noise = |block: &&Block| {
        known.earlier.least_noise(run, &block.cell, metric, block.definition_sha256)
    };
    first.into_iter().flatten().map(noise).fold(0.0, f64::max)
}

/// What a block contributes: the median of its samples, or its quantile.
pub(super) fn block_value(measured: &Measurements, metric: &'static Metric) -> Option<f64> {
    summary::median(&measured.values(metric)?).ok()
}

/// Failed blocks, blocks without a partner, and what is not supported.
fn note_missing(key: &ArmName, arms: &Blocks<'_>, collected: &mut Collected) {
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
        let list = if neither { &mut collected.unsupported } else { &mut collected.missing };
        list.extend(reasons.into_iter().map(|reason| Missing {
            is_unsupported: unsupported(blocks),
            ..Missing::of(key, version, reason)
        }));
    }
}

/// The blocks of an arm that may be compared.
struct Comparable<'a> {
    measured: Vec<(u32, &'a Measurements, &'a Measurements)>,
    forbidden: Option<Forbidden>,
}

impl<'a> Comparable<'a> {
    fn of(blocks: &Blocks<'a>) -> Self {
        let (mut measured, mut caveats) = (Vec::new(), Vec::new());
        let pairs =
            blocks.a.iter().filter_map(|(round, a)| Some((*round, *a, *blocks.b.get(round)?)));
        for (round, a, b) in pairs {
            let (Outcome::Measured(of_a), Outcome::Measured(of_b)) = (&a.outcome, &b.outcome)
            else {
                continue;
            };
            let has = |label| a.labels.contains(&label) || b.labels.contains(&label);
            caveats.push(Caveats {
                redefined: a.definition_sha256 != b.definition_sha256,
                generator_bound: has(Label::GeneratorBound),
                generator_starved: has(Label::GeneratorStarved),
                disturbed: has(Label::Disturbed),
            });
            measured.push((round, of_a, of_b));
        }
        let (usable, forbidden) = pairing::usable(&caveats);
        Self { measured: usable.into_iter().map(|index| measured[index]).collect(), forbidden }
    }
}

/// Why there is no verdict, and what to do.
fn told(forbidden: Forbidden) -> String {
    let label = match forbidden {
        Forbidden::Redefined => return "the benchmark changed between the two runs".to_owned(),
        Forbidden::Apart => {
            return "the two runs were measured at different times; compare the versions \
                    themselves to measure them side by side"
                .to_owned();
        }
        Forbidden::GeneratorBound => Label::GeneratorBound,
        Forbidden::GeneratorStarved => Label::GeneratorStarved,
        Forbidden::Disturbed => Label::Disturbed,
    };
    format!("{}: {}", label.word(), label.meaning())
}

fn of_arm(
    name: &ArmName,
    blocks: &Blocks<'_>,
    arm: Option<&Arm>,
    config: &Config,
    adjacent: bool,
    collected: &mut Collected,
) {
    let Comparable { measured, forbidden } = Comparable::of(blocks);
    let reported: Vec<&'static Metric> = match (arm, measured.first()) {
        (Some(arm), _) => arm.metrics.clone(),
        (None, Some((_, of_a, _))) => of_a.metrics().collect(),
        (None, None) => Vec::new(),
    };
    for metric in reported {
        let better = match metric.direction {
            Direction::Lower => Better::Lower,
            Direction::Higher => Better::Higher,
            Direction::Neither => continue,
        };
        let of_block = |m: &Measurements| block_value(m, metric);
        let values: Vec<_> =
            measured.iter().map(|(round, a, b)| (*round, of_block(a), of_block(b))).collect();
        for (version, absent) in [
            ("a", values.iter().any(|(_, a, b)| a.is_none() && b.is_some())),
            ("b", values.iter().any(|(_, a, b)| a.is_some() && b.is_none())),
        ] {
            if absent {
                let reason = format!("{metric} was measured only on the other side");
                collected.missing.push(Missing::of(name, version, reason));
            }
        }
        let (noise, repeatability) = match arm.map(|arm| arm.noise) {
            Some(NoiseClass::Exact) => (NoiseClass::Exact, Repeatability::Deterministic),
            _ => (metric.noise, Repeatability::Noisy),
        };
        let margin = config.margins.of(noise);
        let (rounds, a, b) = (Vec::new(), Vec::new(), Vec::new());
        let (tolerated, least_noise) = (None, 0.0);
        let mut series =
            Series { rounds, a, b, better, margin, repeatability, tolerated, least_noise };
        for (round, a, b) in values {
            let (Some(a), Some(b)) = (a, b) else { continue };
            series.rounds.push(round);
            series.a.push(a);
            series.b.push(b);
        }
        if series.a.is_empty() {
            continue;
        }
        let forbidden = forbidden.or_else(|| pairing::apart(adjacent, repeatability)).map(told);
        collected.pairs.push(Pairs { arm: name.clone(), metric, series, forbidden });
    }
}
