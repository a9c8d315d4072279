//! How far a run's plan reaches, in rounds or in time, and how far it has come.

use super::Run;
use serde::Deserialize;
use std::time::Duration;

/// The whole of what a run may measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// So many rounds.
    Rounds(u32),
    /// As many rounds as fit into this time.
    Time(Duration),
}

/// The part of a plan that says so.
#[derive(Deserialize)]
struct WireExtent {
    blocks: u32,
    #[serde(default)]
    budget_s: Option<u64>,
}

impl Extent {
    /// Of a plan with so many blocks of every arm, or a budget of seconds.
    pub fn new(blocks: u32, budget_s: Option<u64>) -> Self {
        match budget_s {
            Some(seconds) => Self::Time(Duration::from_secs(seconds)),
            None => Self::Rounds(blocks),
        }
    }

    /// The share of it that the first so many rounds of a run used up.
    pub fn share(self, run: &Run, rounds: u32) -> f64 {
        match self {
            Self::Rounds(all) => f64::from(rounds) / f64::from(all.max(1)),
            Self::Time(budget) => run.elapsed(rounds).as_secs_f64() / budget.as_secs_f64(),
        }
    }
}

impl Run {
    /// How far its plan reaches; a plan of other tools may not say.
    pub fn extent(&self) -> Option<Extent> {
        let wire: WireExtent = serde_json::from_str(&self.plan).ok()?;
        Some(Extent::new(wire.blocks, wire.budget_s))
    }

    /// Rounds of which something is stored.
    pub fn rounds(&self) -> u32 {
        self.blocks.iter().map(|block| block.round + 1).max().unwrap_or(0)
    }

    /// From its start to the end of its first so many rounds.
    pub fn elapsed(&self, rounds: u32) -> Duration {
        let of_rounds = self.blocks.iter().filter(|block| block.round < rounds);
        let end = |block: &super::Block| {
            let began = block.started_at.duration_since(self.started_at);
            // A clock that was set back meanwhile must not give a negative time.
            Duration::try_from(began).unwrap_or_default() + Duration::from_nanos(block.duration_ns)
        };
        of_rounds.map(end).max().unwrap_or_default()
    }
}
