//! The sentence: what most likely makes the difference. It is said of nothing that does
//! not differ for sure.

use super::counts::Row;
use super::report::{Explanation, Kind};
use super::text::{Count, bytes, time};
use crate::profiling::short;

/// What an allocation with its release, and a system call, cost in instructions, roughly:
/// which cause is told first depends on it, and nothing else does.
const ALLOCATION: f64 = 150.0;
const SYSTEM_CALL: f64 = 2000.0;
/// A function that has a smaller part of the difference is not its cause.
const LEAST_PART: f64 = 0.1;
/// The longest name in a sentence.
const NAME: usize = 120;
/// Causes that are told.
const MOST: usize = 3;
/// Functions that only execute more because somebody allocates more.
const OF_MEMORY: [&str; 9] = [
    "malloc",
    "free",
    "calloc",
    "realloc",
    "_int_malloc",
    "_int_free",
    "malloc_consolidate",
    "unlink_chunk",
    "__rust_",
];

/// What is told, the outcome first.
pub(super) fn say(told: &Explanation) -> Vec<String> {
    let mut causes: Vec<(f64, String)> = Vec::new();
    causes.extend(allocation(told));
    causes.extend(system_call(told));
    causes.extend(code(told, !causes.is_empty()));
    causes.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut said = vec![outcome(told)];
    let mut words = causes.into_iter().map(|(_, words)| words).take(MOST);
    match words.next() {
        Some(first) => said.push(format!("Likely cause: {first}.")),
        None => said.extend(time_only(told)),
    }
    said.extend(words.map(|words| format!("Also: {words}.")));
    said
}

/// Whether the whole request costs more.
fn outcome(told: &Explanation) -> String {
    let total = |name: &str| told.rows(Kind::Totals).iter().find(|row| row.name == name);
    let sure = |name: &str| total(name).filter(|row| row.sure);
    let mut parts = Vec::new();
    if let Some(row) = sure("cpu_ns") {
        let word = if row.difference > 0.0 { "more" } else { "less" };
        parts.push(format!("takes {} {word} CPU time{}", time(row.difference.abs()), percent(row)));
    }
    if let Some(row) = sure("instructions").or_else(|| sure("simulated_instructions")) {
        parts.push(format!("executes {} instructions{}", changed(row), percent(row)));
    }
    if parts.is_empty() {
        return format!(
            "Neither CPU time nor instructions of a request differ beyond the noise of {} rounds.",
            told.rounds
        );
    }
    format!("A request to B {} than one to A.", parts.join(" and "))
}

fn allocation(told: &Explanation) -> Option<(f64, String)> {
    let of_bytes = |name: &str| {
        told.rows(Kind::AllocatedBytes).iter().find(|row| row.name == name && row.sure)
    };
    if let Some(row) = told.rows(Kind::Allocations).iter().find(|row| row.sure) {
        let bytes = of_bytes(&row.name).map(|row| format!(", {} bytes", signed(row.difference)));
        let words = format!(
            "{} allocates {} times a request ({} → {}{})",
            short(&row.name, NAME),
            changed(row),
            Count(row.a),
            Count(row.b),
            bytes.unwrap_or_default()
        );
        return Some((row.difference.abs() * ALLOCATION, words));
    }
    let row = told.rows(Kind::AllocatedBytes).iter().find(|row| row.sure)?;
    let words = format!(
        "{} allocates {} bytes a request ({} → {}), as often as before",
        short(&row.name, NAME),
        changed(row),
        bytes(row.a),
        bytes(row.b)
    );
    Some((ALLOCATION, words))
}

fn system_call(told: &Explanation) -> Option<(f64, String)> {
    let row = told.rows(Kind::SystemCalls).iter().find(|row| row.sure)?;
    let words = format!(
        "the system call {} is made {} times a request ({} → {})",
        row.name,
        changed(row),
        Count(row.a),
        Count(row.b)
    );
    Some((row.difference.abs() * SYSTEM_CALL, words))
}

