//! A line small enough to stand in a table row. It has no axes and is hidden
//! from assistive technology, since the number stands beside it.

use crate::chart_path::{line, thinned};
use crate::pages::shown::ShownLine;
use crate::palette::LineStyle;
use crate::series::{History, State};
use crate::trend::{self, Placed};
use model::Metric;
use std::fmt::Write as _;

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 28.0;
const MARGIN: f64 = 4.0;

/// The line of a metric.
pub(crate) fn of_line(
    history: &History,
    places: usize,
    shown: &ShownLine<'_>,
    metric: &Metric,
) -> String {
    /// Columns that can be told apart in it.
    const COLUMNS: usize = 40;
    let a_column = places.div_ceil(COLUMNS).max(1);
    let pieces: Vec<Vec<(usize, f64)>> = trend::segments(history, &shown.points, metric)
        .iter()
        .map(|piece| {
            let value = |(place, point): &Placed<'_>| match point.state(metric) {
                State::Measured { summary, .. } => Some((*place, summary.value)),
                _ => None,
            };
            let all: Vec<(usize, f64)> = piece.iter().filter_map(value).collect();
            thinned(&all, a_column)
        })
        .collect();
    svg(places, &pieces, shown.style)
}

/// Draws pieces of (place, value) over `places` places; empty without a value.
pub(crate) fn svg(places: usize, pieces: &[Vec<(usize, f64)>], style: LineStyle) -> String {
    let values = || pieces.iter().flatten().map(|(_, value)| *value);
    let Some(low) = values().reduce(f64::min) else { return String::new() };
    let high = values().fold(low, f64::max);
    // Noise of a percent must not look like a mountain range.
    let span = (high - low).max(high.abs() * 0.05).max(f64::MIN_POSITIVE);
    let middle = f64::midpoint(low, high);
    let at = |(place, value): (usize, f64)| {
        let across = if places > 1 { place as f64 / (places - 1) as f64 } else { 1.0 };
        let up = 0.5 + (value - middle) / span;
        (MARGIN + across * (WIDTH - 2.0 * MARGIN), HEIGHT - MARGIN - up * (HEIGHT - 2.0 * MARGIN))
    };
    let unit = |point: &(usize, f64)| {
        let (x, y) = at(*point);
        (x.round() as i64, y.round() as i64)
    };
    let mut svg = format!(
        "<svg class=\"sparkline {}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\" focusable=\"false\">",
        style.class()
    );
    for piece in pieces.iter().filter(|piece| piece.len() > 1) {
        let units: Vec<(i64, i64)> = piece.iter().map(unit).collect();
        // Writing to a string cannot fail.
        let _ = write!(svg, "<path d=\"{}\"/>", line(&units));
    }
    if let Some(last) = pieces.iter().flatten().max_by_key(|(place, _)| *place) {
        let (x, y) = unit(last);
        let _ = write!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"3\"/>");
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_lies_inside() {
        let style = LineStyle::of_position(0);
        assert_eq!(svg(3, &[], style), "");
        let drawn = svg(3, &[vec![(0, 1.0), (1, 100.0)], vec![(2, 50.0)]], style);
        expect_test::expect![[r##"<svg class="sparkline l1" viewBox="0 0 120 28" aria-hidden="true" focusable="false"><path d="M4 24l56-20"/><circle cx="116" cy="14" r="3"/></svg>"##]].assert_eq(&drawn);
    }
}
