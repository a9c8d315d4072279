//! Optimal partitioning under any loss: levels lie on a grid, and a dynamic
//! programme finds the cheapest sequence of them.
//!
//! Cost of a segmentation: the loss of each point about its segment's level,
//! plus a penalty for every change, with segments of a least length. Instead
//! of one candidate for every earlier change (Jackson et al. 2005; pruned in
//! Killick et al. 2012) there is one for every level, as in functional pruning
//! (Maidstone et al. 2017; Fearnhead & Rigaill 2019, "Changepoint detection in
//! the presence of outliers", for losses that are bounded). The minimum is
//! exact on the grid, and time is points times levels, whatever the data.

/// What each point costs at each level.
pub(crate) struct Losses<'a> {
    /// `by_offset[reach + level - cell]` is the loss of a point in `cell` at `level`.
    by_offset: &'a [f32],
    /// Added to a level, minus the point's cell: the position in `by_offset`.
    reach: i64,
    /// The point's cells, at most `reach` below and `by_offset` above any level.
    cells: &'a [i64],
    /// The number of levels; at least 1.
    levels: usize,
}

impl<'a> Losses<'a> {
    /// Puts together what [`super::density::Density::losses`] made.
    pub(crate) fn new(by_offset: &'a [f32], reach: i64, cells: &'a [i64], levels: usize) -> Self {
        Self { by_offset, reach, cells, levels }
    }

    /// The losses of point `index` at each level.
    pub(crate) fn of(&self, index: usize) -> &[f32] {
        let start = (self.reach - self.cells[index]) as usize;
        &self.by_offset[start..start + self.levels]
    }

    /// The number of points.
    pub(crate) fn points(&self) -> usize {
        self.cells.len()
    }

    /// The number of levels.
    pub(crate) fn levels(&self) -> usize {
        self.levels
    }
}

/// The first positions of the segments after the first one, ascending.
///
/// `shortest` is the least length of a segment, at least 1. Fewer points than
/// two segments have no change.
pub(crate) fn partition(losses: &Losses<'_>, penalty: f32, shortest: usize) -> Vec<usize> {
    let (points, levels) = (losses.points(), losses.levels());
    if points < 2 * shortest {
        return Vec::new();
    }
    // For every level: the cheapest way to be there, less `best` of the point
    // before (so that sums stay small), and where its last segment began.
    let mut cost = vec![0.0f32; levels];
    let mut began = vec![0u32; levels];
    let mut recent = vec![0.0f32; levels];
    // The cheapest cost after so many points, and where its last segment began.
    let mut best = vec![0.0f64; points + 1];
    let mut last = vec![0u32; points + 1];
    let mut base = 0.0f64;
    for seen in 1..=points {
        let now = losses.of(seen - 1);
        if seen < 2 * shortest {
            for (cost, loss) in cost.iter_mut().zip(now) {
                *cost += loss;
            }
        } else {
            sum_recent(losses, seen, shortest, &mut recent);
            let from = seen - shortest;
            let entry = (best[from] - base) as f32 + penalty;
            step(&mut cost, &mut began, now, &recent, entry, from as u32);
        }
        let (level, least) = least_of(&cost);
        best[seen] = base + f64::from(least);
        last[seen] = began[level];
        base = best[seen];
        cost.iter_mut().for_each(|cost| *cost -= least);
    }
    let mut changes = Vec::new();
    let mut end = last[points] as usize;
    while end > 0 {
        changes.push(end);
        end = last[end] as usize;
    }
    changes.reverse();
    changes
}

/// The sums of the last `shortest` losses. Always added up anew: a running sum
/// in 32 bits would drift.
fn sum_recent(losses: &Losses<'_>, seen: usize, shortest: usize, recent: &mut [f32]) {
    recent.copy_from_slice(losses.of(seen - 1));
    for index in seen - shortest..seen - 1 {
        for (sum, loss) in recent.iter_mut().zip(losses.of(index)) {
            *sum += loss;
        }
    }
}

/// One point further: stay at the level, or have come to it `shortest` points ago.
fn step(cost: &mut [f32], began: &mut [u32], now: &[f32], recent: &[f32], entry: f32, from: u32) {
    for (((cost, began), now), recent) in cost.iter_mut().zip(began).zip(now).zip(recent) {
        let stay = *cost + now;
        let enter = entry + recent;
        // Without a branch, so that many levels are stepped at once.
        let entered = u32::from(enter < stay).wrapping_neg();
        *began = (from & entered) | (*began & !entered);
        *cost = if enter < stay { enter } else { stay };
    }
}

/// The cheapest level and its cost. Compared in lanes: a running minimum would
/// wait for itself at every level.
pub(crate) fn least_of(cost: &[f32]) -> (usize, f32) {
    const LANES: usize = 16;
    let mut lanes = [f32::INFINITY; LANES];
    let (whole, rest) = cost.as_chunks::<LANES>();
    for chunk in whole {
        for (lane, &cost) in lanes.iter_mut().zip(chunk) {
            *lane = if cost < *lane { cost } else { *lane };
        }
    }
    let least = lanes.iter().chain(rest).copied().fold(f32::INFINITY, f32::min);
    let level = cost.iter().position(|&cost| cost == least).unwrap_or(0);
    (level, least)
}
