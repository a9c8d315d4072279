//! How often the method was wrong where the truth is known: comparisons of a binary
//! with itself, and with itself slowed down by a known amount. Who measured and
//! counted them is `bench calibrate`; this reads what it publishes.

use crate::Error;
use crate::names;
use crate::words;
use model::Metric;
use serde::Deserialize;
use stats::interval;
use std::collections::BTreeMap;

/// What a variant did, as the file `calibration.json` has it.
#[derive(Debug, Deserialize)]
pub(crate) struct Rate {
    pub(crate) variant: String,
    /// `TARGET SUITE/BENCHMARK ARM METRIC`; absent in a line about whole comparisons.
    #[serde(default)]
    pub(crate) series: Option<String>,
    /// It is about all series of a suite.
    pub(crate) is_suite: bool,
    /// Whether nothing differs, so that every alarm is false.
    pub(crate) is_null: bool,
    pub(crate) comparisons: u64,
    pub(crate) hits: u64,
    /// The interval of their share.
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Median ratio that was seen, less 1.
    #[serde(default)]
    pub(crate) effect: Option<f64>,
    /// Median ratio that was planted, less 1, where that is known.
    #[serde(default)]
    pub(crate) planted: Option<f64>,
}

/// Everything that is known; empty without a calibration.
#[derive(Debug, Default)]
pub(crate) struct Calibration {
    pub(crate) rates: Vec<Rate>,
}

/// More planted changes than this are not listed beside a chart.
const MOST_PLANTED: usize = 4;

impl Calibration {
    /// Reads what was published.
    ///
    /// # Errors
    /// When it is not what this program writes.
    pub(crate) fn read(text: Option<&str>) -> Result<Self, Error> {
        let Some(text) = text else { return Ok(Self::default()) };
        let rates = serde_json::from_str(text)
            .map_err(|source| Error::Json { file: names::CALIBRATION.to_owned(), source })?;
        Ok(Self { rates })
    }

    /// What it says of a metric of a benchmark, in a sentence or two.
    pub(crate) fn of_chart(&self, suite: &str, benchmark: &str, metric: &Metric) -> String {
        let (mut alarms, mut comparisons) = (0, 0);
        let mut planted: BTreeMap<&str, Planted> = BTreeMap::new();
        for rate in self.rates.iter().filter(|rate| rate.is_of(suite, benchmark, metric.name)) {
            if rate.is_null {
                alarms += rate.hits;
                comparisons += rate.comparisons;
            } else if let Some(effect) = rate.planted {
                let sum = planted.entry(&rate.variant).or_default();
                sum.hits += rate.hits;
                sum.comparisons += rate.comparisons;
                sum.effects.push(effect);
            }
        }
        let Ok(chance) = interval::of_chance(alarms, comparisons, 0.95) else {
            return "False alarms: not calibrated here (bench calibrate).".to_owned();
        };
        let mut text = format!(
            "False alarms: {alarms} in {} of a binary with itself ({} to {}).",
            words::counted(comparisons as usize, "comparison"),
            words::percent(chance.low),
            words::percent(chance.high),
        );
        let mut planted: Vec<(f64, Planted)> =
            planted.into_values().filter_map(|it| Some((it.effect()?, it))).collect();
        planted.sort_by(|a, b| a.0.total_cmp(&b.0));
        // The largest ones say from where on it can be relied upon.
        let shown = planted.iter().skip(planted.len().saturating_sub(MOST_PLANTED));
        let told: Vec<String> = shown
            .map(|(effect, it)| {
                format!("{} in {} of {}", words::signed(1.0 + effect), it.hits, it.comparisons)
            })
            .collect();
        if !told.is_empty() {
            text.push_str(&format!(" Slowdowns that were planted and found: {}.", told.join(", ")));
        }
        text
    }
}

#[derive(Default)]
struct Planted {
    hits: u64,
    comparisons: u64,
    effects: Vec<f64>,
}

impl Planted {
    fn effect(&self) -> Option<f64> {
        stats::summary::median(&self.effects).ok()
    }
}

impl Rate {
    /// Whether it is of a series of that benchmark and metric, whatever the target
    /// and the arm.
    fn is_of(&self, suite: &str, benchmark: &str, metric: &str) -> bool {
        let Some(series) = self.series.as_deref().filter(|_| !self.is_suite) else { return false };
        let mut words = series.split(' ');
        let (name, of) = (format!("{suite}/{benchmark}"), words.next_back());
        words.nth(1) == Some(name.as_str()) && of == Some(metric)
    }

    /// In words, what it is a rate of.
    pub(crate) fn of_what(&self) -> &str {
        self.series.as_deref().unwrap_or("whole comparisons, any series")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_a_chart_are_summed_over_its_lines() {
        let rate = |variant: &str, series: &str, is_null: bool, hits: u64, planted: &str| {
            format!(
                "{{\"variant\":\"{variant}\",\"series\":\"{series}\",\"is_suite\":false,\
                 \"is_null\":{is_null},\"comparisons\":10,\"hits\":{hits},\"low\":0,\
                 \"high\":0.3{planted}}}"
            )
        };
        let rates = [
            rate("same", "host http/hello wasi=p2 latency_p50_ns", true, 1, ""),
            rate("twin", "host http/hello wasi=p3 latency_p50_ns", true, 0, ""),
            rate("same", "host http/hello wasi=p2 latency_p99_ns", true, 9, ""),
            rate("same", "host http/other latency_p50_ns", true, 9, ""),
            rate("spin", "host http/hello wasi=p2 latency_p50_ns", false, 7, ",\"planted\":0.05"),
        ];
        let p50 = Metric::named("latency_p50_ns").unwrap();
        let told =
            |text: Option<&str>| Calibration::read(text).unwrap().of_chart("http", "hello", p50);
        assert_eq!(told(None), "False alarms: not calibrated here (bench calibrate).");
        assert_eq!(
            told(Some(&format!("[{}]", rates.join(",")))),
            "False alarms: 1 in 20 comparisons of a binary with itself (0.13 % to 25 %). \
             Slowdowns that were planted and found: +5.0 % in 7 of 10."
        );
        assert!(Calibration::read(Some("{}")).is_err());
    }
}
