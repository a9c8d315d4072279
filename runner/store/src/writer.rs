//! The runner's side: a run is begun, gets its blocks one transaction each,
//! and is finished. It must not hold values back: a block that was
//! acknowledged is on the disk.

use crate::error::{Fault, StoreError};
use crate::head::HeadRows;
use crate::lock::RunLock;
use crate::names::Known;
use crate::open::Store;
use crate::{block, encoding, head, run};
use jiff::Timestamp;
use model::{Block, Invalid, Run, RunId, RunStatus};
use sqlx::{Sqlite, SqliteConnection, Transaction};

/// A run in the making. It holds the database's lock for runners until it is
/// finished, interrupted or dropped; dropped, or with its process killed, the
/// run is interrupted.
#[derive(Debug)]
pub struct RunWriter {
    store: Store,
    rows: HeadRows,
    /// Without blocks.
    head: Run,
    _lock: RunLock,
}

impl Store {
    /// Begins a run: stores everything but its blocks, which are ignored, as
    /// are its status and end. Runs whose runner is gone are marked
    /// interrupted first.
    ///
    /// # Errors
    /// When another run is in progress, a run of this name exists, or a field
    /// is not valid.
    pub async fn begin_run(&self, run: &Run) -> Result<RunWriter, StoreError> {
        let mut head = run.clone();
        (head.status, head.finished_at) = (RunStatus::Running, None);
        head.blocks.clear();
        head.validate_head()?;
        let doing = format!("beginning run {}", head.id);
        let (lock, mut db) = self.take_over(&head.id, &doing).await?;
        if head::load(&mut db, &head.id).await.map_err(self.fault(&doing))?.is_some() {
            return Err(StoreError::RunExists { run: head.id });
        }
        let rows = head::insert(&mut db, &head).await.map_err(self.fault(&doing))?;
        db.commit().await.map_err(|error| self.fault(&doing)(error.into()))?;
        Ok(RunWriter { store: self.clone(), rows, head, _lock: lock })
    }

    /// Goes on with an interrupted run; the run returned says which blocks it
    /// has. Whether the testbed is still the same is for the caller to see.
    ///
    /// # Errors
    /// When another run is in progress, there is no such run, or it is not
    /// interrupted.
    pub async fn resume_run(&self, id: &RunId) -> Result<(RunWriter, Run), StoreError> {
        let doing = format!("resuming run {id}");
        let (lock, mut db) = self.take_over(id, &doing).await?;
        let loaded = head::load(&mut db, id).await.map_err(self.fault(&doing))?;
        let Some((rows, mut head)) = loaded else {
            let path = self.path().to_owned();
            return Err(StoreError::UnknownRun { path, asked: id.to_string() });
        };
        if head.status != RunStatus::Interrupted {
            return Err(StoreError::NotInterrupted { run: id.clone(), status: head.status });
        }
        head::set_status(&mut db, rows.run, RunStatus::Running, None)
            .await
            .map_err(self.fault(&doing))?;
        (head.status, head.finished_at) = (RunStatus::Running, None);
        let loaded = run::load(&mut db, id).await.map_err(self.fault(&doing))?;
        let so_far = loaded.unwrap_or_else(|| head.clone());
        db.commit().await.map_err(|error| self.fault(&doing)(error.into()))?;
        Ok((RunWriter { store: self.clone(), rows, head, _lock: lock }, so_far))
    }

    /// Takes the runners' lock, then marks the runs of dead runners.
    async fn take_over(
        &self,
        id: &RunId,
        doing: &str,
    ) -> Result<(RunLock, Transaction<'static, Sqlite>), StoreError> {
        self.may_write(doing)?;
        let mut lock = RunLock::take(self.file()).await?;
        lock.sign(id);
        let mut db = self.writing(doing).await?;
        mark_dead_runs(&mut db).await.map_err(self.fault(doing))?;
        Ok((lock, db))
    }
}

impl RunWriter {
    /// The run's name.
    pub fn id(&self) -> &RunId {
        &self.head.id
    }

    /// The run without its blocks.
    pub fn head(&self) -> &Run {
        &self.head
    }

    /// Stores a block: when this returns, it is on the disk, whole.
    ///
    /// # Errors
    /// When the block is not valid or is there already, or writing fails;
    /// then nothing of it is stored, and the writer can be used further.
    pub async fn add_block(&mut self, block: &Block) -> Result<(), StoreError> {
        block.validate(&self.head)?;
        let (run, ordinal) = (&self.head.id, block.ordinal);
        let doing = format!("storing block {ordinal} of run {run}");
        let mut db = self.store.writing(&doing).await?;
        if block::exists(&mut db, self.rows, ordinal).await.map_err(self.store.fault(&doing))? {
            return Err(StoreError::BlockExists { run: run.clone(), ordinal });
        }
        // Of this transaction only: should it fail, the rows it made are gone.
        let mut known = Known::default();
        block::insert(&mut db, &mut known, self.rows, block)
            .await
            .map_err(self.store.fault(&doing))?;
        db.commit().await.map_err(|error| self.store.fault(&doing)(error.into()))
    }

    /// Marks the run complete: from now on its results are visible, and it
    /// never changes again. Whether every planned block is there is for the
    /// caller to see; a run may end early because it has decided.
    ///
    /// # Errors
    /// When it would end before it began, or writing fails; the run is then
    /// interrupted.
    pub async fn finish(self, finished_at: Timestamp) -> Result<(), StoreError> {
        if finished_at < self.head.started_at {
            let problem = "is before started_at".to_owned();
            return Err(Invalid { field: "finished_at".to_owned(), problem }.into());
        }
        self.leave(RunStatus::Complete, Some(finished_at)).await
    }

    /// Marks the run interrupted at once, e.g. on Ctrl-C; it can be resumed.
    ///
    /// # Errors
    /// When writing fails; the run is interrupted all the same.
    pub async fn interrupt(self) -> Result<(), StoreError> {
        self.leave(RunStatus::Interrupted, None).await
    }

    async fn leave(self, status: RunStatus, end: Option<Timestamp>) -> Result<(), StoreError> {
        let doing = format!("marking run {} {}", self.head.id, status.word());
        let end_ns = end.map(|end| encoding::timestamp_ns("finished_at", end)).transpose();
        let end_ns = end_ns.map_err(self.store.fault(&doing))?;
        let mut db = self.store.writing(&doing).await?;
        head::set_status(&mut db, self.rows.run, status, end_ns)
            .await
            .map_err(self.store.fault(&doing))?;
        db.commit().await.map_err(|error| self.store.fault(&doing)(error.into()))
    }
}

/// Only for the holder of the lock, who knows that nobody else is running.
async fn mark_dead_runs(db: &mut SqliteConnection) -> Result<(), Fault> {
    sqlx::query!("UPDATE run SET status = 'interrupted' WHERE status = 'running'")
        .execute(db)
        .await?;
    Ok(())
}
