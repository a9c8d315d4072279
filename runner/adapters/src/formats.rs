//! The formats there are, in one table: name, what it is, how it is read. One file each.

use crate::file::File;
use crate::session::{Row, Session, Value};
use model::Diagnostic;
use std::collections::BTreeMap;
use std::path::Path;

mod bencher;
mod callgrind;
mod criterion;
mod custom;
mod go;
mod google;
mod gungraun;
mod hyperfine;
mod jmh;
mod k6;
mod oha;
mod pytest;
mod sightglass;
mod wasmcloud;
mod wrk;

pub use criterion::{id as criterion_id, samples as criterion_samples};

/// One way in which a tool writes its results.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line, and in what is stored.
    pub name: &'static str,
    /// What writes it.
    pub about: &'static str,
    /// Whether a file, in a folder that was named, is one by its name.
    pub is_in_folder: fn(&Path) -> bool,
    read: fn(&File) -> Result<Vec<Session>, Diagnostic>,
    /// Whether several files may be parts of one measurement, to be added up.
    has_parts: bool,
}

const fn format(
    name: &'static str,
    about: &'static str,
    read: fn(&File) -> Result<Vec<Session>, Diagnostic>,
) -> Format {
    Format { name, about, is_in_folder: is_json, read, has_parts: false }
}

/// Every format that is read.
pub static FORMATS: &[Format] = &[
    Format {
        // Beside the new samples lie those of the run before.
        is_in_folder: |path| path.ends_with("new/sample.json"),
        ..format(
            "criterion",
            "sample.json of criterion, or messages of cargo criterion",
            criterion::read,
        )
    },
    Format {
        is_in_folder: |path| path.ends_with("summary.json"),
        ..format("gungraun", "summary.json of gungraun (iai-callgrind)", gungraun::read)
    },
    Format {
        is_in_folder: callgrind::is_output,
        has_parts: true,
        ..format("callgrind", "output files of callgrind, also one a thread", callgrind::read)
    },
    format("hyperfine", "hyperfine --export-json", hyperfine::read),
    format("oha", "oha --output-format json", oha::read),
    Format { is_in_folder: is_text, ..format("wrk", "what wrk prints", wrk::read) },
    format("k6", "the end-of-test summary of k6 as JSON", k6::read),
    Format { is_in_folder: is_text, ..format("go", "what go test -bench prints", go::read) },
    format("pytest-benchmark", "pytest --benchmark-json", pytest::read),
    format("google-benchmark", "google-benchmark as JSON", google::read),
    format("jmh", "JMH -rf json", jmh::read),
    Format {
        is_in_folder: |path| is_json(path) || has_ending(path, "csv"),
        ..format("sightglass", "sightglass --raw, as JSON or CSV", sightglass::read)
    },
    format("bencher", "Bencher Metric Format", bencher::read),
    format(
        "customSmallerIsBetter",
        "rows of github-action-benchmark, smaller is better",
        custom::smaller,
    ),
    format(
        "customBiggerIsBetter",
        "rows of github-action-benchmark, bigger is better",
        custom::bigger,
    ),
    Format {
        is_in_folder: |path| is_json(path) || has_ending(path, "jsonl"),
        ..format("wasmcloud-history", "rows of wasmCloud's history.json", wasmcloud::read)
    },
];

impl Format {
    /// The format of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// Reads files that belong together.
    ///
    /// # Errors
    /// Names the first file and line that is not what it should be. A file without a single
    /// result is an error.
    pub fn read(&self, files: &[File]) -> Result<Vec<Session>, Diagnostic> {
        let mut sessions = Vec::new();
        for file in files {
            let read = (self.read)(file)?;
            if read.iter().all(|session| session.rows.is_empty()) {
                return Err(file
                    .at(1, format!("holds no result of {}", self.name))
                    .with_remedy(format!("it should be {}", self.about)));
            }
            sessions.extend(read.into_iter().filter(|session| !session.rows.is_empty()));
        }
        Ok(if self.has_parts { vec![added_up(sessions)] } else { sessions })
    }
}

/// Counts of threads and parts of one benchmark are one count.
fn added_up(sessions: Vec<Session>) -> Session {
    let mut whole = Session::default();
    for session in sessions {
        whole.told = session.told;
        for row in session.rows {
            let is_same = |other: &&mut Row| {
                (&other.benchmark, other.process) == (&row.benchmark, row.process)
                    && other.metric() == row.metric()
            };
            match (whole.rows.iter_mut().find(is_same).map(|it| &mut it.value), &row.value) {
                (Some(Value::Samples(_, sum)), Value::Samples(_, more)) => {
                    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                }
                _ => whole.rows.push(row),
            }
        }
    }
    number_processes(&mut whole.rows);
    whole
}

/// Numbers of the operating system become positions, from 0 in each benchmark.
fn number_processes(rows: &mut [Row]) {
    let mut known: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for row in rows {
        let processes = known.entry(row.benchmark.clone()).or_default();
        let index = processes.iter().position(|it| *it == row.process).unwrap_or_else(|| {
            processes.push(row.process);
            processes.len() - 1
        });
        row.process = index as u32;
    }
}

impl Row {
    pub(crate) fn metric(&self) -> Option<&'static str> {
        match self.value {
            Value::Samples(metric, _) | Value::Summary(metric, _) => Some(metric),
            Value::Failed(_) => None,
        }
    }
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|it| it == ending)
}

fn is_json(path: &Path) -> bool {
    has_ending(path, "json")
}

fn is_text(path: &Path) -> bool {
    has_ending(path, "txt") || has_ending(path, "log")
}
