//! Sightglass (<https://github.com/bytecodealliance/sightglass>), `benchmark --raw`, as JSON or
//! CSV: every process is one, every iteration a sample. The phase, and the engine, are the
//! arm.

use crate::file::File;
use crate::session::{Row, Session, Value};
use crate::unit;
use crate::wire::{Name, arm_named, json};
use model::Diagnostic;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Measurement {
    engine: Name,
    wasm: Name,
    process: u32,
    phase: Phase,
    event: String,
    count: u64,
}

#[derive(Deserialize, Clone, Copy)]
enum Phase {
    Compilation,
    Instantiation,
    Execution,
}

impl Phase {
    fn word(self) -> &'static str {
        match self {
            Self::Compilation => "compilation",
            Self::Instantiation => "instantiation",
            Self::Execution => "execution",
        }
    }
}

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let measurements =
        if file.text.trim_start().starts_with('[') { json(file)? } else { csv(file)? };
    let mut session = Session::default();
    let mut processes: BTreeMap<(String, String), Vec<u32>> = BTreeMap::new();
    for Measurement { engine, wasm, process, phase, event, count } in measurements {
        let (metric, factor, unknown) = match event.as_str() {
            "cycles" => ("cycles_per_iteration", 1.0, ""),
            "instructions" | "instructions-retired" => ("instructions_per_iteration", 1.0, ""),
            event => match unit::ns(event) {
                Some(factor) => ("time_per_iteration_ns", factor, ""),
                None => ("measured_count", 1.0, event),
            },
        };
        let mut arm = format!("engine={},phase={}", engine.0, phase.word());
        if !unknown.is_empty() {
            arm = format!("{arm},event={unknown}");
        }
        let arm = arm_named(&arm);
        let known = processes.entry((wasm.0.clone(), arm.clone())).or_default();
        let index = known.iter().position(|it| *it == process).unwrap_or_else(|| {
            known.push(process);
            known.len() - 1
        });
        let (process, value) = (index as u32, factor * count as f64);
        let is_same = |row: &&mut Row| {
            row.benchmark == wasm.0
                && row.arm == arm
                && row.process == process
                && row.metric() == Some(metric)
        };
        match session.rows.iter_mut().rev().find(is_same).map(|row| &mut row.value) {
            Some(Value::Samples(_, values)) => values.push(value),
            _ => {
                let row = Row::samples(&wasm.0, &arm, metric, vec![value]);
                session.rows.push(row.of_process(process));
            }
        }
    }
    Ok(vec![session])
}

fn csv(file: &File) -> Result<Vec<Measurement>, Diagnostic> {
    let mut reader = csv::Reader::from_reader(file.text.as_bytes());
    let mut measurements = Vec::new();
    for record in reader.deserialize() {
        match record {
            Ok(measurement) => measurements.push(measurement),
            Err(error) => {
                let line = error.position().map_or(1, |position| position.line() as usize);
                return Err(file.at(line, said(&error)));
            }
        }
    }
    Ok(measurements)
}

/// What is wrong with a record, without the place that stands before it already.
fn said(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields, where the first line has {expected_len}")
        }
        _ => error.to_string(),
    }
}
