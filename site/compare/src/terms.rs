//! What a comparison has to know of metrics, which this crate does not.

use serde::{Deserialize, Serialize};
use stats::Better;
use stats::compare::Repeatability;
use stats::contradiction::Kind;
use std::collections::BTreeMap;

/// What is known of metrics and arms.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// By the metric's name; what is not here is not compared.
    pub metrics: BTreeMap<String, MetricTerms>,
    /// `suite/benchmark/arm` of those that repeat exactly.
    pub exact: Vec<String>,
    /// The margin of those.
    pub exact_margin: f64,
    /// The metrics that each arm is asked for, main one first, as far as the suite
    /// is known; of others, everything measured is compared.
    pub asked: BTreeMap<String, Vec<String>>,
    /// Run to `suite/benchmark/arm/metric` to what earlier runs said, when it was
    /// measured, that its pairs scatter by at least.
    #[serde(default)]
    pub noise: BTreeMap<String, BTreeMap<String, f64>>,
}

/// What is known of a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricTerms {
    /// `lower` or `higher`.
    pub better: String,
    /// The change that does not matter yet, a fraction.
    pub margin: f64,
    /// `wall`, `cpu-time` or `instructions`, if it tells of requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl MetricTerms {
    pub(crate) fn better(&self) -> Result<Better, String> {
        match self.better.as_str() {
            "lower" => Ok(Better::Lower),
            "higher" => Ok(Better::Higher),
            other => Err(format!("`{other}` is no direction: lower or higher")),
        }
    }

    pub(crate) fn kind(&self) -> Option<Kind> {
        match self.kind.as_deref() {
            Some("wall") => Some(Kind::Wall),
            Some("cpu-time") => Some(Kind::CpuTime),
            Some("instructions") => Some(Kind::Instructions),
            _ => None,
        }
    }
}

impl Terms {
    /// By how much the pairs of a run scatter at least; 0 where nobody knows.
    pub(crate) fn least_noise(&self, run: &str, arm: &str, metric: &str) -> f64 {
        let of_run = self.noise.get(run);
        of_run.and_then(|of_run| of_run.get(&format!("{arm}/{metric}"))).copied().unwrap_or(0.0)
    }

    pub(crate) fn repeatability(&self, arm: &str) -> Repeatability {
        if self.exact.iter().any(|exact| exact == arm) {
            Repeatability::Deterministic
        } else {
            Repeatability::Noisy
        }
    }
}
