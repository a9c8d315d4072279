//! Looking more than once: a comparison that may stop early, when decided.
//!
//! Whoever tests at 5 % after each of ten rounds raises an alarm in 19 % of
//! equal pairs. So the chance of a false alarm is a budget that the looks share,
//! little for the early ones: an effect that shows after a third of the time
//! must be large.
//!
//! The budget spent up to the share `t` of all rounds is the one of Lan & DeMets
//! 1983 ("Discrete sequential boundaries for clinical trials") in the manner of
//! O'Brien & Fleming 1979: `2 - 2 Phi(z(1 - alpha/2) / sqrt(t))`. Every look
//! tests with what was added since the one before. That is a little less bold
//! than the exact boundary, and holds however the looks depend on each other,
//! for t intervals too.

use crate::distribution::{normal_cdf, normal_quantile};
use crate::error::{Error, require_at_least, require_finite};

/// The level of the test at each look; they add up to at most `alpha`.
///
/// `shares` are the parts of the largest number of rounds after which is
/// looked, ascending, above 0 and at most 1; they must not depend on what was
/// seen. A level may be too small to reach with [`crate::interval`]: there is
/// no use in that look.
///
/// # Errors
///
/// No looks; shares that do not ascend or are out of range; an `alpha` that is
/// not above 0 and at most one half.
pub fn levels(alpha: f64, shares: &[f64]) -> Result<Vec<f64>, Error> {
    require_finite("shares", shares)?;
    require_at_least(1, shares.len())?;
    if !(alpha > 0.0 && alpha <= 0.5) {
        let allowed = "above 0 and at most 0.5";
        return Err(Error::BadParameter { what: "alpha", value: alpha, allowed });
    }
    let mut levels = Vec::with_capacity(shares.len());
    let (mut before, mut spent) = (0.0, 0.0);
    for &share in shares {
        if share <= before || share > 1.0 {
            let allowed = "ascending, above 0 and at most 1";
            return Err(Error::BadParameter { what: "share", value: share, allowed });
        }
        let now = spent_by(alpha, share);
        levels.push((now - spent).max(0.0));
        (before, spent) = (share, now.max(spent));
    }
    Ok(levels)
}

/// What may be spent of `alpha` up to a share of the whole, above 0.
pub(crate) fn spent_by(alpha: f64, share: f64) -> f64 {
    2.0 * normal_cdf(-normal_quantile(1.0 - alpha / 2.0) / share.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden values: scipy 1.17.1,
    /// `np.diff([0] + [2 * s.norm.sf(s.norm.ppf(0.975) / t**0.5) for t in shares])`.
    #[test]
    fn levels_are_the_boundary_s() {
        let got = levels(0.05, &[0.25, 0.5, 0.75, 1.0]).unwrap();
        let expected = [8.857543832130e-5, 0.005486021242463, 0.018050524636817, 0.026374878682399];
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-10, "{got}, not {expected}");
        }
        assert!((got.iter().sum::<f64>() - 0.05).abs() < 1e-9);
        assert_eq!(levels(0.05, &[1.0]).unwrap().len(), 1);
    }

    #[test]
    fn looks_that_make_no_sense_are_refused() {
        for shares in [&[] as &[f64], &[0.5, 0.5], &[0.5, 0.4], &[0.0, 1.0], &[1.1], &[f64::NAN]] {
            assert!(levels(0.05, shares).is_err(), "{shares:?}");
        }
        assert!(levels(0.0, &[1.0]).is_err() && levels(f64::NAN, &[1.0]).is_err());
    }
}
