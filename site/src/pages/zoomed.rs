//! What a chart that can be zoomed carries for the script that draws it anew.

use super::Site;
use super::shown::{Benchmark, ShownLine};
use crate::series::State;
use model::Metric;

/// Every point for the script that zooms: names of versions, and values in the
/// unit of the chart, separated by spaces.
pub(crate) struct Zoomed {
    pub(crate) names: String,
    pub(crate) values: String,
    pub(crate) symbol: &'static str,
}

/// The points of a line.
pub(crate) fn of(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    line: &ShownLine<'_>,
    metric: &'static Metric,
) -> Zoomed {
    let versions = &benchmark.axis.versions;
    let mut values: Vec<Option<f64>> = vec![None; versions.len()];
    for (place, point) in &line.points {
        if let State::Measured { summary, .. } = point.state(metric) {
            values[*place] = Some(summary.value);
        }
    }
    let largest = values.iter().flatten().copied().fold(0.0, f64::max);
    let (factor, symbol) = metric.unit.scale(largest);
    let values = values
        .iter()
        .map(|value| value.map_or_else(|| "-".to_owned(), |value| short(value / factor)));
    let names = versions.iter().map(|at| {
        // Separated by spaces, so names have none.
        site.marks().name(site.history, *at).replace(char::is_whitespace, "_")
    });
    Zoomed {
        names: names.collect::<Vec<_>>().join(" "),
        values: values.collect::<Vec<_>>().join(" "),
        symbol,
    }
}

/// Five digits.
fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.4e}").parse().unwrap_or(value);
    rounded.to_string()
}
