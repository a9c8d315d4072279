//! What storing costs: bytes per value, and values per second in and out.
//!
//! `cargo run --release -p store --example size -- [RUNS] [BLOCKS] [SAMPLES]`,
//! by default 200 runs of 40 blocks of 5 metrics of 10 samples, each block
//! with a histogram of 20,000 latencies. No assertion: a machine decides the
//! rates, and the sizes are for a reader.

#![allow(clippy::unwrap_used, reason = "an example ends at the first error")]

use hdrhistogram::Histogram;
use jiff::Timestamp;
use model::{
    Artifact, Block, Cell, Digest, LatencyHistogram, Measurements, Outcome, Run, RunId, RunStatus,
    Testbed, VersionId,
};
use std::time::Instant;
use store::Store;

const METRICS: [&str; 5] = ["slice_ns", "requests", "cpu_ns", "cpu_kernel_ns", "rss_peak_bytes"];
const LATENCIES: u64 = 20_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse().unwrap());
    let mut argument = |default: u64| arguments.next().unwrap_or(default);
    let (runs, blocks, samples) = (argument(200), argument(40), argument(10));
    let histograms: Vec<_> = (0..16).map(histogram).collect();
    let folder = tempfile::tempdir().unwrap();

    let path = folder.path().join("whole.sqlite");
    let store = Store::open(&path).await.unwrap();
    let start = Instant::now();
    for number in 0..runs {
        store.import(&run(number, blocks, samples, &histograms)).await.unwrap();
    }
    let values = runs * blocks * METRICS.len() as u64 * samples;
    report("imported", values, start);
    let start = Instant::now();
    for id in store.visible_runs().await.unwrap() {
        store.run(id.as_str()).await.unwrap();
    }
    report("read back", values, start);
    let start = Instant::now();
    store.check().await.unwrap();
    report("checked", values, start);
    store.close().await;
    let whole_bytes = path.metadata().unwrap().len();

    // Again without histograms, to tell what is whose.
    let path = folder.path().join("samples.sqlite");
    let store = Store::open(&path).await.unwrap();
    let start = Instant::now();
    for number in 0..runs {
        store.import(&run(number, blocks, samples, &[])).await.unwrap();
    }
    report("imported without histograms", values, start);
    let start = Instant::now();
    for id in store.visible_runs().await.unwrap() {
        store.run(id.as_str()).await.unwrap();
    }
    report("read back without histograms", values, start);
    store.close().await;
    let sample_bytes = path.metadata().unwrap().len();
    let histogram_count = runs * blocks;
    println!(
        "{values} samples in {} blocks: {:.1} bytes a sample, all but histograms included",
        runs * blocks,
        sample_bytes as f64 / values as f64
    );
    println!(
        "{histogram_count} histograms of {LATENCIES} latencies: {:.0} bytes each",
        (whole_bytes - sample_bytes) as f64 / histogram_count as f64
    );
    println!(
        "whole database: {whole_bytes} bytes, {:.1} a value (a histogram counted as one)",
        whole_bytes as f64 / (values + histogram_count) as f64
    );
    one_by_one(folder.path(), blocks, samples, &histograms).await;
}

/// As a runner does it: each block on the disk before the next begins.
async fn one_by_one(
    folder: &std::path::Path,
    blocks: u64,
    samples: u64,
    histograms: &[LatencyHistogram],
) {
    let store = Store::open(&folder.join("measured.sqlite")).await.unwrap();
    let run = run(1, blocks, samples, histograms);
    let mut writer = store.begin_run(&run).await.unwrap();
    let start = Instant::now();
    for block in &run.blocks {
        writer.add_block(block).await.unwrap();
    }
    let each_ms = start.elapsed().as_secs_f64() * 1e3 / blocks as f64;
    println!("added block by block, each synced to disk: {each_ms:.1} ms a block");
    writer.finish(run.finished_at.unwrap()).await.unwrap();
}

fn report(what: &str, values: u64, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {seconds:.2} s, {:.0} samples a second", values as f64 / seconds);
}

