//! What a chart that can be zoomed carries for the script that draws it anew.

use super::Site;
use super::shown::{Benchmark, ShownLine};
use crate::data::rounded;
use crate::series::State;
use model::Metric;
use std::fmt::Write as _;

/// Digits of a value: more could not be seen.
const DIGITS: usize = 5;

/// Every point for the script that zooms: names of versions, and values in the
/// unit of the chart, separated by spaces.
pub(crate) struct Zoomed {
    pub(crate) names: String,
    pub(crate) values: String,
    pub(crate) symbol: &'static str,
}

/// The points of a line; `names` is what [`names`] gives.
pub(crate) fn of(
    benchmark: &Benchmark<'_>,
    line: &ShownLine<'_>,
    metric: &'static Metric,
    names: &str,
) -> Zoomed {
    let mut values: Vec<Option<f64>> = vec![None; benchmark.axis.versions.len()];
    for (place, point) in &line.points {
        if let State::Measured { summary, .. } = point.state(metric) {
            values[*place] = Some(summary.value);
        }
    }
    let largest = values.iter().flatten().copied().fold(0.0, f64::max);
    let (factor, symbol) = metric.unit.scale(largest);
    let mut told = String::with_capacity(8 * values.len());
    for value in values {
        told.push_str(if told.is_empty() { "" } else { " " });
        // Writing to a string cannot fail.
        let _ = match value.and_then(|value| rounded(Some(value / factor), DIGITS)) {
            Some(value) => write!(told, "{value}"),
            None => write!(told, "-"),
        };
    }
    Zoomed { names: names.to_owned(), values: told, symbol }
}

/// The names of a benchmark's versions, in order.
pub(crate) fn names(site: &Site<'_>, benchmark: &Benchmark<'_>) -> String {
    let mut names = String::new();
    for at in &benchmark.axis.versions {
        // Separated by spaces, so names have none.
        let name = site.marks().named(site.history, *at);
        names.push_str(if names.is_empty() { "" } else { " " });
        names.extend(name.chars().map(|letter| if letter.is_whitespace() { '_' } else { letter }));
    }
    names
}
