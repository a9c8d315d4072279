//! The slope of a straight line through points: by least squares, and by
//! Theil and Sen's median of slopes, which a few wild points do not move.
//!
//! Answers are in units of y per unit of x. Residuals are taken as independent
//! of each other; a level that shifts is no line, and finding one is not this
//! module's work.

use crate::Interval;
use crate::distribution::normal_quantile;
use crate::error::{Error, in_range, require_at_least, require_finite, require_same_length};
use crate::interval::{around, require_confidence, two_sided_t};
use crate::summary::{mean_of, median, quantile_of_sorted};

/// The most points whose pairs are looked at, all of them.
pub const MOST_POINTS: usize = 5_000;

/// A line through two points says nothing of its own uncertainty.
const MIN_POINTS: usize = 3;

/// A straight line through points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// Units of y per unit of x.
    pub slope: f64,
    /// The line's height at x = 0, in the unit of y.
    pub intercept: f64,
    /// Interval of `slope`; absent where too few points allow none at this
    /// confidence (Theil-Sen only).
    pub interval: Option<Interval>,
}

/// The least-squares line, with Student's t interval of its slope on n - 2
/// degrees of freedom: `slope ± t * sqrt(SSR / (n - 2) / Sxx)`.
///
/// It assumes independent residuals of one variance, roughly normal. Points
/// exactly on a line give an interval without width.
///
/// Source: Draper & Smith 1998, "Applied Regression Analysis", section 1.4.
///
/// # Errors
///
/// Empty, non-finite or unequally long slices; fewer than 3 points; x all the
/// same; a confidence out of range; [`Error::OutOfRange`] when squares overflow.
pub fn least_squares(x: &[f64], y: &[f64], confidence: f64) -> Result<Slope, Error> {
    require_points(x, y)?;
    let t = two_sided_t(x.len() - 2, confidence)?;
    let (mean_x, mean_y) = (mean_of(x), mean_of(y));
    let centred = || x.iter().zip(y).map(move |(x, y)| (x - mean_x, y - mean_y));
    let sxx: f64 = centred().map(|(x, _)| x * x).sum();
    let sxy: f64 = centred().map(|(x, y)| x * y).sum();
    if sxx == 0.0 {
        // They differ, but by so little that the squares vanish.
        return Err(Error::OutOfRange);
    }
    let slope = in_range(in_range(sxy)? / in_range(sxx)?)?;
    let residuals: f64 = centred().map(|(x, y)| (y - slope * x).powi(2)).sum();
    let standard_error = (residuals / (x.len() - 2) as f64 / sxx).sqrt();
    Ok(Slope {
        slope,
        intercept: in_range(mean_y - slope * mean_x)?,
        interval: Some(around(slope, t * standard_error, confidence)?),
    })
}

/// The Theil-Sen line: the median of the slopes between all pairs of points
/// with different x, through the medians of x and y.
///
/// The interval lies between two of those slopes, ranked `(N ± C) / 2` of N,
/// where `C = z * sqrt(V)` and V is the variance of Kendall's S, corrected for
/// ties in x: `(n(n-1)(2n+5) - sum u(u-1)(2u+5)) / 18` over groups of u equal x.
/// Ties in y are not corrected for (scipy does): the ranks are of residuals
/// about a slope, which are not tied where y is, and a correction would narrow
/// the interval of coarse data. The normal approximation is good from about 10
/// points; where it asks for slopes beyond the extremes (at 0.95 below 5
/// points) there is no interval.
///
/// Time and memory grow with the square of the number of points, 100 MB at the
/// most that are taken, [`MOST_POINTS`].
///
/// Sources: Theil 1950; Sen 1968, "Estimates of the regression coefficient
/// based on Kendall's tau".
///
/// # Errors
///
/// As [`least_squares`]; [`Error::OutOfRange`] when a slope overflows;
/// [`Error::TooMany`].
pub fn theil_sen(x: &[f64], y: &[f64], confidence: f64) -> Result<Slope, Error> {
    require_points(x, y)?;
    if x.len() > MOST_POINTS {
        return Err(Error::TooMany { most: MOST_POINTS, got: x.len() });
    }
    require_confidence(confidence)?;
    let slopes = sorted_pair_slopes(x, y)?;
    let slope = quantile_of_sorted(&slopes, 0.5);
    let n = slopes.len() as f64;
    let c = normal_quantile(f64::midpoint(1.0, confidence)) * variance_of_s(x).sqrt();
    // Ranks count from 1: the lower is (N - C) / 2, the upper (N + C) / 2 + 1.
    let lower = ((n - c) / 2.0).round_ties_even();
    let upper = ((n + c) / 2.0).round_ties_even() + 1.0;
    let interval = (lower >= 1.0 && upper <= n).then(|| Interval {
        low: slopes[lower as usize - 1],
        high: slopes[upper as usize - 1],
        confidence,
    });
    Ok(Slope { slope, intercept: in_range(median(y)? - slope * median(x)?)?, interval })
}

fn sorted_pair_slopes(x: &[f64], y: &[f64]) -> Result<Vec<f64>, Error> {
    let mut slopes = Vec::with_capacity(x.len() * (x.len() - 1) / 2);
    for (i, (&x0, &y0)) in x.iter().zip(y).enumerate() {
        for (&x1, &y1) in x.iter().zip(y).skip(i + 1) {
            if x0 != x1 {
                slopes.push(in_range((y1 - y0) / (x1 - x0))?);
            }
        }
    }
    slopes.sort_unstable_by(f64::total_cmp);
    Ok(slopes)
}

