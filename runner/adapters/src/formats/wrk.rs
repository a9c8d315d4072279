//! wrk (<https://github.com/wg/wrk>): what it prints, with `--latency` also percentiles. One
//! report or several, named by the file; connections and threads are the arm. Answers that
//! are no success, and errors of sockets, make a report a failure.

use crate::file::File;
use crate::session::{Row, Session};
use crate::unit;
use model::Diagnostic;

const PERCENTILES: [(&str, &str); 3] =
    [("50%", "latency_p50_ns"), ("90%", "latency_p90_ns"), ("99%", "latency_p99_ns")];

/// One report so far.
#[derive(Default)]
struct Report {
    arm: Option<String>,
    values: Vec<(&'static str, f64)>,
    throughput: Option<f64>,
    trouble: Vec<String>,
}

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let mut session = Session::default();
    let mut open: Option<Report> = None;
    for (line, text) in file.lines() {
        let text = text.trim();
        if text.starts_with("Running ") {
            if open.is_some() {
                return Err(file.at(line, "a report begins before `Requests/sec` ended the last"));
            }
            open = Some(Report::default());
            continue;
        }
        let Some(report) = &mut open else { continue };
        if report.read(text).map_err(|problem| file.at(line, problem))? {
            session.rows.extend(report.rows(&file.name));
            open = None;
        }
    }
    if open.is_some() {
        return Err(file.at(file.last_line(), "the report ends before its `Requests/sec`"));
    }
    Ok(vec![session])
}

impl Report {
    /// Takes a line; true for the one that ends a report.
    fn read(&mut self, text: &str) -> Result<bool, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            [threads, "threads", "and", connections, "connections"] => {
                let number = |text: &str| {
                    text.parse::<u32>().map_err(|_| format!("`{text}` is not a count"))
                };
                let (threads, connections) = (number(threads)?, number(connections)?);
                self.arm = Some(format!("connections={connections},threads={threads}"));
            }
            [percentile, time] => {
                if let Some((_, metric)) = PERCENTILES.iter().find(|(name, _)| name == percentile) {
                    self.values.push((*metric, ns(time)?));
                } else if *percentile == "Requests/sec:" {
                    let rate: Result<f64, _> = time.parse();
                    let rate = rate.ok().filter(|rate| rate.is_finite() && *rate >= 0.0);
                    self.throughput = Some(rate.ok_or_else(|| format!("`{time}` is not a rate"))?);
                    return Ok(true);
                }
            }
            ["Non-2xx", ..] | ["Socket", "errors:", ..] => self.trouble.push(text.to_owned()),
            _ => {}
        }
        Ok(false)
    }

    fn rows(&self, name: &str) -> Vec<Row> {
        let arm = self.arm.as_deref().unwrap_or("default");
        if !self.trouble.is_empty() {
            return vec![Row::failed(name, arm, self.trouble.join("; "))];
        }
        if self.throughput == Some(0.0) {
            return vec![Row::failed(name, arm, "no request was answered")];
        }
        let throughput = self.throughput.map(|rate| ("throughput_rps", rate));
        let all = throughput.iter().chain(&self.values);
        all.map(|(metric, value)| Row::summary(name, arm, metric, *value)).collect()
    }
}

/// `1.23ms` in nanoseconds.
fn ns(text: &str) -> Result<f64, String> {
    let wrong = || format!("`{text}` is not a time such as 1.23ms");
    let end = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let factor = unit::ns(unit).ok_or_else(wrong)?;
    let good = number.is_finite() && number >= 0.0;
    if good { Ok(number * factor) } else { Err(wrong()) }
}
