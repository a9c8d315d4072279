//! Two epochs linked by what was measured in both: the factor by which a change of
//! machine, and of nothing else, moved a metric.
//!
//! The same artifacts, pinned by their digests, are measured before and after. For
//! each, the difference of the mean logs of its blocks estimates the log of the
//! factor, with the variance of Welch 1947 (the two epochs need not be equally
//! noisy). Artifacts agree only as far as the change means the same to all of
//! them; how far they spread beyond their own noise is part of the uncertainty,
//! as in a random-effects meta-analysis (DerSimonian & Laird 1986): the variance
//! of their mean is the larger of what the blocks say and what the spread says.
//!
//! The factor places old numbers beside new ones. It is no verdict, and must not
//! become part of one: a difference of versions across epochs would rest on it
//! alone.

use crate::distribution::t_quantile;
use crate::error::{Error, in_range, require_at_least, require_positive};
use crate::interval::{Interval, MAX_CONFIDENCE, MIN_CONFIDENCE};
use crate::summary::{mean_of, standard_error_of_mean};

/// How often the interval of a factor that is told holds the true one.
pub const CONFIDENCE: f64 = 0.95;

/// The fewest blocks of an artifact in an epoch.
pub const MIN_BLOCKS: usize = 3;

/// An artifact's block summaries in both epochs; above zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Anchor {
    /// In the old epoch.
    pub before: Vec<f64>,
    /// In the new one.
    pub after: Vec<f64>,
}

impl Anchor {
    /// Whether it was measured often enough in both epochs to link them.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.before.len() >= MIN_BLOCKS && self.after.len() >= MIN_BLOCKS
    }
}

/// What a number of the old epoch is to be multiplied by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// The factor, new over old.
    pub factor: f64,
    /// Its interval.
    pub interval: Interval,
    /// How many artifacts it rests on.
    pub anchors: usize,
}

/// Links two epochs by artifacts measured in both.
///
/// # Errors
///
/// No artifact; fewer than [`MIN_BLOCKS`] blocks of one on a side; values that are
/// not above zero; a confidence out of range; [`Error::OutOfRange`].
pub fn link(anchors: &[Anchor], confidence: f64) -> Result<Link, Error> {
    require_at_least(1, anchors.len())?;
    if !(MIN_CONFIDENCE..=MAX_CONFIDENCE).contains(&confidence) {
        let allowed = "from 0.5 to 0.999999";
        return Err(Error::BadParameter { what: "confidence", value: confidence, allowed });
    }
    let each = anchors.iter().map(Estimate::of).collect::<Result<Vec<_>, _>>()?;
    let n = each.len() as f64;
    let logs: Vec<f64> = each.iter().map(|estimate| estimate.log_factor).collect();
    let log_factor = mean_of(&logs);
    let own = each.iter().map(|estimate| estimate.variance).sum::<f64>() / (n * n);
    // Degrees of a sum of variances: Welch 1947, as for the two sides of one.
    let parts = each.iter().flat_map(|estimate| estimate.parts);
    let scaled = parts.map(|(variance, degrees)| (variance / (n * n)).powi(2) / degrees);
    let own_degrees = own * own / scaled.sum::<f64>();
    let spread =
        if each.len() > 1 { standard_error_of_mean(&logs, log_factor).powi(2) } else { 0.0 };
    let (variance, degrees) = if spread > own { (spread, n - 1.0) } else { (own, own_degrees) };
    // Values that do not vary at all have no degrees, and need none.
    let t = if variance > 0.0 {
        t_quantile(degrees.max(1.0), f64::midpoint(1.0, confidence))?
    } else {
        0.0
    };
    let reach = t * variance.sqrt();
    Ok(Link {
        factor: in_range(log_factor.exp())?,
        interval: Interval {
            low: in_range((log_factor - reach).exp())?,
            high: in_range((log_factor + reach).exp())?,
            confidence,
        },
        anchors: each.len(),
    })
}

/// What one artifact says.
struct Estimate {
    log_factor: f64,
    variance: f64,
    /// Of each side: variance of its mean, and degrees of freedom.
    parts: [(f64, f64); 2],
}

impl Estimate {
    fn of(anchor: &Anchor) -> Result<Self, Error> {
        let (before, before_part) = side("before", &anchor.before)?;
        let (after, after_part) = side("after", &anchor.after)?;
        Ok(Self {
            log_factor: after - before,
            variance: before_part.0 + after_part.0,
            parts: [before_part, after_part],
        })
    }
}

/// Mean log, and its variance with the degrees of freedom.
fn side(what: &'static str, values: &[f64]) -> Result<(f64, (f64, f64)), Error> {
    require_positive(what, values)?;
    require_at_least(MIN_BLOCKS, values.len())?;
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let mean = mean_of(&logs);
    let variance = standard_error_of_mean(&logs, mean).powi(2);
    Ok((mean, (variance, logs.len() as f64 - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(before: &[f64], after: &[f64]) -> Anchor {
        Anchor { before: before.to_vec(), after: after.to_vec() }
    }

    fn check(link: Link, factor: f64, low: f64, high: f64) {
        for (got, expected) in
            [(link.factor, factor), (link.interval.low, low), (link.interval.high, high)]
        {
            assert!((got / expected - 1.0).abs() < 1e-9, "{expected}, got {link:?}");
        }
    }

    const A: [f64; 5] = [100.0, 101.0, 99.0, 102.0, 98.5];
    const B: [f64; 4] = [110.0, 112.0, 109.0, 111.5];

    /// Golden values: scipy 1.17.1, the exponentials of the mean difference and of
    /// `s.ttest_ind(np.log(B), np.log(A), equal_var=False).confidence_interval(0.95)`.
    #[test]
    fn one_artifact_gives_welch_s_interval() {
        let one = link(&[anchor(&A, &B)], 0.95).unwrap();
        check(one, 1.1051708569253884, 1.0820295423513793, 1.128807093698148);
        assert_eq!(one.anchors, 1);
    }

    #[test]
    fn artifacts_that_disagree_widen_it() {
        let double: Vec<f64> = A.iter().map(|value| value * 1.3).collect();
        let agree = link(&[anchor(&A, &B), anchor(&A, &B)], 0.95).unwrap();
        let disagree = link(&[anchor(&A, &B), anchor(&A, &double)], 0.95).unwrap();
        let width = |link: Link| (link.interval.high / link.interval.low).ln();
        assert!(width(agree) < width(link(&[anchor(&A, &B)], 0.95).unwrap()));
        // Two that differ by 18 %: t with one degree is 12.7, so nothing is known.
        assert!(width(disagree) > 1.0, "{disagree:?}");
        assert!(disagree.interval.low < 1.1 && disagree.interval.high > 1.3);
    }

    #[test]
    fn what_does_not_vary_is_certain_and_bad_input_is_told() {
        let exact = link(&[anchor(&[2.0; 3], &[3.0; 3])], 0.95).unwrap();
        check(exact, 1.5, 1.5, 1.5);
        let told = |anchors: &[Anchor]| link(anchors, 0.95).unwrap_err().to_string();
        assert_eq!(told(&[]), "needs at least 1 values, got 0");
        assert_eq!(told(&[anchor(&A[..2], &B)]), "needs at least 3 values, got 2");
        assert_eq!(
            told(&[anchor(&A, &[1.0, 0.0, 1.0])]),
            "value 1 of after is 0, and a ratio needs values above zero"
        );
        assert!(link(&[anchor(&A, &B)], 0.05).is_err());
    }
}
