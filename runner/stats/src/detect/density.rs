//! The shape of a series' noise, learnt from the series: what deviation is
//! how likely, and so what it costs.
//!
//! A kernel density of the residuals about the present levels, mixed with a
//! wide uniform, so that a wild point costs a bounded amount wherever it lies.
//! Where noise is skewed or has several modes its likelihood locates a level
//! far better than a mean or a median does (Stone 1975, "Adaptive maximum
//! likelihood estimators of a location parameter"). The bandwidth is the one
//! with the largest leave-one-out likelihood (Habbema et al. 1974; Duin 1976).

use super::partition::Losses;
use crate::summary::{median_of, scaled_mad_of};

/// The share of points taken to be wild.
const WILD: f64 = 0.04;
/// How far wild points are spread, in scales to each side.
const WILD_REACH: f64 = 20.0;
/// Residuals further out than this many scales are wild for certain.
const CORE_REACH: f64 = 10.0;
/// Cells for one scale of the noise, in the histogram.
const CELLS_PER_SCALE: f64 = 12.0;
/// Bandwidths that are tried, in scales of the noise.
const BANDWIDTHS: [f64; 6] = [0.1, 0.15, 0.22, 0.32, 0.45, 0.65];

/// Losses of deviations, on a grid.
pub(crate) struct Density {
    /// The width of a cell, in the unit of the residuals.
    pub(crate) cell: f64,
    /// Cells between two levels: more where the noise has no fine detail.
    stride: f64,
    /// Minus the log of the density at `(i - core) * cell`, the most likely one 0.
    loss: Vec<f32>,
    /// Position of deviation 0 in `loss`.
    core: usize,
    /// The loss of everything further out.
    wild: f32,
}

impl Density {
    /// Learns the noise of `residuals`, which spread by about `scale`.
    pub(crate) fn of(residuals: &[f64], scale: f64) -> Self {
        let fine = scale / CELLS_PER_SCALE;
        let half = (CORE_REACH * CELLS_PER_SCALE) as i64;
        let mut counts = vec![0.0f64; 2 * half as usize + 1];
        let mut inside = 0.0;
        for residual in residuals {
            let cell = (residual / fine).round();
            if cell.abs() <= half as f64 {
                counts[(cell as i64 + half) as usize] += 1.0;
                inside += 1.0;
            }
        }
        let wild_density = WILD / (2.0 * WILD_REACH * CELLS_PER_SCALE);
        let mut chosen: Option<(f64, f64, Vec<f64>)> = None;
        for bandwidth in BANDWIDTHS {
            let kernel = kernel(bandwidth * CELLS_PER_SCALE);
            let smooth = convolve(&counts, &kernel);
            let mut likelihood = 0.0;
            for (count, sum) in counts.iter().zip(&smooth) {
                if *count > 0.0 {
                    let others = (sum - kernel[0]).max(0.0) / (inside - 1.0f64).max(1.0);
                    likelihood += count * ((1.0 - WILD) * others + wild_density).ln();
                }
            }
            if chosen.as_ref().is_none_or(|(best, ..)| likelihood > *best) {
                chosen = Some((likelihood, bandwidth, smooth));
            }
        }
        let (bandwidth, smooth) = chosen
            .map_or((BANDWIDTHS[0], Vec::new()), |(_, bandwidth, smooth)| (bandwidth, smooth));
        let total = inside.max(1.0);
        let densities: Vec<f64> =
            smooth.iter().map(|sum| (1.0 - WILD) * sum / total + wild_density).collect();
        let peak = densities.iter().copied().fold(wild_density, f64::max);
        let loss = densities.iter().map(|density| (peak / density).ln() as f32).collect();
        Self {
            cell: fine,
            stride: stride_for(bandwidth),
            loss,
            core: half as usize,
            wild: (peak / wild_density).ln() as f32,
        }
    }

    /// Normal noise of this scale, before anything is known.
    pub(crate) fn normal(scale: f64) -> Self {
        let half = (CORE_REACH * CELLS_PER_SCALE) as i64;
        let wild_density = WILD / (2.0 * WILD_REACH);
        let density = |cell: i64| {
            let z = cell as f64 / CELLS_PER_SCALE;
            let normal = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
            (1.0 - WILD) * normal + wild_density
        };
        let peak = density(0);
        Self {
            cell: scale / CELLS_PER_SCALE,
            stride: stride_for(1.0),
            loss: (-half..=half).map(|cell| (peak / density(cell)).ln() as f32).collect(),
            core: half as usize,
            wild: (peak / wild_density).ln() as f32,
        }
    }

