//! A comparison on a terminal: a table for each suite, changes first, with a
//! picture of the blocks under it.

use super::cells::{self, Cells};
use super::picture::Picture;
use crate::output::{BAD, GOOD, QUIET, STRONG, UNSURE, table, width};
use crate::verdicts::{Comparison, Report};
use anstyle::Style;

/// Pictures are no wider than this, and no wider than the terminal.
const MOST_COLUMNS: usize = 60;
/// What stands before a picture.
const INDENT: usize = 6;

/// Prints what changed, or with `all` everything.
pub(crate) fn print(report: &Report, all: bool) {
    anstream::println!(
        "{STRONG}A{STRONG:#} {}   {STRONG}B{STRONG:#} {}   run {}",
        cells::side(&report.a),
        cells::side(&report.b),
        report.b.run
    );
    for (suite, comparisons) in cells::by_suite(report, |c| all || cells::is_change(c)) {
        anstream::println!("\n{STRONG}{suite}{STRONG:#}");
        let rows = comparisons.iter().map(|c| row(c)).collect();
        let headings =
            ["benchmark", "metric", "A", "B", "B/A", "interval", "visible", "verdict", ""];
        anstream::println!("{}", table(&headings, &[2, 3, 4, 5, 6], rows));
        for comparison in comparisons.iter().filter(|c| cells::is_change(c)) {
            picture(comparison);
        }
    }
    for missing in &report.missing {
        anstream::println!("{BAD}missing{BAD:#} {}", cells::missing(missing));
    }
    for label in cells::labels(report) {
        anstream::println!("{QUIET}{}: {}{QUIET:#}", label.words(), label.meaning());
    }
    for reason in cells::reasons(report) {
        anstream::println!("{QUIET}inconclusive where {reason}{QUIET:#}");
    }
    anstream::println!("{QUIET}{}{QUIET:#}", cells::footnote(report));
    let hidden = report.comparisons.iter().filter(|c| !cells::is_change(c)).count();
    let more = if all || hidden == 0 {
        String::new()
    } else {
        format!(" {QUIET}(--all shows what did not change){QUIET:#}")
    };
    anstream::println!("{STRONG}{}{STRONG:#}{more}", cells::in_words(report));
}

fn row(c: &Comparison) -> Vec<String> {
    let cells = Cells::of(c);
    let style = style(cells.verdict);
    vec![
        cells.benchmark,
        cells.metric.to_owned(),
        cells.a,
        cells.b,
        cells.change,
        cells.interval,
        cells.visible,
        format!("{style}{}{style:#}", cells.verdict),
        format!("{QUIET}{}{QUIET:#}", cells.labels),
    ]
}

fn style(verdict: &str) -> Style {
    match verdict {
        "regressed" => BAD,
        "improved" => GOOD,
        "inconclusive" => UNSURE,
        _ => QUIET,
    }
}

fn picture(c: &Comparison) {
    let columns = width().saturating_sub(INDENT + 2).min(MOST_COLUMNS);
    let Some(picture) = Picture::of(&c.blocks, columns) else { return };
    anstream::println!(
        "\n{:INDENT$}{QUIET}{} {}, blocks of both{QUIET:#}",
        "",
        Cells::of(c).benchmark,
        c.metric
    );
    for line in picture.lines(|value| cells::value(c.metric, value)) {
        anstream::println!("{:INDENT$}{line}", "");
    }
}
