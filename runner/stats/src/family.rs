//! Many questions at once: how seldom *any* of them may be answered wrongly.
//!
//! Holm's step-down: the smallest p-value is held to `alpha / n`, the next to
//! `alpha / (n - 1)`, until one fails. The chance of even one false alarm stays
//! at most `alpha`, whatever the questions have to do with each other, and it
//! finds all that Bonferroni's rule finds and more.
//!
//! Source: Holm 1979, "A simple sequentially rejective multiple test procedure".

use crate::error::{Error, require_finite};
use crate::interval::{MAX_CONFIDENCE, MIN_CONFIDENCE};

/// The p-values as they count for the family: an effect is sure at `alpha`
/// exactly when its adjusted value is at most `alpha`. In the order given.
///
/// # Errors
///
/// Empty or non-finite input; [`Error::BadParameter`] for a value outside 0 to 1.
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, Error> {
    require_finite("p_values", p_values)?;
    if let Some(&value) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(Error::BadParameter { what: "p-value", value, allowed: "from 0 to 1" });
    }
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&left, &right| p_values[left].total_cmp(&p_values[right]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut so_far = 0.0f64;
    for (rank, &index) in order.iter().enumerate() {
        let left = (p_values.len() - rank) as f64;
        so_far = so_far.max((left * p_values[index]).min(1.0));
        adjusted[index] = so_far;
    }
    Ok(adjusted)
}

/// The confidence each question's own interval needs for it to exclude "no
/// change" exactly when Holm's rule does. In the order given; no confidence is
/// above [`MAX_CONFIDENCE`].
///
/// These intervals make the verdicts right together, and are not promised to
/// hold the truth all together, as those at `1 - alpha / n` are.
///
/// # Errors
///
/// As [`holm`]; an `alpha` that is not from `1 - MAX_CONFIDENCE` to one half.
pub fn confidences(p_values: &[f64], alpha: f64) -> Result<Vec<f64>, Error> {
    if !(1.0 - MAX_CONFIDENCE..=1.0 - MIN_CONFIDENCE).contains(&alpha) {
        let allowed = "from 0.000001 to 0.5";
        return Err(Error::BadParameter { what: "alpha", value: alpha, allowed });
    }
    let adjusted = holm(p_values)?;
    let sure = adjusted.iter().filter(|&&p| p <= alpha).count();
    let of = |index: usize| {
        // How many smaller ones went before, ties in the order given.
        let before = (0..p_values.len())
            .filter(|&other| (p_values[other], other) < (p_values[index], index))
            .count();
        let left = p_values.len() - before.min(sure);
        (1.0 - alpha / left.max(1) as f64).min(MAX_CONFIDENCE)
    };
    Ok((0..p_values.len()).map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: the i-th smallest of n times n - i + 1, never below the one before.
    #[test]
    fn adjusted_values_follow_the_steps() {
        let rows: [(&[f64], &[f64]); 3] = [
            (&[0.01, 0.04, 0.03, 0.005], &[0.03, 0.06, 0.06, 0.02]),
            (&[0.2], &[0.2]),
            (&[0.5, 0.5, 0.001], &[1.0, 1.0, 0.003]),
        ];
        for (p_values, expected) in rows {
            let got = holm(p_values).unwrap();
            for (got, expected) in got.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-15, "{p_values:?}: {got}, not {expected}");
            }
        }
    }

    #[test]
    fn intervals_decide_as_the_rule_does() {
        let p_values = [0.01, 0.04, 0.03, 0.005, 0.0124];
        let confidences = confidences(&p_values, 0.05).unwrap();
        let adjusted = holm(&p_values).unwrap();
        for ((p, confidence), adjusted) in p_values.iter().zip(confidences).zip(adjusted) {
            assert_eq!(*p <= 1.0 - confidence, adjusted <= 0.05, "{p} at {confidence}");
        }
    }

    #[test]
    fn what_is_no_probability_is_refused() {
        for bad in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            assert!(holm(&[0.5, bad]).is_err() && confidences(&[0.5], bad).is_err());
        }
        assert!(holm(&[]).is_err());
    }
}
