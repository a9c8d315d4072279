//! A line small enough to stand in a table row. It has no axes and is hidden
//! from assistive technology, since the number stands beside it.

use crate::palette::LineStyle;
use std::fmt::Write as _;

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 28.0;
const MARGIN: f64 = 4.0;

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
    let colour = style.attribute();
    let mut svg = format!(
        "<svg class=\"sparkline\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\" focusable=\"false\">"
    );
    for piece in pieces.iter().filter(|piece| piece.len() > 1) {
        let points: Vec<String> =
            piece.iter().map(|point| at(*point)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
            points.join(" ")
        );
    }
    if let Some(last) = pieces.iter().flatten().max_by_key(|(place, _)| *place) {
        let (x, y) = at(*last);
        let _ = write!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
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
        expect_test::expect![[r##"<svg class="sparkline" viewBox="0 0 120 28" aria-hidden="true" focusable="false"><polyline fill="none" stroke="#0B0001" stroke-width="2" points="4.0,24.0 60.0,4.0"/><circle cx="116.0" cy="14.1" r="3" fill="#0B0001"/></svg>"##]].assert_eq(&drawn);
    }
}
