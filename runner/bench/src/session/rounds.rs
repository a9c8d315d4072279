//! Measuring a plan, round by round: each block is stored as soon as it is
//! done, and before each round somebody may say which arms need no more.

use super::{Asked, Measured, Session, Sink};
use crate::measure::{self, Bench, Subject, Watch};
use crate::output;
use crate::plan::Entry;
use crate::progress::Progress;
use anyhow::{Context, Result};
use jiff::Timestamp;
use model::{Arm, Block, Cell, Label, NoiseClass, Outcome, Run};
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
        let mut position = 0;
        while let Some(entry) = entries.get(position) {
            let first = position as u32;
            let group = &entries[position..][..self.together(&asked, &entries[position..])];
            position += group.len();
            // Those that take turns are all there again when one is missing.
            let mut numbers: Vec<Option<u32>> = (first..position as u32)
                .map(|ordinal| (!done.contains(&ordinal)).then_some(ordinal))
                .collect();
            if numbers.iter().all(Option::is_none) {
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
            progress.at(u64::from(first), total, &cell.to_string());
            while numbers.iter().any(Option::is_some) {
                let seed = run.seed ^ u64::from(first);
                let Some(measured) = self.group(&bench, group, seed) else {
                    sink.runtime.block_on(writer.interrupt())?;
                    progress.end();
                    return Ok(Measured { run: id, finished: false });
                };
                for ((entry, measured), number) in group.iter().zip(measured).zip(&mut numbers) {
                    let Some(ordinal) = number.take() else { continue };
                    let block = self.stored(ordinal, entry, group.len() > 1, measured);
                    if let Outcome::Failed { reason, .. } = &block.outcome {
                        let bad = output::BAD;
                        progress.line(&format!("{bad}failed{bad:#} {}: {reason}", block.cell));
                    }
                    sink.runtime.block_on(writer.add_block(&block))?;
                    *number = repeats.after(&block);
                    run.blocks.push(block);
                }
            }
        }
        sink.runtime.block_on(writer.finish(Timestamp::now()))?;
        progress.end();
        Ok(Measured { run: id, finished: true })
    }

    /// How many of the next blocks are measured in turns, as one.
    fn together(&self, asked: &Asked, entries: &[Entry]) -> usize {
        let Some(first) = entries.first() else { return 0 };
        let is_of_it = |entry: &&Entry| {
            let place = |entry: &Entry| (entry.suite, entry.arm, entry.round);
            place(entry) == place(first) && entry.subject < asked.compared && entry.supported
        };
        match self.suites[first.suite].arms[first.arm].can_take_turns() {
            true => entries.iter().take_while(is_of_it).count().max(1),
            false => 1,
        }
    }

    /// Measures blocks of one arm, in turns if there are several; `None` when the
    /// user wants out.
    fn group(
        &self,
        bench: &Bench<'_>,
        group: &[Entry],
        seed: u64,
    ) -> Option<Vec<measure::Measured>> {
        let first = group.first()?;
        let arm = &self.suites[first.suite].arms[first.arm];
        let subjects: Vec<&Subject> =
            group.iter().map(|entry| &self.subjects[entry.subject]).collect();
        match subjects.as_slice() {
            [subject] => match self.unsupported(arm, subject) {
                Some(reason) => Some(vec![measure::Measured {
                    started_at: Timestamp::now(),
                    duration: Duration::ZERO,
                    labels: Vec::new(),
                    outcome: Outcome::Unsupported { reason },
                }]),
                None => self.watched(arm, || Some(vec![bench.measure(subject, arm)?])),
            },
            subjects => self.watched(arm, || bench.measure_in_turns(subjects, arm, seed)),
        }
    }

    fn stored(
        &self,
        ordinal: u32,
        entry: &Entry,
        in_turns: bool,
        measured: measure::Measured,
    ) -> Block {
        let suite = &self.suites[entry.suite];
        let arm = &suite.arms[entry.arm];
        let definition = arm.definition_sha256;
        Block {
            ordinal,
            cell: self.cell(entry),
            artifact: entry.subject,
            round: entry.round,
            suite_sha256: suite.sha256,
            definition_sha256: if in_turns { arm.definition_in_turns() } else { definition },
            started_at: measured.started_at,
            duration_ns: measured.duration.as_nanos() as u64,
            labels: measured.labels,
            outcome: measured.outcome,
        }
    }

    /// Measures, and says whether that was disturbed meanwhile. Counts that repeat
    /// exactly are not.
    fn watched(
        &self,
        arm: &Arm,
        measure: impl FnOnce() -> Option<Vec<measure::Measured>>,
    ) -> Option<Vec<measure::Measured>> {
        let Some(limits) = &self.project.config.noise_watch else { return measure() };
        let watch = Watch::begin(&self.placement);
        let mut all = measure()?;
        let Some(surroundings) = watch.end(&self.placement) else { return Some(all) };
        for measured in &mut all {
            let Outcome::Measured(measurements) = &mut measured.outcome else { continue };
            surroundings.record(measurements);
            let is_exact = arm.noise == NoiseClass::Exact;
            if !is_exact && surroundings.disturb(limits, &self.placement) {
                measured.labels.push(Label::Disturbed);
                measured.labels.sort_unstable();
            }
        }
        Some(all)
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
