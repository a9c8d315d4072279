//! Hosts under valgrind: the words before their command, and what callgrind
//! writes. It must not start anything.

use super::program;
use model::Arm;
use std::path::{Path, PathBuf};

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

/// Counts instructions into files in `folder`, one for each process.
pub(super) fn count(valgrind: &Path, folder: &Path) -> Vec<String> {
    vec![
        valgrind.to_string_lossy().into_owned(),
        "--tool=callgrind".to_owned(),
        "--trace-children=yes".to_owned(),
        format!("--callgrind-out-file={}/%p", folder.display()),
    ]
}

/// Runs on valgrind's processor and counts nothing. What is compiled for it is
/// not what is compiled for the real one: it has fewer instructions.
pub(super) fn run(valgrind: &Path) -> Vec<String> {
    vec![valgrind.to_string_lossy().into_owned(), "-q".to_owned(), "--tool=none".to_owned()]
}

/// The instructions in one of callgrind's files.
pub(super) fn total(text: &str) -> Result<u64, String> {
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
