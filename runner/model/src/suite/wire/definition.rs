//! What defines an arm's numbers beside its load and its request: what its
//! processes are and how they are started. Parts are added only where an arm
//! has them, so that a new feature gives no old arm a new digest.

use super::read;
use crate::config::Ready;
use crate::diagnostic::Diagnostic;
use crate::digest::Hasher;
use crate::suite::{
    Arm, Fires, Firmware, FirstFailure, InputFile, Part, ProcessSpec, Program, Task,
};
use std::path::Path;

pub(super) fn beside_the_request(mut hasher: Hasher, arm: &Arm) -> Result<Hasher, Diagnostic> {
    for file in arm.hosts.iter().flatten() {
        hasher = hasher.part("workload", read(file.path())?);
    }
    for component in &arm.components {
        hasher = hasher.part("component", component.identity()?);
    }
    for (name, value) in &arm.options {
        hasher = hasher.part("option", name).part("value", value);
    }
    for process in &arm.processes {
        hasher = add_process(hasher, process)?;
    }
    hasher = add_task(hasher, &arm.task)?;
    // Their values reach the numbers through templates only.
    let configs = arm.processes.iter().filter_map(|process| process.config.as_ref());
    if arm.hosts.iter().flatten().chain(configs).any(InputFile::is_template) {
        for (name, value) in &arm.parameters {
            hasher = hasher.part("parameter", name).part("value", value);
        }
    }
    Ok(hasher)
}

fn add_task(hasher: Hasher, task: &Task) -> Result<Hasher, Diagnostic> {
    Ok(match task {
        Task::Ask => hasher,
        Task::Density { workloads } => hasher.part("workloads", workloads.to_le_bytes()),
        Task::FirstFailure(FirstFailure { from, factor, to, budget_s }) => hasher
            .part("from", from.to_le_bytes())
            .part("factor", factor.to_le_bytes())
            .part("to", to.to_le_bytes())
            .part("budget", budget_s.to_le_bytes()),
        Task::Command { words } => {
            let mut hasher = hasher;
            for (index, word) in words.iter().enumerate() {
                // The text of the suite's own program, wherever it lies.
                hasher = match index == 0 && word.starts_with('/') {
                    true => hasher.part("program's text", read(Path::new(word))?),
                    false => hasher.part("word", word),
                };
            }
            hasher
        }
        Task::Criterion { bench, id } => hasher.part("bench", bench).part("id", id),
        Task::Recovery { workloads, crashes } => {
            hasher.part("workloads", workloads.to_le_bytes()).part("crashes", crashes.to_le_bytes())
        }
        Task::Fires(Fires { path, every_ms, count }) => hasher
            .part("moments", path)
            .part("every", every_ms.to_le_bytes())
            .part("fires", count.to_le_bytes()),
        Task::Firmware(Firmware { board, variant, part }) => {
            let hasher = hasher.part("board", board).part("variant", variant);
            match part {
                None => hasher,
                // What is left over depends on what has a name.
                Some(Part { name, named }) if name == Part::OTHER => {
                    hasher.part("all but", named.join(" "))
                }
                Some(Part { name, .. }) => hasher.part("part", name),
            }
        }
    })
}

fn add_process(hasher: Hasher, process: &ProcessSpec) -> Result<Hasher, Diagnostic> {
    let mut hasher = hasher.part("process", &process.name).part("role", process.role.word());
    hasher = match &process.program {
        // The artifact of the anchor is stored with the run.
        Program::Anchor => hasher.part("program", "anchor"),
        Program::Installed(name) => hasher.part("program", name),
        Program::Own(path) => hasher.part("program's text", read(path)?),
    };
    for word in &process.start {
        hasher = hasher.part("word", word);
    }
    if let Some(config) = &process.config {
        hasher = hasher.part("config", read(config.path())?);
    }
    Ok(match &process.ready {
        Ready::JsonLine => hasher.part("ready", "line"),
        Ready::Tcp => hasher.part("ready", "tcp"),
        Ready::Http { path } => hasher.part("ready", path),
    })
}
