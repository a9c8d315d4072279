//! What an explanation holds, as it is written with `--json`.

use super::counts::Row;
use serde::Serialize;
use std::path::PathBuf;

/// Two versions side by side. All counts are per request, but sizes.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Explanation {
    pub(crate) a: String,
    pub(crate) b: String,
    /// SUITE/BENCHMARK/ARM.
    pub(crate) series: String,
    /// Fresh hosts of each version behind every number.
    pub(crate) rounds: u32,
    /// Whether both are the same binary.
    pub(crate) same_binary: bool,
    /// In words, the most likely cause first; only of what differs for sure.
    pub(crate) cause: Vec<String>,
    pub(crate) sections: Vec<Section>,
    pub(crate) absent: Vec<Absent>,
    pub(crate) notes: Vec<String>,
    /// Flame graphs and folded stacks.
    pub(crate) files: Vec<PathBuf>,
}

/// One kind of counts.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Section {
    pub(crate) kind: Kind,
    /// What counted it.
    pub(crate) tool: &'static str,
    /// What differs for sure and most first.
    pub(crate) rows: Vec<Row>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Of the request as a whole: see [`TOTALS`].
    Totals,
    /// Blocks of memory, by the function that asked for them.
    Allocations,
    /// Their bytes.
    AllocatedBytes,
    /// System calls by name.
    SystemCalls,
    /// Instructions of a function itself.
    Instructions,
    /// CPU time of a function itself, in nanoseconds.
    OwnNs,
    /// CPU time of a function and of what it called, in nanoseconds.
    AllNs,
    /// Bytes of the binary's sections.
    Sections,
    /// Bytes of the binary's code and constants, by crate.
    Crates,
}

/// What could not be counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Absent {
    pub(crate) what: String,
    pub(crate) reason: String,
}

/// A total's name, and what people call it with who counted it.
pub(crate) const TOTALS: [(&str, &str); 16] = [
    ("cpu_ns", "CPU time"),
    ("instructions", "instructions"),
    ("cycles", "cycles"),
    ("cache_misses", "cache misses"),
    ("branch_misses", "branches mispredicted"),
    ("page_faults", "page faults"),
    ("context_switches", "context switches"),
    ("simulated_instructions", "instructions (simulated)"),
    ("simulated_branches", "branches (simulated)"),
    ("simulated_branch_misses", "branches mispredicted (simulated)"),
    ("simulated_cache_misses", "first-level cache misses (simulated)"),
    ("simulated_memory_accesses", "last-level cache misses (simulated)"),
    ("system_calls", "system calls"),
    ("allocations", "allocations"),
    ("allocated_bytes", "bytes allocated"),
    ("binary_bytes", "bytes of the binary, at rest"),
];

impl Explanation {
    /// The rows of a kind; none where it was not counted.
    pub(crate) fn rows(&self, kind: Kind) -> &[Row] {
        let of_kind = self.sections.iter().find(|section| section.kind == kind);
        of_kind.map_or(&[], |section| &section.rows)
    }
}
