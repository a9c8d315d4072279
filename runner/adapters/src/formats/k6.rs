//! k6's summary at the end of a test as JSON: `--summary-export`, or `data` of
//! `handleSummary`, also in a field `k6` of somebody's own report. Named by the file; metrics
//! of one scenario (`http_req_duration{scenario:measure}`) are an arm. Times are milliseconds.
//! Requests or checks that failed make it a failure.

use crate::file::File;
use crate::session::{Row, Session};
use crate::wire::{arm_named, json};
use model::Diagnostic;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
#[serde(try_from = "WireSummary")]
struct Summary(BTreeMap<String, Numbers>);

#[derive(Deserialize)]
struct WireSummary {
    metrics: Option<BTreeMap<String, Numbers>>,
    k6: Option<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    metrics: BTreeMap<String, Numbers>,
}

/// The numbers of a metric, which stand in `values` or beside each other.
#[derive(Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>")]
struct Numbers(BTreeMap<String, f64>);

impl TryFrom<WireSummary> for Summary {
    type Error = String;
    fn try_from(wire: WireSummary) -> Result<Self, String> {
        let metrics = wire.metrics.or(wire.k6.map(|inner| inner.metrics));
        metrics.map(Self).ok_or_else(|| "a summary of k6 has `metrics`".to_owned())
    }
}

impl TryFrom<BTreeMap<String, Value>> for Numbers {
    type Error = String;
    fn try_from(fields: BTreeMap<String, Value>) -> Result<Self, String> {
        let inner = fields.get("values").and_then(Value::as_object);
        let all: Vec<(&String, &Value)> =
            inner.map_or_else(|| fields.iter().collect(), |inner| inner.iter().collect());
        let mut numbers = BTreeMap::new();
        for (name, value) in all {
            let is_used = matches!(name.as_str(), "rate" | "fails" | "value")
                || PERCENTILES.iter().any(|(percentile, _)| percentile == name);
            match value.as_f64().filter(|it| it.is_finite() && *it >= 0.0) {
                Some(number) => {
                    numbers.insert(name.clone(), number);
                }
                None if is_used && !value.is_object() => {
                    return Err(format!("`{name}` is {value}, not a number of at least 0"));
                }
                None => {}
            }
        }
        Ok(Self(numbers))
    }
}

const PERCENTILES: [(&str, &str); 6] = [
    ("med", "latency_p50_ns"),
    ("p(50)", "latency_p50_ns"),
    ("p(90)", "latency_p90_ns"),
    ("p(99)", "latency_p99_ns"),
    ("p(99.9)", "latency_p999_ns"),
    ("p(99.90)", "latency_p999_ns"),
];

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let Summary(metrics) = json(file)?;
    let mut session = Session::default();
    let tags: BTreeSet<&str> = metrics
        .keys()
        .filter_map(|name| name.strip_prefix("http_req_duration"))
        .filter(|tag| !tag.contains("expected_response"))
        .collect();
    for tag in tags {
        session.rows.extend(rows(&metrics, tag, &file.name));
    }
    Ok(vec![session])
}

fn rows(metrics: &BTreeMap<String, Numbers>, tag: &str, name: &str) -> Vec<Row> {
    let arm = match tag.trim_matches(['{', '}']) {
        "" => "default".to_owned(),
        tag => arm_named(&tag.replace(':', "=")),
    };
    let value =
        |metric: &str, name: &str| metrics.get(&format!("{metric}{tag}"))?.0.get(name).copied();
    let failed = value("http_req_failed", "rate").or_else(|| value("http_req_failed", "value"));
    if let Some(rate) = failed.filter(|rate| *rate > 0.0) {
        return vec![Row::failed(name, &arm, format!("{} of requests failed", percent(rate)))];
    }
    if let Some(fails) = value("checks", "fails").filter(|fails| *fails > 0.0) {
        return vec![Row::failed(name, &arm, format!("{fails} checks failed"))];
    }
    let mut rows: Vec<Row> = Vec::new();
    // The rate of a scenario is over the whole test, of which it may be a part.
    if let Some(rate) = value("http_reqs", "rate").filter(|_| tag.is_empty()) {
        rows.push(Row::summary(name, &arm, "throughput_rps", rate));
    }
    for (percentile, metric) in PERCENTILES {
        let is_there = rows.iter().any(|row| row.metric() == Some(metric));
        if let Some(ms) = value("http_req_duration", percentile).filter(|_| !is_there) {
            rows.push(Row::summary(name, &arm, metric, 1e6 * ms));
        }
    }
    rows
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}
