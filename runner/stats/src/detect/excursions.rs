//! How far a series strays for a while without having changed.
//!
//! Wild points of real histories come in bursts: a noisy neighbour stays for an
//! hour. Taken one by one, five of them in a row look impossible. So a short
//! segment is believed only if it stands out from the other excursions of the
//! same series over as many points, whatever those came from.

use super::partition::{Losses, least};

/// The shortest excursion that is looked at; the others are doublings of it.
const WINDOW: usize = super::SHORTEST_SEGMENT;
/// How many lengths there are.
const SCALES: usize = 3;

/// The evidence for a level of its own, in windows of several lengths.
pub(crate) struct Excursions {
    /// For each length: the window's first point, and by how much a level of
    /// its own is cheaper.
    gains: Vec<Vec<(usize, f32)>>,
}

impl Excursions {
    /// About `levels`, the level of each point in long segments that change at `changes`.
    pub(crate) fn of(losses: &Losses<'_>, levels: &[usize], changes: &[usize]) -> Self {
        let gains = (0..SCALES).map(|scale| gains(losses, levels, changes, WINDOW << scale));
        Self { gains: gains.collect() }
    }

    /// The largest gain of a window that is clear of `start..end`, and not
    /// much longer.
    pub(crate) fn elsewhere(&self, start: usize, end: usize) -> f64 {
        let mut most = 0.0f32;
        for (scale, gains) in self.gains.iter().enumerate() {
            let window = WINDOW << scale;
            if window > WINDOW && 2 * window > 3 * (end - start) {
                break;
            }
            for &(first, gain) in gains {
                if first + window + WINDOW <= start || first >= end + WINDOW {
                    most = most.max(gain);
                }
            }
        }
        f64::from(most)
    }
}

fn gains(
    losses: &Losses<'_>,
    levels: &[usize],
    changes: &[usize],
    window: usize,
) -> Vec<(usize, f32)> {
    let mut sums = vec![0.0f32; losses.levels()];
    let mut gains = Vec::new();
    let mut start = 0;
    while start + window <= losses.points() {
        let end = start + window;
        if !changes.iter().any(|&c| start < c + WINDOW && c < end + WINDOW) {
            sums.copy_from_slice(losses.of(start));
            let mut present = losses.of(start)[levels[start]];
            for index in start + 1..end {
                let now = losses.of(index);
                present += now[levels[index]];
                sums.iter_mut().zip(now).for_each(|(sum, loss)| *sum += loss);
            }
            gains.push((start, present - least(&sums)));
        }
        start += window / WINDOW;
    }
    gains
}
