//! Taking in a whole run that was measured elsewhere or before, from a bundle
//! or an upload. It must not merge runs or replace one.

use crate::error::{Fault, StoreError};
use crate::open::Store;
use crate::{block, encoding, head, run};
use model::{Invalid, Run, RunStatus};
use sqlx::SqliteConnection;

/// What an import found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// The run was stored.
    New,
    /// The very same run was stored before; nothing changed.
    AlreadyThere,
}

impl Store {
    /// Stores a complete or interrupted run, all of it or nothing. Blocks come
    /// back in the order of their ordinals.
    ///
    /// It may be called while a runner is at work; the runner's next block
    /// waits until the import is done.
    ///
    /// # Errors
    /// When the run is still running, is not valid, or is stored already with
    /// other content.
    pub async fn import(&self, run: &Run) -> Result<Imported, StoreError> {
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
        let end_ns = end_ns.map_err(self.fault(&doing))?;
        let mut db = self.writing(&doing).await?;
        if let Some(stored) = run::load(&mut db, &run.id).await.map_err(self.fault(&doing))? {
            return match difference(&stored, run) {
                None => Ok(Imported::AlreadyThere),
                Some(difference) => Err(StoreError::Conflict { run: run.id.clone(), difference }),
            };
        }
        insert(&mut db, run, end_ns).await.map_err(self.fault(&doing))?;
        db.commit().await.map_err(|error| self.fault(&doing)(error.into()))?;
        Ok(Imported::New)
    }
}

/// Through the same states as a measured run: the triggers accept no other way.
async fn insert(db: &mut SqliteConnection, run: &Run, end_ns: Option<i64>) -> Result<(), Fault> {
    let rows = head::insert(&mut *db, run).await?;
    for block in &run.blocks {
        block::insert(&mut *db, rows, block).await?;
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
    let differing = stored.blocks.iter().zip(blocks).find(|(stored, given)| stored != given);
    differing.map(|(stored, _)| format!("block {} differs", stored.ordinal))
}
