//! A picture being drawn: boxes, lines and text in a font of our own, so that the
//! same data give the same bytes on every machine. It must not know what is drawn.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform,
};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// A colour: red, green and blue.
pub(crate) type Rgb = (u8, u8, u8);

/// A picture and the font that is written in.
pub(crate) struct Canvas<'a> {
    pixels: Pixmap,
    font: &'a Face<'a>,
}

/// Puts the outline of a glyph, which is told in units of the font with y upwards,
/// where it belongs.
struct Pen {
    path: PathBuilder,
    x: f32,
    baseline: f32,
    scale: f32,
}

impl<'a> Canvas<'a> {
    /// A picture of one colour; `None` if it would have no pixels.
    pub(crate) fn new(width: u32, height: u32, ground: Rgb, font: &'a Face<'a>) -> Option<Self> {
        let mut pixels = Pixmap::new(width, height)?;
        pixels.fill(Color::from_rgba8(ground.0, ground.1, ground.2, 255));
        Some(Self { pixels, font })
    }

    /// A box, filled.
    pub(crate) fn fill(&mut self, [x, y, width, height]: [f32; 4], colour: Rgb) {
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            self.pixels.fill_rect(rect, &paint(colour), Transform::identity(), None);
        }
    }

    /// A dot.
    pub(crate) fn dot(&mut self, x: f32, y: f32, radius: f32, colour: Rgb) {
        if let Some(circle) = PathBuilder::from_circle(x, y, radius) {
            self.fill_path(&circle, colour);
        }
    }

    /// A line through points.
    pub(crate) fn line(&mut self, points: &[(f32, f32)], width: f32, colour: Rgb) {
        let mut path = PathBuilder::new();
        for (at, (x, y)) in points.iter().enumerate() {
            if at == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
        }
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        if let Some(path) = path.finish() {
            let nowhere = Transform::identity();
            self.pixels.stroke_path(&path, &paint(colour), &stroke, nowhere, None);
        }
    }

    /// Text from `x` on, standing on `baseline`; what the font lacks is left out.
    pub(crate) fn text(&mut self, x: f32, baseline: f32, size: f32, colour: Rgb, text: &str) {
        let scale = self.scale(size);
        let mut pen = Pen { path: PathBuilder::new(), x, baseline, scale };
        for glyph in self.glyphs(text) {
            self.font.outline_glyph(glyph, &mut pen);
            pen.x += self.advance(glyph) * scale;
        }
        if let Some(path) = pen.path.finish() {
            self.fill_path(&path, colour);
        }
    }

    /// How wide a text is.
    pub(crate) fn width(&self, size: f32, text: &str) -> f32 {
        self.glyphs(text).map(|glyph| self.advance(glyph)).sum::<f32>() * self.scale(size)
    }

    /// A text in lines no wider than `width`, broken between words; the last of
    /// `most` lines ends in an ellipsis if there is more.
    pub(crate) fn wrapped(&self, size: f32, width: f32, most: usize, text: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if line.is_empty() || self.width(size, &longer) <= width {
                line = longer;
                continue;
            }
            if lines.len() + 1 == most {
                line.push('…');
                break;
            }
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
        lines.push(line);
        lines
    }

    /// The picture as a PNG.
    pub(crate) fn png(&self) -> Result<Vec<u8>, String> {
        self.pixels.encode_png().map_err(|error| error.to_string())
    }

    fn fill_path(&mut self, path: &Path, colour: Rgb) {
        let nowhere = Transform::identity();
        self.pixels.fill_path(path, &paint(colour), FillRule::Winding, nowhere, None);
    }

    fn glyphs(&self, text: &str) -> impl Iterator<Item = GlyphId> {
        text.chars().filter_map(|c| self.font.glyph_index(c))
    }

    fn advance(&self, glyph: GlyphId) -> f32 {
        f32::from(self.font.glyph_hor_advance(glyph).unwrap_or(0))
    }

    fn scale(&self, size: f32) -> f32 {
        size / f32::from(self.font.units_per_em())
    }
}

impl Pen {
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.baseline - y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.place(x1, y1), self.place(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2)) = (self.place(x1, y1), self.place(x2, y2));
        let (x, y) = self.place(x, y);
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

fn paint((red, green, blue): Rgb) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(red, green, blue, 255);
    paint
}
