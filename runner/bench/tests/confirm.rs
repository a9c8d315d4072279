//! What measuring again says of a change at the end of a history.

use super::Project;
use super::bisect::Repository;
use jiff::{Timestamp, ToSpan};
use model::{
    Artifact, Block, Cell, Digest, Measurements, Outcome, Run, RunId, RunStatus, Testbed, VersionId,
};
use serde_json::Value;
use std::fs;
use store::Store;

/// Versions before the change, and at the newest level.
const BEFORE: usize = 120;
const AFTER: usize = 6;

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

/// The run of a commit: what it measured is 10 % more for the last few.
fn run(number: usize, commit: &str) -> Run {
    let at = Timestamp::from_second(1_700_000_000).unwrap() + (number as i64).hours();
    let level = if number < BEFORE { 1.0 } else { 1.1 };
    let wobble = ((number * 7919 % 1009) as f64 / 504.0 - 1.0) * 0.01;
    let digest = |part: &str| Digest::of(format!("{commit} {part}"));
    let mut measured = Measurements::default();
    for (metric, base) in [("ready_ns", 1e5), ("rss_bytes", 1e6)] {
        measured.insert(metric, vec![base * level * (1.0 + wobble)]);
    }
    let cell = |text: &str| text.to_owned();
    Run {
        id: RunId::from_bits(number as u64 + 1),
        started_at: at,
        finished_at: Some(at),
        status: RunStatus::Complete,
        profile: "full".to_owned(),
        seed: 1,
        harness: "tests".to_owned(),
        plan: "{}".to_owned(),
        planned_blocks: 1,
        anchor: None,
        testbed: testbed(),
        artifacts: vec![Artifact {
            target: "hello".to_owned(),
            version: VersionId::Commit {
                subject: "Go on".to_owned(),
                committed_at: at,
                modified: None,
                sha: commit.to_owned(),
            },
            binary_sha256: digest("binary"),
            binary_bytes: 1,
            source_sha256: Some(digest("source")),
            lockfile_sha256: Some(digest("lockfile")),
            rustc: Some("none".to_owned()),
            build_flags: Some("none".to_owned()),
        }],
        failed_builds: Vec::new(),
        blocks: vec![Block {
            ordinal: 0,
            cell: Cell {
                target: cell("hello"),
                suite: cell("ask"),
                benchmark: cell("it"),
                arm: cell("default"),
            },
            artifact: 0,
            round: 0,
            suite_sha256: Digest::of("suite"),
            definition_sha256: Digest::of("definition"),
            started_at: at,
            duration_ns: 1,
            labels: Vec::new(),
            outcome: Outcome::Measured(measured),
        }],
    }
}

fn fill(project: &Project, commits: &[String]) {
    fs::create_dir_all(project.path("data")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&project.path("data/bench.sqlite")).await.unwrap();
        for (number, commit) in commits.iter().enumerate() {
            store.import(&run(number, commit)).await.unwrap();
        }
        store.close().await;
    });
}

/// Both metrics rose in the history; measured again only one has.
#[test]
fn what_is_suspected_is_measured_again() {
    let values = (0..BEFORE + AFTER).map(|number| match number {
        0 => Some(100),
        BEFORE => Some(110),
        _ => None,
    });
    let repository = Repository::new(&values.collect::<Vec<_>>());
    let (project, commits) = (&repository.project, &repository.commits);
    fill(project, commits);
    let file = project.path("data/alerts.toml");
    let alerts = |more: &[&str]| -> Vec<(String, String, String)> {
        let found = project.json(&[&["detect", "--json"][..], more].concat());
        let word = |alert: &Value, field: &str| alert[field].as_str().unwrap().to_owned();
        let told = |alert: &Value| {
            assert_eq!(alert["first"], commits[BEFORE].as_str(), "{alert}");
            let metric = alert["series"]["metric"].as_str().unwrap().to_owned();
            (metric, word(alert, "standing"), word(alert, "state"))
        };
        found.as_array().unwrap().iter().map(told).collect()
    };
    let all = |ready: &str, rss: &str| {
        [("ready_ns", ready), ("rss_bytes", rss)]
            .map(|(metric, state)| (metric.to_owned(), "suspected".to_owned(), state.to_owned()))
    };
    assert_eq!(alerts(&[]), all("new", "new"));
    let written = fs::read_to_string(&file).unwrap();
    let culprit = format!("culprits = [\"{} Go on\"]", &commits[BEFORE][..8]);
    assert_eq!(written.matches(&culprit).count(), 2, "{written}");
    // Somebody has looked at this one, and it is never touched again.
    let edited = format!("# ours\n{}", written.replacen("note = \"\"", "note = \"mine\"", 1));
    fs::write(&file, &edited).unwrap();
    assert_eq!(alerts(&["--confirm"]), all("confirmed", "invalid"));
    let settled = fs::read_to_string(&file).unwrap();
    assert!(settled.starts_with("# ours\n") && settled.contains("note = \"mine\""), "{settled}");
    assert!(settled.contains("state = \"new\"") && settled.contains("state = \"invalid\""));
    assert!(settled.contains("note = \"measured again with 4 pairs: "), "{settled}");
}
