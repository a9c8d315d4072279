//! What earlier runs say of how the pairs of a series scatter. It gathers pairs
//! of neighbours; what they amount to is for `stats::history` to say.

use super::pairs::block_value;
use crate::session::{Asked, Session, Sink};
use anyhow::{Context, Result};
use jiff::Timestamp;
use model::{Block, Cell, Digest, Metric, Outcome, ProfileName, Run, RunStatus};
use stats::history;
use std::collections::BTreeMap;

/// As many runs, the newest, are read: machines change, and so does their noise.
const MOST_RUNS: usize = 30;

/// The pairs of earlier runs.
#[derive(Default)]
pub(crate) struct Earlier {
    scatters: BTreeMap<Key, Vec<Scatter>>,
}

/// A series of one definition, measured for one length of time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    cell: Cell,
    metric: &'static str,
    definition: Digest,
    measure_ms: Option<u64>,
}

/// Pairs of one run.
struct Scatter {
    began: Timestamp,
    pairs: Vec<(f64, f64)>,
}

impl Earlier {
    /// The newest complete runs on this testbed of any target that the session
    /// measures.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) fn read(sink: &Sink, session: &Session<'_>) -> Result<Self> {
        let protocol = session.project.config.measurement_protocol;
        let epoch = crate::testbed::read(protocol, &session.placement).epoch();
        let targets: Vec<&String> =
            session.subjects.iter().map(|subject| &subject.artifact.target).collect();
        let mut earlier = Self::default();
        let runs = sink.runtime.block_on(sink.store.runs())?;
        let fits = runs.into_iter().filter(|run| {
            run.epoch == epoch
                && run.status == RunStatus::Complete
                && run.profile != ProfileName::Quick.word()
                && run.versions.iter().any(|version| targets.contains(&&version.target))
        });
        for summary in fits.take(MOST_RUNS) {
            earlier.add(&sink.runtime.block_on(sink.store.run(summary.id.as_str()))?)?;
        }
        Ok(earlier)
    }

    /// Adds the pairs of a run in which versions of one target were neighbours.
    ///
    /// # Errors
    /// When its plan cannot be read.
    pub(crate) fn add(&mut self, run: &Run) -> Result<()> {
        // A plan of other tools says nothing of neighbours.
        if !run.plan.contains("compared") {
            return Ok(());
        }
        let asked: Asked = serde_json::from_str(&run.plan)
            .with_context(|| format!("reading the plan of run {}", run.id))?;
        let mut blocks: BTreeMap<(&Cell, usize), BTreeMap<u32, &Block>> = BTreeMap::new();
        for block in run.counted_blocks().filter(|block| block.artifact < asked.compared) {
            let of_artifact = blocks.entry((&block.cell, block.artifact)).or_default();
            of_artifact.insert(block.round, block);
        }
        // Each version with the first one that measured the same cell.
        let mut first: Option<(&Cell, &BTreeMap<u32, &Block>)> = None;
        for ((cell, _), of_artifact) in &blocks {
            match first {
                Some((of, left)) if of == *cell => {
                    self.add_pairs(run, cell, asked.measure_ms, left, of_artifact);
                }
                _ => first = Some((*cell, of_artifact)),
            }
        }
        Ok(())
    }

    fn add_pairs(
        &mut self,
        run: &Run,
        cell: &Cell,
        measure_ms: Option<u64>,
        left: &BTreeMap<u32, &Block>,
        right: &BTreeMap<u32, &Block>,
    ) {
        let mut found: BTreeMap<(&'static str, Digest), Vec<(f64, f64)>> = BTreeMap::new();
        for (round, left) in left {
            let Some(right) = right.get(round) else { continue };
            let definition = left.definition_sha256;
            let quiet = |block: &Block| !block.labels.iter().any(|label| label.forbids_verdict());
            if definition != right.definition_sha256 || !quiet(left) || !quiet(right) {
                continue;
            }
            let Outcome::Measured(measured) = &left.outcome else { continue };
            for metric in measured.metrics() {
                let values = [left, right].map(|block| value(block, metric));
                if let [Some(left), Some(right)] = values {
                    found.entry((metric.name, definition)).or_default().push((left, right));
                }
            }
        }
        for ((metric, definition), pairs) in found {
            let key = Key { cell: cell.clone(), metric, definition, measure_ms };
            self.scatters.entry(key).or_default().push(Scatter { began: run.started_at, pairs });
        }
    }

    /// What the pairs of a series scatter by at least, by the runs that began
    /// before this one; 0 where they do not tell.
    pub(crate) fn least_noise(
        &self,
        run: &Run,
        cell: &Cell,
        metric: &'static Metric,
        definition: Digest,
    ) -> f64 {
        let asked: Option<Asked> = serde_json::from_str(&run.plan).ok();
        let measure_ms = asked.and_then(|asked| asked.measure_ms);
        let key = Key { cell: cell.clone(), metric: metric.name, definition, measure_ms };
        let of_series = self.scatters.get(&key).map_or(&[][..], Vec::as_slice);
        let before = of_series.iter().filter(|scatter| scatter.began < run.started_at);
        let pairs: Vec<_> = before.map(|scatter| scatter.pairs.clone()).collect();
        history::noise_of_pairs(&pairs).unwrap_or(0.0)
    }
}

fn value(block: &Block, metric: &'static Metric) -> Option<f64> {
    match &block.outcome {
        Outcome::Measured(measured) => block_value(measured, metric).filter(|value| *value > 0.0),
        _ => None,
    }
}
