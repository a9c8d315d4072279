//! Metrics of one arm cross-examine each other: a host that takes longer but
//! does no more work was waiting, or was disturbed.

use super::Comparison;
use model::{Aspect, Metric};
use serde::Serialize;
use stats::Verdict;
use stats::contradiction::{self, Contradiction, Kind};

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

/// What a metric tells of the same requests.
fn kind(name: &str) -> Option<Kind> {
    Some(match Metric::named(name)?.aspect()? {
        Aspect::Wall => Kind::Wall,
        Aspect::CpuTime => Kind::CpuTime,
        Aspect::Instructions => Kind::Instructions,
    })
}

/// Labels every change that the other metrics of its arm contradict.
pub(super) fn cross_examine(comparisons: &mut [Comparison]) {
    let labels: Vec<Option<Label>> = (0..comparisons.len())
        .map(|index| {
            let it = &comparisons[index];
            let of_arm = |other: &&Comparison| {
                (&other.suite, &other.benchmark, &other.arm) == (&it.suite, &it.benchmark, &it.arm)
            };
            let told =
                |other: &Comparison| Some((kind(other.metric), Verdict::named(other.verdict)?));
            let arm: Vec<_> = comparisons.iter().filter(of_arm).filter_map(told).collect();
            let own = comparisons[..index].iter().filter(of_arm).count();
            contradiction::of_change(&arm, own).map(|found| match found {
                Contradiction::WallOnly => Label::WallOnly,
                Contradiction::InstructionsOnly => Label::InstructionsOnly,
            })
        })
        .collect();
    for (comparison, label) in comparisons.iter_mut().zip(labels) {
        comparison.labels.extend(label);
    }
}
