//! How much neighbouring points depend on each other, at each distance.
//!
//! Where they do, the mean of a segment wanders further than independent points
//! would let it, and a test that does not know raises false alarms. What is
//! measured here is by how much: the variance of the difference of two
//! adjacent blocks' means, over what it would be for independent values.
//! Adjacent blocks, because a change of level then spoils only the few
//! differences across it (as in Allan's variance, Allan 1966); each scale on
//! its own, because a slow drift shows in long blocks alone.

/// The longest block is 2 to this power.
const SCALES: usize = 6;
/// How many blocks it takes.
const FEWEST_BLOCKS: usize = 5;
/// How many standard errors of an inflation are put down to chance.
const TRUST: f64 = 0.5;

/// The inflation of the variance, by the length of the blocks.
pub(crate) struct Dependence {
    /// For blocks of 1, 2, 4, ... points; at least 1 and never falling.
    by_scale: [f64; SCALES],
}

impl Dependence {
    /// As if there were none.
    pub(crate) fn none() -> Self {
        Self { by_scale: [1.0; SCALES] }
    }

    /// From the scores (see [`super::density::Density::scores`]) in order of time.
    pub(crate) fn of(scores: &[f64]) -> Self {
        let n = scores.len();
        let Self { mut by_scale } = Self::none();
        let mean = scores.iter().sum::<f64>() / n as f64;
        let variance = scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n as f64;
        if variance <= 0.0 {
            return Self { by_scale };
        }
        let mut sums = vec![0.0; n + 1];
        for (index, score) in scores.iter().enumerate() {
            sums[index + 1] = sums[index] + score;
        }
        let mut so_far = 1.0f64;
        for (scale, slot) in by_scale.iter_mut().enumerate() {
            let block = 1usize << scale;
            if n >= FEWEST_BLOCKS * block {
                let squares = (block..=n - block).map(|middle| {
                    let right = sums[middle + block] - sums[middle];
                    let left = sums[middle] - sums[middle - block];
                    (right - left).powi(2)
                });
                let count = (n - 2 * block + 1) as f64;
                let inflation = squares.sum::<f64>() / count / (2.0 * block as f64) / variance;
                // Chance alone moves the estimate by about this much.
                let error = (3.0 * block as f64 / n as f64).sqrt().min(1.0);
                let sure = inflation / (1.0 + TRUST * error);
                so_far = so_far.max(sure);
            }
            *slot = so_far;
        }
        Self { by_scale }
    }

    /// The inflation for segments whose shorter one has this many points.
    pub(crate) fn at(&self, points: usize) -> f64 {
        let scale = points.max(1).ilog2() as usize;
        self.by_scale[scale.min(SCALES - 1)]
    }
}
