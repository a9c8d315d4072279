//! Taking in a whole run that was measured elsewhere or before, from a bundle
//! or an upload. It must not merge runs or replace one.

use crate::error::{Fault, StoreError};
use crate::names::Known;
use crate::open::Store;
use crate::{block, encoding, head, run};
use model::{Block, Invalid, Measurements, Outcome, Run, RunStatus};
use sqlx::{Sqlite, SqliteConnection, Transaction};

/// What an import found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// The run was stored.
    New,
    /// The very same run, or one with more to it, was stored before; nothing changed.
    AlreadyThere,
}

/// An import under way: nothing of it is there until [`Importer::commit`], and
/// dropped it leaves no trace. A runner's next block waits until then.
#[derive(Debug)]
pub struct Importer {
    store: Store,
    transaction: Transaction<'static, Sqlite>,
    known: Known,
}

impl Store {
    /// Begins an import of any number of runs, all of them or none.
    ///
    /// # Errors
    /// When the database may not be written.
    pub async fn importing(&self) -> Result<Importer, StoreError> {
        let transaction = self.writing("importing").await?;
        Ok(Importer { store: self.clone(), transaction, known: Known::default() })
    }

    /// Stores one run as [`Importer::add`] does, all of it or nothing.
    ///
    /// # Errors
    /// Those of [`Importer::add`].
    pub async fn import(&self, run: &Run) -> Result<Imported, StoreError> {
        let mut importer = self.importing().await?;
        let imported = importer.add(run).await?;
        importer.commit().await?;
        Ok(imported)
    }
}

impl Importer {
    /// Stores a complete or interrupted run. Blocks come back in the order of their
    /// ordinals. A published run is already there when the full one is.
    ///
    /// # Errors
    /// When the run is still running, is not valid, or is stored already with
    /// other content. Then nothing else may be added, and what was is not stored.
    pub async fn add(&mut self, run: &Run) -> Result<Imported, StoreError> {
        run.validate()?;
        let end_ns = match (run.status, run.finished_at) {
            (RunStatus::Running, _) => {
                return Err(StoreError::Unfinished { run: run.id.clone() });
            }
            (RunStatus::Complete, None) => {
                let problem = "is missing, but the run is complete".to_owned();
                return Err(Invalid { field: "finished_at".to_owned(), problem }.into());
            }
            (_, end) => end.map(|end| encoding::timestamp_ns("finished_at", end)).transpose(),
        };
        let doing = format!("importing run {}", run.id);
        let end_ns = end_ns.map_err(self.store.fault(&doing))?;
        let stored = run::load(&mut self.transaction, &run.id).await;
        if let Some(stored) = stored.map_err(self.store.fault(&doing))? {
            return match difference(&stored, run) {
                None => Ok(Imported::AlreadyThere),
                Some(difference) => Err(StoreError::Conflict { run: run.id.clone(), difference }),
            };
        }
        insert(&mut self.transaction, &mut self.known, run, end_ns)
            .await
            .map_err(self.store.fault(&doing))?;
        Ok(Imported::New)
    }

    /// For what must be stored with the runs.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }

    /// Makes everything that was added visible, at once.
    ///
    /// # Errors
    /// When writing fails; then nothing is stored.
    pub async fn commit(self) -> Result<(), StoreError> {
        let committed = self.transaction.commit().await;
        committed.map_err(|error| self.store.fault("importing")(error.into()))
    }
}

/// Through the same states as a measured run: the triggers accept no other way.
async fn insert(
    db: &mut SqliteConnection,
    known: &mut Known,
    run: &Run,
    end_ns: Option<i64>,
) -> Result<(), Fault> {
    let rows = head::insert(&mut *db, run).await?;
    let mut published = Vec::new();
    for block in &run.blocks {
        match &block.outcome {
            Outcome::Measured(measurements) if measurements.is_published() => {
                published.push((block, measurements));
            }
            _ => block::insert(&mut *db, known, rows, block).await?,
        }
    }
    if !published.is_empty() {
        block::insert_published(&mut *db, known, rows, &published).await?;
    }
    head::set_status(db, rows.run, run.status, end_ns).await
}

/// The first part in which two runs of one name differ.
fn difference(stored: &Run, given: &Run) -> Option<String> {
    let parts = [
        ("status", stored.status == given.status),
        ("started_at", stored.started_at == given.started_at),
        ("finished_at", stored.finished_at == given.finished_at),
        ("profile", stored.profile == given.profile),
        ("seed", stored.seed == given.seed),
        ("harness", stored.harness == given.harness),
        ("plan", stored.plan == given.plan),
        ("planned_blocks", stored.planned_blocks == given.planned_blocks),
        ("anchor", stored.anchor == given.anchor),
        ("testbed", stored.testbed == given.testbed),
        ("artifacts", stored.artifacts == given.artifacts),
        ("failed_builds", stored.failed_builds == given.failed_builds),
    ];
    if let Some((part, _)) = parts.iter().find(|(_, same)| !same) {
        return Some(format!("{part} differs"));
    }
    if stored.blocks.len() != given.blocks.len() {
        return Some(format!("{} blocks, not {}", stored.blocks.len(), given.blocks.len()));
    }
    let mut blocks: Vec<_> = given.blocks.iter().collect();
    blocks.sort_by_key(|block| block.ordinal);
    let differing = stored.blocks.iter().zip(blocks).find(|(stored, given)| !holds(stored, given));
    differing.map(|(stored, given)| match (&stored.outcome, &given.outcome) {
        (Outcome::Measured(stored), Outcome::Measured(given))
            if stored.is_published() && !given.is_published() =>
        {
            "it is published here, and given with its samples; a database of its own takes those"
                .to_owned()
        }
        _ => format!("block {} differs", stored.ordinal),
    })
}

/// Whether a stored block is the given one, or holds more than it: a published
/// block of a full run, or one without its histograms.
fn holds(stored: &Block, given: &Block) -> bool {
    let (Outcome::Measured(s), Outcome::Measured(g)) = (&stored.outcome, &given.outcome) else {
        return stored == given;
    };
    if !g.is_published() {
        return stored == given;
    }
    // What was summarised cannot be checked against samples here.
    let summaries = !s.is_published() || s.summaries == g.summaries;
    let histograms = !s.is_published()
        || g.histograms.iter().all(|(metric, of_given)| s.histograms.get(metric) == Some(of_given));
    let plain = |block: &Block| Block {
        outcome: Outcome::Measured(Measurements::default()),
        ..block.clone()
    };
    summaries && histograms && s.absent == g.absent && plain(stored) == plain(given)
}
