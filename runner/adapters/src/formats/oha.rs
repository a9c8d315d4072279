//! oha (<https://github.com/hatoo/oha>), `--output-format json`: a summary of one process,
//! named by the file. An answer that is no success makes the whole a failure: how fast a
//! server refuses is no throughput.

use crate::file::File;
use crate::session::{Row, Session};
use crate::wire::{Amount, json};
use model::Diagnostic;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    summary: Summary,
    /// Seconds; `null` where there was no answer.
    latency_percentiles: BTreeMap<String, Option<Amount>>,
    #[serde(default)]
    first_byte_percentiles: BTreeMap<String, Option<Amount>>,
    status_code_distribution: BTreeMap<String, u64>,
    error_distribution: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    requests_per_sec: Amount,
}

const LATENCIES: [(&str, &str); 4] = [
    ("p50", "latency_p50_ns"),
    ("p90", "latency_p90_ns"),
    ("p99", "latency_p99_ns"),
    ("p99.9", "latency_p999_ns"),
];

const FIRST_BYTES: [(&str, &str); 2] = [("p50", "first_byte_p50_ns"), ("p99", "first_byte_p99_ns")];

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let wire: Wire = json(file)?;
    let mut session = Session::default();
    if let Some(reason) = trouble(&wire) {
        session.rows.push(Row::failed(&file.name, "default", reason));
        return Ok(vec![session]);
    }
    let mut add = |metric, value| {
        session.rows.push(Row::summary(&file.name, "default", metric, value));
    };
    add("throughput_rps", wire.summary.requests_per_sec.0);
    for (from, names) in [
        (&wire.latency_percentiles, &LATENCIES[..]),
        (&wire.first_byte_percentiles, &FIRST_BYTES[..]),
    ] {
        for (percentile, metric) in names {
            if let Some(Some(seconds)) = from.get(*percentile) {
                add(*metric, 1e9 * seconds.0);
            }
        }
    }
    Ok(vec![session])
}

fn trouble(wire: &Wire) -> Option<String> {
    let told = |all: Vec<(&String, &u64)>| {
        let all: Vec<String> =
            all.iter().map(|(what, count)| format!("{count} x {what}")).collect();
        all.join(", ")
    };
    // oha itself ends requests that are under way when its time is up.
    let errors: Vec<_> = wire
        .error_distribution
        .iter()
        .filter(|(what, _)| *what != "aborted due to deadline")
        .collect();
    let statuses: Vec<_> =
        wire.status_code_distribution.iter().filter(|(code, _)| !code.starts_with('2')).collect();
    if !errors.is_empty() {
        return Some(format!("requests failed: {}", told(errors)));
    }
    if !statuses.is_empty() {
        return Some(format!("answers that are no success: {}", told(statuses)));
    }
    wire.status_code_distribution.is_empty().then(|| "no request was answered".to_owned())
}
