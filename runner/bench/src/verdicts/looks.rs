//! When a comparison looked at its numbers, told from what is stored: the same
//! rounds give the same looks while it measures and years later.

use crate::session::Asked;
use model::{Extent, Run};
use stats::compare::MIN_PAIRS_TO_DECIDE;
use stats::procedure::{self, DUE, Look};

/// How far a run's plan reaches.
pub(crate) struct Looks {
    whole: Extent,
}

impl Looks {
    /// As the run's plan has it.
    pub(crate) fn planned(asked: &Asked) -> Self {
        Self { whole: Extent::new(asked.blocks, asked.budget_s) }
    }

    /// The looks at a run that goes on, of which so many rounds are over.
    pub(crate) fn so_far(&self, run: &Run, rounds: u32) -> Vec<Look> {
        procedure::looks_so_far(rounds, |rounds| self.whole.share(run, rounds))
    }
}

/// The looks at a run that is over: the last one spends what is left.
pub(crate) fn of_finished(run: &Run) -> Vec<Look> {
    let rounds = run.rounds();
    let so_far = |extent: Extent| procedure::looks_so_far(rounds, |at| extent.share(run, at));
    // A plan of other tools says nothing of looks, so there was one.
    let mut looks = run.extent().map_or_else(Vec::new, so_far);
    looks.push(Look { rounds, share: 1.0 });
    looks
}

/// The looks at a comparison of so many rounds, all of them measured.
pub(crate) fn of_rounds(rounds: u32) -> Vec<Look> {
    let share = |due: f64| (f64::from(rounds) * due).ceil() as u32;
    let early =
        DUE.into_iter().map(share).filter(|&at| at >= MIN_PAIRS_TO_DECIDE as u32 && at < rounds);
    let early = early.map(|at| Look { rounds: at, share: f64::from(at) / f64::from(rounds) });
    early.chain([Look { rounds, share: 1.0 }]).collect()
}

/// One look, at everything.
pub(super) fn single() -> [Look; 1] {
    [Look { rounds: u32::MAX, share: 1.0 }]
}
