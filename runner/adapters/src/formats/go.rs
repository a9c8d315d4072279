//! Go's benchmark format (<https://go.dev/design/14313-benchmark-format>), what `go test
//! -bench` prints: a line each, with pairs of value and unit. Lines of one benchmark
//! (`-count`) come from one process, so they are samples of one block. `-8` at the end of a
//! name is GOMAXPROCS, as benchstat reads it. Numbers in units nobody knows are arms of
//! their own.

use crate::file::File;
use crate::session::{Row, Session, Value};
use crate::unit;
use crate::wire::{Name, arm_named};
use model::Diagnostic;

pub(super) fn read(file: &File) -> Result<Vec<Session>, Diagnostic> {
    let mut session = Session::default();
    let mut package = String::new();
    let mut higher: Vec<String> = Vec::new();
    for (line, text) in file.lines() {
        if let Some((key, value)) = setting(text) {
            match key {
                "pkg" => package = value.to_owned(),
                "cpu" => session.told.cpu_model = Some(value.to_owned()),
                _ => {}
            }
            continue;
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["Unit", unit, rest @ ..] if rest.contains(&"better=higher") => {
                higher.push((*unit).to_owned());
            }
            [name, ..] if is_benchmark(name) => {
                let rows = result(&package, &words, &higher).map_err(|e| file.at(line, e))?;
                rows.into_iter().for_each(|row| add(&mut session.rows, row));
            }
            ["---", "FAIL:", name, ..] if is_benchmark(name) => {
                let (benchmark, arm) = names(&package, name).map_err(|e| file.at(line, e))?;
                session.rows.push(Row::failed(&benchmark, &arm, "go test says FAIL"));
            }
            _ => {}
        }
    }
    Ok(vec![session])
}

/// `key: value`, with a key that begins with a small letter.
fn setting(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once(": ")?;
    let is_key = key.starts_with(|c: char| c.is_ascii_lowercase())
        && !key.contains(|c: char| c.is_whitespace() || c.is_uppercase());
    is_key.then(|| (key, value.trim()))
}

fn is_benchmark(word: &str) -> bool {
    word.strip_prefix("Benchmark")
        .and_then(|rest| rest.chars().next())
        .is_some_and(|first| !first.is_lowercase())
}

/// `BenchmarkSort/n=16-2` of a package: its benchmark and its arm.
fn names(package: &str, word: &str) -> Result<(String, String), String> {
    let name = word.strip_prefix("Benchmark").unwrap_or(word);
    let (name, procs) = match name.rsplit_once('-') {
        Some((name, procs)) if procs.parse::<u32>().is_ok() => (name, Some(procs)),
        _ => (name, None),
    };
    let (benchmark, rest) = name.split_once('/').unwrap_or((name, ""));
    let mut arms: Vec<String> =
        rest.split('/').filter(|it| !it.is_empty()).map(str::to_owned).collect();
    arms.extend(procs.map(|procs| format!("gomaxprocs={procs}")));
    let whole =
        if package.is_empty() { benchmark.to_owned() } else { format!("{package}.{benchmark}") };
    Ok((Name::try_from(whole)?.0, arm_named(&arms.join(","))))
}

fn result(package: &str, words: &[&str], higher: &[String]) -> Result<Vec<Row>, String> {
    let (benchmark, arm) = names(package, words[0])?;
    let [count, pairs @ ..] = &words[1..] else {
        return Err(format!("`{}` stands without iterations and values", words[0]));
    };
    if !count.parse::<u64>().is_ok_and(|count| count > 0) {
        return Err(format!("`{count}` is not a number of iterations"));
    }
    if pairs.is_empty() || pairs.len() % 2 == 1 {
        return Err("after the iterations come pairs of value and unit".to_owned());
    }
    let mut rows = Vec::new();
    for pair in pairs.chunks_exact(2) {
        let (text, unit) = (pair[0], pair[1]);
        let value: Option<f64> = text.parse().ok();
        let value = value
            .filter(|it| it.is_finite() && *it >= 0.0)
            .ok_or_else(|| format!("`{text}` is not a number of at least 0"))?;
        let is_lower = !(unit.ends_with("/s") || higher.iter().any(|it| it == unit));
        let fit = unit::fit(unit, is_lower);
        let arm = match (fit.is_unknown, arm.as_str()) {
            (false, _) => arm.clone(),
            (true, "default") => arm_named(&format!("unit={unit}")),
            (true, _) => arm_named(&format!("{arm},unit={unit}")),
        };
        rows.push(Row::samples(&benchmark, &arm, fit.metric, vec![fit.factor * value]));
    }
    Ok(rows)
}

/// A line more of a benchmark is a sample more.
fn add(rows: &mut Vec<Row>, row: Row) {
    let is_same = |other: &&mut Row| {
        (&other.benchmark, &other.arm) == (&row.benchmark, &row.arm)
            && other.metric() == row.metric()
    };
    match (rows.iter_mut().rev().find(is_same).map(|it| &mut it.value), &row.value) {
        (Some(Value::Samples(_, known)), Value::Samples(_, more)) => known.extend(more),
        _ => rows.push(row),
    }
}
