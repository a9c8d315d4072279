//! The values of one block, stored or derived from what is stored. It must not
//! summarise; a summary that stands in a published block was made elsewhere.

use crate::histogram::LatencyHistogram;
use crate::metric::{METRICS, Metric, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The stored values of one block: samples as they were measured or, of a
/// *published* block, one summary for each comparable metric in their place.
/// [`Measurements::values`] and [`Measurements::metrics`] answer for both alike.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measurements {
    /// Stored metric -> samples in order; empty in a published block.
    pub samples: BTreeMap<String, Vec<f64>>,
    /// Comparable metric -> the median of its values; empty but in a published block.
    pub summaries: BTreeMap<String, f64>,
    /// Stored metric -> histogram.
    pub histograms: BTreeMap<String, LatencyHistogram>,
    /// Metrics that could not be measured, each with its reason.
    pub absent: Vec<Absent>,
}

/// A metric that is missing for a stated reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    /// The comparable metric that is missing.
    pub metric: String,
    /// Why.
    pub reason: String,
}

impl Measurements {
    /// Adds samples of a stored metric.
    pub fn insert(&mut self, metric: &str, samples: Vec<f64>) {
        self.samples.insert(metric.to_owned(), samples);
    }

    /// Records why a metric is missing.
    pub fn insert_absent(&mut self, metric: &str, reason: &str) {
        self.absent.push(Absent { metric: metric.to_owned(), reason: reason.to_owned() });
    }

    /// The values of a metric in this block, stored or derived; `None` when
    /// the block did not measure it. Of a published block their median is left.
    pub fn values(&self, metric: &Metric) -> Option<Vec<f64>> {
        if self.is_published() {
            return self.summaries.get(metric.name).map(|summary| vec![*summary]);
        }
        match metric.source {
            Source::Samples => self.samples.get(metric.name).cloned(),
            Source::Histogram => None,
            Source::Quantile { histogram, quantile } => {
                Some(vec![self.histograms.get(histogram)?.quantile_ns(quantile)])
            }
            Source::Ratio { numerator, denominator, scale } => {
                ratio(self.samples.get(numerator)?, self.samples.get(denominator)?, scale)
            }
        }
    }

    /// Whether summaries stand in the place of samples.
    pub fn is_published(&self) -> bool {
        !self.summaries.is_empty()
    }

    /// The comparable metrics this block has values of, in table order.
    pub fn metrics(&self) -> impl Iterator<Item = &'static Metric> + '_ {
        METRICS.iter().filter(|metric| metric.is_comparable() && self.values(metric).is_some())
    }
}

/// Slice by slice where both have one value a slice; else total over total.
/// Slices without a request carry no ratio and are left out.
fn ratio(numerator: &[f64], denominator: &[f64], scale: f64) -> Option<Vec<f64>> {
    let values: Vec<f64> = if numerator.len() == denominator.len() {
        numerator
            .iter()
            .zip(denominator)
            .filter(|(_, d)| **d > 0.0)
            .map(|(n, d)| scale * n / d)
            .collect()
    } else {
        let total: f64 = denominator.iter().sum();
        if total > 0.0 { vec![scale * numerator.iter().sum::<f64>() / total] } else { Vec::new() }
    };
    (!values.is_empty()).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_derived_slice_by_slice() {
        let mut block = Measurements::default();
        block.insert("slice_ns", vec![1e8, 2e8, 1e8]);
        block.insert("requests", vec![1000.0, 4000.0, 0.0]);
        block.insert("cpu_ns", vec![2e7, 4e7, 5e6]);
        block.insert("cpu_kernel_ns", vec![3e7]);
        let values = |name| block.values(Metric::named(name).unwrap());
        assert_eq!(values("throughput_rps"), Some(vec![10_000.0, 20_000.0, 0.0]));
        assert_eq!(values("cpu_ns_per_request"), Some(vec![20_000.0, 10_000.0]));
        assert_eq!(values("cpu_kernel_ns_per_request"), Some(vec![6_000.0]));
        assert_eq!(values("instructions_per_request"), None);
        assert_eq!(values("latency_p50_ns"), None);
        let names: Vec<_> = block.metrics().map(|metric| metric.name).collect();
        assert_eq!(names, ["throughput_rps", "cpu_ns_per_request", "cpu_kernel_ns_per_request"]);
    }

    #[test]
    fn a_published_block_answers_like_the_full_one() {
        let mut block = Measurements::default();
        block.summaries.insert("throughput_rps".to_owned(), 15_000.0);
        let values = |name| block.values(Metric::named(name).unwrap());
        assert_eq!(values("throughput_rps"), Some(vec![15_000.0]));
        assert_eq!(values("cpu_ns_per_request"), None);
        let names: Vec<_> = block.metrics().map(|metric| metric.name).collect();
        assert_eq!(names, ["throughput_rps"]);
    }
}
