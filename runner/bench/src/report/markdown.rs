//! A comparison as Markdown, as GitHub renders it: what changed as a table, the
//! rest folded away.

use super::cells::{self, Cells};
use crate::verdicts::{Comparison, Report};
use std::fmt::Write;

/// A comment on GitHub has 65,536 characters at most, and a host may say anything.
const MOST_LISTED: usize = 20;
const MOST_CHARS: usize = 300;

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
    for missing in report.missing.iter().take(MOST_LISTED) {
        let told: String = cells::missing(missing).chars().take(MOST_CHARS).collect();
        let _ = writeln!(text, "- missing: {}", plain(&told));
    }
    if let more @ 1.. = report.missing.len().saturating_sub(MOST_LISTED) {
        let _ = writeln!(text, "- missing: {more} more");
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

/// Text that Markdown leaves alone, on one line; it names nobody whom GitHub would tell.
pub(crate) fn plain(text: &str) -> String {
    let mut safe = String::new();
    for (at, c) in text.char_indices() {
        match c {
            '\n' | '\r' => safe.push(' '),
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            // Followed by a word joiner, which nobody sees, it names no person, no issue
            // and no address.
            '@' | '#' => safe.extend([c, '\u{2060}']),
            ':' if text[at..].starts_with("://") => safe.extend([c, '\u{2060}']),
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
