//! Which of the changes that were found are believed.

use super::density::Grid;
use super::dependence::Dependence;
use super::excursions::Excursions;
use super::partition::{Losses, least, least_of};

/// A segment of at most this many values must stand out from the excursions.
const SHORT_SEGMENT: usize = 40;
/// By how much: this many times what the largest of them gains, and more where
/// that is above chance (see [`Rule::bursts`]).
const STAND_OUT: f64 = 1.3;

/// A change with what speaks for it.
#[derive(Clone, Copy)]
pub(crate) struct Found {
    /// The first point of the new level.
    pub(crate) position: usize,
    /// New level less old.
    pub(crate) difference: f64,
    /// In standard errors.
    pub(crate) evidence: f64,
}

/// What a change must show.
#[derive(Clone, Copy)]
pub(crate) struct Rule<'a> {
    /// The least difference of levels.
    pub(crate) smallest: f64,
    /// With few values the noise itself is poorly known, so more evidence is
    /// asked: twice as much with this many values, and the rest falls with the
    /// third power of their number.
    pub(crate) few_values: f64,
    /// How many times that must be surpassed which other excursions gain above
    /// what chance gives independent values (about the log of their number).
    pub(crate) bursts: f64,
    /// How far means wander.
    pub(crate) dependence: &'a Dependence,
    /// The least evidence, in standard errors.
    pub(crate) least_evidence: f64,
    /// What else the history does.
    pub(crate) excursions: &'a Excursions,
}

/// Points at one level.
pub(crate) struct Segment {
    start: usize,
    end: usize,
    /// Of each level.
    costs: Vec<f32>,
    /// The cheapest level and its cost.
    best: (usize, f32),
}

impl Segment {
    /// The points from `start` to before `end`.
    pub(crate) fn of(losses: &Losses<'_>, start: usize, end: usize) -> Self {
        let mut costs = vec![0.0; losses.levels()];
        for index in start..end {
            for (cost, loss) in costs.iter_mut().zip(losses.of(index)) {
                *cost += loss;
            }
        }
        let best = least_of(&costs);
        Self { start, end, costs, best }
    }

    /// Takes the next one in.
    pub(crate) fn join(&mut self, next: &Self) {
        self.end = next.end;
        self.costs.iter_mut().zip(&next.costs).for_each(|(own, other)| *own += other);
        self.best = least_of(&self.costs);
    }

    /// How many there are.
    pub(crate) fn points(&self) -> usize {
        self.end - self.start
    }
}

fn segments(losses: &Losses<'_>, changes: &[usize]) -> Vec<Segment> {
    let starts = [0].into_iter().chain(changes.iter().copied());
    let ends = changes.iter().copied().chain([losses.points()]);
    starts.zip(ends).map(|(start, end)| Segment::of(losses, start, end)).collect()
}

/// The level of every point.
pub(crate) fn levels(losses: &Losses<'_>, changes: &[usize]) -> Vec<usize> {
    let segments = segments(losses, changes);
    segments.iter().flat_map(|segment| vec![segment.best.0; segment.points()]).collect()
}

impl Rule<'_> {
    /// Takes away the change that is furthest from enough, until all are.
    pub(crate) fn keep_strong(
        &self,
        losses: &Losses<'_>,
        grid: &Grid,
        changes: &[usize],
    ) -> Vec<Found> {
        let values = losses.points();
        let mut segments = segments(losses, changes);
        // Each with how much evidence it has beyond what it needs.
        let examine = |pair: &[Segment]| self.examine(grid, &pair[0], &pair[1], values);
        let mut found: Vec<(Found, f64)> = segments.windows(2).map(examine).collect();
        loop {
            let weakest = found
                .iter()
                .enumerate()
                .map(|(at, (_, beyond))| (at, *beyond))
                .min_by(|left, right| left.1.total_cmp(&right.1));
            let Some((weak, _)) = weakest.filter(|(_, beyond)| *beyond < 0.0) else {
                return found.into_iter().map(|(found, _)| found).collect();
            };
            let gone = segments.remove(weak + 1);
            segments[weak].join(&gone);
            found.remove(weak);
            for at in [weak.wrapping_sub(1), weak] {
                if let Some(slot) = found.get_mut(at) {
                    *slot = examine(&segments[at..at + 2]);
                }
            }
        }
    }

    /// The change between two segments, and how much more evidence it has than
    /// it needs; below zero if it has not enough.
    pub(crate) fn examine(
        &self,
        grid: &Grid,
        left: &Segment,
        right: &Segment,
        values: usize,
    ) -> (Found, f64) {
        let joint: Vec<f32> = left.costs.iter().zip(&right.costs).map(|(a, b)| a + b).collect();
        let joint = least(&joint);
        let gain = f64::from(joint - left.best.1 - right.best.1).max(0.0);
        let shorter = if right.points() <= left.points() { right } else { left };
        let found = Found {
            position: right.start,
            difference: grid.value(right.best.0) - grid.value(left.best.0),
            evidence: (2.0 * gain / self.dependence.at(shorter.points())).sqrt(),
        };
        let few = 1.0 + (self.few_values / values as f64).powi(3);
        let beyond = found.evidence - self.least_evidence * few;
        let enough = found.difference.abs() >= self.smallest && found.difference != 0.0;
        let known = left.start > 0 || left.points() >= super::VALUES_TO_ESTABLISH;
        let told_apart = known
            && (shorter.points() > SHORT_SEGMENT || gain >= self.gain_needed(shorter, values));
        match (told_apart, enough) {
            (true, true) => (found, beyond),
            (true, false) => (found, beyond.min(0.0) - f64::EPSILON),
            // Evidence that the history itself makes is none.
            (false, _) => (found, -self.least_evidence * few),
        }
    }

    /// The gain that it takes to stand out from the other excursions.
    fn gain_needed(&self, segment: &Segment, values: usize) -> f64 {
        let elsewhere = self.excursions.elsewhere(segment.start, segment.end);
        let bursts = (elsewhere - (values as f64).ln()).max(0.0);
        STAND_OUT * elsewhere + self.bursts * bursts
    }
}
