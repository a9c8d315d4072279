//! One number for many: where values lie and how far they spread.
//!
//! Every function takes a non-empty slice of finite values in any order and
//! answers in the unit of the values, unless it says otherwise. Nothing here
//! decides anything, and nothing here drops a value silently.

use crate::error::{Error, in_range, require_finite};

/// The middle value; of an even number, half way between the middle two.
///
/// # Errors
///
/// Empty or non-finite input.
pub fn median(values: &[f64]) -> Result<f64, Error> {
    quantile(values, 0.5)
}

/// The median absolute deviation from the median, **not** scaled: multiply by
/// 1.4826 to estimate the standard deviation of normal noise.
///
/// Source: Hampel 1974, "The influence curve and its role in robust estimation".
///
/// # Errors
///
/// Empty or non-finite input; [`Error::OutOfRange`] when a deviation overflows.
pub fn mad(values: &[f64]) -> Result<f64, Error> {
    let middle = median(values)?;
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    // A finite value can only lose its finiteness by overflow here.
    median(&deviations).map_err(|_| Error::OutOfRange)
}

/// The `probability` quantile, from 0 (the smallest) to 1 (the largest), by
/// Hyndman & Fan's definition 7: linear between the values on either side of
/// position `(n - 1) * probability` of the sorted values, counted from 0. It is
/// the default of R, of numpy and of spreadsheets.
///
/// Source: Hyndman & Fan 1996, "Sample quantiles in statistical packages".
///
/// # Errors
///
/// Empty or non-finite input; [`Error::BadParameter`] for a probability
/// outside 0 to 1.
pub fn quantile(values: &[f64], probability: f64) -> Result<f64, Error> {
    require_finite("values", values)?;
    if !(0.0..=1.0).contains(&probability) {
        return Err(Error::BadParameter {
            what: "probability",
            value: probability,
            allowed: "from 0 to 1",
        });
    }
    Ok(quantile_of_sorted(&sorted(values), probability))
}

/// The arithmetic mean.
///
/// # Errors
///
/// Empty or non-finite input.
pub fn mean(values: &[f64]) -> Result<f64, Error> {
    require_finite("values", values)?;
    Ok(mean_of(values))
}

/// The mean of what is left after dropping `floor(n * cut)` values at **each**
/// end; a `cut` of 0.1 drops a tenth of the smallest and a tenth of the
/// largest. With few values nothing may be dropped, as in
/// `scipy.stats.trim_mean`.
///
/// Source: Tukey & McLaughlin 1963, "Less vulnerable confidence and
/// significance procedures for location based on a single sample".
///
/// # Errors
///
/// Empty or non-finite input; [`Error::BadParameter`] for a `cut` that is not
/// at least 0 and below one half.
pub fn trimmed_mean(values: &[f64], cut: f64) -> Result<f64, Error> {
    require_finite("values", values)?;
    if !(0.0..0.5).contains(&cut) {
        return Err(Error::BadParameter {
            what: "cut",
            value: cut,
            allowed: "at least 0 and below 0.5",
        });
    }
    let sorted = sorted(values);
    // Below one half of n even when rounded, so something is always left.
    let dropped = (sorted.len() as f64 * cut) as usize;
    Ok(mean_of(&sorted[dropped..sorted.len() - dropped]))
}

/// How far apart the extremes are: `(max - min) / median`, a fraction.
///
/// # Errors
///
/// Empty or non-finite input; [`Error::MedianNotPositive`]; [`Error::OutOfRange`]
/// when the quotient overflows.
pub fn spread(values: &[f64]) -> Result<f64, Error> {
    require_finite("values", values)?;
    let sorted = sorted(values);
    let median = quantile_of_sorted(&sorted, 0.5);
    if median <= 0.0 {
        return Err(Error::MedianNotPositive { median });
    }
    in_range((sorted[sorted.len() - 1] - sorted[0]) / median)
}

/// The mean of finite values, of which there is at least one: always between
/// the smallest and the largest, and exactly negated when the values are.
pub(crate) fn mean_of(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let sum: f64 = values.iter().sum();
    let rough = if sum.is_finite() { sum / n } else { values.iter().map(|value| value / n).sum() };
    // A second pass takes back most of what rounding cost the first.
    let rest = values.iter().map(|value| value - rough).sum::<f64>() / n;
    let mean = if rest.is_finite() { rough + rest } else { rough };
    let (low, high) = extremes(values);
    mean.clamp(low, high)
}

/// The standard error of the mean of at least two finite values; infinite
/// when the squares overflow.
pub(crate) fn standard_error_of_mean(values: &[f64], mean: f64) -> f64 {
    let n = values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (n - 1.0) / n).sqrt()
}

/// The smallest and the largest of finite values, of which there is at least one.
pub(crate) fn extremes(values: &[f64]) -> (f64, f64) {
    let first = (values[0], values[0]);
    values.iter().fold(first, |(low, high), &value| (low.min(value), high.max(value)))
}

