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
    let mut recent = Recent::new(shortest, levels);
    // The cheapest cost after so many points, and where its last segment began.
    let mut best = vec![0.0f64; points + 1];
    let mut last = vec![0u32; points + 1];
    let (mut level, mut least) = (0, 0.0f32);
    for seen in 1..=points {
        let now = losses.of(seen - 1);
        let from = seen.saturating_sub(shortest);
        let entry = if from < shortest {
            f32::INFINITY
        } else {
            (best[from] - best[seen - 1]) as f32 + penalty
        };
        let (tail, head) = recent.parts(seen - 1);
        let step = Step { now, tail, least, entry, from: from as u32 };
        least = step.take(&mut cost, &mut began, head);
        // The cheapest level seldom moves.
        if cost[level] != least {
            level = cost.iter().position(|&cost| cost == least).unwrap_or(0);
        }
        best[seen] = best[seen - 1] + f64::from(least);
        last[seen] = began[level];
        recent.close(losses, seen);
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

/// The sums of the last few losses at each level, as two parts: what of them
/// lies in the block of points before, and in the present one. No sum is ever
/// taken from, so nothing drifts in 32 bits, and a point is added twice however
/// many they are (van Herk 1992).
struct Recent {
    /// The length of a block.
    length: usize,
    levels: usize,
    /// Of the block before: for every place in it, the sums from there on; then zeros.
    tails: Vec<f32>,
    /// Of the present block.
    head: Vec<f32>,
}

impl Recent {
    fn new(length: usize, levels: usize) -> Self {
        Self { length, levels, tails: vec![0.0; (length + 1) * levels], head: vec![0.0; levels] }
    }

    /// Both parts at a point, which is not in the second one yet.
    fn parts(&mut self, index: usize) -> (&[f32], &mut [f32]) {
        let place = (index % self.length + 1) * self.levels;
        (&self.tails[place..place + self.levels], &mut self.head)
    }

    /// Makes the present block the one before, if it is complete after `seen` points.
    fn close(&mut self, losses: &Losses<'_>, seen: usize) {
        if !seen.is_multiple_of(self.length) {
            return;
        }
        self.head.fill(0.0);
        for place in (0..self.length).rev() {
            let (tail, after) = self.tails[place * self.levels..].split_at_mut(self.levels);
            let of_point = losses.of(seen - self.length + place);
            for ((tail, after), loss) in tail.iter_mut().zip(after).zip(of_point) {
                *tail = *after + loss;
            }
        }
    }
}

/// One point further: stay at the level, or have come to it as long ago as a
/// segment is short.
struct Step<'a> {
    /// The losses of the point.
    now: &'a [f32],
    /// See [`Recent`].
    tail: &'a [f32],
    /// The least cost so far, to be taken off.
    least: f32,
    /// The cost of coming, and where from.
    entry: f32,
    from: u32,
}

impl Step<'_> {
    /// Takes it on every level, adds the point to `head`, and tells the new least cost.
    fn take(&self, cost: &mut [f32], began: &mut [u32], head: &mut [f32]) -> f32 {
        let (costs, cost) = cost.as_chunks_mut::<LANES>();
        let (begans, began) = began.as_chunks_mut::<LANES>();
        let (heads, head) = head.as_chunks_mut::<LANES>();
        let ((nows, now), (tails, tail)) =
            (self.now.as_chunks::<LANES>(), self.tail.as_chunks::<LANES>());
        let mut lanes = [f32::INFINITY; LANES];
        for ((((cost, began), head), now), tail) in
            costs.iter_mut().zip(begans).zip(heads).zip(nows).zip(tails)
        {
            for lane in 0..LANES {
                let (cost, began, head) = (&mut cost[lane], &mut began[lane], &mut head[lane]);
                self.on_level(cost, began, head, now[lane], tail[lane]);
                lanes[lane] = if *cost < lanes[lane] { *cost } else { lanes[lane] };
            }
        }
        for ((((cost, began), head), now), tail) in
            cost.iter_mut().zip(began).zip(head).zip(now).zip(tail)
        {
            self.on_level(cost, began, head, *now, *tail);
            lanes[0] = cost.min(lanes[0]);
        }
        lanes.into_iter().fold(f32::INFINITY, f32::min)
    }

    /// Without a branch, so that many levels are stepped at once.
    #[inline(always)]
    fn on_level(&self, cost: &mut f32, began: &mut u32, head: &mut f32, now: f32, tail: f32) {
        let stay = (*cost - self.least) + now;
        *head += now;
        let enter = self.entry + (tail + *head);
        let entered = u32::from(enter < stay).wrapping_neg();
        *began = (self.from & entered) | (*began & !entered);
        *cost = if enter < stay { enter } else { stay };
    }
}

/// How many levels are worked on at once: a running minimum would wait for
/// itself at every level.
const LANES: usize = 16;

/// The cheapest level and its cost.
pub(crate) fn least_of(cost: &[f32]) -> (usize, f32) {
    let least = least(cost);
    (cost.iter().position(|&cost| cost == least).unwrap_or(0), least)
}

/// The cost of the cheapest level.
pub(crate) fn least(cost: &[f32]) -> f32 {
    let mut lanes = [f32::INFINITY; LANES];
    let (whole, rest) = cost.as_chunks::<LANES>();
    for chunk in whole {
        for (lane, &cost) in lanes.iter_mut().zip(chunk) {
            *lane = if cost < *lane { cost } else { *lane };
        }
    }
    lanes.iter().chain(rest).copied().fold(f32::INFINITY, f32::min)
}
