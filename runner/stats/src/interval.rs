//! Two-sided intervals: of a mean, for decisions, and of a median, for charts.
//!
//! Values are taken to be independent of each other, so they must be block
//! summaries and never the samples inside a block. Nothing here decides.

use crate::distribution::{binomial_cdf, fair_coin_cdf, t_quantile};
use crate::error::{Error, in_range, require_at_least, require_finite};
use crate::summary::{mean_of, sorted, standard_error_of_mean};

/// The smallest confidence accepted. Less is never wanted: a 0.05 here is a
/// significance level handed in by mistake.
pub const MIN_CONFIDENCE: f64 = 0.5;

/// The largest confidence accepted: enough to correct 95 % for 50,000 series,
/// and as far as the t quantiles are good to eight digits.
pub const MAX_CONFIDENCE: f64 = 0.999_999;

/// A two-sided interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end, in the unit of what it is an interval of; finite.
    pub low: f64,
    /// Upper end, at least `low`; finite.
    pub high: f64,
    /// How often such an interval holds the true value: what was asked for
    /// or, from order statistics, what was reached, which is at least that.
    pub confidence: f64,
}

/// Student's t interval of the mean of at least two values:
/// `mean ± t(1 - alpha/2, n - 1) * s / sqrt(n)`.
///
/// It assumes independent values whose mean is roughly normal. Values that do
/// not vary at all give a point; whether that is certainty or a coarse clock
/// is for the caller to know.
///
/// Source: Student 1908, "The probable error of a mean".
///
/// # Errors
///
/// Empty or non-finite input; fewer than 2 values; a confidence out of range;
/// [`Error::OutOfRange`] when the squares overflow.
pub fn of_mean(values: &[f64], confidence: f64) -> Result<Interval, Error> {
    require_finite("values", values)?;
    require_at_least(2, values.len())?;
    let t = two_sided_t(values.len() - 1, confidence)?;
    let mean = mean_of(values);
    around(mean, t * standard_error_of_mean(values, mean), confidence)
}

/// The order-statistic interval of the median: from the k-th smallest to the
/// k-th largest value, with the largest k that still covers `confidence`. It
/// holds for any distribution; the answer's `confidence` is what is reached,
/// `1 - 2 P(Binomial(n, 1/2) < k)`.
///
/// Source: David & Nagaraja 2003, "Order Statistics", section 7.1.
///
/// # Errors
///
/// Empty or non-finite input; a confidence out of range; [`Error::TooFew`] when
/// even the extremes do not cover `confidence` (at 0.95 with fewer than 6 values).
pub fn of_median(values: &[f64], confidence: f64) -> Result<Interval, Error> {
    require_finite("values", values)?;
    require_confidence(confidence)?;
    let n = values.len();
    require_at_least(values_to_cover_median(confidence), n)?;
    // Bisection for the largest count of values that may be dropped at each
    // end. None may always be, as was just required; half of them never.
    let (mut dropped, mut too_many) = (0, n / 2 + 1);
    while too_many - dropped > 1 {
        let middle = dropped.midpoint(too_many);
        if 1.0 - 2.0 * fair_coin_cdf(n, middle)? >= confidence {
            dropped = middle;
        } else {
            too_many = middle;
        }
    }
    let sorted = sorted(values);
    Ok(Interval {
        low: sorted[dropped],
        high: sorted[n - 1 - dropped],
        confidence: (1.0 - 2.0 * fair_coin_cdf(n, dropped)?).max(confidence),
    })
}

/// The interval of a chance of which `hits` were seen in `trials`: the chances
/// under which so many, or so few, would not be too much of a surprise. It covers
/// at least `confidence` whatever the chance is.
///
/// Source: Clopper & Pearson 1934, "The use of confidence or fiducial limits
/// illustrated in the case of the binomial".
///
/// # Errors
///
/// No trials, more hits than trials, a confidence out of range.
pub fn of_chance(hits: u64, trials: u64, confidence: f64) -> Result<Interval, Error> {
    require_confidence(confidence)?;
    require_at_least(1, trials as usize)?;
    require_at_least(hits as usize, trials as usize)?;
    let tail = (1.0 - confidence) / 2.0;
    // The more likely a hit, the rarer it is that there are few: bisection.
    let chance_of_at_most = |hits: u64, wanted: f64| {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if binomial_cdf(trials, hits, middle)? > wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok::<f64, Error>(f64::midpoint(low, high))
    };
    let low = if hits == 0 { 0.0 } else { chance_of_at_most(hits - 1, 1.0 - tail)? };
    let high = if hits == trials { 1.0 } else { chance_of_at_most(hits, tail)? };
    Ok(Interval { low, high, confidence })
}

/// How often the smallest and the largest of `n` values enclose the median of
/// whatever they were drawn from: `1 - 2^(1 - n)`.
pub(crate) fn coverage_of_extremes(n: usize) -> f64 {
    1.0 - 2.0 * 0.5f64.powf(n as f64)
}

/// The fewest values whose extremes cover the median with `confidence`.
pub(crate) fn values_to_cover_median(confidence: f64) -> usize {
    let enough = |&n: &usize| coverage_of_extremes(n) >= confidence;
    // At the largest confidence accepted 21 are enough.
    (1..64).find(enough).unwrap_or(64)
}

