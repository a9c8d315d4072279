//! What a series' history says of its noise.

use crate::detect::first_scale;
use crate::error::{Error, require_at_least, require_positive};
use crate::summary::{mean_of, median_of, standard_error_of_mean};

/// With fewer values there is no saying.
pub const FEWEST_VALUES: usize = 8;

/// With fewer runs there is no saying how their pairs scatter.
pub const FEWEST_RUNS: usize = 3;

/// How much one value of a series differs from the next where nothing changed,
/// as a fraction of the value: the standard deviation of its log.
///
/// The larger of two robust scales: of the differences of neighbours, and of
/// the differences of the means of neighbouring blocks of 8 (from 64 values
/// on), scaled up to one value. The second is larger where values depend on
/// their neighbours; with the first alone such series raise several times the
/// false alarms. A change of level spoils few differences, and so neither.
///
/// Sources: Hampel 1974 (the median absolute deviation); Allan 1966 (adjacent
/// blocks).
///
/// # Errors
///
/// Fewer than [`FEWEST_VALUES`]; values that are not finite or not above zero.
pub fn noise(values: &[f64]) -> Result<f64, Error> {
    require_at_least(FEWEST_VALUES, values.len())?;
    require_positive("values", values)?;
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    Ok(first_scale(&logs))
}

/// How much the ratio of two blocks that were neighbours differs from pair to
/// pair, as a fraction: the standard deviation of its log.
///
/// Each run holds its pairs (left, right) of blocks, in one order; a difference
/// between the two sides, be it a change or none, is taken out with the mean of
/// the run. The answer is the root of the median over runs of the variance, so
/// that a disturbed run, or one that happened to be quiet, decides nothing.
///
/// It is a floor for [`crate::compare::paired_above`]: a comparison whose own
/// pairs happen to agree is not surer than its history allows.
///
/// # Errors
///
/// Fewer than [`FEWEST_RUNS`] runs of at least two pairs; values that are not
/// finite or not above zero.
pub fn noise_of_pairs(runs: &[Vec<(f64, f64)>]) -> Result<f64, Error> {
    let mut variances = Vec::with_capacity(runs.len());
    for pairs in runs.iter().filter(|pairs| pairs.len() > 1) {
        let (left, right): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        require_positive("left", &left)?;
        require_positive("right", &right)?;
        let ratios: Vec<f64> = pairs.iter().map(|(left, right)| right.ln() - left.ln()).collect();
        let error = standard_error_of_mean(&ratios, mean_of(&ratios));
        variances.push(error * error * ratios.len() as f64);
    }
    require_at_least(FEWEST_RUNS, variances.len())?;
    Ok(median_of(&mut variances).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From -1 to 1, without order.
    fn wobble(index: u32) -> f64 {
        f64::from(index.wrapping_mul(2_654_435_769) >> 8) / f64::from(1u32 << 23) - 1.0
    }

    #[test]
    fn a_change_of_level_is_not_noise() {
        let value = |i: u32| 1.0 + 0.01 * wobble(i * i + 7 * i);
        let quiet: Vec<f64> = (0..200).map(value).collect();
        let step = |i: u32| value(i) * if i < 100 { 1.0 } else { 1.5 };
        let stepped: Vec<f64> = (0..200).map(step).collect();
        let [quiet, stepped] = [quiet, stepped].map(|values| noise(&values).unwrap());
        // A uniform from -1 % to 1 % has a standard deviation of 0.58 %.
        assert!(quiet > 0.004 && quiet < 0.012, "{quiet}");
        assert!((stepped / quiet - 1.0).abs() < 0.25, "{stepped}, not {quiet}");
        assert_eq!(noise(&[3.0; 100]), Ok(0.0));
        assert!(noise(&[1.0; 7]).is_err() && noise(&[0.0; 9]).is_err());
    }

    /// Steps of a random walk are small, and where it goes is not.
    #[test]
    fn dependence_on_neighbours_is_noise() {
        let mut level = 1.0;
        let walk: Vec<f64> = (0..300u32)
            .map(|i| {
                level += 0.001 * wobble(i * i + 7 * i);
                level
            })
            .collect();
        let (short, long) = (noise(&walk[..60]).unwrap(), noise(&walk).unwrap());
        assert!(long > 2.0 * short, "{long} and {short}");
    }

    /// Neither a change between the sides nor one wild run moves it.
    #[test]
    fn pairs_of_earlier_runs_tell_how_pairs_scatter() {
        let run = |ratio: f64, spread: f64, seed: u32| -> Vec<(f64, f64)> {
            let pair = |i: u32| (100.0, 100.0 * ratio * (spread * wobble(i * i + seed)).exp());
            (0..60).map(pair).collect()
        };
        let runs = [run(1.0, 0.01, 3), run(1.3, 0.01, 11), run(1.0, 0.4, 5), run(0.9, 0.01, 17)];
        let noise = noise_of_pairs(&runs).unwrap();
        // A uniform from -1 % to 1 % has a standard deviation of 0.58 %.
        assert!(noise > 0.004 && noise < 0.008, "{noise}");
        assert!(noise_of_pairs(&runs[..2]).is_err());
        assert!(noise_of_pairs(&vec![vec![(1.0, 0.0); 9]; 3]).is_err());
        assert_eq!(noise_of_pairs(&vec![vec![(2.0, 3.0); 9]; 3]), Ok(0.0));
    }
}
