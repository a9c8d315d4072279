//! Output files of callgrind (valgrind's manual, "Callgrind Format Specification"): the
//! counts of the line `totals:` or `summary:`, by the line `events:`. A program of several
//! threads leaves a file for each (`--separate-threads=yes`), named `callgrind.out.PID-01` by
//! valgrind and `callgrind.NAME.t1.out` by gungraun; counts of one process are added up.

use crate::file::File;
use crate::session::{Row, Session};
use crate::wire::Name;
use model::Diagnostic;
use std::path::Path;

/// What is taken of its events.
const EVENTS: [(&str, &str); 1] = [("Ir", "callgrind_instructions")];

/// Whether a file of that name is an output file, and not the one of an earlier run.
pub(super) fn is_output(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_valgrinds = name.starts_with("callgrind.out.");
    let is_gungrauns = name.starts_with("callgrind.") && name.ends_with(".out");
    (is_valgrinds || is_gungrauns) && !name.contains(".old") && !name.contains(".log")
}

/// The benchmark's name in a file's name by gungraun: without process, part and thread.
fn benchmark(file: &File) -> Option<String> {
    let name = file.path.file_name()?.to_str()?;
    let inner = name.strip_prefix("callgrind.")?.strip_suffix(".out")?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_part = |word: &str| is_number(word.strip_prefix(['t', 'p', '#']).unwrap_or(word));
    let words: Vec<&str> = inner.split('.').filter(|word| !is_part(word)).collect();
    Name::try_from(words.join(".")).ok().map(|name| name.0)
}

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let mut session = Session::default();
    let mut events: Option<Vec<&str>> = None;
    let mut counts: Option<(usize, Vec<u64>)> = None;
    let (mut command, mut pid) = (None, 0);
    for (line, text) in file.lines() {
        let Some((key, rest)) = text.split_once(':') else { continue };
        match key {
            "creator" => {
                let version = rest.trim().strip_prefix("callgrind-");
                session.told.tool_version = version.map(str::to_owned);
            }
            "cmd" => command = Name::try_from(rest.to_owned()).ok().map(|name| name.0),
            "pid" => {
                let told = rest.trim().parse();
                pid =
                    told.map_err(|_| file.at(line, format!("`{}` is no process", rest.trim())))?;
            }
            "events" => events = Some(rest.split_whitespace().collect()),
            "totals" | "summary" => {
                let numbers: Result<Vec<u64>, _> =
                    rest.split_whitespace().map(str::parse).collect();
                let Ok(numbers) = numbers else {
                    return Err(file.at(line, format!("`{}` are not counts", rest.trim())));
                };
                counts = Some((line, numbers));
            }
            _ => {}
        }
    }
    let last = file.last_line();
    let Some(events) = events else {
        return Err(file.at(last, "has no line `events:`, so it is no output of callgrind"));
    };
    let Some((line, counts)) = counts else {
        return Err(file.at(last, "has no line `totals:` or `summary:`; it was cut"));
    };
    // Gungraun measures a benchmark once, whatever processes and threads that takes; by
    // valgrind's own names, another process of a command may be another time.
    let (benchmark, process) = match benchmark(file) {
        Some(name) => (name, 0),
        None => (command.unwrap_or_else(|| file.name.clone()), pid),
    };
    for (event, metric) in EVENTS {
        let Some(index) = events.iter().position(|name| *name == event) else {
            return Err(file.at(line, format!("does not count {event}, only {}", events.join(" "))));
        };
        // Callgrind leaves out zeros at the end.
        let count = counts.get(index).copied().unwrap_or_default() as f64;
        let row = Row::samples(&benchmark, "default", metric, vec![count]);
        session.rows.push(row.of_process(process));
    }
    if counts.len() > events.len() {
        return Err(file.at(line, format!("{} counts of {} events", counts.len(), events.len())));
    }
    Ok(vec![session])
}
