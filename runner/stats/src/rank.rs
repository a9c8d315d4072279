//! A test that asks only for order: whether pairs lean to one side.
//!
//! It stands beside the t interval. Where both agree, no assumption about the
//! noise decided; where they do not, a few wild pairs did.

use crate::distribution::normal_cdf;
use crate::error::{Error, require_finite};

/// Up to so many pairs the distribution is counted out.
const MOST_COUNTED: usize = 60;

/// The two-sided p-value of Wilcoxon's signed-rank test that the differences
/// (or log ratios) lie around zero, in any order.
///
/// Zeros are left out, and values of one size share their ranks. Up to 60
/// values the p-value is exact, given the ranks; beyond, it is that of the
/// normal approximation with a correction for continuity. Without any value
/// but zeros it is 1.
///
/// Source: Wilcoxon 1945, "Individual comparisons by ranking methods"; for
/// zeros and ties Pratt & Gibbons 1981, section 3.7.
///
/// # Errors
///
/// Empty or non-finite input.
pub fn signed_rank(differences: &[f64]) -> Result<f64, Error> {
    signed_rank_counting(differences, MOST_COUNTED)
}

fn signed_rank_counting(differences: &[f64], most_counted: usize) -> Result<f64, Error> {
    require_finite("differences", differences)?;
    let mut values: Vec<f64> = differences.iter().copied().filter(|&d| d != 0.0).collect();
    if values.is_empty() {
        return Ok(1.0);
    }
    values.sort_by(|left, right| left.abs().total_cmp(&right.abs()));
    // Twice the ranks: shared ones are halves.
    let mut ranks: Vec<usize> = Vec::with_capacity(values.len());
    for tie in values.chunk_by(|left, right| left.abs() == right.abs()) {
        let first = ranks.len() + 1;
        ranks.extend(std::iter::repeat_n(2 * first + tie.len() - 1, tie.len()));
    }
    let total: usize = ranks.iter().sum();
    let above: usize = values.iter().zip(&ranks).filter(|(v, _)| **v > 0.0).map(|(_, r)| r).sum();
    let smaller = above.min(total - above);
    let one_sided = if values.len() <= most_counted {
        counted(&ranks, total, smaller)
    } else {
        let squares: f64 = ranks.iter().map(|&rank| (rank as f64).powi(2)).sum();
        let distance = total as f64 / 2.0 - smaller as f64 - 1.0;
        normal_cdf(-distance.max(0.0) / (squares / 4.0).sqrt())
    };
    Ok((2.0 * one_sided).min(1.0))
}

/// The share of all assignments of signs whose positive ranks add up to at
/// most `smaller`.
fn counted(ranks: &[usize], total: usize, smaller: usize) -> f64 {
    let mut share = vec![0.0; total + 1];
    share[0] = 1.0;
    let mut reached = 0;
    for &rank in ranks {
        reached += rank;
        for sum in (0..=reached).rev() {
            let without = share[sum];
            let with = if sum >= rank { share[sum - rank] } else { 0.0 };
            share[sum] = f64::midpoint(without, with);
        }
    }
    share[..=smaller].iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden values: counted by hand. All of n on one side: 2 / 2^n.
    #[test]
    fn p_values_are_those_counted_out() {
        let rows: [(&[f64], f64); 6] = [
            (&[1.0, 2.0, 3.0], 0.25),
            (&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.03125),
            (&[-1.0, -2.0, -3.0, -4.0, -5.0, -6.0], 0.03125),
            // The sums 0, 1 and 2 of ranks 1 to 5 come from three of 32 sets.
            (&[1.0, -2.0, 3.0, 4.0, 5.0], 0.1875),
            (&[0.0, 0.0], 1.0),
            (&[1.0, -1.0], 1.0),
        ];
        for (differences, expected) in rows {
            let got = signed_rank(differences).unwrap();
            assert!((got - expected).abs() < 1e-12, "{differences:?}: {got}, not {expected}");
        }
        assert!(signed_rank(&[]).is_err() && signed_rank(&[f64::NAN]).is_err());
    }

    #[test]
    fn counting_and_the_approximation_meet() {
        let values: Vec<f64> =
            (1..=50).map(|i| f64::from(if i % 3 == 0 { -i } else { i })).collect();
        let [counted, approximate] =
            [60, 10].map(|most| signed_rank_counting(&values, most).unwrap());
        assert!((counted / approximate - 1.0).abs() < 0.05, "{counted} and {approximate}");
    }
}
