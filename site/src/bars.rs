//! Draws amounts as horizontal bars over a logarithmic axis, each with its
//! interval, name and value. Like `chart` it must not know what they mean.

use crate::Error;
use crate::escape::escape;
use crate::palette;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Twice what is shown on a phone and more, since coordinates are whole.
const WIDTH: u32 = 960;
/// Plotters writes this number divided by 1.24 as the size of letters.
const TEXT_SIZE: f64 = 28.0 * 1.24;
const LETTER_WIDTH: i32 = 16;
const ROW_HEIGHT: i32 = 56;
const BAR_HEIGHT: i32 = 26;

/// A drawing of bars.
#[derive(Debug)]
pub(crate) struct Bars {
    /// Unique on its page.
    pub(crate) id: String,
    /// What it shows.
    pub(crate) title: String,
    /// What can be seen on it, for those who do not see it.
    pub(crate) description: String,
    /// From top to bottom.
    pub(crate) bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) name: String,
    /// Above zero.
    pub(crate) value: f64,
    pub(crate) interval: Option<(f64, f64)>,
    /// The value in words.
    pub(crate) told: String,
}

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

impl Bars {
    /// The bars as an `svg` element; `None` when there is nothing to draw.
    ///
    /// # Errors
    /// When the drawing library refuses.
    pub(crate) fn svg(&self) -> Result<Option<String>, Error> {
        let least = self.bars.iter().map(|bar| bar.value).fold(f64::INFINITY, f64::min);
        if !(least > 0.0 && least.is_finite()) {
            return Ok(None);
        }
        let height = ROW_HEIGHT * i32::try_from(self.bars.len()).unwrap_or(i32::MAX / ROW_HEIGHT);
        let mut drawing = String::new();
        self.draw(&mut drawing, least, height)
            .map_err(|e| Error::Chart { chart: self.title.clone(), reason: e.to_string() })?;
        Ok(Some(self.wrap(&drawing, height)))
    }

    fn draw(&self, drawing: &mut String, least: f64, height: i32) -> Drawn {
        let root =
            SVGBackend::with_string(drawing, (WIDTH, height.unsigned_abs())).into_drawing_area();
        let letters = |of: fn(&Bar) -> &String| {
            let longest = self.bars.iter().map(|bar| of(bar).chars().count()).max().unwrap_or(0);
            i32::try_from(longest).unwrap_or(0) * LETTER_WIDTH
        };
        let left = letters(|bar| &bar.name) + 12;
        let right = WIDTH as i32 - letters(|bar| &bar.told) - 24;
        // An interval without an end would leave no room for the bars.
        let reach = |bar: &Bar| {
            bar.interval.map_or(bar.value, |(_, high)| high.clamp(bar.value, bar.value * 4.0))
        };
        let most = self.bars.iter().map(reach).fold(least, f64::max);
        // From a third of the least, so that its bar can be seen.
        let (start, span) = ((least / 3.0).ln(), (most * 3.0 / least).ln());
        let at = |value: f64| {
            let share = ((value.max(least / 3.0).ln() - start) / span).min(1.0);
            left + (share * f64::from(right - left)).round() as i32
        };
        for (row, bar) in (0_i32..).zip(&self.bars) {
            let middle = row * ROW_HEIGHT + ROW_HEIGHT / 2;
            let style = palette::LineStyle::of_position(row.unsigned_abs() as usize);
            let (top, bottom) = (middle - BAR_HEIGHT / 2, middle + BAR_HEIGHT / 2);
            let end = at(bar.value);
            root.draw(&Rectangle::new([(left, top), (end, bottom)], style.colour.filled()))?;
            if let Some((low, high)) = bar.interval {
                let ends = [(at(low), middle), (at(high), middle)];
                root.draw(&PathElement::new(ends, palette::TEXT.stroke_width(4)))?;
            }
            text(&root, &bar.name, (left - 12, middle), HPos::Right)?;
            let beside = bar.interval.map_or(end, |(_, high)| at(high).max(end));
            text(&root, &bar.told, (beside + 12, middle), HPos::Left)?;
        }
        root.present()
    }

    /// Puts name and description around the drawing.
    fn wrap(&self, drawing: &str, height: i32) -> String {
        let inner = drawing.split_once('>').map_or("", |(_, rest)| rest);
        let inner = inner.trim_end().strip_suffix("</svg>").unwrap_or(inner);
        let (id, title, about) = (&self.id, escape(&self.title), escape(&self.description));
        format!(
            "<svg class=\"bars\" role=\"img\" viewBox=\"0 0 {WIDTH} {height}\" \
             aria-labelledby=\"{id}-title {id}-about\">\n<title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-about\">{about}</desc>{inner}</svg>"
        )
    }
}

fn text(
    root: &DrawingArea<SVGBackend<'_>, Shift>,
    text: &str,
    at: (i32, i32),
    side: HPos,
) -> Drawn {
    let style = ("sans-serif", TEXT_SIZE)
        .into_font()
        .color(&palette::TEXT)
        .pos(Pos::new(side, VPos::Center));
    root.draw(&Text::new(text.to_owned(), at, style))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(values: &[f64]) -> Bars {
        let bar = |value: &f64| Bar {
            name: format!("way <{value}>"),
            value: *value,
            interval: Some((value * 0.9, value * 1.1)),
            told: format!("{value} ns"),
        };
        Bars {
            id: "b".to_owned(),
            title: "t".to_owned(),
            description: "d".to_owned(),
            bars: values.iter().map(bar).collect(),
        }
    }

    #[test]
    fn every_bar_has_its_name_and_value() {
        let svg = bars(&[500.0, 30_000.0]).svg().unwrap().unwrap();
        for part in ["way &lt;500&gt;", "500 ns", "way &lt;30000&gt;", "30000 ns"] {
            assert!(svg.contains(part), "{part}\n{svg}");
        }
        assert!(!svg.contains("style="), "{svg}");
    }

    #[test]
    fn nothing_is_drawn_of_what_is_not_above_zero() {
        assert!(bars(&[]).svg().unwrap().is_none());
        assert!(bars(&[0.0, 1.0]).svg().unwrap().is_none());
    }
}
