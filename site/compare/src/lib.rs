//! Two stored versions compared, from what a page carries of their runs.
//!
//! A [`Shard`] is a run without its samples: a summary of every block. [`compare`]
//! says of two of them what `bench compare run:A run:B` says. The same code makes the
//! pages of prepared comparisons and, compiled to WebAssembly, those of any pair in
//! a reader's browser; verdicts come from `stats` in all three places.
//!
//! What must not be here: files, clocks, names of metrics, units, and rules for a
//! verdict. What is known of a metric is handed in as [`Terms`].

mod comparison;
mod index;
mod report;
mod sides;
mod terms;

pub use comparison::compare;
pub use index::{Index, Measured, RunEntry};
pub use report::{Lacking, Report, Row};
pub use sides::{ArmBlocks, Shard, Version};
pub use terms::{MetricTerms, Terms};

use serde::{Deserialize, Serialize};

/// What a page asks.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Asked {
    /// Which runs two versions are best compared by.
    Choose { index: Index, a: String, b: String },
    /// Two versions, by their names.
    Compare(Box<Comparing>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Comparing {
    terms: Terms,
    /// The run of A.
    first: Shard,
    /// The run of B, if it is another.
    second: Option<Shard>,
    a: String,
    b: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Chosen { a: String, b: String },
    Report(Report),
    Error(String),
}

/// Answers a page, from JSON to JSON: `{"choose":{..}}` gives `{"chosen":{"a":RUN,
/// "b":RUN}}`, `{"compare":{..}}` gives `{"report":{..}}`, and anything else
/// `{"error":".."}`.
#[must_use]
pub fn answer(asked: &str) -> String {
    let answer = match serde_json::from_str::<Asked>(asked) {
        Err(error) => Err(error.to_string()),
        Ok(Asked::Choose { index, a, b }) => {
            index.choose(&a, &b).map(|(a, b)| Answer::Chosen { a: a.to_owned(), b: b.to_owned() })
        }
        Ok(Asked::Compare(asked)) => {
            let Comparing { terms, first, second, a, b } = *asked;
            let second = second.as_ref().unwrap_or(&first);
            compare((&first, &a), (second, &b), &terms).map(Answer::Report)
        }
    };
    let text = serde_json::to_string(&answer.unwrap_or_else(Answer::Error));
    text.unwrap_or_else(|_| r#"{"error":"the answer could not be written"}"#.to_owned())
}

#[cfg(test)]
mod tests;
