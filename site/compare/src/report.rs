//! What is said of two versions.

use serde::{Deserialize, Serialize};

/// Two versions compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// `regressed`, `incomplete`, `inconclusive`, `improved`, `equivalent`, or
    /// `refused` when the two stand on different testbeds.
    pub verdict: String,
    /// What differs between the testbeds: field, A's, B's. Nothing else is told then.
    pub testbeds: Vec<(String, String, String)>,
    /// Both were measured in one run, block beside block.
    pub side_by_side: bool,
    /// Both are one binary of one target: what differs is noise.
    pub same_binary: bool,
    /// One for each metric of each arm.
    pub rows: Vec<Row>,
    /// What failed or was not measured on one side.
    pub missing: Vec<Lacking>,
    /// What neither can do.
    pub unsupported: Vec<Lacking>,
}

/// One metric of one arm. Ratios are B / A.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Suite name.
    pub suite: String,
    /// Benchmark name.
    pub benchmark: String,
    /// Arm name.
    pub arm: String,
    /// Metric name.
    pub metric: String,
    /// Median of A's blocks.
    pub a: f64,
    /// Median of B's blocks.
    pub b: f64,
    /// Geometric mean over the pairs.
    pub ratio: f64,
    /// Lower end of its interval, if it has one.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Confidence of the interval.
    pub confidence: f64,
    /// `regressed`, `improved`, `equivalent` or `inconclusive`.
    pub verdict: String,
    /// The smallest change, a fraction, that would have been seen.
    pub smallest_visible: Option<f64>,
    /// Pairs of blocks it is made from.
    pub pairs: usize,
    /// Any of `ranks-disagree`, `wall-only`, `instructions-only`; or `same-binary`.
    pub labels: Vec<String>,
    /// What forbids a verdict: `redefined`, `generator-bound`, `generator-starved`,
    /// `disturbed` or `apart`.
    pub forbidden: Option<String>,
    /// Why else there is none.
    pub why: Option<String>,
}

/// Something that was not measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lacking {
    /// Suite name.
    pub suite: String,
    /// Benchmark name.
    pub benchmark: String,
    /// Arm name.
    pub arm: String,
    /// `a` or `b`.
    pub version: String,
    /// What is known of it.
    pub reason: String,
}