/// The variance of Kendall's S without ties in y.
fn variance_of_s(x: &[f64]) -> f64 {
    let term = |n: usize| {
        let n = n as f64;
        n * (n - 1.0) * (2.0 * n + 5.0)
    };
    let mut sorted = x.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let ties: f64 = sorted.chunk_by(|left, right| left == right).map(|tie| term(tie.len())).sum();
    (term(x.len()) - ties) / 18.0
}

fn require_points(x: &[f64], y: &[f64]) -> Result<(), Error> {
    require_same_length(x, y)?;
    require_finite("x", x)?;
    require_finite("y", y)?;
    require_at_least(MIN_POINTS, x.len())?;
    if x.iter().all(|&value| value == x[0]) {
        return Err(Error::ConstantX);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: [f64; 8] = [1., 2., 3., 4., 5., 6., 7., 8.];
    const Y: [f64; 8] = [2.1, 3.9, 6.2, 7.8, 10.1, 11.7, 14.4, 15.9];

    /// `expected` is slope, intercept, low, high.
    fn check(got: Result<Slope, Error>, expected: [f64; 4]) {
        let got = got.unwrap();
        let interval = got.interval.unwrap();
        let numbers = [got.slope, got.intercept, interval.low, interval.high];
        for (number, scipy) in numbers.into_iter().zip(expected) {
            assert!((number - scipy).abs() < 1e-12, "{numbers:?}, scipy {expected:?}");
        }
    }

    /// Golden values: scipy 1.17.1, `r = s.linregress(X, Y)` and
    /// `r.slope ± s.t.ppf((1 + c) / 2, len(X) - 2) * r.stderr`.
    #[test]
    fn least_squares_is_scipy_s() {
        let line = [1.9988095238095238, 0.01785714285714235];
        let at = |low, high| [line[0], line[1], low, high];
        check(least_squares(&X, &Y, 0.95), at(1.9052153071850573, 2.09240374043399));
        check(least_squares(&X, &Y, 0.9), at(1.9244830064771405, 2.073136041141907));
        let expected =
            [0.4642857142857142, 1.2142857142857144, -1.8936920186885964, 2.822263447260025];
        check(least_squares(&[0., 1., 3.], &[1., 2., 2.5], 0.95), expected);
    }

    /// Golden values: scipy 1.17.1, `s.theilslopes(Y, X, c, method="separate")`.
    #[test]
    fn theil_sen_is_scipy_s() {
        let line = [1.9857142857142858, 0.014285714285712459];
        let at = |low, high| [line[0], line[1], low, high];
        check(theil_sen(&X, &Y, 0.95), at(1.8999999999999997, 2.1000000000000005));
        check(theil_sen(&X, &Y, 0.9), at(1.92, 2.1));
        let wild = [2.1, 3.9, 6.2, 7.8, 10.1, -50., 14.4, 15.9];
        let expected = [1.9857142857142858, -1.9357142857142868, 1.5, 2.1500000000000004];
        check(theil_sen(&X, &wild, 0.95), expected);
        let tied_x = [1., 1., 1., 1., 2., 2., 2., 2., 3., 3., 3., 3.];
        let y = [1., 1.2, 1.4, 0.7, 2.1, 1.9, 2.5, 1.6, 3.3, 2.8, 3.9, 2.4];
        let expected = [0.925, 0.1499999999999999, 0.6999999999999997, 1.4];
        check(theil_sen(&tied_x, &y, 0.95), expected);
    }

    /// Ties in y are left alone, unlike in scipy: with
    /// `sl = sorted((y[j] - y[i]) / (x[j] - x[i]) for i, j pairs)`,
    /// `C = s.norm.ppf(0.975) * np.sqrt(8 * 7 * 21 / 18)` and `N = len(sl)`:
    /// `sl[round((N - C) / 2) - 1]` and `sl[round((N + C) / 2)]`.
    #[test]
    fn ties_in_y_do_not_narrow_the_interval() {
        let x = [0., 1., 2., 3., 4., 5., 6., 7.];
        let y = [1., 1., 1., 2., 2., 2., 3., 3.];
        check(theil_sen(&x, &y, 0.95), [1.0 / 3.0, 2.0 - 3.5 / 3.0, 0.0, 0.5]);
    }

    #[test]
    fn few_points_have_a_median_slope_and_no_interval() {
        let got = theil_sen(&X[..4], &Y[..4], 0.95).unwrap();
        assert_eq!(got.interval, None);
        assert!(theil_sen(&X[..5], &Y[..5], 0.95).unwrap().interval.is_some());
    }

    #[test]
    fn bad_input_is_named() {
        for function in [least_squares, theil_sen] {
            let told = |x: &[f64], y: &[f64]| match function(x, y, 0.95) {
                Ok(got) => format!("{got:?}"),
                Err(error) => error.to_string(),
            };
            assert_eq!(told(&[], &[]), "x is empty");
            assert_eq!(told(&X[..2], &Y[..2]), "needs at least 3 values, got 2");
            let text = "the two sides must pair up, got 8 and 7 values";
            assert_eq!(told(&X, &Y[..7]), text);
            assert_eq!(told(&[2.0; 8], &Y), "every x is the same, so there is no slope");
            let text = "value 2 of y is NaN, which is not a finite number";
            assert_eq!(told(&X[..3], &[1.0, 2.0, f64::NAN]), text);
            let text = "the result is outside what a 64-bit float can hold";
            assert_eq!(told(&[-1e-300, 0.0, 1e-300], &[0.0, 1e300, -1e300]), text);
            assert!(function(&X, &Y, 0.05).is_err());
        }
    }
}
