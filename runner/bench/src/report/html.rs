//! A comparison as one page that needs no other file.

use super::cells::{self, Cells};
use super::picture::Picture;
use crate::verdicts::{Comparison, Report};
use anyhow::{Context, Result};
use askama::Template;

/// Columns of a picture, and the size of each side's row in pixels.
const COLUMNS: usize = 48;
const COLUMN_WIDTH: usize = 3;
const ROW_HEIGHT: usize = 22;

#[derive(Template)]
#[template(path = "compare.html")]
struct Page<'a> {
    a: String,
    b: String,
    run: &'a str,
    summary: String,
    verdict: &'a str,
    footnote: String,
    sections: Vec<Section<'a>>,
    missing: Vec<String>,
    labels: Vec<(&'static str, &'static str)>,
    reasons: Vec<&'a str>,
}

/// What changed, or the rest; the rest is folded away unless it is all there is.
struct Section<'a> {
    title: &'static str,
    open: bool,
    groups: Vec<Group<'a>>,
}

struct Group<'a> {
    suite: &'a str,
    rows: Vec<Row>,
}

struct Row {
    cells: Cells,
    picture: Option<Drawing>,
}

struct Drawing {
    width: usize,
    height: usize,
    bars: Vec<Bar>,
    low: String,
    high: String,
}

struct Bar {
    side: &'static str,
    x: usize,
    y: usize,
    height: usize,
}

/// The page.
///
/// # Errors
/// None that is known: the template has no filter that can fail.
pub(crate) fn page(report: &Report) -> Result<String> {
    let changed = groups(report, cells::is_change);
    let rest = groups(report, |c| !cells::is_change(c));
    let nothing_changed = changed.is_empty();
    let mut sections = vec![
        Section { title: "What changed", open: true, groups: changed },
        Section {
            title: "What did not change, or could not be decided",
            open: nothing_changed,
            groups: rest,
        },
    ];
    sections.retain(|section| !section.groups.is_empty());
    let page = Page {
        a: cells::side(&report.a),
        b: cells::side(&report.b),
        run: &report.b.run,
        summary: cells::in_words(report),
        verdict: report.verdict,
        footnote: cells::footnote(report),
        sections,
        missing: report.missing.iter().map(cells::missing).collect(),
        labels: cells::labels(report).iter().map(|l| (l.words(), l.meaning())).collect(),
        reasons: cells::reasons(report),
    };
    page.render().context("rendering the page of a comparison")
}

fn groups(report: &Report, wanted: impl Fn(&Comparison) -> bool) -> Vec<Group<'_>> {
    let row = |c: &&Comparison| Row { cells: Cells::of(c), picture: drawing(c) };
    cells::by_suite(report, wanted)
        .into_iter()
        .map(|(suite, comparisons)| Group { suite, rows: comparisons.iter().map(row).collect() })
        .collect()
}

fn drawing(c: &Comparison) -> Option<Drawing> {
    let picture = Picture::of(&c.blocks, COLUMNS)?;
    let most = picture.most();
    let row = |side, top: usize, counts: &[usize]| -> Vec<Bar> {
        let filled = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled
            .map(|(column, &count)| {
                let height = (count * ROW_HEIGHT).div_ceil(most);
                Bar { side, x: column * COLUMN_WIDTH, y: top + ROW_HEIGHT - height, height }
            })
            .collect()
    };
    let mut bars = row("a", 0, &picture.a);
    bars.extend(row("b", ROW_HEIGHT + 3, &picture.b));
    let (low, high) = picture.ends;
    Some(Drawing {
        width: COLUMNS * COLUMN_WIDTH,
        height: 2 * ROW_HEIGHT + 3,
        bars,
        low: cells::value(c.metric, low),
        high: cells::value(c.metric, high),
    })
}