    /// The loss of a deviation.
    fn at(&self, cells: i64) -> f32 {
        let position = cells + self.core as i64;
        usize::try_from(position).ok().and_then(|p| self.loss.get(p)).copied().unwrap_or(self.wild)
    }

    /// The derivative of the loss at each residual, for a deviation of one `scale`.
    pub(crate) fn scores(&self, residuals: &[f64]) -> Vec<f64> {
        let reach = 1;
        let width = 2.0 * reach as f64 / CELLS_PER_SCALE;
        let score = |residual: &f64| {
            let cell = (residual / self.cell).round().clamp(-1e9, 1e9) as i64;
            f64::from(self.at(cell + reach) - self.at(cell - reach)) / width
        };
        residuals.iter().map(score).collect()
    }

    /// A grid of levels from `low` to `high`, at most `most` of them.
    pub(crate) fn grid(&self, low: f64, high: f64, most: usize) -> Grid {
        let span = ((high - low) / self.cell).max(0.0);
        let stride = (span / most as f64).ceil().max(self.stride);
        let cell = self.cell * stride;
        let levels = (((high - low) / cell).ceil() as usize + 1).min(most + 1);
        let reach = (self.core as f64 / stride).ceil() as i64 + 1;
        let longest = reach + levels as i64;
        // Position `longest` is deviation 0; a level above the point is a
        // negative deviation.
        let by_offset =
            (-longest..=longest).map(|offset| self.at((-offset as f64 * stride) as i64)).collect();
        Grid { low, cell, levels, longest, by_offset }
    }
}

/// Levels a segment may have, and what deviations from them cost.
pub(crate) struct Grid {
    /// The lowest level.
    low: f64,
    /// The distance of two levels.
    cell: f64,
    levels: usize,
    longest: i64,
    by_offset: Vec<f32>,
}

impl Grid {
    /// The cells of points, clamped to where every level finds them wild.
    pub(crate) fn cells(&self, values: &[f64]) -> Vec<i64> {
        let least = self.levels as i64 - 1 - self.longest;
        let cell = |value: &f64| {
            let cell = ((value - self.low) / self.cell).round().clamp(-1e9, 1e9) as i64;
            cell.clamp(least, self.longest)
        };
        values.iter().map(cell).collect()
    }

    /// The losses of points in these cells.
    pub(crate) fn losses<'a>(&'a self, cells: &'a [i64]) -> Losses<'a> {
        Losses::new(&self.by_offset, self.longest, cells, self.levels)
    }

    /// The value of a level.
    pub(crate) fn value(&self, level: usize) -> f64 {
        self.low + level as f64 * self.cell
    }
}

/// A robust scale of residuals that is never zero: at least `floor`.
pub(crate) fn scale_of(residuals: &[f64], floor: f64) -> f64 {
    let mut sorted = residuals.to_vec();
    let centre = median_of(&mut sorted);
    scaled_mad_of(residuals, centre).max(floor)
}

/// So many cells that the loss changes little from one level to the next.
fn stride_for(bandwidth: f64) -> f64 {
    (bandwidth * CELLS_PER_SCALE / 2.0).floor().clamp(1.0, 3.0)
}

/// Half of a normal kernel, from its middle, with a sum of 1 over both halves.
fn kernel(bandwidth_cells: f64) -> Vec<f64> {
    let reach = (4.0 * bandwidth_cells).ceil() as usize;
    let half: Vec<f64> =
        (0..=reach).map(|i| (-0.5 * (i as f64 / bandwidth_cells).powi(2)).exp()).collect();
    let sum = 2.0 * half.iter().sum::<f64>() - half[0];
    half.iter().map(|weight| weight / sum).collect()
}

fn convolve(counts: &[f64], kernel: &[f64]) -> Vec<f64> {
    let mut smooth = vec![0.0; counts.len()];
    for (position, &count) in counts.iter().enumerate() {
        if count == 0.0 {
            continue;
        }
        let last = counts.len() - 1;
        for (distance, weight) in kernel.iter().enumerate() {
            if position >= distance {
                smooth[position - distance] += count * weight;
            }
            if distance > 0 && position + distance <= last {
                smooth[position + distance] += count * weight;
            }
        }
    }
    smooth
}
