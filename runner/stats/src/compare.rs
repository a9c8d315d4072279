//! The paired comparison of two versions, and the rule for its verdict.
//!
//! Input is one summary (a median, say) per block, version A's and version
//! B's in the same order: pair i was measured one right after the other, so
//! that what disturbs both cancels. What is analysed is the log ratio of each
//! pair, `ln(b / a)`: it treats A against B and B against A alike, and no unit
//! changes it. Blocks are taken as independent; the samples inside one are not.
//!
//! # The rule
//!
//! With the interval of the mean log ratio, taken back to a ratio B / A:
//!
//! 1. **equivalent** if it lies inside `[1 / (1 + margin), 1 + margin]`, ends
//!    included. This comes first: a sure effect inside the margin does not
//!    matter, which is what the margin says.
//! 2. **regressed** if it lies wholly on the worse side of 1, **improved** if
//!    wholly on the better side. The point estimate then does too.
//! 3. else **inconclusive**, as is any noisy metric with fewer than
//!    [`MIN_PAIRS_TO_DECIDE`] pairs; [`Undecided`] says which.
//!
//! Equivalence by an interval of 95 % is stricter than the usual two one-sided
//! tests at 5 % (Schuirmann 1987), which would take the interval of 90 %.
//!
//! # Values that do not vary
//!
//! A t interval of log ratios that are all the same has no width, whatever the
//! truth. What that means depends on the metric ([`Repeatability`]):
//!
//! - deterministic (bytes): the ratio is exact, and one pair decides;
//! - noisy (seconds): the values are coarser than their noise, and t says
//!   nothing. What is left is that every pair agrees. Whatever the distribution,
//!   the median of log ratios lies between their extremes with confidence
//!   `1 - 2^(1 - n)`. If that reaches the confidence asked for (at 0.95: from 6
//!   pairs) the interval is that point, else there is no interval and no
//!   verdict. An effect finer than the metric's resolution stays unseen, so
//!   [`Comparison::smallest_visible`] is absent.
//!
//! # Beside the interval
//!
//! - The standard error is never below what the series' history says
//!   ([`paired_above`]): a dozen pairs that happen to agree are no surer than
//!   that.
//! - Wilcoxon's signed-rank test ([`rank_p`]) is told with every verdict. It
//!   decides nothing: heavy tails make t cautious, not bold, and with six pairs
//!   ranks would ask for all six. Where it does not support a change, a few wild
//!   pairs made the mean, and the reader should know.
//!
//! This module must not learn what a metric is called, correct for the number
//! of comparisons (its caller hands in the confidence), or read a history.
//! Sources: Kalibera & Jones 2013, "Rigorous benchmarking in reasonable time",
//! for ratios with intervals from the outermost level; Fleming & Wallace 1986
//! for the geometric mean of ratios.

use crate::Interval;
use crate::distribution::t_quantile;
use crate::error::{Error, require_positive, require_same_length};
use crate::interval::{
    coverage_of_extremes, require_confidence, two_sided_t, values_to_cover_median,
};
use crate::rank::signed_rank;
use crate::summary::{extremes, mean_of, standard_error_of_mean};
use crate::verdict::{Better, Verdict};

/// With fewer pairs of a noisy metric nothing is decided. Six is where a test
/// that assumes no distribution can first reach 5 % (`2 * 0.5^6 = 0.031`, and
/// `2 * 0.5^5 = 0.0625`): below, a verdict would rest on normality alone.
pub const MIN_PAIRS_TO_DECIDE: usize = 6;

/// The chance with which an effect of [`Comparison::smallest_visible`] is seen.
pub const POWER: f64 = 0.8;

/// Above this p-value the ranks do not show a change.
const RANKS_DOUBT: f64 = 0.05;

/// Log ratios this close are the same but for rounding: a division and a
/// logarithm, each half a unit in the last place, on both sides.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// Whether the same artifact gives the same value each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeatability {
    /// Values differ from block to block: time, rates, resident memory.
    Noisy,
    /// Values repeat exactly: the size of a file. If they turn out to differ,
    /// they are analysed as noisy, and [`Comparison::method`] shows it.
    Deterministic,
}

/// What a comparison needs to know about the metric and the question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Which way is better.
    pub better: Better,
    /// The effect that does not matter yet, a fraction: 0.01 is 1 %. At least 0
    /// and below 1; with 0 only exact equality is equivalent.
    pub margin: f64,
    /// Coverage of the two-sided interval, as in [`crate::interval`].
    pub confidence: f64,
    /// Whether one pair may decide.
    pub repeatability: Repeatability,
}

