//! `bench show RUN --same-as RUN`: whether what repeats exactly was the same in
//! several runs, block by block. It decides nothing about what does not.

use crate::exit::Exit;
use crate::output::{BAD, GOOD, table};
use model::{Cell, Digest, METRICS, NoiseClass, Outcome, Run};
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

/// Says whether every exact value is the same in every block of every run.
pub(super) fn print(runs: &[Run]) -> Exit {
    let seen = collect(runs);
    let count: usize = seen.values().map(|seen| seen.count).sum();
    let mut rows = Vec::new();
    let mut exit = if seen.is_empty() { Exit::Incomplete } else { Exit::Fine };
    for ((cell, _, name), seen) in &seen {
        let problem = if seen.values.len() > 1 {
            exit = exit.or(Exit::Regression);
            // In full: one instruction more is another number.
            seen.values.values().map(f64::to_string).collect::<Vec<_>>().join(", ")
        } else if seen.runs.len() < runs.len() {
            exit = exit.or(Exit::Incomplete);
            format!("in {} of {} runs", seen.runs.len(), runs.len())
        } else {
            continue;
        };
        let what = format!("{} {}/{} {}", cell.target, cell.suite, cell.benchmark, cell.arm);
        rows.push(vec![what, (*name).to_owned(), problem]);
    }
    let all = format!("{count} values of {} exact series in {} runs", seen.len(), runs.len());
    if exit == Exit::Fine {
        anstream::println!("{GOOD}the same{GOOD:#}: {all}");
        return exit;
    }
    if !rows.is_empty() {
        anstream::println!("{}", table(&["benchmark", "metric", "values"], &[], rows));
    }
    anstream::println!("{BAD}not the same{BAD:#}: {all}");
    exit
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
