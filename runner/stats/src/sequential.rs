//! Looking more than once: a comparison that may stop early, when decided.
//!
//! Whoever tests at 5 % after each of ten rounds raises an alarm in 19 % of
//! equal pairs. So the chance of a false alarm is a budget that the looks share,
//! little for the early ones: an effect that shows after a third of the time
//! must be large.
//!
//! The budget spent up to a share of the whole is the one of Lan & DeMets 1983
//! ("Discrete sequential boundaries for clinical trials") in the manner of
//! O'Brien & Fleming 1979. Every look tests with what was added since the one
//! before. That is a little less bold than the exact boundary, and holds however
//! the looks depend on each other, for t intervals too.

use crate::distribution::{normal_cdf, normal_quantile};

/// What may be spent of `alpha` (above 0, at most one half) up to `share` of the
/// whole (from 0 to 1): `2 - 2 Phi(z(1 - alpha/2) / sqrt(share))`.
pub(crate) fn spent_by(alpha: f64, share: f64) -> f64 {
    if share > 0.0 {
        2.0 * normal_cdf(-normal_quantile(1.0 - alpha / 2.0) / share.sqrt())
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::spent_by;

    /// Golden values: scipy 1.17.1,
    /// `np.diff([0] + [2 * s.norm.sf(s.norm.ppf(0.975) / t**0.5) for t in shares])`.
    #[test]
    fn looks_add_what_the_boundary_allows() {
        let shares = [0.0, 0.25, 0.5, 0.75, 1.0];
        let expected = [8.857543832130e-5, 0.005486021242463, 0.018050524636817, 0.026374878682399];
        for (pair, expected) in shares.windows(2).zip(expected) {
            let got = spent_by(0.05, pair[1]) - spent_by(0.05, pair[0]);
            assert!((got - expected).abs() < 1e-10, "{got}, not {expected}");
        }
        assert!((spent_by(0.05, 1.0) - 0.05).abs() < 1e-9);
    }

    /// What makes handing on harmless: more alpha raises the level of every look.
    #[test]
    fn more_alpha_raises_every_level() {
        let level = |alpha, before, now| spent_by(alpha, now) - spent_by(alpha, before);
        for (before, now) in [(0.0, 0.5), (0.5, 0.75), (0.75, 1.0), (0.3, 0.31), (0.98, 1.0)] {
            for part in 1..100 {
                let (less, more) = (0.05 / f64::from(part + 1), 0.05 / f64::from(part));
                assert!(level(less, before, now) <= level(more, before, now), "{part} {before}");
            }
        }
    }
}
