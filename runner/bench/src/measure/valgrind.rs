//! Processes under valgrind: the words before their command, how callgrind is
//! switched on and off, and what it writes.

use super::program;
use model::Arm;
use nix::unistd::Pid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How the files begin that callgrind leaves.
const COUNTS: &str = "counts-";

/// Where valgrind is, if it is installed.
pub(super) fn find() -> Option<PathBuf> {
    program::find("valgrind")
}

/// The metric that is simulated.
pub(super) const METRIC: &str = "callgrind_instructions_per_request";

/// Where valgrind is, if an arm asks for it and it is installed.
pub(super) fn needed(arm: &Arm) -> Option<PathBuf> {
    arm.metrics.iter().any(|metric| metric.name == METRIC).then(find)?
}

/// Counts instructions into files in `folder`, one for each process, while it is
/// switched on; `more` is what else it is told.
pub(super) fn count(valgrind: &Path, folder: &Path, more: &[&str]) -> Vec<String> {
    let mut words = vec![
        valgrind.to_string_lossy().into_owned(),
        "--tool=callgrind".to_owned(),
        "--trace-children=yes".to_owned(),
        "--instr-atstart=no".to_owned(),
        prefix(folder),
        format!("--callgrind-out-file={}/{COUNTS}%p", folder.display()),
    ];
    words.extend(more.iter().map(|word| (*word).to_owned()));
    words
}

/// Counts what is allocated, from beginning to end, into files in `folder`, one for each
/// process.
pub(super) fn heap(valgrind: &Path, folder: &Path) -> Vec<String> {
    vec![
        valgrind.to_string_lossy().into_owned(),
        "-q".to_owned(),
        "--tool=dhat".to_owned(),
        "--trace-children=yes".to_owned(),
        "--read-inline-info=yes".to_owned(),
        // Whose code it is stands in the path.
        "--fullpath-after=".to_owned(),
        // Where an allocation comes from is further up than the usual twelve.
        "--num-callers=40".to_owned(),
        format!("--dhat-out-file={}/{COUNTS}%p", folder.display()),
    ]
}

/// Where a process under valgrind can be told something.
fn prefix(folder: &Path) -> String {
    format!("--vgdb-prefix={}/vgdb", folder.display())
}

/// Has callgrind begin or end counting a process, through the program `vgdb`
/// beside valgrind.
pub(super) fn switch(valgrind: &Path, folder: &Path, pid: Pid, on: bool) -> Result<(), String> {
    let state = if on { "on" } else { "off" };
    let vgdb = valgrind.with_file_name("vgdb");
    let mut command = Command::new(&vgdb);
    command.args([prefix(folder), format!("--pid={pid}")]).args(["instrumentation", state]);
    let told = command.output().map_err(|e| format!("starting {}: {e}", vgdb.display()))?;
    if told.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&told.stderr);
    Err(format!("{} could not switch callgrind {state}: {}", vgdb.display(), why.trim()))
}

/// The instructions that callgrind left in `folder`, of all processes.
pub(super) fn totals(folder: &Path) -> Result<u64, String> {
    texts(folder)?.iter().map(|text| total(text)).sum()
}

/// The files that one of valgrind's tools left in `folder`, at least one.
pub(super) fn texts(folder: &Path) -> Result<Vec<String>, String> {
    let failed = |e: std::io::Error| format!("reading what valgrind left: {e}");
    let mut texts = Vec::new();
    for file in fs::read_dir(folder).map_err(failed)?.flatten() {
        if file.file_name().to_string_lossy().starts_with(COUNTS) {
            texts.push(fs::read_to_string(file.path()).map_err(failed)?);
        }
    }
    if texts.is_empty() { Err("valgrind left no counts".to_owned()) } else { Ok(texts) }
}

/// Runs on valgrind's processor and counts nothing. What is compiled for it is
/// not what is compiled for the real one: it has fewer instructions.
pub(super) fn run(valgrind: &Path) -> Vec<String> {
    vec![valgrind.to_string_lossy().into_owned(), "-q".to_owned(), "--tool=none".to_owned()]
}

/// The instructions in one of callgrind's files.
fn total(text: &str) -> Result<u64, String> {
    let line = |name: &str| text.lines().rev().find_map(|line| line.strip_prefix(name));
    let only_instructions = line("events:").is_some_and(|events| events.trim() == "Ir");
    let total = line("totals:").and_then(|totals| totals.trim().parse().ok());
    match total.filter(|_| only_instructions) {
        Some(total) => Ok(total),
        None => Err("what callgrind wrote is not understood: no `totals:` of `Ir`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_read_and_nothing_else() {
        let file = "# callgrind format\nversion: 1\nevents: Ir\nsummary: 12\n\nfn=(1)\n1 12\n\ntotals: 12\n";
        assert_eq!(total(file), Ok(12));
        for wrong in ["", "events: Ir\n", "events: Ir Dr\ntotals: 12 3\n", "totals: 12\n"] {
            assert!(total(wrong).is_err(), "{wrong}");
        }
    }
}
