//! What a published history costs: time and bytes for each aggregate, and how
//! long two of its versions take to be found and read.
//!
//! `bench --db made-up.sqlite synth --series 600 --versions 2000`, then
//! `cargo run --release -p store --example history -- made-up.sqlite`.
//! An aggregate is one series at one version; several blocks stand behind it,
//! each with a summary of its own. No assertion: a machine decides the rates.

#![allow(clippy::unwrap_used, reason = "an example ends at the first error")]

use model::{Outcome, Run};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let from = std::env::args().nth(1).expect("the file of a history, made by `bench synth`");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let source = Store::open_read_only(Path::new(&from)).await.unwrap();
    let target = Store::open(&path).await.unwrap();

    let (mut reading, mut importing) = (Duration::ZERO, Duration::ZERO);
    let (mut aggregates, mut summaries, mut runs) = (0, 0, 0);
    let mut history = source.history().await.unwrap();
    let mut importer = target.importing().await.unwrap();
    let mut ends: Vec<Run> = Vec::new();
    loop {
        let start = Instant::now();
        let run = history.next_run().await.unwrap();
        reading += start.elapsed();
        let Some(run) = run else { break };
        let start = Instant::now();
        importer.add(&run).await.unwrap();
        importing += start.elapsed();
        let (points, values) = count(&run);
        (aggregates, summaries, runs) = (aggregates + points, summaries + values, runs + 1);
        ends.truncate(1);
        ends.push(Run { blocks: Vec::new(), ..run });
    }
    let start = Instant::now();
    importer.commit().await.unwrap();
    importing += start.elapsed();

    println!("{aggregates} aggregates of {summaries} block summaries in {runs} runs");
    let rate = |time: Duration| aggregates as f64 / time.as_secs_f64();
    println!("imported: {importing:.2?}, {:.0} aggregates a second", rate(importing));
    println!("read whole: {reading:.2?}, {:.0} aggregates a second", rate(reading));
    compare(&target, &ends).await;
    target.close().await;
    let bytes = path.metadata().unwrap().len();
    println!(
        "database: {bytes} bytes, {:.1} an aggregate, {:.1} a block summary",
        bytes as f64 / aggregates as f64,
        bytes as f64 / summaries as f64
    );
}

/// Series at a version, and summaries of their blocks.
fn count(run: &Run) -> (usize, usize) {
    let mut points = BTreeSet::new();
    let mut values = 0;
    for block in &run.blocks {
        let Outcome::Measured(measurements) = &block.outcome else { continue };
        for metric in measurements.metrics() {
            points.insert((block.artifact, &block.cell, metric.name));
            values += 1;
        }
    }
    (points.len(), values)
}

/// Finds and reads the oldest and the newest version, as a comparison of stored
/// results does, each time from nothing.
async fn compare(store: &Store, ends: &[Run]) {
    const TIMES: u32 = 20;
    let mut slowest = Duration::ZERO;
    let all = Instant::now();
    let mut pairs = 0;
    for _ in 0..TIMES {
        let start = Instant::now();
        let mut sides = Vec::new();
        for artifact in ends.iter().map(|run| &run.artifacts[0]) {
            let runs = store.runs_of_version(&artifact.target, &artifact.version).await.unwrap();
            sides.push(store.run(runs[0].as_str()).await.unwrap());
        }
        pairs = sides.iter().map(|run| count(run).1).sum::<usize>() / 2;
        slowest = slowest.max(start.elapsed());
    }
    let each = all.elapsed() / TIMES;
    println!(
        "two versions, {pairs} pairs of summaries: {each:.2?} on average, at most {slowest:.2?}"
    );
}
