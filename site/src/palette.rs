//! How lines are told apart: colour and the shape of their markers together,
//! so that neither is needed alone.
//!
//! Drawings name a class, and bars carry stand-ins such as `#0B0001`; the style
//! sheet has the colours for light, dark and print. Nothing here is a real colour.

use plotters::style::RGBColor;

/// Text beside the axes.
pub(crate) const TEXT: RGBColor = RGBColor(10, 0, 3);
/// An anchor's line.
pub(crate) const ANCHOR: RGBColor = RGBColor(10, 0, 5);

/// Colours for lines; the style sheet has as many.
const COLOURS: usize = 6;

/// The shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
    TriangleDown,
    Bar,
}

const MARKERS: [Marker; 6] = [
    Marker::Circle,
    Marker::Square,
    Marker::Triangle,
    Marker::Diamond,
    Marker::TriangleDown,
    Marker::Bar,
];

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineStyle {
    pub(crate) colour: RGBColor,
    pub(crate) marker: Marker,
}

impl LineStyle {
    /// The style of the line of that position; after all colours have been
    /// used they come again with another marker.
    pub(crate) fn of_position(position: usize) -> Self {
        let (colour, again) = (position % COLOURS, position / COLOURS);
        Self {
            colour: RGBColor(11, 0, colour as u8 + 1),
            marker: MARKERS[(colour + again) % MARKERS.len()],
        }
    }

    /// The style of an anchor's line: muted, and dashed by the style sheet.
    pub(crate) fn of_anchor(position: usize) -> Self {
        Self { colour: ANCHOR, marker: MARKERS[MARKERS.len() - 1 - position % MARKERS.len()] }
    }

    /// The class that gives it its colour.
    pub(crate) fn class(&self) -> &'static str {
        const CLASSES: [&str; COLOURS] = ["l1", "l2", "l3", "l4", "l5", "l6"];
        if self.colour == ANCHOR { "la" } else { CLASSES[usize::from(self.colour.2 - 1) % COLOURS] }
    }

    /// Tells its line from the others of a chart.
    pub(crate) fn key(&self) -> String {
        format!("{}-{}", self.class(), self.marker.id())
    }

    /// The colour as it stands in a drawing.
    #[cfg(test)]
    pub(crate) fn attribute(&self) -> String {
        let RGBColor(r, g, b) = self.colour;
        format!("#{r:02X}{g:02X}{b:02X}")
    }
}

impl Marker {
    /// The symbol of that shape on every page with charts.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Circle => "m-circle",
            Self::Square => "m-square",
            Self::Triangle => "m-triangle",
            Self::Diamond => "m-diamond",
            Self::TriangleDown => "m-down",
            Self::Bar => "m-bar",
        }
    }

    /// The corners around the middle, `size` away from it.
    pub(crate) fn corners(self, size: i32) -> Vec<(i32, i32)> {
        let unit: &[(f64, f64)] = match self {
            Self::Circle => {
                return (0..16)
                    .map(|step| std::f64::consts::TAU * f64::from(step) / 16.0)
                    .map(|angle| scaled((angle.cos() * 0.95, angle.sin() * 0.95), size))
                    .collect();
            }
            Self::Square => &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
            Self::Triangle => &[(0.0, -1.1), (1.1, 0.85), (-1.1, 0.85)],
            Self::Diamond => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
            Self::TriangleDown => &[(0.0, 1.1), (1.1, -0.85), (-1.1, -0.85)],
            Self::Bar => &[(-0.45, -1.2), (0.45, -1.2), (0.45, 1.2), (-0.45, 1.2)],
        };
        unit.iter().map(|corner| scaled(*corner, size)).collect()
    }
}

fn scaled((x, y): (f64, f64), size: i32) -> (i32, i32) {
    let of = |part: f64| (part * f64::from(size)).round() as i32;
    (of(x), of(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_six_lines_look_different() {
        let styles: Vec<LineStyle> = (0..36).map(LineStyle::of_position).collect();
        for (index, style) in styles.iter().enumerate() {
            assert!(!styles[..index].contains(style), "line {index} looks like an earlier one");
        }
    }

    #[test]
    fn the_style_sheet_colours_every_stand_in() {
        let css = include_str!("../static/style.css");
        let lines = (0..COLOURS).map(|position| LineStyle::of_position(position).colour);
        for colour in lines.chain([TEXT]) {
            let name = LineStyle { colour, marker: Marker::Circle }.attribute();
            assert!(css.contains(&format!("\"{name}\"]")), "{name} is missing in style.css");
        }
        for position in 0..COLOURS {
            let class = LineStyle::of_position(position).class();
            assert!(css.contains(&format!(".{class} {{ --c:")), "{class} is missing in style.css");
        }
    }
}