/// A function that executes more, if the whole does: code that only moved is no cause.
fn code(told: &Explanation, is_memory_told: bool) -> Option<(f64, String)> {
    let whole = told.rows(Kind::Totals).iter().find(|row| row.name == "simulated_instructions");
    let whole = whole.filter(|row| row.sure)?.difference;
    let is_of_memory = |name: &str| OF_MEMORY.iter().any(|known| name.starts_with(known));
    let row = told.rows(Kind::Instructions).iter().find(|row| {
        row.sure
            && row.difference.signum() == whole.signum()
            && row.difference.abs() >= LEAST_PART * whole.abs()
            && !(is_memory_told && is_of_memory(&row.name))
    })?;
    let words = format!(
        "{} itself executes {} instructions a request ({} → {})",
        short(&row.name, NAME),
        changed(row),
        Count(row.a),
        Count(row.b)
    );
    Some((row.difference.abs(), words))
}

/// Where nothing that is counted differs, where the time differs.
fn time_only(told: &Explanation) -> Option<String> {
    let row = told.rows(Kind::OwnNs).iter().find(|row| row.sure)?;
    let word = if row.difference > 0.0 { "more" } else { "less" };
    Some(format!(
        "Nothing that is counted differs; {} takes {} {word} of a request.",
        short(&row.name, NAME),
        time(row.difference.abs())
    ))
}

/// `64.0 more`.
fn changed(row: &Row) -> String {
    let word = if row.difference > 0.0 { "more" } else { "fewer" };
    format!("{} {word}", Count(row.difference.abs()))
}

fn signed(value: f64) -> String {
    format!("{}{}", if value < 0.0 { "-" } else { "+" }, Count(value.abs()))
}

fn percent(row: &Row) -> String {
    if row.a <= 0.0 {
        return String::new();
    }
    format!(" ({:+.1} %)", row.difference / row.a * 100.0)
}

#[cfg(test)]
mod tests {
    use super::super::report::Section;
    use super::*;

    fn row(name: &str, a: f64, b: f64, sure: bool) -> Row {
        let (low, high) = (Some(b - a), Some(b - a));
        Row { name: name.to_owned(), a, b, difference: b - a, low, high, sure }
    }

    fn check(sections: &[(Kind, Vec<Row>)], expected: &[&str]) {
        let sections = sections.iter().map(|(kind, rows)| Section {
            kind: *kind,
            tool: "",
            rows: rows.clone(),
        });
        let told = Explanation {
            a: String::new(),
            b: String::new(),
            series: String::new(),
            rounds: 5,
            same_binary: false,
            cause: Vec::new(),
            sections: sections.collect(),
            absent: Vec::new(),
            notes: Vec::new(),
            files: Vec::new(),
        };
        assert_eq!(say(&told), expected);
    }

    #[test]
    fn the_likely_cause_comes_first_and_nothing_unsure_at_all() {
        let more = row("simulated_instructions", 50_000.0, 60_000.0, true);
        let loops = row("native::churn", 0.0, 64.0, true);
        check(
            &[
                (Kind::Totals, vec![row("cpu_ns", 20_000.0, 22_000.0, true), more.clone()]),
                (Kind::Allocations, vec![loops, row("native::answer", 2.0, 3.0, false)]),
                (Kind::AllocatedBytes, vec![row("native::churn", 0.0, 4096.0, true)]),
                (
                    Kind::Instructions,
                    vec![
                        row("malloc", 1000.0, 7000.0, true),
                        row("native::churn", 0.0, 1500.0, true),
                    ],
                ),
                (Kind::SystemCalls, vec![row("futex", 0.01, 0.02, false)]),
            ],
            &[
                "A request to B takes 2.00 us more CPU time (+10.0 %) and executes 10,000 more \
                 instructions (+20.0 %) than one to A.",
                "Likely cause: native::churn allocates 64.0 more times a request (0 → 64.0, \
                 +4,096 bytes).",
                "Also: native::churn itself executes 1,500 more instructions a request (0 → \
                 1,500).",
            ],
        );
        // Code that moved from one function to another.
        check(
            &[
                (Kind::Totals, vec![row("simulated_instructions", 50_000.0, 50_001.0, false)]),
                (Kind::Instructions, vec![row("new", 0.0, 900.0, true)]),
            ],
            &[
                "Neither CPU time nor instructions of a request differ beyond the noise of 5 rounds.",
            ],
        );
        check(
            &[(Kind::Totals, vec![more]), (Kind::SystemCalls, vec![row("writev", 1.0, 2.0, true)])],
            &[
                "A request to B executes 10,000 more instructions (+20.0 %) than one to A.",
                "Likely cause: the system call writev is made 1.00 more times a request (1.00 → \
                 2.00).",
            ],
        );
    }
}
