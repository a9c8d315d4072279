//! JMH (<https://github.com/openjdk/jmh>), `-rf json`: every fork is a process. Where a fork's
//! samples are only a histogram (mode `sample`), the median is the summary. Of secondary
//! metrics the bytes allocated for each operation are taken (`-prof gc`).

use crate::file::File;
use crate::session::{Row, Session};
use crate::unit;
use crate::wire::{Amount, Name, Scalar, arm, json};
use model::Diagnostic;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Benchmark {
    #[serde(rename = "jmhVersion")]
    jmh_version: Option<String>,
    benchmark: Name,
    mode: Mode,
    #[serde(default)]
    threads: Option<u64>,
    #[serde(default)]
    params: BTreeMap<String, Scalar>,
    #[serde(rename = "primaryMetric")]
    primary_metric: Metric,
    #[serde(rename = "secondaryMetrics", default)]
    secondary_metrics: BTreeMap<String, Metric>,
}

/// What JMH counts: more operations a time, or less time for one.
#[derive(Deserialize, Clone, Copy, PartialEq)]
enum Mode {
    #[serde(rename = "thrpt")]
    Throughput,
    #[serde(rename = "avgt")]
    AverageTime,
    #[serde(rename = "sample")]
    SampledTime,
    #[serde(rename = "ss")]
    SingleShot,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMetric {
    score_unit: String,
    #[serde(default)]
    raw_data: Vec<Vec<Amount>>,
    #[serde(default)]
    score_percentiles: BTreeMap<String, Scalar>,
}

#[derive(Deserialize)]
#[serde(try_from = "WireMetric")]
struct Metric {
    unit: String,
    forks: Vec<Vec<f64>>,
    median: Option<f64>,
}

impl TryFrom<WireMetric> for Metric {
    type Error = String;
    fn try_from(wire: WireMetric) -> Result<Self, String> {
        let forks: Vec<Vec<f64>> =
            wire.raw_data.iter().map(|fork| fork.iter().map(|it| it.0).collect()).collect();
        let median = match wire.score_percentiles.get("50.0") {
            Some(Scalar::Number(number)) => number.as_f64().filter(|it| *it >= 0.0),
            _ => None,
        };
        if median.is_none() && forks.iter().all(Vec::is_empty) {
            return Err("a metric without `rawData` and without a median".to_owned());
        }
        Ok(Self { unit: wire.score_unit, forks, median })
    }
}

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let benchmarks: Vec<Benchmark> = json(file)?;
    let mut session = Session::default();
    for benchmark in &benchmarks {
        session.told.tool_version.clone_from(&benchmark.jmh_version);
        let mut parameters = benchmark.params.clone();
        if let Some(threads) = benchmark.threads.filter(|threads| *threads > 1) {
            parameters.insert("threads".to_owned(), Scalar::Number(threads.into()));
        }
        let (name, arm) = (&benchmark.benchmark.0, arm(&parameters));
        let is_lower = benchmark.mode != Mode::Throughput;
        rows(&mut session, name, &arm, &benchmark.primary_metric, is_lower);
        let allocated = benchmark.secondary_metrics.iter();
        for (_, metric) in allocated.filter(|(name, _)| name.ends_with("gc.alloc.rate.norm")) {
            rows(&mut session, name, &arm, metric, true);
        }
    }
    Ok(vec![session])
}

fn rows(session: &mut Session, name: &str, arm: &str, metric: &Metric, is_lower: bool) {
    let fit = unit::fit(&metric.unit, is_lower);
    let forks = metric.forks.iter().filter(|fork| !fork.is_empty());
    let before = session.rows.len();
    for (process, values) in (0..).zip(forks) {
        let values = values.iter().map(|value| fit.factor * value).collect();
        session.rows.push(Row::samples(name, arm, fit.metric, values).of_process(process));
    }
    if let (true, Some(median)) = (session.rows.len() == before, metric.median) {
        session.rows.push(Row::summary(name, arm, fit.metric, fit.factor * median));
    }
}
