//! Made-up series as runs, the shape in which everything is stored. A run is one
//! version; a series is one metric of one arm.

use super::{History, Size};
use jiff::{Timestamp, ToSpan};
use model::{
    Artifact, Block, Cell, Digest, Measurements, Outcome, Run, RunId, RunStatus, Testbed, VersionId,
};

/// The target of everything made up.
pub(crate) const TARGET: &str = "synthetic";
/// Metrics of an arm; each block holds a summary of them, as published runs do.
const METRICS: [&str; 4] = ["cold_start_ns", "ready_ns", "cold_start_cpu_ns", "rss_peak_bytes"];
/// Arms of a suite.
const ARMS: usize = 25;
/// Blocks of every arm, which differ by this fraction.
const BLOCKS: usize = 2;
const BETWEEN_BLOCKS: f64 = 0.001;
/// 2023-11-14, an hour before the first version.
const START_S: i64 = 1_700_000_000;

/// The names of a series.
pub(crate) struct Name {
    pub(crate) cell: Cell,
    pub(crate) metric: &'static str,
}

impl Name {
    /// Of the series of that number.
    pub(crate) fn of(number: usize) -> Self {
        let arm = number / METRICS.len();
        let cell = Cell {
            target: TARGET.to_owned(),
            suite: format!("synthetic-{:03}", arm / ARMS),
            benchmark: "made-up".to_owned(),
            arm: format!("case={:02}", arm % ARMS),
        };
        Self { cell, metric: METRICS[number % METRICS.len()] }
    }
}

/// The commit of a version.
pub(crate) fn sha(size: &Size, version: usize) -> String {
    let digest = Digest::of(format!("synthetic {} {version}", size.seed));
    digest.to_string().chars().take(40).collect()
}

/// All series at one version, as a run.
pub(crate) fn run(size: &Size, histories: &[History], version: usize, harness: &str) -> Run {
    let at = |hours: i64| {
        let start = Timestamp::from_second(START_S).unwrap_or(Timestamp::UNIX_EPOCH);
        start.checked_add(hours.hours()).unwrap_or(start)
    };
    let started_at = at(version as i64 + 1);
    let sha = sha(size, version);
    let digest = |part: &str| Digest::of(format!("{sha} {part}"));
    let id = digest("run").to_bytes();
    let mut run = Run {
        id: RunId::from_bits(u64::from_le_bytes(id.first_chunk().copied().unwrap_or_default())),
        started_at,
        finished_at: Some(started_at),
        status: RunStatus::Complete,
        profile: "full".to_owned(),
        seed: size.seed,
        harness: format!("{harness}, made up"),
        plan: "{}".to_owned(),
        planned_blocks: 0,
        anchor: None,
        testbed: testbed(),
        artifacts: vec![Artifact {
            target: TARGET.to_owned(),
            version: VersionId::Commit {
                subject: format!("Made-up version {version}"),
                committed_at: started_at,
                modified: None,
                sha: sha.clone(),
            },
            binary_sha256: digest("binary"),
            binary_bytes: 1,
            source_sha256: Some(digest("source")),
            lockfile_sha256: Some(digest("lockfile")),
            rustc: Some("none".to_owned()),
            build_flags: Some("none".to_owned()),
        }],
        failed_builds: Vec::new(),
        blocks: Vec::new(),
    };
    for (arm, of_arm) in histories.chunks(METRICS.len()).enumerate() {
        for round in 0..BLOCKS {
            let block = block(&run, arm, round, of_arm, version);
            run.blocks.push(block);
        }
    }
    run.planned_blocks = run.blocks.len() as u32;
    run
}

fn block(run: &Run, arm: usize, round: usize, histories: &[History], version: usize) -> Block {
    let mut measurements = Measurements::default();
    for (metric, history) in METRICS.iter().zip(histories) {
        // The blocks lie evenly about the value, so that their median is it.
        let beside = (round as f64 - (BLOCKS - 1) as f64 / 2.0) * BETWEEN_BLOCKS;
        let value = history.values[version] * (1.0 + beside);
        measurements.summaries.insert((*metric).to_owned(), value);
    }
    let cell = Name::of(arm * METRICS.len()).cell;
    let suite = cell.suite.clone();
    Block {
        ordinal: run.blocks.len() as u32,
        definition_sha256: Digest::of(cell.to_string()),
        cell,
        artifact: 0,
        round: round as u32,
        suite_sha256: Digest::of(suite),
        started_at: run.started_at,
        duration_ns: 1,
        labels: Vec::new(),
        outcome: Outcome::Measured(measurements),
    }
}

fn testbed() -> Testbed {
    Testbed {
        cpu_model: Some("made up".to_owned()),
        microcode: None,
        cpus: 2,
        smt: None,
        governor: None,
        memory_mib: 1,
        kernel: "made up".to_owned(),
        virtualization: None,
        rustc: None,
        qemu: None,
        pinning: "none".to_owned(),
        measurement_protocol: 1,
        ..Testbed::default()
    }
}
