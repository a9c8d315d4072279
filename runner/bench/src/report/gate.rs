//! A gate as text: the same checks for people, for GitHub and for CI systems.

mod github;
mod junit;

pub(crate) use github::annotations;
pub(crate) use junit::junit;

use super::cells;
use super::markdown::plain;
use crate::gate::{Check, CheckOutcome, GateReport};
use crate::output::{BAD, GOOD, QUIET, STRONG, UNSURE, table};
use anstyle::Style;
use std::fmt::Write;

/// Prints what did not pass, or with `all` everything.
pub(crate) fn print(report: &GateReport, all: bool) {
    anstream::println!("{}", parties(report));
    let shown = |check: &&Check| all || check.outcome != CheckOutcome::Passed;
    let rows: Vec<Vec<String>> = report.checks.iter().filter(shown).map(row).collect();
    if !rows.is_empty() {
        let headings = ["", "check", "series", "limit", "found", ""];
        anstream::println!("{}", table(&headings, &[3, 4], rows));
    }
    for waiver in &report.unused_waivers {
        anstream::println!("{BAD}unused waiver{BAD:#} {waiver}: it excuses nothing; delete it");
    }
    anstream::println!("{STRONG}{}{STRONG:#}", in_words(report));
}

fn row(check: &Check) -> Vec<String> {
    let style = style(check.outcome);
    vec![
        format!("{style}{}{style:#}", check.outcome.word()),
        check.kind.word().to_owned(),
        check.name(),
        check.limit.clone(),
        check.found.clone(),
        format!("{QUIET}{}{QUIET:#}", check.note.as_deref().unwrap_or_default()),
    ]
}

fn style(outcome: CheckOutcome) -> Style {
    match outcome {
        CheckOutcome::Failed | CheckOutcome::Missing => BAD,
        CheckOutcome::Undecided | CheckOutcome::Warned => UNSURE,
        CheckOutcome::Waived => QUIET,
        CheckOutcome::Passed => GOOD,
    }
}

fn parties(report: &GateReport) -> String {
    let release =
        report.release.as_ref().map(|release| format!(", last release {}", cells::side(release)));
    format!(
        "candidate {}, baseline {}{}, run {}",
        cells::side(&report.candidate),
        cells::side(&report.baseline),
        release.unwrap_or_default(),
        report.run
    )
}

/// The whole in one line.
pub(crate) fn in_words(report: &GateReport) -> String {
    let counted: Vec<String> = [
        CheckOutcome::Failed,
        CheckOutcome::Missing,
        CheckOutcome::Undecided,
        CheckOutcome::Warned,
        CheckOutcome::Waived,
        CheckOutcome::Passed,
    ]
    .into_iter()
    .filter(|outcome| report.count(*outcome) > 0)
    .map(|outcome| format!("{} {}", report.count(outcome), outcome.word()))
    .collect();
    let unused = match report.unused_waivers.len() {
        0 => String::new(),
        unused => format!(", {unused} unused waivers"),
    };
    let counted =
        if counted.is_empty() { "nothing was judged".to_owned() } else { counted.join(", ") };
    format!("gate {}: {counted}{unused}", report.verdict)
}

/// The whole as Markdown, as GitHub renders it.
pub(crate) fn markdown(report: &GateReport) -> String {
    let mut text = format!("**{}**\n\n{}\n\n", in_words(report), plain(&parties(report)));
    let (passed, rest): (Vec<&Check>, Vec<&Check>) =
        report.checks.iter().partition(|check| check.outcome == CheckOutcome::Passed);
    rows(&mut text, &rest);
    for waiver in &report.unused_waivers {
        let _ = writeln!(text, "- unused waiver: {}", plain(waiver));
    }
    if !passed.is_empty() {
        text.push_str("\n<details><summary>What passed</summary>\n\n");
        rows(&mut text, &passed);
        text.push_str("\n</details>\n");
    }
    text
}

fn rows(text: &mut String, checks: &[&Check]) {
    if checks.is_empty() {
        return;
    }
    text.push_str("| | check | series | limit | found | |\n|---|---|---|---:|---:|---|\n");
    for check in checks {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            check.outcome.word(),
            check.kind.word(),
            plain(&check.name()),
            plain(&check.limit),
            plain(&check.found),
            plain(check.note.as_deref().unwrap_or_default())
        );
    }
}

/// A check in one sentence.
fn sentence(check: &Check) -> String {
    let note = check.note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
    format!("{} is {}, allowed is {}{note}", check.name(), check.found, check.limit)
}