/// Where the interval comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// A deterministic metric whose values did repeat: no uncertainty.
    Exact,
    /// Student's t on the log ratios.
    StudentT,
    /// Every pair of a noisy metric has the same ratio: only their number counts.
    Agreement,
}

/// Why a comparison is inconclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Undecided {
    /// Not enough pairs for any verdict.
    #[error("cannot decide with {pairs} pairs, measure at least {needed}")]
    TooFewPairs {
        /// How many there are.
        pairs: usize,
        /// How many it takes.
        needed: usize,
    },
    /// The interval holds 1, or 1 and more than the margin.
    #[error("the interval neither excludes 1 nor fits the margin, measure more pairs")]
    TooWide,
}

/// Two versions compared. Ratios are B / A; all numbers are finite, and ratios
/// above zero (an end beyond the range of `f64` is its largest or smallest
/// normal number).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Number of pairs.
    pub pairs: usize,
    /// The geometric mean of the pairs' ratios.
    pub ratio: f64,
    /// Interval of `ratio`. Absent where the data allow none: one noisy pair,
    /// or too few pairs that all agree.
    pub interval: Option<Interval>,
    /// The smallest effect, as a fraction (0.013 is 1.3 %), that this comparison
    /// could have seen: `exp((t(1 - alpha/2, n-1) + t(power, n-1)) * se) - 1`,
    /// with `se` the standard error of the mean log ratio and [`POWER`] as the
    /// power. The first term is half the interval; the second is for a true
    /// effect that size being found only every other time. It is told as an
    /// increase; as a decrease it is a little smaller. 0 when exact, absent
    /// when the data do not tell.
    ///
    /// Source: Bloom 1995, "Minimum detectable effects: a simple way to report
    /// the statistical power of experimental designs". It stands in for the
    /// noncentral t; a simulation test holds it to that.
    pub smallest_visible: Option<f64>,
    /// The verdict on B.
    pub verdict: Verdict,
    /// The reason, exactly when the verdict is inconclusive.
    pub undecided: Option<Undecided>,
    /// Where the interval comes from.
    pub method: Method,
}

impl Comparison {
    /// Whether it found a change that the ranks of the pairs, whose p-value this
    /// is, do not show at 5 %.
    #[must_use]
    pub fn is_doubted_by_ranks(&self, p: f64) -> bool {
        let has_changed = matches!(self.verdict, Verdict::Regressed | Verdict::Improved);
        has_changed && p > RANKS_DOUBT
    }
}

/// The test of ranks beside a comparison of the same pairs: the two-sided p-value
/// that they lean to neither side.
///
/// # Errors
///
/// As [`paired`].
pub fn rank_p(a: &[f64], b: &[f64]) -> Result<f64, Error> {
    signed_rank(&log_ratios(a, b)?)
}

fn log_ratios(a: &[f64], b: &[f64]) -> Result<Vec<f64>, Error> {
    require_same_length(a, b)?;
    require_positive("a", a)?;
    require_positive("b", b)?;
    a.iter().zip(b).map(|(&a, &b)| log_ratio(a, b)).collect()
}

/// Compares version B with version A, from one summary per block.
///
/// `a` and `b` have the metric's unit and the same length, at least 1; `a[i]`
/// and `b[i]` were measured next to each other. The rule is in the module's
/// description.
///
/// # Errors
///
/// Empty slices; unequal lengths; NaN or infinite values; values of zero or
/// below (a failed block is not a zero); options out of range;
/// [`Error::OutOfRange`] when a pair's ratio overflows.
pub fn paired(a: &[f64], b: &[f64], options: &Options) -> Result<Comparison, Error> {
    paired_above(a, b, 0.0, options)
}

/// [`paired`], with a standard error of the mean log ratio that is never below
/// `least_error`: what the history of the series says two versions differ by
/// where nothing changed (see [`crate::history::noise_of_pairs`]; for n pairs
/// `noise / sqrt(n)`). Pairs that all agree then have an interval too. A
/// deterministic metric that did repeat is exact whatever `least_error` is.
///
/// # Errors
///
/// As [`paired`]; a `least_error` that is negative or not finite.
pub fn paired_above(
    a: &[f64],
    b: &[f64],
    least_error: f64,
    options: &Options,
) -> Result<Comparison, Error> {
    if !(least_error.is_finite() && least_error >= 0.0) {
        let allowed = "finite and at least 0";
        return Err(Error::BadParameter { what: "least_error", value: least_error, allowed });
    }
    let log_ratios = log_ratios(a, b)?;
    require_confidence(options.confidence)?;
    require_margin(options.margin)?;
    if options.repeatability == Repeatability::Deterministic && repeats(a) && repeats(b) {
        Ok(exact(a[0], b[0], &log_ratios, options))
    } else {
        noisy(&log_ratios, least_error, options)
    }
}

