//! A comparison as Markdown, as GitHub renders it: what changed as a table, the
//! rest folded away.

use super::cells::{self, Cells};
use crate::verdicts::{Comparison, Report};
use std::fmt::Write;

/// The whole text.
pub(crate) fn text(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "**{}**\n\nA is {}, B is {} (run `{}`).\n",
        cells::in_words(report),
        code(&cells::side(&report.a)),
        code(&cells::side(&report.b)),
        report.b.run
    );
    tables(&mut text, report, cells::is_change);
    for missing in &report.missing {
        let _ = writeln!(text, "- missing: {}", plain(&cells::missing(missing)));
    }
    if !report.missing.is_empty() {
        text.push('\n');
    }
    if report.comparisons.iter().any(|c| !cells::is_change(c)) {
        text.push_str(
            "<details><summary>What did not change, or could not be decided</summary>\n\n",
        );
        tables(&mut text, report, |c| !cells::is_change(c));
        for reason in cells::reasons(report) {
            let _ = writeln!(text, "- inconclusive where {}", plain(reason));
        }
        text.push_str("\n</details>\n\n");
    }
    for label in cells::labels(report) {
        let _ = writeln!(text, "- {}: {}", label.words(), label.meaning());
    }
    let _ = writeln!(text, "\n{}", cells::footnote(report));
    text
}

fn tables(text: &mut String, report: &Report, wanted: impl Fn(&Comparison) -> bool) {
    for (suite, comparisons) in cells::by_suite(report, wanted) {
        let _ = writeln!(
            text,
            "### {}\n\n| benchmark | metric | A | B | B/A | interval | visible | verdict |\n\
             |---|---|---:|---:|---:|---:|---:|---|",
            plain(suite)
        );
        for comparison in comparisons {
            let Cells { benchmark, metric, a, b, change, interval, visible, verdict, labels } =
                Cells::of(comparison);
            let labels = if labels.is_empty() { labels } else { format!(" ({labels})") };
            let _ = writeln!(
                text,
                "| {} | `{metric}` | {a} | {b} | {change} | {interval} | {visible} | \
                 {verdict}{labels} |",
                plain(&benchmark)
            );
        }
        text.push('\n');
    }
}

/// Text that Markdown leaves alone, on one line.
pub(crate) fn plain(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' => safe.push(' '),
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' => {
                safe.push('\\');
                safe.push(c);
            }
            _ => safe.push(c),
        }
    }
    safe
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}
