//! How far a comparison is measured: an arm until everything about it is
//! decided, the whole until its rounds or its time are used up. When is looked,
//! and what a look says, comes from `verdicts` and is the same afterwards.

use crate::session::{ArmName, Asked, Next, Steer};
use crate::verdicts::{self, Looks, Pairs};
use anyhow::{Context, Result};
use model::Run;
use std::collections::BTreeSet;
use std::time::Duration;

/// Stops each arm as soon as it is decided.
pub(crate) struct UntilDecided<F> {
    /// What is asked of a run.
    question: F,
    /// The chance of a false alarm about all of it.
    alpha: f64,
    looks_taken: usize,
    /// The arms still measured, once there was a look.
    open: Option<BTreeSet<ArmName>>,
    /// How long the run had taken before its last round.
    before_last: Duration,
}

impl<F: Fn(&Run) -> Vec<Pairs>> UntilDecided<F> {
    /// Stops when what `question` finds in a run is decided.
    pub(crate) fn new(question: F) -> Self {
        let (alpha, before_last) = (verdicts::FAMILY_ALPHA, Duration::ZERO);
        Self { question, alpha, looks_taken: 0, open: None, before_last }
    }

    /// The same with another chance of a false alarm.
    pub(crate) fn with_alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    fn arms_in_round(run: &Run, round: u32) -> usize {
        let blocks = run.blocks.iter().filter(|block| block.round == round);
        let arms: BTreeSet<_> =
            blocks.map(|b| (&b.cell.suite, &b.cell.benchmark, &b.cell.arm)).collect();
        arms.len().max(1)
    }
}

impl<F: Fn(&Run) -> Vec<Pairs>> Steer for UntilDecided<F> {
    fn next(&mut self, rounds: u32, run: &Run) -> Result<Next> {
        if rounds == 0 {
            return Ok(Next::All);
        }
        let asked: Asked = serde_json::from_str(&run.plan).context("reading the plan")?;
        let looks = Looks::planned(&asked).so_far(run, rounds);
        if looks.len() > self.looks_taken {
            self.looks_taken = looks.len();
            self.open = Some(verdicts::undecided(&(self.question)(run), &looks, self.alpha)?);
        }
        if self.open.as_ref().is_some_and(BTreeSet::is_empty) {
            return Ok(Next::Stop);
        }
        if let Some(budget_s) = asked.budget_s {
            let so_far = run.elapsed(rounds);
            let last = so_far.saturating_sub(self.before_last);
            self.before_last = so_far;
            let arms_then = Self::arms_in_round(run, rounds - 1);
            let arms_now = self.open.as_ref().map_or(arms_then, BTreeSet::len);
            let next = last.mul_f64(arms_now as f64 / arms_then as f64);
            if so_far + next > Duration::from_secs(budget_s) {
                return Ok(Next::Stop);
            }
        }
        Ok(self.open.clone().map_or(Next::All, Next::Only))
    }
}
