//! Driver `command`: a program that measures by itself and prints JSON lines.
//! The runner starts no host: the program may, it is told the binary and a free
//! address. What it leaves out, garbles or fails at is never a number.

use super::Driven;
use crate::measure::cast::{Broken, Cast};
use crate::measure::fill::named;
use crate::measure::process::{Command, Process};
use crate::measure::program;
use crate::measure::ready::free_addrs;
use crate::measure::stage::Stage;
use model::{Arm, Component, Measurements, Metric, Source};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

/// How long a wait takes to notice that the user wants out.
const LOOK_UP: Duration = Duration::from_millis(100);
/// From the end of its output to its own.
const TO_EXIT: Duration = Duration::from_secs(5);
/// As many as are stored of one metric in a block.
const MAX_VALUES: usize = 100_000;
/// Where its programs find the components, whatever folder they are built in.
const COMPONENTS: &str = "BENCH_COMPONENTS";

pub(super) fn drive(stage: &Stage<'_>, words: &[String]) -> Result<Driven, Broken> {
    let scratch = stage.scratch().map_err(Broken::early)?;
    let words = filled(stage, words, scratch.path()).map_err(Broken::early)?;
    let mut report = Report::default();
    // It starts the host, so what the host is started with is its business.
    let environment = &stage.subject.launch.environment;
    let log_tail =
        run(stage, "the command", words, environment, scratch.path(), |line| report.take(line))?;
    let measurements = report.finish(stage.arm).map_err(|reason| Broken { reason, log_tail })?;
    Ok(Driven { measurements, ..Driven::default() })
}

