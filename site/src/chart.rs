//! Draws values over versions as SVG that fills its place on the page: across in
//! percent, down in pixels, so that letters and lines keep their size on a phone.
//! Colours and widths come from the style sheet by class (see `palette`), since
//! the pages forbid inline styles. It must not know what the values mean.

use crate::chart_path::{self, ACROSS, DOWN};
use crate::chart_scale::Scale;
use crate::escape::escape;
use crate::palette::LineStyle;
use std::fmt::Write as _;

/// Heights of the drawing, of the names of marks above it and of versions below it.
const HEIGHT: f64 = 240.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 22.0;
/// With more places than this points have no markers: the line says it all.
const MOST_MARKED: usize = 60;
/// With more lines than this their intervals would hide each other.
const MOST_BANDS: usize = 4;
/// Letters of a name along the axis.
const NAME_CHARS: usize = 10;

/// A chart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chart {
    /// Unique on its page.
    pub(crate) id: String,
    /// What it shows.
    pub(crate) title: String,
    /// What can be seen on it, in words.
    pub(crate) description: String,
    /// Places on the horizontal axis.
    pub(crate) places: usize,
    /// Names of some: see [`chart_path::named_places`].
    pub(crate) names: Vec<(usize, String)>,
    /// What is divided out of every value before it is drawn, and its symbol.
    pub(crate) scale: (f64, &'static str),
    pub(crate) is_log: bool,
    /// Levels to compare with, undivided.
    pub(crate) levels: Vec<Level>,
    /// What happened at places.
    pub(crate) marks: Vec<Mark>,
    /// What is drawn.
    pub(crate) lines: Vec<ChartLine>,
    /// What is said where, in the order of places.
    pub(crate) tips: Vec<Tip>,
}

/// A horizontal line.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) value: f64,
    pub(crate) name: String,
    /// `goal`, `floor`.
    pub(crate) class: &'static str,
}

/// A vertical line with a word above it.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) place: usize,
    /// `release`, `epoch`, `definition`, `note`.
    pub(crate) class: &'static str,
    /// What stands above it.
    pub(crate) name: String,
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct ChartLine {
    pub(crate) style: LineStyle,
    /// Points that may be joined, in order.
    pub(crate) segments: Vec<Vec<ChartPoint>>,
    /// Places without a value: a cross at the top.
    pub(crate) gaps: Vec<usize>,
    /// Where its level changed: place, value and `regressed` or `improved`.
    pub(crate) changes: Vec<(usize, f64, &'static str)>,
}

/// One point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChartPoint {
    pub(crate) place: usize,
    pub(crate) value: f64,
    pub(crate) interval: Option<(f64, f64)>,
    /// An indication only: drawn hollow.
    pub(crate) hollow: bool,
}

/// What is said of some places.
#[derive(Debug, Clone)]
pub(crate) struct Tip {
    pub(crate) from: usize,
    /// The place after the last.
    pub(crate) to: usize,
    pub(crate) text: String,
}

/// A drawn chart.
#[derive(Debug, Clone)]
pub(crate) struct Drawing {
    pub(crate) svg: String,
    /// What must be said of it.
    pub(crate) notes: Vec<&'static str>,
}

