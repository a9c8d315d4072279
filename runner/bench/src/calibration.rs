//! How often the method is wrong, and how often it finds what is there: told
//! from stored runs in which one version was measured as several.
//!
//! The rounds of a run are cut into stretches as long as a comparison, without
//! overlap; each is judged like one. Where nothing differs ("same", "twin") every
//! alarm is false; where a slowdown was planted, every "regressed" is a find.

mod rates;

use crate::session::{ArmName, Asked};
use crate::verdicts::{self, Comparison, Earlier, Known, Pairs, Side};
use anyhow::{Context, Result};
use model::{Config, Planted, ProfileName, Run, Suite};
use stats::Verdict;
use stats::procedure::{Look, Series};
use std::collections::BTreeMap;
use store::Store;

pub(crate) use rates::Rate;

/// The variant that all others are compared with.
pub(crate) const BASE: &str = "base";
/// The same once more.
pub(crate) const SAME: &str = "same";
/// The same sources, linked in another order, with other padding and another size
/// of the environment.
pub(crate) const TWIN: &str = "twin";

/// What every stretch of every calibration led to.
#[derive(Default)]
pub(crate) struct Pool {
    families: BTreeMap<String, Counts>,
    series: BTreeMap<SeriesKey, Counts>,
    blocks: usize,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct SeriesKey {
    variant: String,
    target: String,
    arm: ArmName,
    metric: &'static str,
}

#[derive(Default)]
struct Counts {
    comparisons: u64,
    regressed: u64,
    improved: u64,
    /// For each comparison: the ratio to the base that was seen, and the one that
    /// was planted, if that is known.
    effects: Vec<(f64, Option<f64>)>,
}

/// The complete calibrations of one testbed epoch, oldest first; of the newest
/// calibration's, if none is given. What an earlier testbed did says little.
///
/// # Errors
/// When the database cannot be read.
pub(crate) async fn stored(store: &Store, epoch: Option<&str>) -> Result<Vec<Run>> {
    let mut epoch = epoch.map(str::to_owned);
    let mut runs = Vec::new();
    // Newest first.
    for (id, of_run) in store.runs_of_profile(ProfileName::Calibrate.word()).await? {
        if *epoch.get_or_insert_with(|| of_run.clone()) == of_run {
            runs.push(store.run(id.as_str()).await?);
        }
    }
    runs.reverse();
    Ok(runs)
}

impl Pool {
    /// Judges stretches of so many rounds.
    ///
    /// # Errors
    /// When a plan cannot be read.
    pub(crate) fn of(runs: &[Run], suites: &[Suite], config: &Config, rounds: u32) -> Result<Self> {
        let mut earlier = Earlier::default();
        for run in runs {
            earlier.add(run)?;
        }
        let known = Known { suites, config, earlier: &earlier };
        let mut pool = Self::default();
        for run in runs {
            pool.add(run, known, rounds)?;
        }
        Ok(pool)
    }

    fn add(&mut self, run: &Run, known: Known<'_>, rounds: u32) -> Result<()> {
        let asked: Asked = serde_json::from_str(&run.plan)
            .with_context(|| format!("reading the plan of run {}", run.id))?;
        let looks = verdicts::of_rounds(rounds);
        self.blocks += run.blocks.len();
        let measured = run.blocks.iter().map(|block| block.round + 1).max().unwrap_or(0);
        for (artifact, variant) in asked.variants.iter().enumerate().skip(1) {
            let side = |artifact| Side { run, artifact };
            let pairs = verdicts::collect(side(0), side(artifact), known).pairs;
            let planted = known.config.calibrate.as_ref().and_then(|calibrate| {
                calibrate.planted.iter().find(|planted| planted.name == *variant)
            });
            let of = Variant { name: variant, target: &run.artifacts[0].target, planted };
            for stretch in 0..measured / rounds {
                let from = stretch * rounds;
                let family: Vec<Pairs> =
                    pairs.iter().filter_map(|pairs| part(pairs, from, rounds)).collect();
                if !family.is_empty() {
                    self.judge(&of, family, &looks)?;
                }
            }
        }
        Ok(())
    }

    fn judge(&mut self, of: &Variant<'_>, family: Vec<Pairs>, looks: &[Look]) -> Result<()> {
        let (mut any_regressed, mut any_improved) = (false, false);
        for it in verdicts::judge(family, looks, verdicts::FAMILY_ALPHA)? {
            let regressed = it.verdict == Verdict::Regressed.word();
            let improved = it.verdict == Verdict::Improved.word();
            any_regressed |= regressed;
            any_improved |= improved;
            let effect = (it.ratio, of.planted_ratio(&it));
            let key = SeriesKey {
                variant: of.name.to_owned(),
                target: of.target.to_owned(),
                arm: (it.suite, it.benchmark, it.arm),
                metric: it.metric,
            };
            let counts = self.series.entry(key).or_default();
            counts.add(regressed, improved);
            counts.effects.push(effect);
        }
        self.families.entry(of.name.to_owned()).or_default().add(any_regressed, any_improved);
        Ok(())
    }

    /// Blocks that were measured for it.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks
    }
}

/// One of the versions of a calibration.
struct Variant<'a> {
    name: &'a str,
    target: &'a str,
    planted: Option<&'a Planted>,
}

impl Variant<'_> {
    /// What was planted in a series, as a ratio to the base of this comparison.
    fn planted_ratio(&self, comparison: &Comparison) -> Option<f64> {
        let added = self.planted?.adds.get(comparison.metric)?;
        Some(1.0 + added / comparison.a).filter(|ratio| ratio.is_finite())
    }
}

impl Counts {
    fn add(&mut self, regressed: bool, improved: bool) {
        self.comparisons += 1;
        self.regressed += u64::from(regressed);
        self.improved += u64::from(improved);
    }
}

fn is_null(variant: &str) -> bool {
    [SAME, TWIN].contains(&variant)
}

/// The pairs of a stretch of rounds, counted from its start.
fn part(pairs: &Pairs, from: u32, rounds: u32) -> Option<Pairs> {
    let series = &pairs.series;
    let within = |round: &u32| (from..from + rounds).contains(round);
    let of = |values: &[f64]| -> Vec<f64> {
        let both = series.rounds.iter().zip(values);
        both.filter(|(round, _)| within(round)).map(|(_, value)| *value).collect()
    };
    let (a, b) = (of(&series.a), of(&series.b));
    if a.is_empty() {
        return None;
    }
    let inside = series.rounds.iter().copied().filter(|round| within(round));
    let rounds = inside.map(|round| round - from).collect();
    Some(Pairs {
        arm: pairs.arm.clone(),
        metric: pairs.metric,
        series: Series { rounds, a, b, ..*series },
        forbidden: pairs.forbidden.clone(),
    })
}