fn run(number: u64, blocks: u64, samples: u64, histograms: &[LatencyHistogram]) -> Run {
    let started_at = Timestamp::from_second(1_700_000_000 + 3_600 * number as i64).unwrap();
    let sha: String = Digest::of(number.to_le_bytes()).to_string().chars().take(40).collect();
    let commit = VersionId::Commit {
        sha,
        subject: "Answer requests a little faster".to_owned(),
        committed_at: started_at,
        modified: None,
    };
    let anchor = VersionId::Release { version: "48.0.8".to_owned() };
    let mut run = Run {
        id: RunId::from_bits(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        started_at,
        finished_at: Some(started_at),
        status: RunStatus::Complete,
        profile: "full".to_owned(),
        seed: number,
        harness: "0.1.0 (3fa9c1e2)".to_owned(),
        plan: r#"{"versions":["host"],"suites":["http"],"profile":"full"}"#.to_owned(),
        planned_blocks: blocks as u32,
        anchor: Some("wasmtime-serve".to_owned()),
        testbed: testbed(),
        artifacts: vec![artifact("host", commit), artifact("wasmtime-serve", anchor)],
        failed_builds: Vec::new(),
        blocks: Vec::new(),
    };
    run.blocks = (0..blocks).map(|ordinal| block(&run, ordinal, samples, histograms)).collect();
    run
}

fn block(run: &Run, ordinal: u64, samples: u64, histograms: &[LatencyHistogram]) -> Block {
    let mut measurements = Measurements::default();
    for (factor, metric) in (1_u64..).zip(METRICS) {
        // Whole numbers and fractions of the size that is measured.
        let value = |i: u64| (1e8 + (ordinal * 7_919 + i * 104_729) as f64 * 1.7) / factor as f64;
        measurements.insert(metric, (0..samples).map(value).collect());
    }
    if !histograms.is_empty() {
        let chosen = histograms[ordinal as usize % histograms.len()].clone();
        measurements.histograms.insert("latency_ns".to_owned(), chosen);
    }
    measurements.insert_absent("instructions_per_request", "perf_event_paranoid is 3");
    let artifact = (ordinal % 2) as usize;
    Block {
        ordinal: ordinal as u32,
        cell: Cell {
            target: run.artifacts[artifact].target.clone(),
            suite: "http".to_owned(),
            benchmark: format!("benchmark-{}", ordinal / 2 % 4),
            arm: "wasi=p2,code=compile".to_owned(),
        },
        artifact,
        round: (ordinal / 8) as u32,
        suite_sha256: Digest::of("suite"),
        definition_sha256: Digest::of((ordinal / 2 % 4).to_le_bytes()),
        started_at: run.started_at,
        duration_ns: 2_345_678_901,
        labels: Vec::new(),
        outcome: Outcome::Measured(measurements),
    }
}

fn artifact(target: &str, version: VersionId) -> Artifact {
    Artifact {
        target: target.to_owned(),
        binary_sha256: Digest::of(version.label()),
        version,
        binary_bytes: 23_456_789,
        source_sha256: Some(Digest::of("source")),
        lockfile_sha256: Some(Digest::of("lockfile")),
        rustc: Some("rustc 1.95.0 (59807616e 2026-04-14)".to_owned()),
        build_flags: Some("release".to_owned()),
    }
}

fn testbed() -> Testbed {
    Testbed {
        cpu_model: Some("Example CPU at 2.5 GHz".to_owned()),
        microcode: Some("0x1".to_owned()),
        cpus: 2,
        smt: Some(false),
        governor: Some("performance".to_owned()),
        memory_mib: 8_192,
        kernel: "6.1.0".to_owned(),
        virtualization: Some("kvm".to_owned()),
        rustc: Some("rustc 1.95.0 (59807616e 2026-04-14)".to_owned()),
        qemu: None,
        pinning: "generator 0, host 1".to_owned(),
        measurement_protocol: 1,
        ..Testbed::default()
    }
}

/// Latencies around 100 µs with a long tail.
fn histogram(seed: u64) -> LatencyHistogram {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).unwrap();
    let mut state = seed + 1;
    for _ in 0..LATENCIES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let uniform = ((state >> 33) as f64 + 1.0) / (1_u64 << 31) as f64;
        histogram.record((80_000.0 * (1.0 - 0.25 * uniform.ln())) as u64).unwrap();
    }
    LatencyHistogram::new(histogram).unwrap()
}