/// The factor for the standard error in a two-sided t interval.
pub(crate) fn two_sided_t(degrees: usize, confidence: f64) -> Result<f64, Error> {
    require_confidence(confidence)?;
    t_quantile(degrees as f64, f64::midpoint(1.0, confidence))
}

/// `centre` plus and minus `half_width`.
pub(crate) fn around(centre: f64, half_width: f64, confidence: f64) -> Result<Interval, Error> {
    Ok(Interval {
        low: in_range(centre - half_width)?,
        high: in_range(centre + half_width)?,
        confidence,
    })
}

pub(crate) fn require_confidence(confidence: f64) -> Result<(), Error> {
    if (MIN_CONFIDENCE..=MAX_CONFIDENCE).contains(&confidence) {
        return Ok(());
    }
    Err(Error::BadParameter {
        what: "confidence",
        value: confidence,
        allowed: "from 0.5 to 0.999999",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const V: [f64; 8] = [2.5, 3.1, 2.9, 10.0, 3.3, 2.7, 3.0, 3.2];

    /// Golden values: scipy 1.17.1,
    /// `s.t.interval(confidence, len(V) - 1, np.mean(V), s.sem(V))`.
    #[test]
    fn mean_intervals_are_scipy_s() {
        let rows: [(&[f64], f64, f64, f64); 3] = [
            (&V, 0.95, 1.7443745925148555, 5.930625407485144),
            (&V, 0.99, 0.7398165529067606, 6.935183447093239),
            (&[1.0, 2.0], 0.5, 0.9999999999999999, 2.0),
        ];
        for (values, confidence, low, high) in rows {
            let got = of_mean(values, confidence).unwrap();
            assert!((got.low - low).abs() < 1e-12, "{got:?}, scipy {low}");
            assert!((got.high - high).abs() < 1e-12, "{got:?}, scipy {high}");
            assert_eq!(got.confidence, confidence);
        }
    }

    /// Golden values: scipy 1.17.1, for the ranks
    /// `s.quantile_test(range(1, n + 1), q=0, p=0.5).confidence_interval(confidence)`,
    /// for what is reached `1 - 2 * s.binom.cdf(low - 1, n, 0.5)`.
    #[test]
    fn median_intervals_are_scipy_s() {
        let rows = [
            (6, 0.95, 1.0, 6.0, 0.96875),
            (8, 0.95, 1.0, 8.0, 0.9921875),
            (10, 0.95, 2.0, 9.0, 0.978515625),
            (20, 0.95, 6.0, 15.0, 0.9586105346679688),
            (100, 0.95, 40.0, 61.0, 0.9647997997822951),
            (10, 0.99, 1.0, 10.0, 0.998046875),
            (11, 0.9, 3.0, 9.0, 0.9345703125),
        ];
        for (n, confidence, low, high, reached) in rows {
            let values: Vec<f64> = (1..=n).rev().map(f64::from).collect();
            let got = of_median(&values, confidence).unwrap();
            assert_eq!((got.low, got.high), (low, high), "{n} values at {confidence}");
            assert!((got.confidence - reached).abs() < 1e-12, "{got:?}, scipy {reached}");
        }
    }

    #[test]
    fn too_little_or_bad_input_is_refused() {
        assert_eq!(of_mean(&[1.0], 0.95), Err(Error::TooFew { needed: 2, got: 1 }));
        assert_eq!(of_mean(&[-1e300, 1e300], 0.95), Err(Error::OutOfRange));
        assert_eq!(of_median(&V[..5], 0.95), Err(Error::TooFew { needed: 6, got: 5 }));
        assert_eq!(of_median(&V, 0.999), Err(Error::TooFew { needed: 11, got: 8 }));
        assert_eq!(values_to_cover_median(MAX_CONFIDENCE), 21);
        for function in [of_mean, of_median] {
            assert_eq!(function(&[], 0.95), Err(Error::Empty { what: "values" }));
            assert!(function(&[1.0, f64::INFINITY], 0.95).is_err());
            for confidence in [0.05, 1.0, 95.0, f64::NAN] {
                let error = function(&V, confidence).unwrap_err().to_string();
                let text = format!("confidence is {confidence}, and must be from 0.5 to 0.999999");
                assert_eq!(error, text);
            }
        }
    }

    /// Golden values: for 0 of n the upper end is 1 - 0.025^(1/n), for n of n the
    /// mirror image; 5 of 100 and 1 of 20 as in every table.
    #[test]
    fn chances_have_clopper_and_pearson_s_intervals() {
        for (hits, trials, low, high) in [
            (0, 10, 0.0, 0.308_497_1),
            (10, 10, 0.691_502_9, 1.0),
            (5, 100, 0.016_431_9, 0.112_834_9),
            (1, 20, 0.001_265_1, 0.248_732_8),
        ] {
            let got = of_chance(hits, trials, 0.95).unwrap();
            let close = (got.low - low).abs() < 1e-6 && (got.high - high).abs() < 1e-6;
            assert!(close, "{hits} of {trials}: {got:?}");
        }
        assert!(of_chance(0, 0, 0.95).is_err() && of_chance(3, 2, 0.95).is_err());
    }
}
