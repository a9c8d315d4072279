//! Gungraun (<https://gungraun.github.io/gungraun>), once iai-callgrind: `summary.json` of the
//! versions 6 and 7 of its format, one or several in a file. Counts are those of the new run;
//! callgrind's are of all threads, as gungraun added them up.

use crate::file::File;
use crate::session::{Row, Session};
use crate::wire::{Amount, Name, refused};
use model::Diagnostic;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What is taken of callgrind's events.
const EVENTS: [(&str, &str); 3] = [
    ("Ir", "callgrind_instructions"),
    ("EstimatedCycles", "callgrind_estimated_cycles"),
    ("RamHits", "callgrind_ram_hits"),
];

#[derive(Deserialize)]
struct Summary {
    #[serde(rename = "version")]
    _version: Version,
    module_path: Name,
    id: Option<Name>,
    profiles: Vec<Profile>,
}

/// The version of the format.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Version;

impl TryFrom<String> for Version {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "6" | "7" => Ok(Self),
            _ => Err(format!("version {text} of the summary's format; 6 and 7 are read")),
        }
    }
}

#[derive(Deserialize)]
struct Profile {
    tool: String,
    data: Option<Data>,
    summaries: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    total: Total,
}

#[derive(Deserialize)]
struct Total {
    metrics: Option<BTreeMap<String, Event>>,
    summary: Option<OfTool>,
}

/// As version 6 has it: under the tool's name. Other tools count other things.
#[derive(Deserialize)]
struct OfTool {
    #[serde(rename = "Callgrind")]
    callgrind: Option<BTreeMap<String, Event>>,
}

#[derive(Deserialize)]
struct Event {
    values: Option<NewAndOld>,
    metrics: Option<Either>,
}

#[derive(Deserialize)]
struct NewAndOld {
    new: Option<Amount>,
}

#[derive(Deserialize)]
enum Either {
    Left(Number),
    Right(#[expect(dead_code, reason = "the old run's")] Number),
    Both(Number, #[expect(dead_code, reason = "the old run's")] Number),
}

#[derive(Deserialize)]
enum Number {
    Int(Amount),
    Float(Amount),
}

impl Event {
    fn new_value(&self) -> Option<f64> {
        let of_six = self.metrics.as_ref().and_then(|either| match either {
            Either::Left(number) | Either::Both(number, _) => Some(number),
            Either::Right(_) => None,
        });
        let of_six = of_six.map(|(Number::Int(it) | Number::Float(it))| it.0);
        self.values.as_ref().and_then(|it| it.new).map(|it| it.0).or(of_six)
    }
}

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let mut session = Session::default();
    let mut summaries = serde_json::Deserializer::from_str(&file.text).into_iter::<Summary>();
    while let Some(summary) = summaries.next() {
        let Summary { module_path, id, profiles, .. } =
            summary.map_err(|error| refused(file, 0, &error))?;
        let read_until = file.text.get(..summaries.byte_offset()).unwrap_or_default();
        let line = read_until.lines().count();
        let before = session.rows.len();
        let arm = id.map_or_else(|| "default".to_owned(), |id| id.0);
        for profile in profiles.iter().filter(|profile| profile.tool == "Callgrind") {
            for (event, metric) in EVENTS {
                let found = counts(profile).and_then(|counts| counts.get(event)?.new_value());
                if let Some(value) = found {
                    session.rows.push(Row::samples(&module_path.0, &arm, metric, vec![value]));
                }
            }
        }
        if session.rows.len() == before {
            let problem = format!("{} has no count of callgrind's", module_path.0);
            return Err(file.at(line, problem));
        }
    }
    Ok(vec![session])
}

fn counts(profile: &Profile) -> Option<&BTreeMap<String, Event>> {
    let total = &profile.data.as_ref().or(profile.summaries.as_ref())?.total;
    total.metrics.as_ref().or_else(|| total.summary.as_ref()?.callgrind.as_ref())
}
