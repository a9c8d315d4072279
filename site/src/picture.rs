//! Pictures that other sites show beside a link (OpenGraph): what a page is about,
//! the newest number, and its trend.

use crate::Error;
use crate::canvas::{Canvas, Rgb};
use crate::names;
use crate::pages::{Page, Site};
use crate::trend;
use ttf_parser::Face;

/// What link previews ask for.
const WIDTH: u32 = 1200;
const HEIGHT: u32 = 630;
const MARGIN: f32 = 80.0;
/// Where the line of a trend is drawn: its top and its height.
const PLOT: (f32, f32) = (400.0, 110.0);

const GROUND: Rgb = (14, 19, 20);
const INK: Rgb = (255, 255, 255);
const PLAIN: Rgb = (214, 224, 220);
const MUTED: Rgb = (163, 177, 173);
const ACCENT: Rgb = (98, 214, 189);
const NEEDLE: Rgb = (255, 157, 102);
const LINE: Rgb = (108, 184, 245);

/// What a picture says.
pub(crate) struct Said {
    pub(crate) path: String,
    pub(crate) heading: String,
    pub(crate) sentence: String,
    /// A number that stands for the page.
    pub(crate) value: String,
    pub(crate) about: String,
    /// Values over versions, oldest first.
    pub(crate) trend: Vec<f64>,
}

/// The font that is compiled in.
fn font() -> Result<Face<'static>, Error> {
    let parsed = Face::parse(epaint_default_fonts::UBUNTU_LIGHT, 0);
    parsed.map_err(|error| Error::Chart { chart: "a font".to_owned(), reason: error.to_string() })
}

/// A picture of 1200 x 630 pixels.
fn paint(font: &Face<'_>, said: &Said) -> Result<Page, Error> {
    let failed = |reason: String| Error::Chart { chart: said.path.clone(), reason };
    let canvas = Canvas::new(WIDTH, HEIGHT, GROUND, font);
    let mut canvas = canvas.ok_or_else(|| failed("it would have no pixels".to_owned()))?;
    let inner = WIDTH as f32 - 2.0 * MARGIN;
    canvas.fill([0.0, 0.0, WIDTH as f32, 12.0], ACCENT);
    canvas.text(MARGIN, 92.0, 32.0, ACCENT, "are we fast yet?");
    canvas.text(MARGIN, 170.0, 60.0, INK, &said.heading);
    let lines = canvas.wrapped(31.0, inner, 4, &said.sentence);
    for (at, line) in lines.iter().enumerate() {
        canvas.text(MARGIN, 228.0 + 42.0 * at as f32, 31.0, PLAIN, line);
    }
    let points = places(&said.trend, inner);
    canvas.line(&points, 5.0, LINE);
    if let Some((x, y)) = points.last() {
        canvas.dot(*x, *y, 11.0, NEEDLE);
    }
    canvas.text(MARGIN, 592.0, 46.0, ACCENT, &said.value);
    let about = WIDTH as f32 - MARGIN - canvas.width(27.0, &said.about);
    canvas.text(about, 590.0, 27.0, MUTED, &said.about);
    Ok(Page { path: said.path.clone(), bytes: canvas.png().map_err(failed)?, key: None })
}

/// The pictures of the front page, the page of releases and every suite.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let font = font()?;
    let suites = site.suite_names();
    let first = suites.iter().find_map(|suite| trend_of(site, suite)).unwrap_or_default();
    let [(front, value, about), (releases, ..)] = [first.clone(), first];
    let mut pages = vec![
        paint(
            &font,
            &Said {
                path: path("index"),
                heading: "Are we fast yet?".to_owned(),
                sentence: format!(
                    "A WebAssembly component host, measured version by version: {} suites, {} \
                 versions, {} runs, with an interval for every difference.",
                    suites.len(),
                    site.history.versions.all().count(),
                    site.history.runs.len()
                ),
                value,
                about,
                trend: front,
            },
        )?,
        paint(
            &font,
            &Said {
                path: path("releases"),
                heading: "Releases".to_owned(),
                sentence:
                    "What each release changed since the one before it, and whether it passed \
                       the gate."
                        .to_owned(),
                value: site
                    .found
                    .marks
                    .last_release()
                    .map_or_else(|| "none yet".to_owned(), |release| release.name.clone()),
                about: "the last release that was measured".to_owned(),
                trend: releases,
            },
        )?,
    ];
    for suite in suites {
        let (trend, value, about) = trend_of(site, suite).unwrap_or_default();
        let declared = site.declared(suite);
        pages.push(paint(
            &font,
            &Said {
                path: path(&names::slug(suite)),
                heading: declared.map_or_else(|| suite.to_owned(), |suite| suite.title.clone()),
                sentence: declared.map(|suite| suite.why.trim().to_owned()).unwrap_or_default(),
                value,
                about,
                trend,
            },
        )?);
    }
    Ok(pages)
}

