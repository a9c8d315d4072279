//! When a comparison looked at its numbers, told from what is stored: the same
//! rounds give the same looks while it measures and years later.

use crate::session::Asked;
use model::Run;
use stats::compare::MIN_PAIRS_TO_DECIDE;
use stats::procedure::Look;
use std::time::Duration;

/// Shares of the whole after which is looked, apart from the end. Every look
/// costs the others a part of what may be spent on false alarms, so they are few.
const DUE: [f64; 2] = [0.5, 0.75];

/// How far a run's plan reaches.
pub(crate) struct Looks {
    whole: Whole,
}

enum Whole {
    Rounds(u32),
    Time(Duration),
}

impl Looks {
    /// As the run's plan has it.
    pub(crate) fn planned(asked: &Asked) -> Self {
        let whole = match asked.budget_s {
            Some(seconds) => Whole::Time(Duration::from_secs(seconds)),
            None => Whole::Rounds(asked.blocks),
        };
        Self { whole }
    }

    /// The looks at a run that goes on, of which so many rounds are over.
    pub(crate) fn so_far(&self, run: &Run, rounds: u32) -> Vec<Look> {
        let mut looks: Vec<Look> = Vec::new();
        for rounds in MIN_PAIRS_TO_DECIDE as u32..=rounds {
            let share = self.share(run, rounds);
            let due = DUE.get(looks.len()).is_some_and(|due| share >= *due);
            // A clock that was set back gives no time to spend.
            let goes_on = looks.last().is_none_or(|last| share > last.share);
            if due && goes_on && share < 1.0 {
                looks.push(Look { rounds, share });
            }
        }
        looks
    }

    fn share(&self, run: &Run, rounds: u32) -> f64 {
        match self.whole {
            Whole::Rounds(all) => f64::from(rounds) / f64::from(all.max(1)),
            Whole::Time(budget) => elapsed(run, rounds).as_secs_f64() / budget.as_secs_f64(),
        }
    }
}

/// From the start of a run to the end of its first so many rounds.
pub(crate) fn elapsed(run: &Run, rounds: u32) -> Duration {
    let of_rounds = run.blocks.iter().filter(|block| block.round < rounds);
    let end = |block: &model::Block| {
        let began = block.started_at.duration_since(run.started_at);
        // A clock that was set back meanwhile must not give a negative time.
        Duration::try_from(began).unwrap_or_default() + Duration::from_nanos(block.duration_ns)
    };
    of_rounds.map(end).max().unwrap_or_default()
}

/// The looks at a run that is over: the last one spends what is left.
pub(crate) fn of_finished(run: &Run) -> Vec<Look> {
    let rounds = run.blocks.iter().map(|block| block.round + 1).max().unwrap_or(0);
    // A plan of other tools says nothing of looks, so there was one.
    let asked: Option<Asked> = serde_json::from_str(&run.plan).ok();
    let mut looks = asked.map_or_else(Vec::new, |asked| Looks::planned(&asked).so_far(run, rounds));
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
