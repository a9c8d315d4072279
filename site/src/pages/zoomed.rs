//! What a chart that can be zoomed carries for the script that draws it anew.

use super::Site;
use super::shown::{Benchmark, ShownLine};
use crate::data::rounded;
use crate::series::State;
use model::Metric;

/// Digits of a value: more could not be seen.
const DIGITS: usize = 5;

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
    let mut names = String::new();
    for at in versions {
        // Separated by spaces, so names have none.
        let name = site.marks().named(site.history, *at);
        names.push_str(if names.is_empty() { "" } else { " " });
        names.extend(name.chars().map(|letter| if letter.is_whitespace() { '_' } else { letter }));
    }
    Zoomed { names, values: values.collect::<Vec<_>>().join(" "), symbol }
}

fn short(value: f64) -> String {
    rounded(Some(value), DIGITS).unwrap_or(value).to_string()
}
