//! Metrics of one arm cross-examine each other: a host that takes longer but
//! does no more work was waiting, or was disturbed.

use super::Comparison;
use model::{Metric, NoiseClass, Unit};
use serde::Serialize;
use stats::Verdict;

/// What the rest of a comparison says of one of its changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Label {
    /// Time as a clock shows it changed; the work done did not.
    WallOnly,
    /// Instructions changed; neither processor time nor the clock show it.
    InstructionsOnly,
    /// Both sides are the same binary, so nothing changed.
    SameBinary,
    /// The mean moved, and the ranks of the pairs do not show it.
    RanksDisagree,
}

impl Label {
    /// The words used everywhere.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::WallOnly => "wall only",
            Self::InstructionsOnly => "instructions only",
            Self::SameBinary => "same binary",
            Self::RanksDisagree => "ranks disagree",
        }
    }

    /// What it means for the reader.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::WallOnly => {
                "the clock shows a change, and the CPU time and instructions of the same requests \
                 are equivalent: look for waiting, or for a disturbed machine"
            }
            Self::InstructionsOnly => {
                "the instructions changed, and the time they take is equivalent"
            }
            Self::SameBinary => "both sides are one binary: what differs is noise",
            Self::RanksDisagree => {
                "a test of ranks beside the interval does not show the change: a few wild pairs \
                 made it, so measure more"
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Wall,
    CpuTime,
    Instructions,
}

/// What a metric tells of the same requests; memory and bytes tell nothing.
fn kind(name: &str) -> Option<Kind> {
    let metric = Metric::named(name)?;
    match (metric.unit, metric.noise) {
        (Unit::Instructions, _) => Some(Kind::Instructions),
        (Unit::Nanoseconds, NoiseClass::Cpu) if is_of_host(name) => Some(Kind::CpuTime),
        (_, NoiseClass::Wall) => Some(Kind::Wall),
        _ => None,
    }
}

/// Whether it is the host's CPU time, not the load generator's.
fn is_of_host(name: &str) -> bool {
    name.starts_with("cpu_") || name.ends_with("_cpu_ns")
}

/// Labels every change that the other metrics of its arm contradict. Only an
/// "equivalent" contradicts: what is inconclusive says nothing.
pub(super) fn cross_examine(comparisons: &mut [Comparison]) {
    let changed = [Verdict::Regressed.word(), Verdict::Improved.word()];
    let labels: Vec<Option<Label>> = comparisons
        .iter()
        .map(|it| {
            let own = kind(it.metric).filter(|_| changed.contains(&it.verdict))?;
            let others: Vec<(Kind, &str)> = comparisons
                .iter()
                .filter(|other| {
                    (&other.suite, &other.benchmark, &other.arm)
                        == (&it.suite, &it.benchmark, &it.arm)
                })
                .filter_map(|other| Some((kind(other.metric)?, other.verdict)))
                .collect();
            let all_equivalent = |kinds: &[Kind]| {
                let mut of_kinds =
                    others.iter().filter(|(kind, _)| kinds.contains(kind)).peekable();
                of_kinds.peek().is_some()
                    && of_kinds.all(|(_, verdict)| *verdict == Verdict::Equivalent.word())
            };
            match own {
                Kind::Wall if all_equivalent(&[Kind::CpuTime, Kind::Instructions]) => {
                    Some(Label::WallOnly)
                }
                Kind::Instructions if all_equivalent(&[Kind::CpuTime, Kind::Wall]) => {
                    Some(Label::InstructionsOnly)
                }
                _ => None,
            }
        })
        .collect();
    for (comparison, label) in comparisons.iter_mut().zip(labels) {
        comparison.labels.extend(label);
    }
}
