//! What is known of a history before anything is fitted to it.

use super::SHORTEST_SEGMENT;
use crate::summary::{extremes, median_of, scaled_mad_of};

/// The block whose means tell the noise over longer times.
const BLOCK: usize = 8;
/// Blocks that it takes.
const FEWEST_BLOCKS: usize = 8;
/// Levels are tried as far as points times levels are at most this.
const MOST_WORK: usize = 40_000_000;
const MOST_LEVELS: usize = 2_000;
const FEWEST_LEVELS: usize = 200;

/// A history on the axis it is analysed on.
pub(crate) struct Prepared {
    /// Logs, or the values themselves over the largest of them.
    pub(crate) x: Vec<f64>,
    /// Whether `x` are logs.
    pub(crate) logs: bool,
    /// The smallest change asked for, on that axis.
    pub(crate) smallest: f64,
    /// A first idea of the noise.
    pub(crate) scale: f64,
    /// The lowest level that is possible.
    pub(crate) low: f64,
    /// The highest.
    pub(crate) high: f64,
}

impl Prepared {
    /// Of at least two segments' worth of finite values.
    pub(crate) fn of(values: &[f64], smallest_change: f64) -> Self {
        let logs = values.iter().all(|&value| value > 0.0);
        let x: Vec<f64> = if logs {
            values.iter().map(|value| value.ln()).collect()
        } else {
            let (low, high) = extremes(values);
            let largest = high.max(-low).max(f64::MIN_POSITIVE);
            values.iter().map(|value| value / largest).collect()
        };
        // A level is the level of several points, so lies between their medians.
        let medians: Vec<f64> =
            x.windows(SHORTEST_SEGMENT).map(|window| median_of(&mut window.to_vec())).collect();
        let (low, high) = extremes(&medians);
        let smallest = if logs { smallest_change.ln_1p() } else { 0.0 };
        Self { scale: first_scale(&x), x, logs, smallest, low, high }
    }

    /// How many levels may be tried.
    pub(crate) fn most_levels(&self) -> usize {
        (MOST_WORK / self.x.len()).clamp(FEWEST_LEVELS, MOST_LEVELS)
    }
}

/// The larger of the spread of differences and the spread of differences of
/// adjacent blocks' means: the latter is larger where neighbours depend on each
/// other. A change of level spoils few of either.
pub(crate) fn first_scale(x: &[f64]) -> f64 {
    let short = spread(x.windows(2).map(|pair| pair[1] - pair[0]).collect());
    if x.len() < FEWEST_BLOCKS * BLOCK {
        return short;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / BLOCK as f64;
    let step = |pair: &[f64]| mean(&pair[BLOCK..]) - mean(&pair[..BLOCK]);
    let long = spread(x.windows(2 * BLOCK).map(step).collect()) * (BLOCK as f64).sqrt();
    short.max(long)
}

/// The standard deviation of what was subtracted, from the differences.
fn spread(differences: Vec<f64>) -> f64 {
    let centre = median_of(&mut differences.clone());
    scaled_mad_of(&differences, centre) / std::f64::consts::SQRT_2
}
