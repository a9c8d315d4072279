//! Criterion (<https://bheisler.github.io/criterion.rs/book>): `sample.json` with
//! `benchmark.json` beside it, or the messages of `cargo criterion --message-format=json`.
//! Samples are times of an iteration; none is left out.

use crate::file::File;
use crate::session::{Row, Session};
use crate::unit;
use crate::wire::{Amount, Name, Positive, json, json_line};
use model::Diagnostic;
use serde::Deserialize;

/// How many iterations each sample had, and its nanoseconds.
#[derive(Deserialize)]
struct WireSample {
    iters: Vec<Positive>,
    times: Vec<Amount>,
}

/// Nanoseconds of an iteration, one for each sample.
#[derive(Deserialize)]
#[serde(try_from = "WireSample")]
struct Samples(Vec<f64>);

#[derive(Deserialize)]
struct WireAbout {
    full_id: String,
}

#[derive(Deserialize)]
struct WireMessage {
    reason: String,
    id: Option<Name>,
    #[serde(default)]
    iteration_count: Vec<Positive>,
    #[serde(default)]
    measured_values: Vec<Amount>,
    unit: Option<String>,
}

impl TryFrom<WireSample> for Samples {
    type Error = String;
    fn try_from(wire: WireSample) -> Result<Self, String> {
        per_iteration(&wire.times, &wire.iters, 1.0).map(Self)
    }
}

fn per_iteration(times: &[Amount], counts: &[Positive], factor: f64) -> Result<Vec<f64>, String> {
    if times.is_empty() || times.len() != counts.len() {
        return Err(format!("{} times of {} samples", times.len(), counts.len()));
    }
    Ok(times.iter().zip(counts).map(|(time, count)| factor * time.0 / count.0).collect())
}

/// Nanoseconds of an iteration in a `sample.json`, one for each sample.
///
/// # Errors
/// Says what is wrong with it.
pub fn samples(text: &str) -> Result<Vec<f64>, String> {
    serde_json::from_str(text).map(|Samples(values)| values).map_err(|e| e.to_string())
}

/// The whole name of a benchmark in a `benchmark.json`.
///
/// # Errors
/// Says what is wrong with it.
pub fn id(text: &str) -> Result<String, String> {
    serde_json::from_str(text).map(|it: WireAbout| it.full_id).map_err(|e| e.to_string())
}

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    if file.beside.is_none() && file.text.contains("\"reason\"") {
        return messages(file);
    }
    let name = match &file.beside {
        Some(about) => id(about),
        None => Ok(file.name.clone()),
    };
    let name = name
        .and_then(Name::try_from)
        .map_err(|problem| file.at(1, format!("`benchmark.json` beside it: {problem}")))?;
    let Samples(values) = json(file)?;
    let row = Row::samples(&name.0, "default", "time_per_iteration_ns", values);
    Ok(vec![Session { rows: vec![row], ..Session::default() }])
}

fn messages(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let mut session = Session::default();
    for (line, text) in file.lines() {
        let message: WireMessage = json_line(file, line, text)?;
        if message.reason != "benchmark-complete" {
            continue;
        }
        let Some(Name(id)) = message.id else { return Err(file.at(line, "has no `id`")) };
        let unit = message.unit.as_deref().unwrap_or("ns");
        let Some(factor) = unit::ns(unit) else {
            return Err(file.at(line, format!("`{unit}` is no unit of time")));
        };
        let values = per_iteration(&message.measured_values, &message.iteration_count, factor)
            .map_err(|problem| file.at(line, problem))?;
        session.rows.push(Row::samples(&id, "default", "time_per_iteration_ns", values));
    }
    Ok(vec![session])
}
