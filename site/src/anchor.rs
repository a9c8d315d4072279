//! Which of the anchor's numbers a block is divided by. On shared machines
//! the ratio to a block measured beside it says more than the number alone.

use crate::folded::FoldedRatio;
use crate::summary::Summary;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The values of one metric of one cell, by round.
#[derive(Debug, Default, Clone)]
pub(crate) struct Rounds {
    /// Block values.
    pub(crate) values: BTreeMap<u32, f64>,
    /// Rounds whose block says nothing about the host: a caveat forbids it.
    pub(crate) void: BTreeSet<u32>,
}

/// The anchor's arm to divide `arm` by: the same one, else the one that
/// shares most parameters; of equals the one with fewest others, then the
/// first by name.
pub(crate) fn matching_arm<'a>(
    arm: &str,
    anchor_arms: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted: BTreeSet<&str> = arm.split(',').collect();
    anchor_arms.max_by_key(|candidate| {
        let parameters: BTreeSet<&str> = candidate.split(',').collect();
        let shared = parameters.intersection(&wanted).count();
        let others = parameters.len() - shared;
        (*candidate == arm, shared, Reverse(others), Reverse(*candidate))
    })
}

/// The ratio of a series to its anchor, round by round. A round in which
/// either block says nothing about the host is left out.
pub(crate) fn ratio(own: &Rounds, anchor: &Rounds, anchor_arm: &str) -> FoldedRatio {
    let mut ratios = Vec::new();
    let mut left_out = 0;
    for (round, value) in &own.values {
        let Some(floor) = anchor.values.get(round) else { continue };
        if own.void.contains(round) || anchor.void.contains(round) {
            left_out += 1;
        } else if *floor > 0.0 {
            ratios.push(value / floor);
        }
    }
    if ratios.is_empty() {
        return FoldedRatio::Absent(if left_out > 0 {
            "the load generator was the limit in every round".into()
        } else {
            "the anchor has no value above zero in the same rounds".into()
        });
    }
    match Summary::of_blocks(&ratios) {
        Ok(summary) => {
            FoldedRatio::Measured { summary, anchor_arm: anchor_arm.to_owned(), left_out }
        }
        Err(error) => FoldedRatio::Absent(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_arm_is_found() {
        let check = |arm: &str, anchor: &[&str], expected: Option<&str>| {
            assert_eq!(matching_arm(arm, anchor.iter().copied()), expected, "{arm} in {anchor:?}");
        };
        check("wasi=p2", &["wasi=native", "wasi=p2"], Some("wasi=p2"));
        check("wasi=p2", &["wasi=native"], Some("wasi=native"));
        check("wasi=p2,body=1k", &["body=1k", "body=64k"], Some("body=1k"));
        let arms = ["wasi=native,body=1k", "wasi=native,body=64k"];
        check("wasi=p3,body=64k", &arms, Some("wasi=native,body=64k"));
        check("wasi=p3", &["wasi=b", "wasi=a", "wasi=a,x=y"], Some("wasi=a"));
        check("default", &[], None);
    }

    fn rounds(values: &[(u32, f64)], void: &[u32]) -> Rounds {
        Rounds { values: values.iter().copied().collect(), void: void.iter().copied().collect() }
    }

    #[test]
    fn only_rounds_that_say_something_count() {
        let check = |own: &Rounds, anchor: &Rounds, expected: &str| {
            let got = match ratio(own, anchor, "default") {
                FoldedRatio::Measured { summary, left_out, .. } => {
                    format!("{} of {}, {left_out} left out", summary.value, summary.blocks)
                }
                FoldedRatio::Absent(reason) => reason,
                FoldedRatio::IsAnchor => "anchor".to_owned(),
            };
            assert_eq!(got, expected);
        };
        let own = rounds(&[(0, 6.0), (1, 8.0), (2, 90.0), (3, 7.0)], &[]);
        let anchor = rounds(&[(0, 2.0), (1, 2.0), (2, 3.0)], &[]);
        check(&own, &anchor, "4 of 3, 0 left out");
        check(&own, &rounds(&[(0, 2.0), (1, 2.0), (2, 3.0)], &[2]), "3.5 of 2, 1 left out");
        check(
            &rounds(&[(0, 6.0)], &[0]),
            &anchor,
            "the load generator was the limit in every round",
        );
        let none = "the anchor has no value above zero in the same rounds";
        check(&own, &rounds(&[(0, 0.0), (9, 1.0)], &[]), none);
    }
}
