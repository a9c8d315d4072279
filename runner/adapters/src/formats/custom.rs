//! The rows of github-action-benchmark's tools `customSmallerIsBetter` and
//! `customBiggerIsBetter` (<https://github.com/benchmark-action/github-action-benchmark>):
//! name, value and unit, where the file's format says which way is better.

use crate::file::File;
use crate::session::{Row, Session};
use crate::unit;
use crate::wire::{Amount, Name, arm_named, json};
use model::Diagnostic;
use serde::Deserialize;

#[derive(Deserialize)]
struct Bench {
    name: Name,
    unit: String,
    value: Number,
}

/// A number, which some write as text.
#[derive(Deserialize)]
#[serde(try_from = "serde_json::Value")]
struct Number(f64);

impl TryFrom<serde_json::Value> for Number {
    type Error = String;
    fn try_from(value: serde_json::Value) -> Result<Self, String> {
        let number = match &value {
            serde_json::Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        let number: f64 = number.ok_or_else(|| format!("{value} is not a number"))?;
        Amount::try_from(number).map(|amount| Self(amount.0))
    }
}

pub(super) fn smaller(file: &File) -> Result<Vec<Session>, Diagnostic> {
    read(file, true)
}

pub(super) fn bigger(file: &File) -> Result<Vec<Session>, Diagnostic> {
    read(file, false)
}

fn read(file: &File, lower_is_better: bool) -> Result<Vec<Session>, Diagnostic> {
    let benches: Vec<Bench> = json(file)?;
    let row = |bench: &Bench| {
        let fit = unit::fit(bench.unit.trim(), lower_is_better);
        let arm = match fit.is_unknown && !bench.unit.trim().is_empty() {
            true => arm_named(&format!("unit={}", bench.unit)),
            false => "default".to_owned(),
        };
        Row::summary(&bench.name.0, &arm, fit.metric, fit.factor * bench.value.0)
    };
    Ok(vec![Session { rows: benches.iter().map(row).collect(), ..Session::default() }])
}
