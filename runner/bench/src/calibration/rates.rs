//! What a pool of calibrations says: rates with their intervals, and how far the
//! effects that were seen lie from those that were planted.

use super::{Counts, Pool, SeriesKey, is_null};
use anyhow::Result;
use serde::Serialize;
use stats::{interval, summary};
use std::collections::BTreeMap;

const CONFIDENCE: f64 = 0.95;

/// What a variant did: over whole comparisons, a suite's metrics, or one series.
#[derive(Debug, Serialize)]
pub(crate) struct Rate {
    pub(crate) variant: String,
    /// Absent in a line about whole comparisons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) series: Option<String>,
    /// It is about all series of a suite.
    pub(crate) is_suite: bool,
    /// Whether nothing differs, so that every alarm is false.
    pub(crate) is_null: bool,
    pub(crate) comparisons: u64,
    /// Of a null variant regressed or improved, of a planted one regressed.
    pub(crate) hits: u64,
    /// The interval of their share (Clopper & Pearson).
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Median ratio to the base, less 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) effect: Option<f64>,
    /// Median ratio that was planted, less 1, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) planted: Option<f64>,
    /// Median of the ratio that was seen over the one that was planted, less 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bias: Option<f64>,
}

impl Pool {
    /// Rates over whole comparisons, then over the series of each suite, then of
    /// each series.
    ///
    /// # Errors
    /// None that is known: every count has comparisons.
    pub(crate) fn rates(&self) -> Result<Vec<Rate>> {
        let mut rates = Vec::new();
        for (variant, counts) in &self.families {
            rates.push(counts.rate(variant, None)?);
        }
        let mut of_suites: BTreeMap<(&str, &str), Counts> = BTreeMap::new();
        for (key, counts) in &self.series {
            let all = of_suites.entry((&key.variant, &key.arm.0)).or_default();
            all.comparisons += counts.comparisons;
            all.regressed += counts.regressed;
            all.improved += counts.improved;
        }
        for ((variant, suite), counts) in of_suites {
            let rate = counts.rate(variant, Some(format!("{suite}, every series")))?;
            rates.push(Rate { is_suite: true, ..rate });
        }
        for (key, counts) in &self.series {
            rates.push(counts.rate(&key.variant, Some(key.words()))?);
        }
        Ok(rates)
    }

    /// The false alarms of a series where nothing differed: of this target, or, if
    /// it was never calibrated, of whichever was on the same arm.
    ///
    /// # Errors
    /// None that is known.
    pub(crate) fn false_alarms(
        &self,
        target: &str,
        arm: [&str; 3],
        metric: &str,
    ) -> Result<Option<Rate>> {
        let of_series = self.series.iter().filter(|(key, _)| {
            let (suite, benchmark, name) = &key.arm;
            is_null(&key.variant) && [suite, benchmark, name] == arm && key.metric == metric
        });
        let of_series: Vec<_> = of_series.collect();
        let knows_target = of_series.iter().any(|(key, _)| key.target == target);
        let mut all = Counts::default();
        for (_, counts) in
            of_series.into_iter().filter(|(key, _)| !knows_target || key.target == target)
        {
            all.comparisons += counts.comparisons;
            all.regressed += counts.regressed;
            all.improved += counts.improved;
        }
        let known = all.comparisons > 0;
        known.then(|| all.rate(super::SAME, None)).transpose()
    }
}

impl SeriesKey {
    fn words(&self) -> String {
        let (suite, benchmark, arm) = &self.arm;
        let arm = if arm == "default" { String::new() } else { format!(" {arm}") };
        format!("{} {suite}/{benchmark}{arm} {}", self.target, self.metric)
    }
}

impl Counts {
    fn rate(&self, variant: &str, series: Option<String>) -> Result<Rate> {
        let is_null = is_null(variant);
        let alarms = self.regressed + self.improved;
        // A whole comparison may have both, and is one false alarm then.
        let hits = if is_null { alarms.min(self.comparisons) } else { self.regressed };
        let chance = interval::of_chance(hits, self.comparisons, CONFIDENCE)?;
        let median = |values: Vec<f64>| summary::median(&values).ok().map(|ratio| ratio - 1.0);
        let planted = self.effects.iter().filter_map(|(_, planted)| *planted);
        let off = self.effects.iter().filter_map(|(seen, planted)| Some(seen / (*planted)?));
        Ok(Rate {
            variant: variant.to_owned(),
            series,
            is_suite: false,
            is_null,
            comparisons: self.comparisons,
            hits,
            low: chance.low,
            high: chance.high,
            effect: median(self.effects.iter().map(|(seen, _)| *seen).collect()),
            planted: median(planted.collect()),
            bias: median(off.collect()),
        })
    }
}
