//! Draws a chart of values over versions as SVG. No `style` attribute may
//! appear, since the pages forbid inline styles; colours come from the style
//! sheet (see `palette`). It must not know what the values mean.

use crate::Error;
use crate::chart_frame::{self, Frame};
use crate::escape::escape;
use crate::palette::{self, LineStyle};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use std::fmt::Write as _;

/// Twice what is shown on a phone and more, since coordinates are whole.
pub(crate) const WIDTH: u32 = 960;
const HEIGHT: u32 = 520;
const MARKER_SIZE: i32 = 10;

/// A chart.
#[derive(Debug)]
pub(crate) struct Chart {
    /// Unique on its page.
    pub(crate) id: String,
    /// What it shows.
    pub(crate) title: String,
    /// What can be seen on it, for those who do not see it.
    pub(crate) description: String,
    /// Names of the places on the horizontal axis.
    pub(crate) places: Vec<String>,
    /// What is divided out of every value before it is drawn, and its symbol.
    pub(crate) scale: (f64, &'static str),
    /// A level to compare with, in drawn units.
    pub(crate) reference: Option<f64>,
    /// Places before which something changed.
    pub(crate) changes: Vec<usize>,
    /// What is drawn.
    pub(crate) lines: Vec<ChartLine>,
}

/// One line.
#[derive(Debug)]
pub(crate) struct ChartLine {
    pub(crate) style: LineStyle,
    /// Points that may be joined, in order.
    pub(crate) segments: Vec<Vec<ChartPoint>>,
    /// Places without a value, with what to say of them: a cross at the top.
    pub(crate) gaps: Vec<(usize, String)>,
}

/// One point.
#[derive(Debug)]
pub(crate) struct ChartPoint {
    pub(crate) place: usize,
    pub(crate) value: f64,
    pub(crate) interval: Option<(f64, f64)>,
    /// An indication only: drawn hollow.
    pub(crate) hollow: bool,
    /// What to say of it.
    pub(crate) told: String,
}

/// A drawn chart.
#[derive(Debug)]
pub(crate) struct Drawing {
    /// The `svg` element.
    pub(crate) svg: String,
    /// What must be said of its axis.
    pub(crate) note: Option<&'static str>,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

impl Chart {
    /// The chart as an `svg` element; `None` when there is nothing to draw.
    ///
    /// # Errors
    /// When the drawing library refuses.
    pub(crate) fn svg(&self) -> Result<Option<Drawing>, Error> {
        let Some(frame) = Frame::of(self) else { return Ok(None) };
        let mut drawing = String::new();
        let told = self
            .draw(&mut drawing, &frame)
            .map_err(|e| Error::Chart { chart: self.title.clone(), reason: e.to_string() })?;
        Ok(Some(Drawing { svg: self.wrap(&drawing, &told), note: frame.note() }))
    }

    /// Draws, and answers with what is said where: x, y and text.
    fn draw(
        &self,
        drawing: &mut String,
        frame: &Frame,
    ) -> Result<Vec<(i32, i32, String)>, DrawingAreaErrorKind<std::io::Error>> {
        let root = SVGBackend::with_string(drawing, (WIDTH, HEIGHT)).into_drawing_area();
        let mut plot = ChartBuilder::on(&root)
            .margin_top(44)
            .margin_right(24)
            .x_label_area_size(52)
            .y_label_area_size(frame.label_width)
            .build_cartesian_2d(frame.x.clone(), frame.y.clone())?;
        chart_frame::draw(&root, &mut plot, self, frame)?;
        for line in &self.lines {
            self.draw_line(&mut plot, line)?;
        }
        let told = self.draw_points(&root, &plot, frame)?;
        root.present()?;
        drop(plot);
        Ok(told)
    }

    fn at(&self, point: &ChartPoint) -> (f64, f64) {
        (point.place as f64, point.value / self.scale.0)
    }

    fn draw_line(&self, plot: &mut Plot<'_, '_>, line: &ChartLine) -> Drawn {
        for segment in &line.segments {
            let intervals = segment.iter().filter_map(|point| {
                let (low, high) = point.interval?;
                let (x, ends) = (point.place as f64, [low, high].map(|end| end / self.scale.0));
                Some(PathElement::new(
                    [(x, ends[0]), (x, ends[1])],
                    line.style.colour.stroke_width(5),
                ))
            });
            plot.draw_series(intervals)?;
            if segment.len() > 1 {
                let path: Vec<(f64, f64)> = segment.iter().map(|point| self.at(point)).collect();
                let path = PathElement::new(path, line.style.colour.stroke_width(4));
                plot.draw_series([path])?;
            }
        }
        Ok(())
    }

    fn draw_points(
        &self,
        root: &Area<'_>,
        plot: &Plot<'_, '_>,
        frame: &Frame,
    ) -> Result<Vec<(i32, i32, String)>, DrawingAreaErrorKind<std::io::Error>> {
        let mut told = Vec::new();
        let mut gaps_at = vec![0; self.places.len()];
        for line in &self.lines {
            for point in line.segments.iter().flatten() {
                let (x, y) = plot.backend_coord(&self.at(point));
                draw_marker(root, (x, y), line.style, point.hollow)?;
                told.push((x, y, point.told.clone()));
            }
            for (place, text) in &line.gaps {
                let (x, top) = plot.backend_coord(&(*place as f64, frame.y.end));
                let y = top + 16 + 28 * gaps_at[*place];
                gaps_at[*place] += 1;
                draw_cross(root, (x, y), line.style)?;
                told.push((x, y, text.clone()));
            }
        }
        Ok(told)
    }

    /// Puts names, descriptions and what is said at points around the drawing.
    fn wrap(&self, drawing: &str, told: &[(i32, i32, String)]) -> String {
        let inner = drawing.split_once('>').map_or("", |(_, rest)| rest);
        let inner = inner.trim_end().strip_suffix("</svg>").unwrap_or(inner);
        let (id, title) = (&self.id, escape(&self.title));
        let mut svg = format!(
            "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             aria-labelledby=\"{id}-title {id}-about\">\n<title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-about\">{}</desc>{inner}",
            escape(&self.description)
        );
        for (x, y, text) in told {
            // Writing to a string cannot fail.
            let _ = writeln!(
                svg,
                "<circle class=\"told\" cx=\"{x}\" cy=\"{y}\" r=\"20\"><title>{}</title></circle>",
                escape(text)
            );
        }
        svg.push_str("</svg>");
        svg
    }
}

fn draw_marker(root: &Area<'_>, (x, y): (i32, i32), style: LineStyle, hollow: bool) -> Drawn {
    let corners: Vec<(i32, i32)> =
        style.marker.corners(MARKER_SIZE).into_iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
    let fill = if hollow { palette::PANEL } else { style.colour };
    root.draw(&Polygon::new(corners.clone(), fill.filled()))?;
    let first = corners.first().copied();
    let outline: Vec<(i32, i32)> = corners.into_iter().chain(first).collect();
    let edge = if hollow { style.colour } else { palette::PANEL };
    root.draw(&PathElement::new(outline, edge.stroke_width(if hollow { 3 } else { 2 })))
}

fn draw_cross(root: &Area<'_>, (x, y): (i32, i32), style: LineStyle) -> Drawn {
    let size = MARKER_SIZE - 1;
    for (from, to) in [((-size, -size), (size, size)), ((-size, size), (size, -size))] {
        let ends = [(x + from.0, y + from.1), (x + to.0, y + to.1)];
        root.draw(&PathElement::new(ends, style.colour.stroke_width(5)))?;
    }
    Ok(())
}
