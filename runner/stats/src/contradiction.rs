//! Metrics of one arm cross-examine each other: a program that takes longer but
//! does no more work was waiting, or was disturbed. Which metric is of which kind
//! is the caller's to say.

use crate::verdict::Verdict;

/// What a metric tells of the same requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Time as a clock shows it.
    Wall,
    /// The program's CPU time.
    CpuTime,
    /// The program's instructions.
    Instructions,
}

/// What the other metrics say of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contradiction {
    /// Time as a clock shows it changed; the work done did not.
    WallOnly,
    /// Instructions changed; neither CPU time nor the clock show it.
    InstructionsOnly,
}

/// What `arm`, every metric of an arm with its verdict, says of the change at
/// `index`. Only an "equivalent" contradicts: what is inconclusive says nothing,
/// and neither does a metric without a kind (memory, bytes).
#[must_use]
pub fn of_change(arm: &[(Option<Kind>, Verdict)], index: usize) -> Option<Contradiction> {
    let (kind, verdict) = *arm.get(index)?;
    if !matches!(verdict, Verdict::Regressed | Verdict::Improved) {
        return None;
    }
    let all_equivalent = |kinds: [Kind; 2]| {
        let mut of_kinds = arm
            .iter()
            .filter(|(kind, _)| kind.is_some_and(|kind| kinds.contains(&kind)))
            .peekable();
        of_kinds.peek().is_some() && of_kinds.all(|(_, verdict)| *verdict == Verdict::Equivalent)
    };
    match kind? {
        Kind::Wall if all_equivalent([Kind::CpuTime, Kind::Instructions]) => {
            Some(Contradiction::WallOnly)
        }
        Kind::Instructions if all_equivalent([Kind::CpuTime, Kind::Wall]) => {
            Some(Contradiction::InstructionsOnly)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_equivalent_contradicts() {
        use Contradiction::{InstructionsOnly, WallOnly};
        use Kind::{CpuTime, Instructions, Wall};
        use Verdict::{Equivalent, Improved, Inconclusive, Regressed};
        type Row<'a> = (&'a [(Option<Kind>, Verdict)], Option<Contradiction>);
        let rows: [Row<'_>; 7] = [
            (&[(Some(Wall), Regressed), (Some(CpuTime), Equivalent)], Some(WallOnly)),
            (&[(Some(Wall), Improved), (Some(Instructions), Equivalent)], Some(WallOnly)),
            (&[(Some(Wall), Regressed), (Some(CpuTime), Inconclusive)], None),
            (&[(Some(Wall), Equivalent), (Some(CpuTime), Equivalent)], None),
            (&[(Some(Wall), Regressed), (None, Equivalent)], None),
            (&[(Some(Instructions), Regressed), (Some(Wall), Equivalent)], Some(InstructionsOnly)),
            (&[(None, Regressed), (Some(Wall), Equivalent)], None),
        ];
        for (arm, expected) in rows {
            assert_eq!(of_change(arm, 0), expected, "{arm:?}");
        }
    }
}
