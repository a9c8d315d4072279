//! The frame of a chart: ranges, grid, names along the axes, and the marks
//! where something changed. It must not draw a value.

use crate::chart::{Chart, ChartPoint, WIDTH};
use crate::palette;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

/// Plotters writes this number divided by 1.24 as the size of letters.
const TEXT_SIZE: f64 = 30.0 * 1.24;
/// How wide a letter is, about.
const LETTER_WIDTH: u32 = 17;
const MOST_NAMES: usize = 4;
const NAME_CHARS: usize = 8;

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// What lies where.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) x: Range<f64>,
    pub(crate) y: Range<f64>,
    pub(crate) label_width: u32,
    decimals: usize,
}

impl Frame {
    /// The frame that holds every value; `None` without values.
    pub(crate) fn of(chart: &Chart) -> Option<Self> {
        let points = chart.lines.iter().flat_map(|line| line.segments.iter().flatten());
        let ends = |point: &ChartPoint| {
            let (low, high) = point.interval.unwrap_or((point.value, point.value));
            (low.min(point.value) / chart.scale.0, high.max(point.value) / chart.scale.0)
        };
        let (low, high) =
            points.map(ends).reduce(|(low, high), (l, h)| (low.min(l), high.max(h)))?;
        let mut y = vertical_range(low, high);
        if chart.lines.iter().any(|line| !line.gaps.is_empty()) {
            // Room for a row of crosses above the values.
            y.end += (y.end - y.start) * 0.1;
        }
        let decimals = decimals_for(y.end - y.start);
        let letters = [y.start, y.end].map(|end| format!("{end:.decimals$}").len());
        let label_width = (letters[0].max(letters[1]) as u32).max(3) * LETTER_WIDTH + 22;
        let last = chart.places.len().max(1) as f64 - 1.0;
        Some(Self { x: -0.5..last + 0.5, y, label_width, decimals })
    }

    /// What must be said of the vertical axis.
    pub(crate) fn note(&self) -> Option<&'static str> {
        (self.y.start > 0.0).then_some("The vertical axis does not start at zero.")
    }
}

/// From zero when the values are far apart, else just around them, since
/// changes of a percent must be visible.
fn vertical_range(low: f64, high: f64) -> Range<f64> {
    if low >= 0.0 && low < 0.6 * high {
        return 0.0..high * 1.08;
    }
    let margin = ((high - low) * 0.15).max(high.abs() * 0.01).max(f64::MIN_POSITIVE);
    // Values are never negative, so neither is the axis.
    (low - margin).max(0.0)..high + margin
}

fn decimals_for(span: f64) -> usize {
    // About five marks share the span; each needs its own text.
    let step = (span / 5.0).log10().floor();
    if step >= 0.0 { 0 } else { (-step).min(9.0) as usize }
}

/// Draws the frame.
pub(crate) fn draw(
    root: &DrawingArea<SVGBackend<'_>, Shift>,
    plot: &mut ChartContext<'_, SVGBackend<'_>, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
    chart: &Chart,
    frame: &Frame,
) -> Drawn {
    let text = ("sans-serif", TEXT_SIZE).into_font().color(&palette::TEXT);
    let decimals = frame.decimals;
    plot.configure_mesh()
        .disable_x_mesh()
        .x_labels(0)
        .y_labels(5)
        .max_light_lines(0)
        .bold_line_style(palette::GRID.stroke_width(2))
        .axis_style(palette::GRID.stroke_width(2))
        .y_label_style(text.clone())
        .y_label_formatter(&|value| format!("{value:.decimals$}"))
        .draw()?;
    let symbol = text.pos(Pos::new(HPos::Left, VPos::Top));
    root.draw(&Text::new(chart.scale.1, (4, 2), symbol))?;
    if let Some(level) = chart.reference.filter(|level| frame.y.contains(level)) {
        let ends = [(frame.x.start, level), (frame.x.end, level)];
        plot.draw_series([PathElement::new(ends, palette::ANCHOR.stroke_width(4))])?;
    }
    for place in &chart.changes {
        let x = *place as f64 - 0.5;
        let ends = [(x, frame.y.start), (x, frame.y.end)];
        plot.draw_series([PathElement::new(ends, palette::CHANGE.stroke_width(3))])?;
    }
    for place in named_places(chart.places.len()) {
        let (x, y) = plot.backend_coord(&(place as f64, frame.y.start));
        draw_name(root, &chart.places[place], x, y + 14)?;
    }
    Ok(())
}

fn draw_name(root: &DrawingArea<SVGBackend<'_>, Shift>, name: &str, x: i32, y: i32) -> Drawn {
    let name: String = name.trim_start_matches("sha256:").chars().take(NAME_CHARS).collect();
    let half = (name.chars().count() as u32 * LETTER_WIDTH / 2) as i32;
    let (anchor, x) = match x {
        x if x + half > WIDTH as i32 => (HPos::Right, WIDTH as i32 - 2),
        x if x < half => (HPos::Left, 2),
        x => (HPos::Center, x),
    };
    let style = ("sans-serif", TEXT_SIZE)
        .into_font()
        .color(&palette::TEXT)
        .pos(Pos::new(anchor, VPos::Top));
    root.draw(&Text::new(name, (x, y), style))
}

/// The places whose names fit: the first, the last, and some between.
fn named_places(count: usize) -> Vec<usize> {
    if count <= MOST_NAMES {
        return (0..count).collect();
    }
    (0..MOST_NAMES).map(|step| step * (count - 1) / (MOST_NAMES - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_their_values() {
        for (low, high) in [(0.0, 0.0), (5.0, 5.0), (30.0, 184.0), (180.0, 184.0), (1e-9, 1e12)] {
            let range = vertical_range(low, high);
            assert!(range.start <= low && high <= range.end, "{low} {high} {range:?}");
            assert!(range.start >= 0.0 && range.end > range.start, "{low} {high} {range:?}");
        }
    }

    #[test]
    fn few_places_are_named_and_the_last_always_is() {
        assert_eq!(named_places(3), [0, 1, 2]);
        assert_eq!(named_places(12), [0, 3, 7, 11]);
        assert_eq!(named_places(0), [0_usize; 0]);
    }
}
