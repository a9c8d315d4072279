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
    /// What to know of a line, by its value of `lines`.
    pub notes: Vec<(String, String)>,
}
