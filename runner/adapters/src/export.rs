//! Runs as other tools read them, in one table: name, what reads it, how it is written. It
//! must not decide which runs; a bundle, which loses nothing, is `model::bundle`'s.

use model::Run;
use std::io::{self, Write};

mod bencher;
mod benchstat;
mod junit;
mod lines;
mod openmetrics;
mod parquet;
mod record;
mod series;

/// One way of writing runs.
#[derive(Debug)]
pub struct Export {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    write: fn(&[Run], &mut dyn Write) -> Result<(), ExportError>,
}

/// Why runs could not be written.
#[derive(Debug)]
pub enum ExportError {
    /// The format cannot hold these runs: what to do instead.
    Unfit(String),
    /// Writing failed.
    Io(io::Error),
}

/// Every format that is written.
pub static EXPORTS: &[Export] = &[
    Export { name: "jsonl", about: "a JSON object a line for each value", write: lines::json },
    Export { name: "csv", about: "a line for each value", write: lines::csv },
    Export {
        name: "parquet",
        about: "the columns of csv, for DuckDB, Polars and the like",
        write: parquet::write,
    },
    Export {
        name: "openmetrics",
        about: "medians of each run, for Prometheus",
        write: openmetrics::write,
    },
    Export {
        name: "junit",
        about: "a test case for each arm: measured or failed",
        write: junit::write,
    },
    Export {
        name: "benchstat",
        about: "Go's benchmark format, a line a block",
        write: benchstat::write,
    },
    Export {
        name: "bencher",
        about: "Bencher Metric Format: medians of one version of each target",
        write: bencher::write,
    },
];

impl Export {
    /// The export of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        EXPORTS.iter().find(|export| export.name == name)
    }

    /// Writes runs.
    ///
    /// # Errors
    /// When they do not fit the format, or writing fails.
    pub fn write(&self, runs: &[Run], out: &mut dyn Write) -> Result<(), ExportError> {
        (self.write)(runs, out)
    }
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl std::fmt::Display for ExportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unfit(problem) => f.write_str(problem),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ExportError {}
