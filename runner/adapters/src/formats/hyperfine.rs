//! hyperfine (<https://github.com/sharkdp/hyperfine>), `--export-json`: every execution is a
//! process, and so a block of its own. One that ended with another code than 0 has failed.

use crate::file::File;
use crate::session::{Row, Session};
use crate::wire::{Amount, Name, Scalar, arm, json};
use model::Diagnostic;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Wire {
    results: Vec<Checked>,
}

#[derive(Deserialize)]
struct WireResult {
    command: Name,
    /// Seconds, one for each execution.
    times: Vec<Amount>,
    /// Bytes likewise; newer releases only.
    #[serde(default)]
    memory_usage_byte: Option<Vec<Amount>>,
    #[serde(default)]
    exit_codes: Option<Vec<Option<i64>>>,
    #[serde(default)]
    parameters: BTreeMap<String, Scalar>,
}

#[derive(Deserialize)]
#[serde(try_from = "WireResult")]
struct Checked(WireResult);

impl TryFrom<WireResult> for Checked {
    type Error = String;
    fn try_from(wire: WireResult) -> Result<Self, String> {
        let times = wire.times.len();
        if times == 0 {
            return Err(format!("`{}` has no `times`", wire.command.0));
        }
        let others = [
            ("memory_usage_byte", wire.memory_usage_byte.as_ref().map(Vec::len)),
            ("exit_codes", wire.exit_codes.as_ref().map(Vec::len)),
        ];
        for (name, count) in others {
            if let Some(count) = count.filter(|count| *count != times) {
                return Err(format!(
                    "`{}` has {times} `times` and {count} `{name}`",
                    wire.command.0
                ));
            }
        }
        Ok(Self(wire))
    }
}

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let wire: Wire = json(file)?;
    let mut session = Session::default();
    for Checked(result) in wire.results {
        let (name, arm) = (&result.command.0, arm(&result.parameters));
        for (index, time) in result.times.iter().enumerate() {
            let process = index as u32;
            let code = result.exit_codes.as_ref().map_or(Some(0), |codes| codes[index]);
            if code != Some(0) {
                let how = code.map_or("was ended by a signal".to_owned(), |code| {
                    format!("ended with exit code {code}")
                });
                session.rows.push(Row::failed(name, &arm, how).of_process(process));
                continue;
            }
            let wall = Row::samples(name, &arm, "program_ns", vec![1e9 * time.0]);
            session.rows.push(wall.of_process(process));
            if let Some(memory) = &result.memory_usage_byte {
                let peak = Row::samples(name, &arm, "rss_peak_bytes", vec![memory[index].0]);
                session.rows.push(peak.of_process(process));
            }
        }
    }
    Ok(vec![session])
}
