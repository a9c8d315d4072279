//! `workloads`, `until_failure`, `command`, `criterion`, `crashes`, `fires` and
//! `firmware` of a benchmark as they are written, checked against its driver.

use super::WireBenchmark;
use super::filling::{Filling, WireCount};
use crate::diagnostic::Diagnostic;
use crate::spanned::Spanned;
use crate::suite::{Driver, Fires, Firmware, FirstFailure, Part, Task};
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::Path;

const MAX_WORKLOADS: u32 = 100_000;
const MAX_CRASHES: u32 = 1000;
const MAX_FIRES: u32 = 10_000;

/// What fills a command when it is run.
const PLACEHOLDERS: [&str; 6] = ["binary", "component", "workload", "addr", "scratch", "suite"];

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireUntilFailure {
    from: u32,
    factor: u32,
    to: u32,
    budget_s: u32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireCriterion {
    bench: Spanned<String>,
    id: Spanned<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireFires {
    path: Spanned<String>,
    every_ms: WireCount,
    count: WireCount,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireFirmware {
    board: Spanned<String>,
    variant: Spanned<String>,
    part: Option<Spanned<String>>,
}

/// What the driver does.
pub(super) fn task(
    filling: Filling<'_>,
    dir: &Path,
    wire: &WireBenchmark,
) -> Result<Task, Diagnostic> {
    refuse_foreign_keys(filling, wire)?;
    let needed = |what: &str| {
        let problem = format!("driver {} needs {what}", wire.driver);
        filling.source.at(wire.name.span(), problem)
    };
    match wire.driver {
        Driver::Density => density(filling, wire, needed),
        Driver::Recovery => recovery(filling, wire, needed),
        Driver::Fires => {
            let table = wire.fires.as_ref().ok_or_else(|| needed("`fires`"))?;
            fires(filling, table)
        }
        Driver::Qemu => {
            let table = wire.firmware.as_ref().ok_or_else(|| needed("`firmware`"))?;
            firmware(filling, wire, table)
        }
        Driver::Command => {
            let words = wire.command.as_deref().unwrap_or_default();
            if words.is_empty() {
                return Err(needed("`command`, a program and its arguments"));
            }
            command(filling, dir, words)
        }
        Driver::Criterion => {
            let wire = wire.criterion.as_ref().ok_or_else(|| needed("`criterion`"))?;
            let bench = filling.fill(&wire.bench)?;
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            if bench.is_empty() || bench.starts_with('-') || !bench.chars().all(plain) {
                let problem = format!("`{bench}` cannot name a bench target");
                return Err(filling.source.at(wire.bench.span(), problem));
            }
            Ok(Task::Criterion { bench, id: filling.fill(&wire.id)? })
        }
        _ => Ok(Task::Ask),
    }
}

/// Each of these keys belongs to one driver.
fn refuse_foreign_keys(filling: Filling<'_>, wire: &WireBenchmark) -> Result<(), Diagnostic> {
    let of = |driver: Driver| wire.driver == driver;
    for (key, is_there, may_be) in [
        ("until_failure", wire.until_failure.is_some(), of(Driver::Density)),
        ("command", wire.command.is_some(), of(Driver::Command)),
        ("criterion", wire.criterion.is_some(), of(Driver::Criterion)),
        ("crashes", wire.crashes.is_some(), of(Driver::Recovery)),
        ("fires", wire.fires.is_some(), of(Driver::Fires)),
        ("request", wire.request.is_some(), wire.driver.asks()),
        ("expect", wire.expect.is_some(), wire.driver.asks()),
        ("firmware", wire.firmware.is_some(), of(Driver::Qemu)),
        ("processes", !wire.processes.is_empty(), wire.driver.asks() && !of(Driver::Qemu)),
        ("hosts", wire.hosts.is_some(), wire.driver.asks() && !of(Driver::Qemu)),
    ] {
        if is_there && !may_be {
            let problem = format!("driver {} has no use for `{key}`", wire.driver);
            return Err(filling.source.at(wire.name.span(), problem).with_remedy("drop it"));
        }
    }
    Ok(())
}

fn density(
    filling: Filling<'_>,
    wire: &WireBenchmark,
    needed: impl Fn(&str) -> Diagnostic,
) -> Result<Task, Diagnostic> {
    match (has_workloads(filling), &wire.until_failure) {
        (true, None) => Ok(Task::Density { workloads: workloads(filling, needed)? }),
        (false, Some(growth)) => {
            let in_range = |number: &u32| (1..=MAX_WORKLOADS).contains(number);
            let WireUntilFailure { from, factor, to, budget_s } = *growth.get_ref();
            if !in_range(&from) || !in_range(&to) || from > to || factor < 2 || budget_s == 0 {
                let problem = "`until_failure` needs 1 <= from <= to <= 100000, a factor of 2 or \
                               more, and a budget";
                return Err(filling.source.at(growth.span(), problem));
            }
            Ok(Task::FirstFailure(FirstFailure { from, factor, to, budget_s }))
        }
        _ => Err(needed("a parameter `workloads`, or `until_failure`, one of them")),
    }
}

fn has_workloads(filling: Filling<'_>) -> bool {
    filling.parameters.iter().any(|(name, _)| name == "workloads")
}

/// The arm's parameter of that name.
fn workloads(filling: Filling<'_>, needed: impl Fn(&str) -> Diagnostic) -> Result<u32, Diagnostic> {
    let parameter = filling.parameters.iter().find(|(name, _)| name == "workloads");
    let number = parameter.and_then(|(_, text)| text.parse().ok());
    let number = number.filter(|number| (1..=MAX_WORKLOADS).contains(number));
    number.ok_or_else(|| needed("whole numbers, 1 to 100000, as `workloads`"))
}

fn recovery(
    filling: Filling<'_>,
    wire: &WireBenchmark,
    needed: impl Fn(&str) -> Diagnostic,
) -> Result<Task, Diagnostic> {
    if wire.requests.is_none() {
        return Err(needed("`requests`: what makes it crash, and what workloads are asked"));
    }
    let crashes = wire.crashes.as_ref().ok_or_else(|| needed("`crashes`, how many a block has"))?;
    let number = filling.count(crashes.span(), crashes.get_ref())?;
    if !(1..=MAX_CRASHES).contains(&number) {
        let problem = format!("`crashes`: {number} is out of range, 1 to {MAX_CRASHES}");
        return Err(filling.source.at(crashes.span(), problem));
    }
    Ok(Task::Recovery { workloads: workloads(filling, needed)?, crashes: number })
}

fn fires(filling: Filling<'_>, table: &Spanned<WireFires>) -> Result<Task, Diagnostic> {
    let WireFires { path, every_ms, count } = table.get_ref();
    let every_ms = filling.count(table.span(), every_ms)?;
    let count = filling.count(table.span(), count)?;
    if !(1..=60_000).contains(&every_ms) || !(2..=MAX_FIRES).contains(&count) {
        let problem =
            format!("`fires` needs an `every_ms` of 1 to 60000, 2 to {MAX_FIRES} of them");
        return Err(filling.source.at(table.span(), problem));
    }
    Ok(Task::Fires(Fires { path: filling.fill(path)?, every_ms, count }))
}

fn firmware(
    filling: Filling<'_>,
    wire: &WireBenchmark,
    table: &WireFirmware,
) -> Result<Task, Diagnostic> {
    let WireFirmware { board, variant, part } = table;
    let part = part.as_ref().map(|text| {
        let values = wire.parameters.get("part").ok_or_else(|| {
            let problem = "`part` needs a parameter `part` that lists all of them";
            filling.source.at(text.span(), problem)
        })?;
        let named = values.get_ref().iter().filter(|name| *name != Part::OTHER).cloned().collect();
        Ok(Part { name: filling.fill(text)?, named })
    });
    Ok(Task::Firmware(Firmware {
        board: filling.fill(board)?,
        variant: filling.fill(variant)?,
        part: part.transpose()?,
    }))
}

fn command(
    filling: Filling<'_>,
    dir: &Path,
    words: &[Spanned<String>],
) -> Result<Task, Diagnostic> {
    let mut filled = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let text = filling.fill_or_keep(word, &PLACEHOLDERS)?;
        let is_own = index == 0 && text.contains('/') && !text.contains('{');
        filled.push(match is_own {
            true => {
                let file = filling.file(word.span(), dir, word.get_ref())?;
                file.path().to_string_lossy().into_owned()
            }
            false => text,
        });
    }
    Ok(Task::Command { words: filled })
}