/// The median of finite values, of which there is at least one; it orders them.
pub(crate) fn median_of(values: &mut [f64]) -> f64 {
    let even = values.len().is_multiple_of(2);
    let (below, &mut high, _) = values.select_nth_unstable_by(values.len() / 2, f64::total_cmp);
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(low) if even => f64::midpoint(low, high),
        _ => high,
    }
}

/// The median distance from `centre`, scaled to estimate the standard deviation
/// of normal noise; of at least one finite value.
pub(crate) fn scaled_mad_of(values: &[f64], centre: f64) -> f64 {
    let mut distances: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    1.4826 * median_of(&mut distances)
}

/// A sorted copy.
pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// [`quantile`] of sorted finite values, of which there is at least one.
pub(crate) fn quantile_of_sorted(sorted: &[f64], probability: f64) -> f64 {
    let last = sorted.len() - 1;
    let position = last as f64 * probability;
    let below = (position as usize).min(last);
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    let part = position - below as f64;
    // The second form is for neighbours so far apart that their distance overflows.
    let step = part * (high - low);
    let value = if step.is_finite() { low + step } else { low * (1.0 - part) + high * part };
    value.clamp(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: [f64; 8] = [2.5, 3.1, 2.9, 10.0, 3.3, 2.7, 3.0, 3.2];

    type Function = fn(&[f64]) -> Result<f64, Error>;

    fn check(how: &str, got: Result<f64, Error>, expected: f64) {
        let got = got.unwrap();
        let close = (got - expected).abs() <= 1e-14 * expected.abs();
        assert!(close, "{how}: {expected}, got {got}");
    }

    /// Golden values: numpy 2.4.6 and scipy 1.17.1 evaluating the first column
    /// (`import numpy as np; from scipy import stats as s; V = [2.5, 3.1, ...]`).
    #[test]
    fn summaries_are_numpy_s() {
        check("np.median(V)", median(&V), 3.05);
        check("np.median(V[:7])", median(&V[..7]), 3.0);
        check("np.median([5.0])", median(&[5.0]), 5.0);
        check("s.median_abs_deviation(V)", mad(&V), 0.20000000000000018);
        check("s.median_abs_deviation([1, 2, 3, 4, 100])", mad(&[1., 2., 3., 4., 100.]), 1.0);
        check("np.quantile(V, 0.0)", quantile(&V, 0.0), 2.5);
        check("np.quantile(V, 0.25)", quantile(&V, 0.25), 2.85);
        check("np.quantile(V, 0.9)", quantile(&V, 0.9), 5.309999999999999);
        check("np.quantile(V, 1.0)", quantile(&V, 1.0), 10.0);
        check("np.mean(V)", mean(&V), 3.8375);
        check("s.trim_mean(V, 0.1)", trimmed_mean(&V, 0.1), 3.8375);
        check("s.trim_mean(V, 0.2)", trimmed_mean(&V, 0.2), 3.0333333333333337);
        check("np.ptp(V) / np.median(V)", spread(&V), 2.459016393442623);
    }

    #[test]
    fn extremes_of_the_number_line_do_not_overflow() {
        let wide = [-f64::MAX, f64::MAX, f64::MAX];
        check("mean of three huge values", mean(&[f64::MAX; 3]), f64::MAX);
        check("quantile across the line", quantile(&wide[..2], 0.75), f64::MAX / 2.0);
        check("nearly half trimmed", trimmed_mean(&[1.0; 1000], 0.5f64.next_down()), 1.0);
        assert_eq!(
            mad(&[-f64::MAX, -f64::MAX, f64::MAX, f64::MAX, f64::MAX]),
            Err(Error::OutOfRange)
        );
        assert_eq!(spread(&[1e-300, 1e-300, 1e300]), Err(Error::OutOfRange));
    }

    #[test]
    fn bad_input_is_named() {
        let functions: [Function; 6] =
            [median, mad, mean, spread, |v| quantile(v, 0.5), |v| trimmed_mean(v, 0.1)];
        for function in functions {
            let told = |values: &[f64]| function(values).unwrap_err().to_string();
            assert_eq!(told(&[]), "values is empty");
            let text = "value 1 of values is NaN, which is not a finite number";
            assert_eq!(told(&[1.0, f64::NAN]), text);
            let text = "value 0 of values is -inf, which is not a finite number";
            assert_eq!(told(&[f64::NEG_INFINITY, f64::NAN]), text);
        }
        for probability in [-0.1, 1.1, f64::NAN] {
            let error = quantile(&V, probability).unwrap_err().to_string();
            assert_eq!(error, format!("probability is {probability}, and must be from 0 to 1"));
        }
        for cut in [-0.1, 0.5, f64::NAN] {
            let error = trimmed_mean(&V, cut).unwrap_err().to_string();
            assert_eq!(error, format!("cut is {cut}, and must be at least 0 and below 0.5"));
        }
        assert_eq!(spread(&[0.0, 0.0, 1.0]), Err(Error::MedianNotPositive { median: 0.0 }));
    }
}
