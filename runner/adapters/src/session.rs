//! What a tool said, in our words: one session of it, with the values of each benchmark.
//! It must not know what runs, testbeds or artifacts are.

use jiff::Timestamp;

/// One session of a tool.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Session {
    /// What it tells of itself.
    pub told: Told,
    /// Its values, in order.
    pub rows: Vec<Row>,
}

/// What a session tells beside its values; what it does not tell is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Told {
    /// The commit that was measured: a full hash.
    pub commit: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// The version of the tool.
    pub tool_version: Option<String>,
    /// The CPU's name.
    pub cpu_model: Option<String>,
    /// Logical CPUs of the machine.
    pub cpus: Option<u32>,
    /// The kernel's release.
    pub kernel: Option<String>,
}

/// What one process of one benchmark gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The benchmark's name: 1 to 100 characters.
    pub benchmark: String,
    /// Its parameters, `n=16,threads=2`, or `default`.
    pub arm: String,
    /// Which process, from 0: values of one process depend on each other.
    pub process: u32,
    /// Whether the tool says that its load generator was what limited it.
    pub generator_bound: bool,
    /// Its values.
    pub value: Value,
}

/// The values of one metric of `model::METRICS`, or why there are none.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Raw samples, in the metric's unit.
    Samples(&'static str, Vec<f64>),
    /// What the tool kept of its samples, in the metric's unit.
    Summary(&'static str, f64),
    /// What went wrong.
    Failed(String),
}

impl Row {
    /// A row of the first process.
    pub(crate) fn new(benchmark: &str, arm: &str, value: Value) -> Self {
        let (benchmark, arm) = (benchmark.to_owned(), arm.to_owned());
        Self { benchmark, arm, process: 0, generator_bound: false, value }
    }

    /// Raw samples of the first process.
    pub(crate) fn samples(b: &str, arm: &str, metric: &'static str, values: Vec<f64>) -> Self {
        Self::new(b, arm, Value::Samples(metric, values))
    }

    /// A summary.
    pub(crate) fn summary(b: &str, arm: &str, metric: &'static str, value: f64) -> Self {
        Self::new(b, arm, Value::Summary(metric, value))
    }

    /// A failure.
    pub(crate) fn failed(b: &str, arm: &str, reason: impl Into<String>) -> Self {
        Self::new(b, arm, Value::Failed(reason.into()))
    }

    /// The same of another process.
    pub(crate) fn of_process(self, process: u32) -> Self {
        Self { process, ..self }
    }
}
