//! The rows of wasmCloud's `history.json` (`crates/bench-tools` there): an array of them, or a
//! line each. A row has one value of one metric of one commit; rows of criterion also have a
//! median, which is taken, and older ones have nothing else. Rows of one run of their CI are
//! one session.

use crate::file::File;
use crate::session::{Row, Session, Told};
use crate::unit;
use crate::wire::{Amount, Name, arm_named, json, json_line};
use jiff::Timestamp;
use model::Diagnostic;
use serde::Deserialize;

#[derive(Deserialize)]
struct WireRow {
    bench: Name,
    group: String,
    param: String,
    sha: Sha,
    #[serde(default)]
    run_id: String,
    #[serde(default)]
    run_attempt: String,
    timestamp: Timestamp,
    kernel: Option<String>,
    cpus_online: Option<u32>,
    metric: Option<String>,
    value: Option<Amount>,
    unit: Option<String>,
    better: Option<Better>,
    median_ns: Option<Amount>,
    mean_ns: Option<Amount>,
    #[serde(default)]
    generator_saturated: bool,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Better {
    Lower,
    Higher,
}

#[derive(Deserialize, Clone, PartialEq)]
#[serde(try_from = "String")]
struct Sha(String);

impl TryFrom<String> for Sha {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let is_hash = text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_hash.then_some(Self(text)).ok_or_else(|| "`sha` is not a full commit hash".to_owned())
    }
}

#[derive(Deserialize)]
#[serde(try_from = "WireRow")]
struct Checked {
    row: Row,
    told: Told,
    run: (Sha, String, String),
}

impl TryFrom<WireRow> for Checked {
    type Error = String;
    fn try_from(wire: WireRow) -> Result<Self, String> {
        let group = [&wire.group, &wire.param].map(|text| text.trim());
        let told_arm: Vec<&str> = group.into_iter().filter(|text| !text.is_empty()).collect();
        let mut arm = arm_named(&told_arm.join("/"));
        let (metric, value) = match (wire.metric.as_deref(), wire.value) {
            (Some("Ir"), Some(value)) => ("callgrind_instructions", value.0),
            (Some("mean_ns") | None, _) => {
                let time = wire.median_ns.or(wire.mean_ns).or(wire.value);
                ("time_per_iteration_ns", time.ok_or("has neither `value` nor `median_ns`")?.0)
            }
            (Some(name), Some(value)) => {
                let is_lower = wire.better != Some(Better::Higher);
                let fit = unit::fit(wire.unit.as_deref().unwrap_or_default(), is_lower);
                arm = arm_named(&format!("{arm},metric={name}"));
                (fit.metric, fit.factor * value.0)
            }
            (Some(name), None) => return Err(format!("metric `{name}` without a `value`")),
        };
        let told = Told {
            commit: Some(wire.sha.0.clone()),
            at: Some(wire.timestamp),
            tool_version: None,
            cpu_model: None,
            cpus: wire.cpus_online,
            kernel: wire.kernel,
        };
        let row = Row {
            generator_bound: wire.generator_saturated,
            ..Row::summary(&wire.bench.0, &arm, metric, value)
        };
        Ok(Self { row, told, run: (wire.sha, wire.run_id, wire.run_attempt) })
    }
}

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let rows: Vec<Checked> = if file.text.trim_start().starts_with('[') {
        json(file)?
    } else {
        let lines = file.lines().map(|(line, text)| json_line(file, line, text));
        lines.collect::<Result<_, _>>()?
    };
    let mut sessions: Vec<((Sha, String, String), Session)> = Vec::new();
    for Checked { row, told, run } in rows {
        match sessions.iter_mut().rev().find(|(known, _)| *known == run) {
            Some((_, session)) => session.rows.push(row),
            None => sessions.push((run, Session { told, rows: vec![row] })),
        }
    }
    Ok(sessions.into_iter().map(|(_, session)| session).collect())
}
