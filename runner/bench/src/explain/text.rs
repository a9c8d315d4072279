//! An explanation on a terminal: the sentence, then tables of what differs, so that all of
//! it fits a screen.

use super::counts::Row;
use super::report::{Explanation, Kind, TOTALS};
use crate::output::{BAD, GOOD, QUIET, STRONG, UNSURE, table, width};
use crate::profiling::short;
use std::fmt;

/// Rows of a table without `--all`, by kind.
const SHOWN: [(Kind, &str, usize); 5] = [
    (Kind::Allocations, "allocations, by who asks", 3),
    (Kind::SystemCalls, "system calls", 2),
    (Kind::Instructions, "instructions, of the function itself", 3),
    (Kind::OwnNs, "CPU time, of the function itself", 3),
    (Kind::Crates, "bytes of the binary, by crate", 2),
];
const MORE: [(Kind, &str, usize); 3] = [
    (Kind::AllocatedBytes, "bytes allocated, by who asks", 40),
    (Kind::AllNs, "CPU time, of the function and what it calls", 40),
    (Kind::Sections, "bytes of the binary, by section", 40),
];
const ALL: usize = 40;
/// Columns of a table but for names.
const NUMBERS: usize = 48;

/// A count, as few digits as it takes.
pub(super) struct Count(pub(super) f64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        match value.abs() {
            0.0 => write!(f, "0"),
            large if large >= 99.95 => write!(f, "{}", grouped(value)),
            middle if middle >= 9.995 => write!(f, "{value:.1}"),
            small if small >= 0.005 => write!(f, "{value:.2}"),
            _ => write!(f, "{value:.4}"),
        }
    }
}

/// `1,234,567`.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

/// Nanoseconds.
pub(super) fn time(ns: f64) -> String {
    match ns.abs() {
        large if large >= 1e6 => format!("{:.2} ms", ns / 1e6),
        middle if middle >= 1e3 => format!("{:.2} us", ns / 1e3),
        _ => format!("{ns:.0} ns"),
    }
}

/// A number of bytes, without its unit.
pub(super) fn bytes(bytes: f64) -> String {
    Count(bytes).to_string()
}

/// Prints it; with `all` also what does not differ.
pub(crate) fn print(told: &Explanation, all: bool) {
    let Explanation { a, b, series, rounds, .. } = told;
    anstream::println!("{STRONG}A{STRONG:#} {a}   {STRONG}B{STRONG:#} {b}   on {series}");
    for (index, sentence) in told.cause.iter().enumerate() {
        match index {
            0 | 1 => anstream::println!("{STRONG}{sentence}{STRONG:#}"),
            _ => anstream::println!("{sentence}"),
        }
    }
    let mut lines = totals(told, all);
    let more = MORE.iter().filter(|_| all);
    for (kind, title, most) in SHOWN.iter().chain(more) {
        lines.extend(section(told, *kind, title, if all { ALL } else { *most }, all));
    }
    anstream::println!("\n{}", table(&["a request", "A", "B", "B - A", ""], &[1, 2, 3], lines));
    for (reason, whats) in reasons(told) {
        anstream::println!("{UNSURE}not counted{UNSURE:#} {}: {reason}", whats.join(", "));
    }
    for note in &told.notes {
        anstream::println!("{QUIET}{note}{QUIET:#}");
    }
    if let Some(file) = told.files.last() {
        anstream::println!("{} {QUIET}and flame graphs of both beside it{QUIET:#}", file.display());
    }
    anstream::println!(
        "{QUIET}means of {rounds} fresh hosts of each; * differs for sure (2 % chance of one false \
         * in a section){QUIET:#}"
    );
}

/// What was not counted, by reason.
fn reasons(told: &Explanation) -> Vec<(&str, Vec<&str>)> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for absent in &told.absent {
        match reasons.iter_mut().find(|(reason, _)| *reason == absent.reason) {
            Some((_, whats)) => whats.push(&absent.what),
            None => reasons.push((&absent.reason, vec![&absent.what])),
        }
    }
    reasons
}

fn totals(told: &Explanation, all: bool) -> Vec<Vec<String>> {
    let rows = told.rows(Kind::Totals);
    let lines = TOTALS.iter().filter_map(|(name, label)| {
        let row = rows.iter().find(|row| row.name == *name)?;
        let is_shown = all || row.a != 0.0 || row.b != 0.0;
        is_shown.then(|| cells(row, (*label).to_owned(), *name == "cpu_ns"))
    });
    lines.collect()
}

fn section(
    told: &Explanation,
    kind: Kind,
    title: &str,
    most: usize,
    all: bool,
) -> Vec<Vec<String>> {
    let rows = told.rows(kind);
    let sure = rows.iter().filter(|row| row.sure).count();
    let shown: Vec<&Row> = rows.iter().filter(|row| all || row.sure).take(most).collect();
    let told = match (shown.is_empty(), sure > shown.len()) {
        (true, _) => ": none differs for sure".to_owned(),
        (false, true) => format!(" ({} of {sure})", shown.len()),
        (false, false) => String::new(),
    };
    if rows.is_empty() {
        return Vec::new();
    }
    let heading = format!("{STRONG}{title}{STRONG:#}{QUIET}{told}{QUIET:#}");
    let columns = width().saturating_sub(NUMBERS).max(24);
    let is_time = matches!(kind, Kind::OwnNs | Kind::AllNs);
    let heading = vec![heading, String::new(), String::new(), String::new(), String::new()];
    let rows =
        shown.iter().map(|row| cells(row, format!("  {}", short(&row.name, columns)), is_time));
    std::iter::once(heading).chain(rows).collect()
}

fn cells(row: &Row, label: String, is_time: bool) -> Vec<String> {
    let value = |value: f64| if is_time { time(value) } else { Count(value).to_string() };
    let sign = if row.difference > 0.0 { "+" } else { "" };
    let difference = format!("{sign}{}", value(row.difference));
    // Less of anything that is counted here is better.
    let style = match (row.sure, row.difference > 0.0) {
        (true, true) => BAD,
        (true, false) => GOOD,
        (false, _) => QUIET,
    };
    let mark = if row.sure { "*" } else { "" };
    vec![
        label,
        value(row.a),
        value(row.b),
        format!("{style}{difference}{style:#}"),
        mark.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_few_digits_as_it_takes() {
        let told = [0.0, 0.0004, 0.25, 1.0, 12.34, 99.96, 1234.5, -1_234_567.0];
        let told = told.map(|value| Count(value).to_string());
        let expected = ["0", "0.0004", "0.25", "1.00", "12.3", "100", "1,234", "-1,234,567"];
        assert_eq!(told, expected);
        assert_eq!([time(12.0), time(2000.0), time(3e6)], ["12 ns", "2.00 us", "3.00 ms"]);
    }
}