/// Runs a program to its end, which has to be a good one, and returns its last
/// lines; `take` gets each line of its standard output.
pub(super) fn run(
    stage: &Stage<'_>,
    name: &str,
    words: Vec<String>,
    environment: &[(String, String)],
    directory: &Path,
    mut take: impl FnMut(&str) -> Result<(), String>,
) -> Result<String, Broken> {
    let bench = stage.bench;
    let components = std::path::absolute(&stage.arm.components_dir).unwrap_or_default();
    let mut environment = environment.to_vec();
    environment.push((COMPONENTS.to_owned(), components.to_string_lossy().into_owned()));
    let mut process = Process::start(Command {
        name: name.to_owned(),
        words,
        environment: &environment,
        directory,
        // It is host and load in one; they share what there is.
        cpus: &bench.placement.all(),
        stop_timeout: Duration::ZERO,
    })
    .map_err(Broken::early)?;
    let lines = process.take_lines();
    let mut cast = Cast::watched_by(&stage.watchdog);
    cast.add(process, true);
    while let Some(lines) = &lines {
        match lines.recv_timeout(LOOK_UP) {
            Ok((line, _)) => {
                // How it goes on does not matter any more.
                let broken = |problem| Broken {
                    reason: format!("{name} {problem}"),
                    log_tail: cast.log_tail(),
                };
                take(&line).map_err(broken)?;
            }
            Err(RecvTimeoutError::Timeout) if bench.is_cancelled() => {
                return Err(cast.broken(&format!("{name} was not waited for")));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    cast.finish(TO_EXIT)
}

fn filled(stage: &Stage<'_>, words: &[String], scratch: &Path) -> Result<Vec<String>, String> {
    let text = |path: Option<&Path>| path.unwrap_or(Path::new("")).to_string_lossy().into_owned();
    let addr = free_addrs(1)?[0];
    let workload = stage.first_workload(addr, scratch)?;
    let values = [
        ("binary", text(Some(&stage.subject.binary))),
        ("component", text(stage.arm.component.as_ref().map(Component::path))),
        ("workload", text(workload.as_deref())),
        ("addr", addr.to_string()),
        ("scratch", text(Some(scratch))),
        ("suite", text(Some(&stage.arm.dir))),
    ];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut words: Vec<String> = words.iter().map(|word| named(word, &values)).collect();
    if !words[0].contains('/') {
        let program = program::find(&words[0]);
        let program = program.ok_or_else(|| format!("{} is not installed", words[0]))?;
        words[0] = program.to_string_lossy().into_owned();
    }
    Ok(words)
}

/// One line of the program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    metric: Option<String>,
    value: Option<f64>,
    values: Option<Vec<f64>>,
    done: Option<bool>,
}

/// What the program has told so far.
#[derive(Default)]
struct Report {
    samples: BTreeMap<&'static str, Vec<f64>>,
    is_done: bool,
}

impl Report {
    /// Takes a line; those that are no JSON object are for people.
    fn take(&mut self, line: &str) -> Result<(), String> {
        if !line.trim_start().starts_with('{') {
            return Ok(());
        }
        let wrong = |problem: String| format!("printed a line that is not understood: {problem}");
        let line: Line = serde_json::from_str(line).map_err(|e| wrong(e.to_string()))?;
        if self.is_done {
            return Err("went on after {\"done\": true}".to_owned());
        }
        let (metric, values) = match line {
            Line { metric: None, value: None, values: None, done: Some(true) } => {
                self.is_done = true;
                return Ok(());
            }
            Line { metric: Some(metric), value: Some(value), values: None, done: None } => {
                (metric, vec![value])
            }
            Line { metric: Some(metric), value: None, values: Some(values), done: None } => {
                (metric, values)
            }
            _ => {
                let problem = "it needs `metric` with `value` or `values`, or `done`";
                return Err(wrong(problem.to_owned()));
            }
        };
        let Some(metric) = Metric::named(&metric).filter(|m| m.source == Source::Samples) else {
            return Err(format!(
                "printed `{metric}`, which is no metric that is stored as samples"
            ));
        };
        if let Some(value) = values.iter().find(|value| !value.is_finite() || **value < 0.0) {
            return Err(format!("printed {value} for `{metric}`, which is no number of 0 or more"));
        }
        let all = self.samples.entry(metric.name).or_default();
        all.extend(values);
        match all.len() {
            ..=MAX_VALUES => Ok(()),
            _ => Err(format!("printed more than {MAX_VALUES} values of `{metric}`")),
        }
    }

    /// What the arm reports of it.
    fn finish(self, arm: &Arm) -> Result<Measurements, String> {
        if !self.is_done {
            return Err("the command ended without {\"done\": true}".to_owned());
        }
        let mut measurements = Measurements::default();
        let is_reported = |stored: &str| arm.metrics.iter().any(|metric| metric.rests_on(stored));
        for (name, values) in self.samples {
            if is_reported(name) && !values.is_empty() {
                measurements.insert(name, values);
            }
        }
        match measurements.samples.is_empty() {
            true => Err("the command printed no value of any metric of its suite".to_owned()),
            false => Ok(measurements),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood_or_refused() {
        let check = |lines: &[&str], expected: Result<usize, &str>| {
            let mut report = Report::default();
            let taken = lines.iter().try_for_each(|line| report.take(line));
            let values = report.samples.values().map(Vec::len).sum();
            let taken = taken.map(|()| values);
            match expected {
                Ok(_) => assert_eq!(taken, expected.map_err(str::to_owned), "{lines:?}"),
                Err(part) => assert!(taken.clone().unwrap_err().contains(part), "{taken:?}"),
            }
        };
        check(&["hello", r#"{"metric":"rss_bytes","value":1}"#, r#"{"done":true}"#], Ok(1));
        check(&[r#"{"metric":"rss_bytes","values":[1,2.5]}"#; 2], Ok(4));
        check(&["{"], Err("not understood"));
        check(&[r#"{"metric":"rss_bytes"}"#], Err("needs `metric` with `value`"));
        check(&[r#"{"metric":"rss_bytes","value":1,"unit":"B"}"#], Err("unknown field"));
        check(&[r#"{"done":false}"#], Err("needs `metric` with"));
        check(&[r#"{"done":true}"#; 2], Err("went on after"));
        check(&[r#"{"metric":"speed","value":1}"#], Err("printed `speed`, which is no metric"));
        // Derived ones are made of what is stored.
        check(&[r#"{"metric":"throughput_rps","value":1}"#], Err("no metric that is stored"));
        check(&[r#"{"metric":"rss_bytes","value":-1}"#], Err("printed -1 for `rss_bytes`"));
        check(&[r#"{"metric":"rss_bytes","value":1e999}"#], Err("not understood"));
        check(&[r#"{"metric":"rss_bytes","value":null}"#], Err("needs `metric`"));
    }
}
