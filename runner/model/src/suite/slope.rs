//! What a suite says of straight lines through its arms: what one step of a
//! parameter costs. It must not fit any.

use crate::metric::Metric;

/// The same work a number of times, so that one time can be told from the rest.
#[derive(Debug, Clone)]
pub struct SlopeSpec {
    /// The benchmarks whose arms are points of the lines.
    pub benchmarks: Vec<String>,
    /// The parameter with the number of times.
    pub over: String,
    /// The parameter whose values are compared; others make tables of their own.
    pub lines: String,
    /// What one time is: `call`.
    pub one: String,
    /// What is told of it, the deciding metric first.
    pub metrics: Vec<&'static Metric>,
    /// What people call a line, by its value of `lines`.
    pub names: Vec<(String, String)>,
    /// What to know of a line, by its value of `lines`.
    pub notes: Vec<(String, String)>,
}

impl SlopeSpec {
    /// What people call the line of this value.
    pub fn name<'a>(&'a self, value: &'a str) -> &'a str {
        of(&self.names, value).unwrap_or(value)
    }

    /// What to know of the line of this value.
    pub fn note(&self, value: &str) -> Option<&str> {
        of(&self.notes, value)
    }
}

fn of<'a>(texts: &'a [(String, String)], value: &str) -> Option<&'a str> {
    texts.iter().find(|(name, _)| name == value).map(|(_, text)| text.as_str())
}
