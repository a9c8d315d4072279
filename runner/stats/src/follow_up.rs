//! What is decided by measuring again: whether a suspected change is one.

use crate::Interval;

/// What measuring both sides again says of a suspected change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Confirmation {
    /// It is there: the new interval lies wholly on its side of 1, and does not
    /// exclude half of it.
    Confirmed,
    /// It is not: the new interval leaves less than half of it.
    Refuted,
    /// Measure more.
    Open,
}

/// Holds a suspected change against a new comparison of the versions on both
/// sides of it, told by the interval of its ratio.
///
/// `effect` is the suspected one, new level over old, less 1. Only the new
/// values count: those that raised the suspicion were chosen for being extreme,
/// and show more than there is (Gelman & Carlin 2014, "Beyond power
/// calculations"). Hence half of it refutes.
#[must_use]
pub fn confirm(effect: f64, fresh: Option<Interval>) -> Confirmation {
    let Some(interval) = fresh else { return Confirmation::Open };
    // As for a rise: a fall is one of the inverse.
    let (low, high, suspected) = if effect >= 0.0 {
        (interval.low, interval.high, effect.ln_1p())
    } else {
        (1.0 / interval.high, 1.0 / interval.low, -effect.max(-1.0 + f64::EPSILON).ln_1p())
    };
    // First, since a trace of it is not what was suspected.
    if high.ln() < suspected / 2.0 {
        Confirmation::Refuted
    } else if low > 1.0 {
        Confirmation::Confirmed
    } else {
        Confirmation::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Options, Repeatability, paired};
    use crate::verdict::Better;

    fn compared(ratio: f64, spread: f64) -> Option<Interval> {
        let a = vec![100.0; 8];
        let b: Vec<f64> =
            (0..8).map(|i| 100.0 * ratio * (1.0 + spread * f64::from(i % 4 - 2))).collect();
        let options = Options {
            better: Better::Lower,
            margin: 0.01,
            confidence: 0.95,
            repeatability: Repeatability::Noisy,
        };
        paired(&a, &b, &options).unwrap().interval
    }

    #[test]
    fn only_fresh_values_confirm() {
        let rows = [
            (0.05, compared(1.04, 0.005), Confirmation::Confirmed),
            (0.05, compared(1.0, 0.005), Confirmation::Refuted),
            // Surely there, and surely not what was suspected.
            (0.05, compared(1.01, 0.001), Confirmation::Refuted),
            (0.05, compared(1.02, 0.05), Confirmation::Open),
            (0.05, compared(0.96, 0.005), Confirmation::Refuted),
            (-0.05, compared(0.96, 0.005), Confirmation::Confirmed),
            (-0.05, compared(1.0, 0.005), Confirmation::Refuted),
            (0.05, None, Confirmation::Open),
        ];
        for (effect, fresh, expected) in rows {
            assert_eq!(confirm(effect, fresh), expected, "{effect} {fresh:?}");
        }
    }
}
