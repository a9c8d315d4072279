//! `bench show RUN --same-as RUN`: whether what repeats exactly was the same in
//! several runs, block by block. It decides nothing about what does not.

use crate::exit::Exit;
use crate::output::{BAD, GOOD, table};
use anyhow::Result;
use model::{Cell, Digest, METRICS, NoiseClass, Outcome, Run, RunId};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// One metric of one arm of one binary.
type Series<'r> = (&'r Cell, Digest, &'static str);

/// What was seen of a series.
#[derive(Default)]
struct Seen {
    /// The runs that have it, by position.
    runs: BTreeSet<usize>,
    /// Each value, by its bits.
    values: BTreeMap<u64, f64>,
    count: usize,
}

/// A series that is not the same, or not everywhere.
#[derive(Serialize)]
struct Differs<'r> {
    target: &'r str,
    suite: &'r str,
    benchmark: &'r str,
    arm: &'r str,
    metric: &'static str,
    /// Each value that was seen.
    values: Vec<f64>,
    /// How many of the runs have it.
    in_runs: usize,
}

/// Says whether every exact value is the same in every block of every run.
pub(super) fn print(runs: &[Run], json: bool) -> Result<Exit> {
    let seen = collect(runs);
    let count: usize = seen.values().map(|seen| seen.count).sum();
    let is_whole = |seen: &Seen| seen.values.len() == 1 && seen.runs.len() == runs.len();
    let differ: Vec<Differs<'_>> =
        seen.iter().filter(|(_, seen)| !is_whole(seen)).map(differs).collect();
    let exit = match () {
        () if differ.iter().any(|it| it.values.len() > 1) => Exit::Regression,
        () if seen.is_empty() || !differ.is_empty() => Exit::Incomplete,
        () => Exit::Fine,
    };
    let is_same = exit == Exit::Fine;
    if json {
        let ids: Vec<&RunId> = runs.iter().map(|run| &run.id).collect();
        let told = json!({ "same": is_same, "runs": ids, "series": seen.len(), "values": count,
            "differ": differ });
        println!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(exit);
    }
    if !differ.is_empty() {
        let rows = differ.iter().map(|it| row(it, runs.len())).collect();
        anstream::println!("{}", table(&["benchmark", "metric", "values"], &[], rows));
    }
    let all = format!("{count} values of {} exact series in {} runs", seen.len(), runs.len());
    if is_same {
        anstream::println!("{GOOD}the same{GOOD:#}: {all}");
    } else {
        anstream::println!("{BAD}not the same{BAD:#}: {all}");
    }
    Ok(exit)
}

fn differs<'r>(((cell, _, metric), seen): (&Series<'r>, &Seen)) -> Differs<'r> {
    let Cell { target, suite, benchmark, arm } = cell;
    let values = seen.values.values().copied().collect();
    Differs { target, suite, benchmark, arm, metric, values, in_runs: seen.runs.len() }
}

fn row(it: &Differs<'_>, runs: usize) -> Vec<String> {
    let what = format!("{} {}/{} {}", it.target, it.suite, it.benchmark, it.arm);
    let found = if it.values.len() > 1 {
        // In full: one instruction more is another number.
        it.values.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
    } else {
        format!("in {} of {runs} runs", it.in_runs)
    };
    vec![what, it.metric.to_owned(), found]
}

fn collect(runs: &[Run]) -> BTreeMap<Series<'_>, Seen> {
    let exact = || METRICS.iter().filter(|metric| metric.noise == NoiseClass::Exact);
    let mut all: BTreeMap<Series<'_>, Seen> = BTreeMap::new();
    for (position, run) in runs.iter().enumerate() {
        for block in run.counted_blocks() {
            let Outcome::Measured(measured) = &block.outcome else { continue };
            for metric in exact() {
                let Some(values) = measured.values(metric) else { continue };
                let binary = run.artifacts[block.artifact].binary_sha256;
                let seen = all.entry((&block.cell, binary, metric.name)).or_default();
                seen.runs.insert(position);
                seen.count += values.len();
                seen.values.extend(values.iter().map(|value| (value.to_bits(), *value)));
            }
        }
    }
    all
}
