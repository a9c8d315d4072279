//! Measuring a plan, round by round: each block is stored as soon as it is
//! done, and before each round somebody may say which arms need no more.

use super::{Asked, Measured, Session, Sink};
use crate::measure::{self, Bench, Subject, Watch};
use crate::output;
use crate::plan::Entry;
use crate::progress::Progress;
use anyhow::{Context, Result};
use jiff::Timestamp;
use model::{Arm, Block, Cell, Label, Outcome, Run};
use std::collections::BTreeSet;
use std::time::Duration;
use store::RunWriter;

/// What the next round measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Every arm.
    All,
    /// The arms with these names.
    Only(BTreeSet<ArmName>),
    /// Nothing: the run is over.
    Stop,
}

/// Suite, benchmark and arm.
pub(crate) type ArmName = (String, String, String);

/// Whoever decides how far to measure.
pub(crate) trait Steer {
    /// What to measure after `rounds` rounds, all of whose blocks are in `run`.
    ///
    /// # Errors
    /// When what was measured cannot be judged; the run is then interrupted.
    fn next(&mut self, rounds: u32, run: &Run) -> Result<Next>;
}

/// Every block of the plan.
pub(crate) struct Straight;

impl Steer for Straight {
    fn next(&mut self, _: u32, _: &Run) -> Result<Next> {
        Ok(Next::All)
    }
}

impl Session<'_> {
    /// Measures what is not in `run` yet, and adds it there and to the store.
    pub(super) fn blocks(
        &self,
        sink: &Sink,
        mut writer: RunWriter,
        entries: &[Entry],
        run: &mut Run,
        steer: &mut dyn Steer,
    ) -> Result<Measured> {
        let id = writer.id().clone();
        let asked: Asked = serde_json::from_str(&run.plan).context("reading the plan")?;
        let bench = self.bench(asked.measure_ms);
        let done: BTreeSet<u32> = run.blocks.iter().map(|block| block.ordinal).collect();
        // With a time budget nobody knows how many blocks there will be.
        let total = asked.budget_s.is_none().then_some(entries.len() as u64);
        let mut progress = Progress::start(&format!("run {id}"), total);
        let (mut round, mut next) = (None, Next::All);
        let mut repeats = Repeats::of(run, entries.len() as u32);
        for (ordinal, entry) in (0u32..).zip(entries) {
            if done.contains(&ordinal) {
                continue;
            }
            if round != Some(entry.round) {
                round = Some(entry.round);
                next = steer.next(entry.round, run)?;
            }
            let cell = self.cell(entry);
            match &next {
                Next::All => {}
                Next::Stop => break,
                Next::Only(arms) if arms.contains(&name_of(&cell)) => {}
                Next::Only(_) => continue,
            }
            progress.at(u64::from(ordinal), total, &cell.to_string());
            let mut ordinal = ordinal;
            loop {
                let Some(block) = self.block(&bench, ordinal, entry) else {
                    sink.runtime.block_on(writer.interrupt())?;
                    progress.end();
                    return Ok(Measured { run: id, finished: false });
                };
                if let Outcome::Failed { reason, .. } = &block.outcome {
                    let bad = output::BAD;
                    progress.line(&format!("{bad}failed{bad:#} {}: {reason}", block.cell));
                }
                sink.runtime.block_on(writer.add_block(&block))?;
                let again = repeats.after(&block);
                run.blocks.push(block);
                match again {
                    Some(further) => ordinal = further,
                    None => break,
                }
            }
        }
        sink.runtime.block_on(writer.finish(Timestamp::now()))?;
        progress.end();
        Ok(Measured { run: id, finished: true })
    }

    /// One block, measured or not supported; `None` when the user wants out.
    fn block(&self, bench: &Bench<'_>, ordinal: u32, entry: &Entry) -> Option<Block> {
        let suite = &self.suites[entry.suite];
        let arm = &suite.arms[entry.arm];
        let subject = &self.subjects[entry.subject];
        let measured = match self.unsupported(arm, subject) {
            Some(reason) => measure::Measured {
                started_at: Timestamp::now(),
                duration: Duration::ZERO,
                labels: Vec::new(),
                outcome: Outcome::Unsupported { reason },
            },
            None => self.watched(bench, subject, arm)?,
        };
        Some(Block {
            ordinal,
            cell: self.cell(entry),
            artifact: entry.subject,
            round: entry.round,
            suite_sha256: suite.sha256,
            definition_sha256: arm.definition_sha256,
            started_at: measured.started_at,
            duration_ns: measured.duration.as_nanos() as u64,
            labels: measured.labels,
            outcome: measured.outcome,
        })
    }

    /// Measures a block, and says whether it was disturbed meanwhile.
    fn watched(
        &self,
        bench: &Bench<'_>,
        subject: &Subject,
        arm: &Arm,
    ) -> Option<measure::Measured> {
        let Some(limits) = &self.project.config.noise_watch else {
            return bench.measure(subject, arm);
        };
        let watch = Watch::begin(&self.placement);
        let mut measured = bench.measure(subject, arm)?;
        let Some(surroundings) = watch.end(&self.placement) else { return Some(measured) };
        if let Outcome::Measured(measurements) = &mut measured.outcome {
            surroundings.record(measurements);
            if surroundings.disturb(limits, &self.placement) {
                measured.labels.push(Label::Disturbed);
                measured.labels.sort_unstable();
            }
        }
        Some(measured)
    }

    pub(super) fn cell(&self, entry: &Entry) -> Cell {
        let suite = &self.suites[entry.suite];
        let arm = &suite.arms[entry.arm];
        Cell {
            target: self.subjects[entry.subject].artifact.target.clone(),
            suite: suite.name.clone(),
            benchmark: arm.benchmark.clone(),
            arm: arm.name.clone(),
        }
    }
}

/// How many disturbed blocks are measured again: at once, each once, and at most
/// one for every five of the plan that were measured.
struct Repeats {
    next: u32,
    planned: u32,
    measured: u32,
    repeated: u32,
}

impl Repeats {
    fn of(run: &Run, planned: u32) -> Self {
        let repeated = run.blocks.iter().filter(|block| block.ordinal >= planned);
        let next = repeated.clone().map(|block| block.ordinal + 1).max().unwrap_or(planned);
        let repeated = repeated.count() as u32;
        Self { next, planned, measured: run.blocks.len() as u32 - repeated, repeated }
    }

    /// The number under which a block is measured again, if it is.
    fn after(&mut self, block: &Block) -> Option<u32> {
        let is_repeat = block.ordinal >= self.planned;
        self.measured += u32::from(!is_repeat);
        let may = !is_repeat && self.repeated < self.measured.div_ceil(5);
        if !may || !block.labels.contains(&Label::Disturbed) {
            return None;
        }
        let number = self.next;
        self.next += 1;
        self.repeated += 1;
        Some(number)
    }
}

/// The arm a cell measures, on whichever target.
pub(crate) fn name_of(cell: &Cell) -> ArmName {
    (cell.suite.clone(), cell.benchmark.clone(), cell.arm.clone())
}
