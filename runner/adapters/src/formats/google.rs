//! google-benchmark (<https://github.com/google/benchmark>), `--benchmark_out_format=json`.
//! Repetitions are samples of one process; where only aggregates were kept
//! (`--benchmark_report_aggregates_only`) their median, or mean, is the summary.

use crate::file::File;
use crate::session::{Row, Session, Told, Value};
use crate::unit;
use crate::wire::{Amount, Name, json};
use jiff::Timestamp;
use model::Diagnostic;
use serde::Deserialize;

#[derive(Deserialize)]
struct Wire {
    context: Context,
    benchmarks: Vec<Benchmark>,
}

#[derive(Deserialize)]
struct Context {
    date: Option<String>,
    num_cpus: Option<u32>,
    library_version: Option<String>,
}

#[derive(Deserialize)]
struct Benchmark {
    name: Name,
    run_name: Option<Name>,
    run_type: Option<String>,
    aggregate_name: Option<String>,
    real_time: Option<Amount>,
    cpu_time: Option<Amount>,
    time_unit: Option<Time>,
    items_per_second: Option<Amount>,
    bytes_per_second: Option<Amount>,
    #[serde(default)]
    error_occurred: bool,
    #[serde(default)]
    skipped: bool,
    error_message: Option<String>,
    skip_message: Option<String>,
}

/// Nanoseconds in its unit of time.
#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "String")]
struct Time(f64);

impl TryFrom<String> for Time {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        unit::ns(&text).map(Self).ok_or_else(|| format!("`{text}` is no unit of time"))
    }
}

impl Benchmark {
    fn is_iteration(&self) -> bool {
        self.run_type.as_deref().unwrap_or("iteration") == "iteration"
    }

    /// Its name, the arm being what comes after the first slash.
    fn names(&self) -> (&str, &str) {
        let whole = self.run_name.as_ref().unwrap_or(&self.name).0.as_str();
        whole
            .split_once('/')
            .filter(|(a, b)| !a.is_empty() && !b.is_empty())
            .unwrap_or((whole, "default"))
    }

    fn values(&self) -> Vec<(&'static str, f64)> {
        let factor = self.time_unit.map_or(1.0, |time| time.0);
        let all = [
            ("time_per_iteration_ns", self.real_time.map(|it| factor * it.0)),
            ("cpu_ns_per_iteration", self.cpu_time.map(|it| factor * it.0)),
            ("operations_per_s", self.items_per_second.map(|it| it.0)),
            ("processed_bytes_per_s", self.bytes_per_second.map(|it| it.0)),
        ];
        all.into_iter().filter_map(|(metric, value)| Some((metric, value?))).collect()
    }
}

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let wire: Wire = json(file)?;
    let mut rows: Vec<Row> = Vec::new();
    for benchmark in wire.benchmarks.iter().filter(|it| it.is_iteration()) {
        let (name, arm) = benchmark.names();
        if benchmark.error_occurred || benchmark.skipped {
            let message = benchmark.error_message.as_ref().or(benchmark.skip_message.as_ref());
            let reason = message.map_or("failed without a message", String::as_str);
            let failed = Row::failed(name, arm, reason);
            if !rows.contains(&failed) {
                rows.push(failed);
            }
            continue;
        }
        for (metric, value) in benchmark.values() {
            let is_same = |row: &&mut Row| {
                row.benchmark == name && row.arm == arm && row.metric() == Some(metric)
            };
            match rows.iter_mut().find(is_same).map(|row| &mut row.value) {
                Some(Value::Samples(_, values)) => values.push(value),
                _ => rows.push(Row::samples(name, arm, metric, vec![value])),
            }
        }
    }
    for kind in ["median", "mean"] {
        for aggregate in wire.benchmarks.iter().filter(|it| !it.is_iteration()) {
            let (name, arm) = aggregate.names();
            let is_known = rows.iter().any(|row| row.benchmark == name && row.arm == arm);
            let is_kind = aggregate.aggregate_name.as_deref() == Some(kind);
            if is_kind && !is_known {
                let summaries = aggregate.values().into_iter();
                rows.extend(summaries.map(|(metric, it)| Row::summary(name, arm, metric, it)));
            }
        }
    }
    let context = wire.context;
    let told = Told {
        at: context.date.and_then(|date| date.parse::<Timestamp>().ok()),
        cpus: context.num_cpus,
        tool_version: context.library_version,
        ..Told::default()
    };
    Ok(vec![Session { told, rows }])
}
