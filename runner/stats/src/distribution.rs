//! Quantiles of the distributions the intervals rest on.
//!
//! Thin over `statrs`, and the only module that names it. It must not know
//! about samples: numbers of degrees and probabilities in, quantiles out.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

use crate::error::Error;

/// From this many degrees of freedom the t quantile is an expansion about the
/// normal one. `statrs` 0.19.1 inverts the incomplete beta function there,
/// which loses digits as the degrees grow: at 1,000,000 degrees its quantile
/// is wrong by 0.3 % (at probability 0.75), and narrower than it should be.
/// At this limit both agree to at least eight digits.
const EXPAND_FROM_DEGREES: f64 = 500.0;

/// The quantile of Student's t with `degrees` of freedom at `probability`.
///
/// Source: `statrs`; from [`EXPAND_FROM_DEGREES`] on, Abramowitz & Stegun
/// 1964, 26.7.5.
///
/// # Errors
///
/// [`Error::OutOfRange`] when `degrees` is below 1 or `probability` not
/// strictly between 0 and 1; the public callers check both before.
pub(crate) fn t_quantile(degrees: f64, probability: f64) -> Result<f64, Error> {
    if !(probability > 0.0 && probability < 1.0 && degrees >= 1.0) {
        return Err(Error::OutOfRange);
    }
    if degrees < EXPAND_FROM_DEGREES {
        let t = StudentsT::new(0.0, 1.0, degrees).map_err(|_| Error::OutOfRange)?;
        return Ok(t.inverse_cdf(probability));
    }
    let z = normal_quantile(probability);
    let z2 = z * z;
    let first = z * (z2 + 1.0) / 4.0;
    let second = z * ((5.0 * z2 + 16.0) * z2 + 3.0) / 96.0;
    let third = z * (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) / 384.0;
    Ok(z + (first + (second + third / degrees) / degrees) / degrees)
}

/// The quantile of the standard normal at `probability`, strictly between 0 and 1.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// The chance that a standard normal is at most `z`.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// The chance of at most `heads` heads in `tosses` tosses of a fair coin.
///
/// # Errors
///
/// None in practice: [`Error::OutOfRange`] if `statrs` refused one half.
pub(crate) fn fair_coin_cdf(tosses: usize, heads: usize) -> Result<f64, Error> {
    let coin = Binomial::new(0.5, tosses as u64).map_err(|_| Error::OutOfRange)?;
    Ok(coin.cdf(heads as u64))
}

/// The chance of at most `hits` in `trials`, each of which hits with `chance`.
///
/// # Errors
///
/// [`Error::OutOfRange`] if `chance` is not from 0 to 1.
pub(crate) fn binomial_cdf(trials: u64, hits: u64, chance: f64) -> Result<f64, Error> {
    let binomial = Binomial::new(chance, trials).map_err(|_| Error::OutOfRange)?;
    Ok(binomial.cdf(hits))
}

#[cfg(test)]
mod tests {
    use super::t_quantile;

    /// Golden values: scipy 1.17.1, `scipy.stats.t.ppf(probability, degrees)`.
    #[test]
    fn t_quantiles_are_scipy_s() {
        let rows = [
            (1.0, 0.975, 12.706204736174694),
            (4.0, 0.975, 2.7764451051977934),
            (9.0, 0.975, 2.262157162798205),
            (9.0, 0.8, 0.8834038596855346),
            (499.0, 0.975, 1.9647293909876886),
            (500.0, 0.975, 1.9647198374673676),
            (500.0, 0.6, 0.2534819498516658),
            (501.0, 0.9, 1.2832436320111793),
            (1000.0, 0.8, 0.8419808221624288),
            (4998.0, 0.975, 1.9604387416545477),
            (1e6, 0.975, 1.959966356814107),
            (1e6, 0.75, 0.6744899955310875),
            (600.0, 0.9999995, 4.94290946882822),
            (2.0, 0.9999995, 999.9992500409771),
        ];
        for (degrees, probability, expected) in rows {
            let got = t_quantile(degrees, probability).unwrap();
            let error = (got / expected - 1.0).abs();
            // Far out in the tail eight digits are promised, elsewhere there are more.
            let allowed = if probability > 0.999 { 1e-8 } else { 1e-10 };
            assert!(error < allowed, "t({degrees}, {probability}) = {got}, scipy {expected}");
        }
    }

    #[test]
    fn impossible_parameters_are_refused() {
        for (degrees, probability) in [(0.0, 0.9), (5.0, 0.0), (5.0, 1.0), (f64::NAN, 0.9)] {
            assert!(t_quantile(degrees, probability).is_err());
        }
    }
}
