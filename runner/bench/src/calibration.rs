//! How often the method is wrong, and how often it finds what is there: told
//! from stored runs in which one binary was measured as several versions.
//!
//! The rounds of a run are cut into stretches as long as a comparison, without
//! overlap; each is judged like one. Where nothing differs ("same", "twin") every
//! alarm is false; where a slowdown was planted, every "regressed" is a find.

use crate::session::Asked;
use crate::verdicts::{self, Pairs, Side};
use anyhow::{Context, Result};
use model::{Config, Run, Suite};
use serde::Serialize;
use stats::procedure::Series;
use stats::{Verdict, interval, summary};
use std::collections::BTreeMap;

/// The variant that all others are compared with.
pub(crate) const BASE: &str = "base";
/// The same once more.
pub(crate) const SAME: &str = "same";
/// The same with another size of its environment, which moves its stack.
pub(crate) const TWIN: &str = "twin";

const CONFIDENCE: f64 = 0.95;

/// The pool of everything measured so far.
#[derive(Default)]
pub(crate) struct Pool {
    families: BTreeMap<String, Counts>,
    series: BTreeMap<(String, [String; 3], &'static str), Counts>,
}

#[derive(Default)]
struct Counts {
    comparisons: u64,
    regressed: u64,
    improved: u64,
    /// Logs of the ratio to the base, a value for each comparison.
    effects: Vec<f64>,
}

/// What a variant did, over all its metrics or on one of them.
#[derive(Debug, Serialize)]
pub(crate) struct Rate {
    pub(crate) variant: String,
    /// Absent in a line about whole comparisons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) series: Option<String>,
    /// Whether nothing differs, so that every alarm is false.
    pub(crate) is_null: bool,
    pub(crate) comparisons: u64,
    /// Of a null variant regressed or improved, of a planted one regressed.
    pub(crate) hits: u64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Median ratio to the base, less 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) effect: Option<f64>,
}

impl Pool {
    /// Adds a run; one that is no calibration says nothing.
    ///
    /// # Errors
    /// When its plan cannot be read.
    pub(crate) fn add(&mut self, run: &Run, suites: &[Suite], config: &Config) -> Result<()> {
        let asked: Asked = serde_json::from_str(&run.plan)
            .with_context(|| format!("reading the plan of run {}", run.id))?;
        let rounds = config.compare.blocks;
        let looks = verdicts::of_rounds(rounds);
        for (artifact, variant) in asked.variants.iter().enumerate().skip(1) {
            let side = |artifact| Side { run, artifact };
            let pairs = verdicts::collect(side(0), side(artifact), suites, config).pairs;
            let measured = run.blocks.iter().map(|block| block.round + 1).max().unwrap_or(0);
            for stretch in 0..measured / rounds {
                let from = stretch * rounds;
                let family: Vec<Pairs> =
                    pairs.iter().filter_map(|pairs| part(pairs, from, rounds)).collect();
                if !family.is_empty() {
                    self.judge(variant, family, &looks)?;
                }
            }
        }
        Ok(())
    }

    fn judge(
        &mut self,
        variant: &str,
        family: Vec<Pairs>,
        looks: &[stats::procedure::Look],
    ) -> Result<()> {
        let (mut any_regressed, mut any_improved) = (false, false);
        for it in verdicts::judge(family, looks, verdicts::FAMILY_ALPHA)? {
            let regressed = it.verdict == Verdict::Regressed.word();
            let improved = it.verdict == Verdict::Improved.word();
            any_regressed |= regressed;
            any_improved |= improved;
            let key = (variant.to_owned(), [it.suite, it.benchmark, it.arm], it.metric);
            let counts = self.series.entry(key).or_default();
            counts.add(regressed, improved);
            counts.effects.push(it.ratio.ln());
        }
        self.families.entry(variant.to_owned()).or_default().add(any_regressed, any_improved);
        Ok(())
    }

    /// Rates over whole comparisons, then over all series together, then of each.
    ///
    /// # Errors
    /// None that is known: every count has comparisons.
    pub(crate) fn rates(&self) -> Result<Vec<Rate>> {
        let mut rates = Vec::new();
        for (variant, counts) in &self.families {
            rates.push(counts.rate(variant, None)?);
        }
        for variant in self.families.keys() {
            let mut all = Counts::default();
            for counts in self.series.iter().filter(|it| it.0.0 == *variant).map(|it| it.1) {
                all.comparisons += counts.comparisons;
                all.regressed += counts.regressed;
                all.improved += counts.improved;
            }
            rates.push(all.rate(variant, Some("every series".to_owned()))?);
        }
        for ((variant, [suite, benchmark, arm], metric), counts) in &self.series {
            let name = format!("{suite}/{benchmark} {arm} {metric}");
            rates.push(counts.rate(variant, Some(name))?);
        }
        Ok(rates)
    }
}

impl Counts {
    fn add(&mut self, regressed: bool, improved: bool) {
        self.comparisons += 1;
        self.regressed += u64::from(regressed);
        self.improved += u64::from(improved);
    }

    fn rate(&self, variant: &str, series: Option<String>) -> Result<Rate> {
        let is_null = [SAME, TWIN].contains(&variant);
        let alarms = self.regressed + self.improved;
        // A whole comparison may have both, and is one false alarm then.
        let hits = if is_null { alarms.min(self.comparisons) } else { self.regressed };
        let chance = interval::of_chance(hits, self.comparisons, CONFIDENCE)?;
        Ok(Rate {
            variant: variant.to_owned(),
            series,
            is_null,
            comparisons: self.comparisons,
            hits,
            low: chance.low,
            high: chance.high,
            effect: summary::median(&self.effects).ok().map(f64::exp_m1),
        })
    }
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