impl Chart {
    /// The chart as an `svg` element; `None` when there is nothing to draw.
    pub(crate) fn svg(&self) -> Option<Drawing> {
        // A level with nothing beside it is no chart.
        self.points().next()?;
        let scale = Scale::of(self.drawn_values(), self.is_log)?;
        let mut svg = String::with_capacity(8192);
        let (id, total) = (&self.id, TOP + HEIGHT + BOTTOM);
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<svg class=\"chart\" role=\"img\" width=\"100%\" height=\"{total}\" \
             aria-labelledby=\"{id}-title {id}-about\"><title id=\"{id}-title\">{}</title>\
             <desc id=\"{id}-about\">{}</desc>",
            escape(&self.title),
            escape(&self.description)
        );
        self.grid(&mut svg, &scale);
        self.draw_levels(&mut svg, &scale);
        self.draw_marks(&mut svg);
        self.draw_lines(&mut svg, &scale);
        self.draw_markers(&mut svg, &scale);
        self.names(&mut svg);
        self.draw_tips(&mut svg);
        svg.push_str("</svg>");
        Some(Drawing { svg, notes: self.notes(&scale) })
    }

    fn notes(&self, scale: &Scale) -> Vec<&'static str> {
        let mut notes: Vec<&'static str> = scale.note().into_iter().collect();
        if chart_path::places_a_column(self.places) > 1 {
            notes.push(
                "Where a column holds several versions, its least and greatest values are drawn.",
            );
        }
        if self.has_bands() {
            notes.push("Shaded bands are 95 % intervals.");
        }
        notes
    }

    fn points(&self) -> impl Iterator<Item = &ChartPoint> {
        self.lines.iter().flat_map(|line| line.segments.iter().flatten())
    }

    fn drawn_values(&self) -> impl Iterator<Item = f64> {
        let (factor, bands) = (self.scale.0, self.has_bands() || self.points().count() < 200);
        let ends = move |point: &ChartPoint| {
            let (low, high) =
                point.interval.filter(|_| bands).unwrap_or((point.value, point.value));
            [point.value, low, high].map(|value| value / factor)
        };
        self.points().flat_map(ends).chain(self.levels.iter().map(move |l| l.value / factor))
    }

    fn has_bands(&self) -> bool {
        self.lines.len() <= MOST_BANDS && self.points().any(|point| point.interval.is_some())
    }

    fn x(&self, place: usize) -> f64 {
        (place as f64 + 0.5) / self.places.max(1) as f64 * 100.0
    }

    fn y(&self, scale: &Scale, value: f64) -> f64 {
        TOP + scale.at(value / self.scale.0) * HEIGHT
    }

    fn grid(&self, svg: &mut String, scale: &Scale) {
        let marks = scale.marks();
        for (position, (value, text)) in marks.iter().enumerate() {
            let y = TOP + scale.at(*value) * HEIGHT;
            let symbol = if position + 1 == marks.len() { self.scale.1 } else { "" };
            let _ = write!(
                svg,
                "<line class=\"grid\" x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"tick\" x=\"2\" y=\"{:.1}\">{text} {symbol}</text>",
                y - 4.0
            );
        }
    }

    fn draw_levels(&self, svg: &mut String, scale: &Scale) {
        for Level { value, name, class } in &self.levels {
            let y = self.y(scale, *value);
            let _ = write!(
                svg,
                "<line class=\"level {class}\" x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"tick {class}\" x=\"100%\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                y - 4.0,
                escape(name)
            );
        }
    }

    /// Vertical lines; of names that would overlap the newest is written.
    fn draw_marks(&self, svg: &mut String) {
        let bottom = TOP + HEIGHT;
        let mut free_from = 101.0;
        let mut marks: Vec<&Mark> = self.marks.iter().collect();
        marks.sort_by_key(|mark| std::cmp::Reverse(mark.place));
        for mark in marks {
            let class = mark.class;
            let x = if matches!(class, "epoch" | "definition") {
                // Between two versions.
                mark.place as f64 / self.places.max(1) as f64 * 100.0
            } else {
                self.x(mark.place)
            };
            let _ = write!(
                svg,
                "<line class=\"mark {class}\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"{:.0}\" y2=\"{bottom:.0}\"/>",
                TOP - 6.0
            );
            let half = mark.name.chars().count() as f64 * 0.6 + 0.8;
            let middle = x.clamp(half, 100.0 - half);
            if middle + half <= free_from {
                free_from = middle - half;
                let anchor = match x {
                    x if x < half => "start",
                    x if x > 100.0 - half => "end",
                    _ => "middle",
                };
                let _ = write!(
                    svg,
                    "<text class=\"mark {class}\" x=\"{x:.2}%\" y=\"{:.0}\" text-anchor=\"{anchor}\">{}</text>",
                    TOP - 10.0,
                    escape(&mark.name)
                );
            }
        }
    }

    fn draw_lines(&self, svg: &mut String, scale: &Scale) {
        let (ends_low, ends_high) = scale.ends();
        let _ = write!(
            svg,
            "<svg class=\"plot\" aria-hidden=\"true\" y=\"{TOP}\" width=\"100%\" height=\"{HEIGHT}\" \
             viewBox=\"0 0 {ACROSS} {DOWN}\" preserveAspectRatio=\"none\" \
             data-low=\"{ends_low}\" data-high=\"{ends_high}\">"
        );
        let a_column = chart_path::places_a_column(self.places);
        let unit = |(place, value): &(usize, f64)| {
            let y = (scale.at(*value / self.scale.0) * DOWN as f64).round() as i64;
            (chart_path::across(*place, self.places), y)
        };
        for line in &self.lines {
            let (class, key) = (line.style.class(), line.style.key());
            for segment in &line.segments {
                if self.has_bands() {
                    let end = |of: fn((f64, f64)) -> f64, sign: f64| {
                        let points = segment
                            .iter()
                            .filter_map(|point| Some((point.place, sign * of(point.interval?))));
                        let all: Vec<(usize, f64)> = points.collect();
                        chart_path::least(&all, a_column)
                            .into_iter()
                            .map(|(place, value)| unit(&(place, sign * value)))
                            .collect::<Vec<_>>()
                    };
                    let (upper, lower) = (end(|i| i.1, -1.0), end(|i| i.0, 1.0));
                    let data = chart_path::area(&upper, &lower);
                    let _ = write!(
                        svg,
                        "<path class=\"band {class}\" data-line=\"{key}\" d=\"{data}\"/>"
                    );
                }
                if segment.len() > 1 {
                    let points: Vec<(usize, f64)> =
                        segment.iter().map(|point| (point.place, point.value)).collect();
                    let thinned = chart_path::thinned(&points, a_column);
                    let units: Vec<_> = thinned.iter().map(unit).collect();
                    let data = chart_path::line(&units);
                    let _ = write!(
                        svg,
                        "<path class=\"line {class}\" data-line=\"{key}\" d=\"{data}\"/>"
                    );
                }
            }
        }
        svg.push_str("</svg>");
    }

    fn draw_markers(&self, svg: &mut String, scale: &Scale) {
        let mut gaps_at = vec![0.0; self.places];
        let texts =
            scale.marks().into_iter().map(|(value, _)| TOP + scale.at(value) * HEIGHT - 9.0);
        let first_gap = chart_path::free_from(TOP + 8.0, &texts.collect::<Vec<_>>());
        for line in &self.lines {
            let key = line.style.key();
            let mut put = |symbol: &str, class: &str, place: usize, y: f64| {
                let x = self.x(place);
                let _ = write!(
                    svg,
                    "<use href=\"#{symbol}\" class=\"{class}\" data-line=\"{key}\" x=\"{x:.2}%\" y=\"{y:.1}\"/>"
                );
            };
            let (class, symbol) = (line.style.class(), line.style.marker.id());
            let newest = line.segments.iter().flatten().map(|point| point.place).max();
            for (position, segment) in line.segments.iter().enumerate() {
                for point in segment {
                    let is_newest =
                        Some(point.place) == newest && position + 1 == line.segments.len();
                    let is_alone = segment.len() == 1;
                    if self.places <= MOST_MARKED || is_newest || is_alone {
                        let y = self.y(scale, point.value);
                        let hollow = if point.hollow { " hollow" } else { "" };
                        put(symbol, &format!("{class}{hollow}"), point.place, y);
                    }
                }
            }
            for place in &line.gaps {
                let y = first_gap + 14.0 * gaps_at[*place];
                gaps_at[*place] += 1.0;
                put("m-gap", class, *place, y);
            }
            for (place, value, verdict) in &line.changes {
                put(&format!("m-{verdict}"), verdict, *place, self.y(scale, *value));
            }
        }
    }

    fn names(&self, svg: &mut String) {
        for (at, (place, name)) in self.names.iter().enumerate() {
            // A phone has no room for more than the ends.
            let between = if at > 0 && at + 1 < self.names.len() { " between" } else { "" };
            let name: String =
                name.trim_start_matches("sha256:").chars().take(NAME_CHARS).collect();
            let (anchor, x) = match self.x(*place) {
                x if x < 12.0 => ("start", x.min(1.0)),
                x if x > 88.0 => ("end", x.max(99.6)),
                x => ("middle", x),
            };
            let _ = write!(
                svg,
                "<text class=\"tick{between}\" x=\"{x:.2}%\" y=\"{:.0}\" text-anchor=\"{anchor}\">{}</text>",
                TOP + HEIGHT + 16.0,
                escape(&name)
            );
        }
    }

    /// Transparent columns: a browser shows their titles, a script reads them.
    fn draw_tips(&self, svg: &mut String) {
        let count = self.places.max(1) as f64;
        for Tip { from, to, text } in &self.tips {
            let (x, width) = (*from as f64 / count * 100.0, (to - from) as f64 / count * 100.0);
            let _ = write!(
                svg,
                "<rect class=\"tip\" x=\"{x:.2}%\" width=\"{width:.2}%\" y=\"0\" height=\"{:.0}\">\
                 <title>{}</title></rect>",
                TOP + HEIGHT,
                escape(text)
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(places: usize, lines: usize) -> Chart {
        let point = |place| ChartPoint {
            place,
            value: 1e6 + (place * 7919 % 1000) as f64,
            interval: Some((9e5, 1.1e6)),
            hollow: false,
        };
        let line = |position| ChartLine {
            style: LineStyle::of_position(position),
            segments: vec![(0..places).map(point).collect()],
            gaps: Vec::new(),
            changes: vec![(places / 2, 1e6, "regressed")],
        };
        Chart {
            id: "c".to_owned(),
            title: "<b>".to_owned(),
            places,
            names: vec![(0, "deadbeef".to_owned())],
            scale: (1e6, "ms"),
            lines: (0..lines).map(line).collect(),
            ..Chart::default()
        }
    }

    #[test]
    fn a_long_history_is_a_small_drawing() {
        let svg = chart(100_000, 6).svg().unwrap().svg;
        assert!(svg.len() < 40_000, "{} bytes", svg.len());
        assert!(svg.contains("&lt;b&gt;") && !svg.contains("style="), "{svg}");
        assert!(chart(0, 1).svg().is_none());
        assert!(chart(2, 1).svg().unwrap().notes.iter().any(|note| note.contains("bands")));
    }
}
