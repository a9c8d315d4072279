//! pytest-benchmark (<https://pytest-benchmark.readthedocs.io>), `--benchmark-json`: with
//! `--benchmark-save-data` the samples, else their median. It tells commit, time and machine.

use crate::file::File;
use crate::session::{Row, Session, Told};
use crate::wire::{Amount, Name, Scalar, arm, json};
use jiff::Timestamp;
use model::Diagnostic;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Wire {
    benchmarks: Vec<Benchmark>,
    datetime: Option<Timestamp>,
    version: Option<String>,
    commit_info: Option<Commit>,
    machine_info: Option<Machine>,
}

#[derive(Deserialize)]
struct Benchmark {
    fullname: Name,
    params: Option<BTreeMap<String, Scalar>>,
    stats: Stats,
}

/// Seconds of an iteration.
#[derive(Deserialize)]
struct Stats {
    median: Amount,
    data: Option<Vec<Amount>>,
}

#[derive(Deserialize)]
struct Commit {
    id: Option<String>,
    #[serde(default)]
    dirty: bool,
}

#[derive(Deserialize)]
struct Machine {
    release: Option<String>,
    cpu: Option<Cpu>,
}

#[derive(Deserialize)]
struct Cpu {
    count: Option<u32>,
    brand_raw: Option<String>,
}

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let wire: Wire = json(file)?;
    let rows = wire.benchmarks.iter().map(row).collect();
    let is_hash = |id: &String| id.len() == 40 && id.bytes().all(|b| b.is_ascii_hexdigit());
    // What was changed on top of a commit is not that commit.
    let commit = wire.commit_info.filter(|commit| !commit.dirty).and_then(|commit| commit.id);
    let (kernel, cpu) = wire.machine_info.map_or((None, None), |it| (it.release, it.cpu));
    let (cpus, cpu_model) = cpu.map_or((None, None), |cpu| (cpu.count, cpu.brand_raw));
    let told = Told {
        commit: commit.filter(is_hash),
        at: wire.datetime,
        tool_version: wire.version,
        cpu_model,
        cpus,
        kernel,
    };
    Ok(vec![Session { told, rows }])
}

fn row(benchmark: &Benchmark) -> Row {
    const METRIC: &str = "time_per_iteration_ns";
    // `test_sort.py::test_bubble[8]`: what is in brackets are the parameters.
    let full = benchmark.fullname.0.as_str();
    let (name, inside) = match (&benchmark.params, full.strip_suffix(']')) {
        (Some(_), Some(open)) => open.split_once('[').unwrap_or((full, "")),
        _ => (full, ""),
    };
    let arm = match &benchmark.params {
        Some(params) if !inside.is_empty() => arm(params),
        _ => "default".to_owned(),
    };
    match &benchmark.stats.data {
        Some(data) if !data.is_empty() => {
            let values = data.iter().map(|seconds| 1e9 * seconds.0).collect();
            Row::samples(name, &arm, METRIC, values)
        }
        _ => Row::summary(name, &arm, METRIC, 1e9 * benchmark.stats.median.0),
    }
}
