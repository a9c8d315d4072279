//! Bundles: runs as JSON Lines, for CI artifacts, import and export, upload
//! and published history.
//!
//! A run is *full*, with its raw samples, or *published*, with one summary for
//! each metric of a block in their place; its `run` line says which.
//!
//! One file holds one or more runs. Each run is a `run` line, its `artifact`
//! lines, its `failed-build` lines, its `block` lines and an `end` line with
//! the number of lines and the SHA-256 of everything between, so that a cut or
//! altered file is refused whole. What is read is hostile until proven: it must not be stored
//! before the last line of the file was checked.

use crate::digest::Digest;
use crate::run::{Invalid, Run};
use schemars::{Schema, SchemaGenerator};
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, Write};
use thiserror::Error;

mod wire;
use wire::{Line, WireBlock, WireRun};

/// The version of the format this program writes, and the only one it reads.
pub const SCHEMA: u32 = 1;

/// A longer line is refused before it is parsed.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// Why a bundle was refused.
#[derive(Debug, Error)]
pub enum BundleError {
    /// A line that is not what it should be.
    #[error("line {line}: {problem}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// Reading failed.
    #[error("cannot read the bundle: {0}")]
    Io(#[from] io::Error),
}

/// Writes runs as one bundle.
///
/// # Errors
/// When writing fails.
pub fn write<'a>(out: &mut impl Write, runs: impl IntoIterator<Item = &'a Run>) -> io::Result<()> {
    runs.into_iter().try_for_each(|run| write_run(out, run))
}

fn write_run(out: &mut impl Write, run: &Run) -> io::Result<()> {
    let mut digest = Sha256::new();
    let mut lines = 0;
    let mut emit = |line: &Line| -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        digest.update(&text);
        lines += 1;
        out.write_all(text.as_bytes())
    };
    emit(&Line::Run(Box::new(WireRun::from_run(run))))?;
    for artifact in &run.artifacts {
        emit(&Line::Artifact(Box::new(artifact.clone())))?;
    }
    for failed in &run.failed_builds {
        emit(&Line::FailedBuild(Box::new(failed.clone())))?;
    }
    for block in &run.blocks {
        emit(&Line::Block(Box::new(WireBlock::from_block(block))))?;
    }
    let end = Line::End { lines, sha256: Digest::from_bytes(digest.finalize().into()) };
    writeln!(out, "{}", serde_json::to_string(&end)?)
}

/// The schema of one line.
pub(crate) fn schema(generator: SchemaGenerator) -> Schema {
    generator.into_root_schema_for::<Line>()
}

/// Reads and checks a whole bundle.
///
/// # Errors
/// Names the first line that is wrong; then nothing of the file is returned.
pub fn read(input: impl BufRead) -> Result<Vec<Run>, BundleError> {
    let mut reader = Reader { input, line: 0 };
    let mut runs: Vec<Run> = Vec::new();
    while let Some(run) = reader.run()? {
        if runs.iter().any(|earlier| earlier.id == run.id) {
            return reader.refuse(format!("run {} stands twice", run.id));
        }
        runs.push(run);
    }
    if runs.is_empty() {
        return reader.refuse("the file holds no run");
    }
    Ok(runs)
}

struct Reader<R> {
    input: R,
    line: usize,
}

impl<R: BufRead> Reader<R> {
    fn refuse<T>(&self, problem: impl Into<String>) -> Result<T, BundleError> {
        Err(BundleError::Line { line: self.line.max(1), problem: problem.into() })
    }

    fn invalid<T>(&self, invalid: &Invalid) -> Result<T, BundleError> {
        self.refuse(invalid.to_string())
    }

    /// The next line without its end, or `None` at the end of the file.
    fn text(&mut self) -> Result<Option<String>, BundleError> {
        let mut bytes = Vec::new();
        let mut limited = io::Read::take(&mut self.input, MAX_LINE_BYTES + 1);
        limited.read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        if bytes.len() as u64 > MAX_LINE_BYTES {
            return self.refuse(format!("longer than {MAX_LINE_BYTES} bytes"));
        }
        if bytes.pop() != Some(b'\n') {
            return self.refuse("the file ends inside this line");
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(error) => self.refuse(format!("not UTF-8: {error}")),
        }
    }

    fn parse(&self, text: &str) -> Result<Line, BundleError> {
        let parsed = serde_json::from_str(text);
        parsed.or_else(|error| self.refuse(format!("not a line of a bundle: {error}")))
    }

    fn run(&mut self) -> Result<Option<Run>, BundleError> {
        let Some(text) = self.text()? else { return Ok(None) };
        let Line::Run(wire) = self.parse(&text)? else {
            return self.refuse("a run's lines must begin with its `run` line");
        };
        if wire.schema != SCHEMA {
            return self.refuse(format!(
                "schema {}, this program reads {SCHEMA}; use the version of bench that wrote it",
                wire.schema
            ));
        }
        let mut digest = Sha256::new();
        digest.update(&text);
        digest.update("\n");
        let kind = wire.kind;
        let mut run = wire.into_run().or_else(|problem| self.refuse(problem))?;
        let mut lines = 1;
        let mut head_checked = false;
        loop {
            let Some(text) = self.text()? else {
                return self.refuse(format!("run {} has no `end` line; the file was cut", run.id));
            };
            match self.parse(&text)? {
                Line::Run(_) => return self.refuse(format!("run {} has no `end` line", run.id)),
                Line::Artifact(artifact) if run.blocks.is_empty() => run.artifacts.push(*artifact),
                Line::Artifact(_) => return self.refuse("an `artifact` line after a `block` line"),
                Line::FailedBuild(failed) if run.blocks.is_empty() => {
                    run.failed_builds.push(*failed);
                }
                Line::FailedBuild(_) => {
                    return self.refuse("a `failed-build` line after a `block` line");
                }
                Line::Block(wire) => {
                    if !head_checked {
                        run.validate_head().or_else(|e| self.invalid(&e))?;
                        head_checked = true;
                    }
                    let block = wire.into_block().or_else(|problem| self.refuse(problem))?;
                    if run.blocks.last().is_some_and(|last| last.ordinal >= block.ordinal) {
                        return self.refuse(format!("block {} is out of order", block.ordinal));
                    }
                    block.validate(&run).or_else(|e| self.invalid(&e))?;
                    run.blocks.push(block);
                }
                Line::End { lines: told, sha256 } => {
                    let seen = Digest::from_bytes(digest.finalize().into());
                    if told != lines || sha256 != seen {
                        return self.refuse(format!(
                            "run {} was altered: its end tells {told} lines with SHA-256 {sha256}, \
                             there are {lines} with {seen}",
                            run.id
                        ));
                    }
                    run.validate().or_else(|e| self.invalid(&e))?;
                    if !kind.fits(&run) {
                        return self.refuse(format!(
                            "the `run` line of run {} is of the other kind than its blocks",
                            run.id
                        ));
                    }
                    return Ok(Some(run));
                }
            }
            digest.update(&text);
            digest.update("\n");
            lines += 1;
        }
    }
}

#[cfg(test)]
mod tests;