fn exact(a: f64, b: f64, log_ratios: &[f64], options: &Options) -> Comparison {
    // Every log ratio is this one, and the quotient itself rounds only once.
    let ratio = within_range(b / a);
    Comparison {
        pairs: log_ratios.len(),
        ratio,
        interval: Some(Interval { low: ratio, high: ratio, confidence: options.confidence }),
        smallest_visible: Some(0.0),
        verdict: judge(log_ratios[0], log_ratios[0], options),
        // A point is either inside the margin or on one side of it.
        undecided: None,
        method: Method::Exact,
    }
}

fn noisy(log_ratios: &[f64], least_error: f64, options: &Options) -> Result<Comparison, Error> {
    let pairs = log_ratios.len();
    let mean = mean_of(log_ratios);
    let (least, most) = extremes(log_ratios);
    let same = most - least <= ROUNDING * least.abs().max(most.abs()).max(1.0);
    // A single pair agrees with itself, and no history gives it a spread.
    let agree = same && (least_error == 0.0 || pairs == 1);
    let mut needed = MIN_PAIRS_TO_DECIDE;
    let mut interval = None;
    let mut smallest_visible = None;
    if agree {
        needed = needed.max(values_to_cover_median(options.confidence));
        let reached = coverage_of_extremes(pairs);
        if reached >= options.confidence {
            interval = Some((least, most, reached));
        }
    } else {
        let standard_error = standard_error_of_mean(log_ratios, mean).max(least_error);
        let t = two_sided_t(pairs - 1, options.confidence)?;
        let half = t * standard_error;
        interval = Some((mean - half, mean + half, options.confidence));
        let t_power = t_quantile((pairs - 1) as f64, POWER)?;
        smallest_visible = Some(((t + t_power) * standard_error).exp_m1().min(f64::MAX));
    }
    let (verdict, undecided) = match interval {
        Some((low, high, _)) if pairs >= needed => match judge(low, high, options) {
            Verdict::Inconclusive => (Verdict::Inconclusive, Some(Undecided::TooWide)),
            decided => (decided, None),
        },
        _ => (Verdict::Inconclusive, Some(Undecided::TooFewPairs { pairs, needed })),
    };
    let ratio = within_range(mean.exp());
    Ok(Comparison {
        pairs,
        ratio,
        interval: interval.map(|(low, high, confidence)| Interval {
            low: within_range(low.exp()).min(ratio),
            high: within_range(high.exp()).max(ratio),
            confidence,
        }),
        smallest_visible,
        verdict,
        undecided,
        method: if agree { Method::Agreement } else { Method::StudentT },
    })
}

/// The rule, on an interval of log ratios. Swapping the versions negates the
/// interval exactly, and so turns the verdict around exactly.
fn judge(low: f64, high: f64, options: &Options) -> Verdict {
    judge_interval(low, high, options.margin, options.better)
}

/// The same of parts, for whoever has another interval of a log ratio.
pub(crate) fn judge_interval(low: f64, high: f64, margin: f64, better: Better) -> Verdict {
    let limit = margin.ln_1p() + ROUNDING;
    let (if_above, if_below) = match better {
        Better::Lower => (Verdict::Regressed, Verdict::Improved),
        Better::Higher => (Verdict::Improved, Verdict::Regressed),
    };
    if -limit <= low && high <= limit {
        Verdict::Equivalent
    } else if low > 0.0 {
        if_above
    } else if high < 0.0 {
        if_below
    } else {
        Verdict::Inconclusive
    }
}

/// `ln(b / a)`, exactly negated when a and b are swapped.
fn log_ratio(a: f64, b: f64) -> Result<f64, Error> {
    let (large, small, sign) = if b >= a { (b, a, 1.0) } else { (a, b, -1.0) };
    let quotient = large / small;
    if quotient.is_finite() { Ok(sign * quotient.ln()) } else { Err(Error::OutOfRange) }
}

pub(crate) fn repeats(values: &[f64]) -> bool {
    values.iter().all(|&value| value == values[0])
}

pub(crate) fn within_range(ratio: f64) -> f64 {
    ratio.clamp(f64::MIN_POSITIVE, f64::MAX)
}

pub(crate) fn require_margin(margin: f64) -> Result<(), Error> {
    if (0.0..1.0).contains(&margin) {
        return Ok(());
    }
    Err(Error::BadParameter {
        what: "margin",
        value: margin,
        allowed: "at least 0 and below 1 (0.01 is 1 %)",
    })
}

#[cfg(test)]
mod tests;
