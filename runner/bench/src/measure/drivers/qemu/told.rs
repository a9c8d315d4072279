//! What a board tells: metrics as JSON lines, and text. A count is believed only
//! after the board has shown that it counts exactly.

use super::serial::{Answer, Item, Serial};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Lines kept for whoever has to find out what went wrong.
const MAX_LOG_LINES: usize = 200;
/// What the two loops of the proof differ by.
const DIFFERENCE: u64 = 2_000_000;

/// From one reading of the counter to another.
type Span = (u64, u64);

/// Everything so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The last value of each metric: of what is measured more than once, the
    /// last is in its steady state.
    values: BTreeMap<String, f64>,
    log: Vec<String>,
    /// Instructions that lie between two readings one after the other.
    reading: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ready {
    event: String,
    reading: Span,
    short: Span,
    long: Span,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    metric: String,
    span: Option<Span>,
    less: Option<Span>,
    value: Option<u64>,
}

impl Told {
    /// The value of a metric.
    pub(super) fn value(&self, metric: &str) -> Option<f64> {
        self.values.get(metric).copied()
    }

    /// The last lines.
    pub(super) fn log(&self) -> String {
        self.log.join("\n")
    }

    /// Waits until the board takes requests.
    pub(super) fn wait_until_ready(&mut self, serial: &mut Serial) -> Result<(), String> {
        loop {
            match serial.next()? {
                Item::Frame(_) => return Err("answered before it was asked".to_owned()),
                Item::Line(line) => {
                    let ready: Option<Ready> = serde_json::from_str(&line).ok();
                    self.keep(&line);
                    if let Some(ready) = ready.filter(|ready| ready.event == "ready") {
                        self.reading = proven(&ready)?;
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Takes what is told until an answer comes.
    pub(super) fn until_answer(&mut self, serial: &mut Serial) -> Result<Answer, String> {
        loop {
            match serial.next()? {
                Item::Frame(frame) => {
                    return Answer::parse(&frame)
                        .ok_or_else(|| "sent an answer that is none".to_owned());
                }
                Item::Line(line) => self.take(&line)?,
            }
        }
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        self.keep(line);
        if !line.starts_with("{\"metric\"") {
            return Ok(());
        }
        let told: Metric = serde_json::from_str(line)
            .map_err(|error| format!("told what is not understood ({error}): {line}"))?;
        let value = match (told.span, told.less, told.value) {
            (None, None, Some(value)) => Some(value),
            (Some(span), None, None) => {
                length(span).and_then(|length| length.checked_sub(self.reading))
            }
            (Some(span), Some(less), None) => {
                length(span).zip(length(less)).and_then(|(span, less)| span.checked_sub(less))
            }
            _ => None,
        };
        let value = value.ok_or_else(|| format!("told a number that is none: {line}"))?;
        self.values.insert(told.metric, value as f64);
        Ok(())
    }

    fn keep(&mut self, line: &str) {
        if self.log.len() == MAX_LOG_LINES {
            self.log.remove(0);
        }
        self.log.push(line.to_owned());
    }
}

fn length((from, to): Span) -> Option<u64> {
    to.checked_sub(from)
}

/// What lies between two readings, if the counter counts instructions exactly.
fn proven(ready: &Ready) -> Result<u64, String> {
    let counted = || length(ready.long)?.checked_sub(length(ready.short)?);
    match (counted(), length(ready.reading)) {
        (Some(DIFFERENCE), Some(reading)) => Ok(reading),
        (counted, _) => Err(format!(
            "does not count instructions: of {DIFFERENCE} it counted {}; is `-icount` in the \
             emulator's command the one that the firmware expects?",
            counted.map_or_else(|| "none".to_owned(), |counted| counted.to_string())
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_believed_when_it_is_exact() {
        let ready = |long| Ready {
            event: "ready".to_owned(),
            reading: (0, 9),
            short: (9, 2030),
            long: (2030, long),
        };
        assert_eq!(proven(&ready(2_004_051)), Ok(9));
        for wrong in [2_004_052, 2_004_050, 12, 0] {
            let problem = proven(&ready(wrong)).unwrap_err();
            assert!(problem.contains("does not count instructions"), "{problem}");
        }
    }

    #[test]
    fn numbers_are_taken_and_nonsense_is_refused() {
        let check = |line: &str, expected: Result<Option<f64>, &str>| {
            let mut told = Told { reading: 9, ..Told::default() };
            let taken = told.take(line).map(|()| told.value("x_bytes"));
            match (taken, expected) {
                (Ok(value), Ok(expected)) => assert_eq!(value, expected, "{line}"),
                (Err(problem), Err(part)) => assert!(problem.contains(part), "{problem}"),
                (taken, _) => panic!("{line}: {taken:?}"),
            }
        };
        check(r#"{"metric":"x_bytes","value":7}"#, Ok(Some(7.0)));
        check(r#"{"metric":"x_bytes","span":[100,150]}"#, Ok(Some(41.0)));
        check(r#"{"metric":"x_bytes","span":[100,150],"less":[10,30]}"#, Ok(Some(30.0)));
        check("warn sensor: above 200", Ok(None));
        check(r#"{"metric":"x_bytes","span":[100,90]}"#, Err("a number that is none"));
        check(r#"{"metric":"x_bytes","span":[1,2],"less":[1,9]}"#, Err("a number that is none"));
        check(r#"{"metric":"x_bytes"}"#, Err("a number that is none"));
        check(r#"{"metric":"x_bytes","value":-1}"#, Err("not understood"));
        check(r#"{"metric":"x_bytes","value":1,"unit":"s"}"#, Err("not understood"));
    }
}
