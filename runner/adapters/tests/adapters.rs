//! Reads what the tools themselves wrote (`fixtures/README.md`), and writes runs.
//!
//! `formats`: what is taken of each fixture.
//! `refusals`: files with one mistake, and what is said of each.
//! `hostile`: files with any mistakes, which must not end in a panic.
//! `exports`: runs as other tools read them, and back.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report; clippy knows only functions marked #[test]"
)]

mod exports;
mod formats;
mod hostile;
mod refusals;

use adapters::{File, Format, Given, Session, Value};
use jiff::Timestamp;
use model::{Diagnostic, Digest, Run, VersionId};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Every fixture with its format.
const FIXTURES: &[(&str, &str)] = &[
    ("criterion", "criterion-sample.json"),
    ("criterion", "criterion-messages.json"),
    ("gungraun", "gungraun.json"),
    ("gungraun", "gungraun-6.json"),
    ("callgrind", "callgrind.out.4242-02"),
    ("callgrind", "callgrind.threads.pair.t2.p1.out"),
    ("hyperfine", "hyperfine.json"),
    ("hyperfine", "hyperfine-failed.json"),
    ("oha", "oha.json"),
    ("wrk", "wrk.txt"),
    ("wrk", "wrk-refused.txt"),
    ("k6", "k6.json"),
    ("go", "go.txt"),
    ("pytest-benchmark", "pytest-benchmark.json"),
    ("google-benchmark", "google-benchmark.json"),
    ("jmh", "jmh.json"),
    ("sightglass", "sightglass.json"),
    ("sightglass", "sightglass.csv"),
    ("bencher", "bencher.json"),
    ("customSmallerIsBetter", "custom-smaller.json"),
    ("customBiggerIsBetter", "custom-bigger.json"),
    ("wasmcloud-history", "wasmcloud.json"),
    ("wasmcloud-history", "wasmcloud.jsonl"),
];

fn fixture(name: &str) -> File {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let text = |name: &str| {
        std::fs::read_to_string(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    let beside = (name == "criterion-sample.json").then(|| text("criterion-benchmark.json"));
    let path = PathBuf::from(name);
    let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
    File { name: stem, text: text(name), beside, path }
}

fn read(format: &str, files: &[File]) -> Result<Vec<Session>, Diagnostic> {
    Format::named(format).unwrap_or_else(|| panic!("{format}")).read(files)
}

fn made(format: &str, files: &[File], sessions: &[Session]) -> Result<Vec<Run>, Diagnostic> {
    let source = Digest::of(&files[0].text);
    let given = Given {
        format,
        target: "sorting",
        suite: format,
        version: Some(VersionId::Binary { sha256: source }),
        binary: Some((source, 7)),
        at: Timestamp::new(1_790_000_000, 0).unwrap(),
        harness: "bench 0.1.0",
        testbed: None,
        source,
        source_bytes: files[0].text.len() as u64,
        commit: &|_| None,
    };
    adapters::runs(&files[0].path, sessions, &given)
}

/// The sessions in one line a row; long lists are cut.
fn told(sessions: &[Session]) -> String {
    let mut text = String::new();
    for session in sessions {
        for row in &session.rows {
            let bound = if row.generator_bound { " generator-bound" } else { "" };
            let value = match &row.value {
                Value::Samples(metric, values) => {
                    let cut = if values.len() > 3 { " .." } else { "" };
                    let first: Vec<String> =
                        values.iter().take(3).map(|value| format!("{value:.6}")).collect();
                    format!("{metric} {}: {}{cut}", values.len(), first.join(" "))
                }
                Value::Summary(metric, value) => format!("{metric} ~ {value:.6}"),
                Value::Failed(reason) => format!("failed: {reason}"),
            };
            let (benchmark, arm, process) = (&row.benchmark, &row.arm, row.process);
            writeln!(text, "{benchmark} | {arm} | {process} | {value}{bound}").unwrap();
        }
    }
    text
}
