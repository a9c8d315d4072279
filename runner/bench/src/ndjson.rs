//! A question a line on standard input, an answer a line on standard output.
//!
//! The first line that cannot be read or answered ends it, with its number:
//! a wrong line that is skipped would be a result that is missing in silence.

use anyhow::{Context, Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufWriter, Write};

/// Answers every line that is not empty.
///
/// # Errors
/// A line that is no such question or has no answer (with the line's number),
/// and failures to read and to write.
pub(crate) fn answer<Q: DeserializeOwned, A: Serialize>(
    input: impl BufRead,
    output: impl Write,
    answer: impl Fn(Q) -> Result<A>,
) -> Result<()> {
    let mut output = BufWriter::new(output);
    for (index, line) in input.lines().enumerate() {
        let at = || format!("standard input, line {}", index + 1);
        let line = line.with_context(at)?;
        if line.trim().is_empty() {
            continue;
        }
        let question = serde_json::from_str(&line).map_err(|error| in_line(&error));
        let answered = question.and_then(&answer).with_context(at);
        let answered = match answered {
            Ok(answered) => answered,
            Err(error) => {
                // What was answered so far is right, and says how far it came.
                output.flush().context("writing to standard output")?;
                return Err(error);
            }
        };
        serde_json::to_writer(&mut output, &answered).context("writing to standard output")?;
        output.write_all(b"\n").context("writing to standard output")?;
    }
    output.flush().context("writing to standard output")
}

/// The text without its own position: every line is "line 1" to the parser.
fn in_line(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let end = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&end).unwrap_or(&text);
    Error::msg(format!("column {}: {what}", error.column()))
}
