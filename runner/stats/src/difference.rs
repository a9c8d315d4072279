//! Which of many counts differ between two versions, from few rounds.
//!
//! For an explanation: a hundred functions, each counted on A and B in some rounds of
//! neighbours, and the question which of them are worth a reader's time. Ratios, as in
//! [`crate::compare`], do not do: a function that B has and A has not is none of a number.
//!
//! # The rule
//!
//! What is analysed is the difference of each round, `b - a`. With Student's t, its mean
//! has an interval; a difference is **sure** if that does not hold zero.
//!
//! - So many rows are looked at that some would be sure by chance: the chance of a false
//!   one, `alpha`, is divided among them (Bonferroni), so that it holds for all together.
//! - Counts repeat, and an interval of differences that are all the same has no width. The
//!   standard error is never below that of a single event more or less in a round
//!   ([`Rounds::resolution`]).
//! - Rows are chosen by whoever calls, by what both sides have together: a choice by the
//!   difference would make every row sure.
//!
//! It is no verdict: nothing follows from it for a release.

use crate::Interval;
use crate::error::{Error, require_same_length};
use crate::interval::{MAX_CONFIDENCE, MIN_CONFIDENCE, around, two_sided_t};
use crate::summary::{mean, mean_of, standard_error_of_mean};

/// With fewer rounds nothing is sure.
pub const FEWEST_ROUNDS: usize = 3;

/// A count of both versions, round by round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rounds<'a> {
    /// A's rounds.
    pub a: &'a [f64],
    /// B's, in the same order.
    pub b: &'a [f64],
    /// What one event more or less is, in the unit of the counts: one over the number of
    /// requests, of a count per request. At least 0.
    pub resolution: f64,
}

/// A count of both versions. Numbers are finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The mean of A's rounds.
    pub a: f64,
    /// The mean of B's.
    pub b: f64,
    /// Interval of `b - a`; absent with fewer than [`FEWEST_ROUNDS`].
    pub interval: Option<Interval>,
}

impl Difference {
    /// `b - a`.
    #[must_use]
    pub fn of_means(&self) -> f64 {
        self.b - self.a
    }

    /// Whether the two differ, and not by chance.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.interval.is_some_and(|interval| interval.low > 0.0 || interval.high < 0.0)
    }
}

/// Which rows of counts differ; none of them is sure by chance with a probability of at
/// least `1 - alpha`.
///
/// # Errors
///
/// Sides of unequal length or without rounds; numbers that are not finite; an `alpha` that
/// is not above 0 and at most 0.5; a resolution that is negative.
pub fn of_rows(rows: &[Rounds<'_>], alpha: f64) -> Result<Vec<Difference>, Error> {
    if !(alpha > 0.0 && alpha <= 0.5) {
        let allowed = "above 0 and at most 0.5";
        return Err(Error::BadParameter { what: "alpha", value: alpha, allowed });
    }
    let confidence = (1.0 - alpha / rows.len().max(1) as f64).clamp(MIN_CONFIDENCE, MAX_CONFIDENCE);
    rows.iter().map(|row| of_row(row, confidence)).collect()
}

fn of_row(row: &Rounds<'_>, confidence: f64) -> Result<Difference, Error> {
    let &Rounds { a, b, resolution } = row;
    if !(resolution.is_finite() && resolution >= 0.0) {
        let allowed = "finite and at least 0";
        return Err(Error::BadParameter { what: "resolution", value: resolution, allowed });
    }
    require_same_length(a, b)?;
    let (mean_a, mean_b) = (mean(a)?, mean(b)?);
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    let rounds = differences.len();
    let interval = if rounds < FEWEST_ROUNDS {
        None
    } else {
        let centre = mean_of(&differences);
        let least = resolution / (rounds as f64).sqrt();
        let error = standard_error_of_mean(&differences, centre).max(least);
        Some(around(centre, two_sided_t(rounds - 1, confidence)? * error, confidence)?)
    };
    Ok(Difference { a: mean_a, b: mean_b, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(a: &[f64], b: &[f64], resolution: f64) -> Difference {
        of_rows(&[Rounds { a, b, resolution }], 0.02).unwrap()[0]
    }

    #[test]
    fn what_repeats_is_as_sure_as_its_resolution() {
        let found = one(&[12.0; 5], &[76.0; 5], 0.005);
        assert!(found.is_sure());
        assert_eq!((found.a, found.b, found.of_means()), (12.0, 76.0, 64.0));
        // scipy.stats.t.ppf(0.99, 4) = 3.746947387979197
        let half = 3.746_947_387_979_197 * 0.005 / 5f64.sqrt();
        let interval = found.interval.unwrap();
        assert!((interval.high - 64.0 - half).abs() < 1e-9, "{interval:?}");
        assert!(!one(&[0.0; 5], &[0.005; 5], 0.005).is_sure(), "one event is none");
        assert!(one(&[0.0; 5], &[1.0; 5], 0.005).is_sure(), "what only one side has");
    }

    #[test]
    fn noise_is_not_sure_and_many_rows_are_held_to_more() {
        let (a, b) = ([10.0, 11.0, 9.0, 10.5, 9.5], [10.6, 10.8, 9.9, 10.4, 10.2]);
        assert!(!one(&a, &b, 0.0).is_sure());
        let clear = [12.0, 12.8, 11.2, 12.4, 11.6];
        assert!(one(&a, &clear, 0.0).is_sure());
        let rows = vec![Rounds { a: &a, b: &clear, resolution: 0.0 }; 10_000];
        let of_many = of_rows(&rows, 0.02).unwrap();
        assert!(of_many[0].interval.unwrap().high > one(&a, &clear, 0.0).interval.unwrap().high);
        assert!(!one(&[1.0; 2], &[9.0; 2], 0.0).is_sure(), "two rounds tell nothing");
    }

    #[test]
    fn bad_input_is_an_error() {
        for (a, b, resolution, alpha) in [
            (&[1.0][..], &[1.0, 2.0][..], 0.0, 0.02),
            (&[], &[], 0.0, 0.02),
            (&[f64::NAN], &[1.0], 0.0, 0.02),
            (&[1.0], &[1.0], -1.0, 0.02),
            (&[1.0], &[1.0], 0.0, 0.0),
        ] {
            assert!(of_rows(&[Rounds { a, b, resolution }], alpha).is_err(), "{a:?} {b:?}");
        }
    }
}