/// The picture that previews of a page show: that of its suite, of releases, or of
/// the front page.
pub(crate) fn of_page(page: &str) -> String {
    let suite = page.strip_prefix("suite/").and_then(|page| page.strip_suffix(".html"));
    match (suite, page) {
        (Some(suite), _) => path(suite),
        (None, "releases.html") => path("releases"),
        _ => path("index"),
    }
}

/// The picture of that name, from the site's root.
fn path(page: &str) -> String {
    format!("og/{page}.png")
}

/// Values from left to right, the largest at the top.
fn places(values: &[f64], width: f32) -> Vec<(f32, f32)> {
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let low = finite.iter().copied().fold(f64::INFINITY, f64::min);
    let high = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = if high > low { high - low } else { 1.0 };
    let steps = (finite.len().max(2) - 1) as f32;
    let place = |(at, value): (usize, &f64)| {
        let x = MARGIN + width * at as f32 / steps;
        let y = PLOT.0 + PLOT.1 * (1.0 - ((value - low) / span) as f32);
        (x, y)
    };
    finite.iter().enumerate().map(place).collect()
}

/// The trend of the first line of a suite, and its newest value.
pub(crate) fn trend_of(site: &Site<'_>, suite: &str) -> Option<(Vec<f64>, String, String)> {
    let benchmark = *crate::pages::suite::benchmark_names(site, suite).first()?;
    let metric = *crate::pages::suite::shown_metrics(site, suite, benchmark).first()?;
    let lines = site.history.suites.get(suite)?;
    let target = &site.config().default_target;
    let mine = |key: &crate::series::LineKey| key.benchmark == benchmark && key.target == *target;
    let (key, line) = lines.iter().find(|(key, _)| mine(key))?;
    let segments = crate::histories::of(site.history, line, metric);
    let values = segments.last()?.values.clone();
    let newest = trend::newest(site.history, line)?;
    let said = crate::words::said(metric, &newest.state(metric));
    let arm = if key.arm == "default" { String::new() } else { format!(" {}", key.arm) };
    Some((values, said.value, format!("{benchmark}{arm}: {}", metric.label)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_are_cut_at_words() {
        let font = font().unwrap();
        let canvas = Canvas::new(10, 10, GROUND, &font).unwrap();
        let width = canvas.width(20.0, "one two");
        let wrapped = |most, text| canvas.wrapped(20.0, width + 1.0, most, text);
        assert_eq!(wrapped(4, "one two three"), ["one two", "three"]);
        assert_eq!(wrapped(2, "one two three four"), ["one two", "three…"]);
        assert_eq!(wrapped(2, ""), [""]);
    }

    #[test]
    fn a_picture_is_the_same_every_time_and_shows_what_it_is_told() {
        let font = font().unwrap();
        let paint = |heading: &str, trend: &[f64]| {
            let said = Said {
                path: "og/x.png".to_owned(),
                heading: heading.to_owned(),
                sentence: "<script> & other words".to_owned(),
                value: "205 µs".to_owned(),
                about: "hello-latency".to_owned(),
                trend: trend.to_vec(),
            };
            paint(&font, &said).unwrap().bytes
        };
        let one = paint("One request", &[1.0, 3.0, 2.0]);
        assert_eq!(one, paint("One request", &[1.0, 3.0, 2.0]));
        assert!(one.starts_with(b"\x89PNG"));
        // Without its font every text would look alike.
        assert_ne!(one, paint("Another", &[1.0, 3.0, 2.0]));
        assert_ne!(one, paint("One request", &[]));
        assert_ne!(one, paint("One request", &[f64::NAN, 1.0]));
    }
}
