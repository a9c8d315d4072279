//! Which commit changed a series: halving the range between two commits that
//! differ, measuring the middle beside the good end each time.
//!
//! A step asks whether the middle has more than half of the change (on a log
//! scale). The chance of a wrong answer is shared by the steps, so the commit
//! found is wrong with at most the chance stated, if the range has one change.

use crate::verdicts::Pairs;
use stats::Better;

/// A range of commits that is being narrowed: positions in a list whose first is
/// good and whose last is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) good: usize,
    pub(crate) bad: usize,
}

impl Range {
    /// The position to look at next; none when the change is found.
    pub(crate) fn middle(self) -> Option<usize> {
        (self.bad - self.good > 1).then(|| self.good.midpoint(self.bad))
    }

    /// How many answers are needed at most.
    pub(crate) fn steps(self) -> u32 {
        (self.bad - self.good).max(1).next_power_of_two().trailing_zeros()
    }

    /// What is left when the position has the change, or has it not.
    pub(crate) fn narrowed(self, at: usize, has_change: bool) -> Self {
        if has_change { Self { bad: at, ..self } } else { Self { good: at, ..self } }
    }
}

/// Turns pairs of good and middle into the question of a step: regressed is then
/// "has the change", equivalent "has it not". `ratio` is bad over good.
pub(crate) fn ask(pairs: &mut Pairs, ratio: f64) {
    let half = ratio.sqrt();
    // A change for the better is asked for as if it were for the worse.
    (pairs.series.better, pairs.series.tolerated) = if ratio >= 1.0 {
        (Better::Lower, Some(half - 1.0))
    } else {
        (Better::Higher, Some(1.0 / half - 1.0))
    };
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn every_commit_is_found_in_as_many_steps_as_said() {
        for count in 1..40 {
            let whole = Range { good: 0, bad: count };
            for culprit in 1..=count {
                let (mut range, mut steps) = (whole, 0);
                while let Some(middle) = range.middle() {
                    range = range.narrowed(middle, middle >= culprit);
                    steps += 1;
                }
                assert_eq!(range, Range { good: culprit - 1, bad: culprit });
                assert!(steps <= whole.steps(), "{steps} of {} for {count}", whole.steps());
            }
        }
    }
}
