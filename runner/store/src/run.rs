//! Reading whole runs, by name. It must not judge whether their results may
//! be shown: [`Store::visible_runs`] says which are complete.

use crate::error::{Fault, StoreError};
use crate::names::Names;
use crate::open::Store;
use crate::{block, encoding, head};
use model::{Run, RunId, RunStatus};
use sqlx::SqliteConnection;

const LATEST: &str = "latest";
/// Fewer digits would be a coincidence rather than a name.
const MIN_DIGITS: usize = 4;
const ID_DIGITS: usize = 16;

impl Store {
    /// The run whose name begins with `asked` (at least four digits), or the
    /// complete one that started last for `latest`. A run whose runner is
    /// gone says it is interrupted.
    ///
    /// # Errors
    /// When no run or several begin so, or one cannot be read.
    pub async fn run(&self, asked: &str) -> Result<Run, StoreError> {
        let mut db = self.reading().await?;
        let id = self.find(&mut db, asked).await?;
        let found = load(&mut db, &id).await;
        let run = found.map_err(self.fault(&format!("reading run {id}")))?;
        let mut run = run.ok_or_else(|| self.unknown(asked))?;
        run.status = self.status_now(run.status);
        Ok(run)
    }

    /// The name of the run that [`Store::run`] would read.
    ///
    /// # Errors
    /// When no run or several begin so.
    pub async fn run_id(&self, asked: &str) -> Result<RunId, StoreError> {
        let mut db = self.reading().await?;
        self.find(&mut db, asked).await
    }

    /// Every complete run, oldest first: those whose results are shown,
    /// compared and published. A run enters this list in one step.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn visible_runs(&self) -> Result<Vec<RunId>, StoreError> {
        let mut db = self.reading().await?;
        let names = sqlx::query_scalar!(
            "SELECT name FROM run WHERE status = 'complete' ORDER BY started_at_ns, name"
        )
        .fetch_all(&mut *db)
        .await;
        names
            .map_err(Fault::Sql)
            .and_then(|names| names.into_iter().map(encoding::run_id).collect())
            .map_err(self.fault("listing runs"))
    }

    /// What a stored status means now: nobody is at a `running` run whose
    /// runner is gone.
    pub(crate) fn status_now(&self, stored: RunStatus) -> RunStatus {
        match stored {
            RunStatus::Running if !self.runner_is_alive() => RunStatus::Interrupted,
            other => other,
        }
    }

    async fn find(&self, db: &mut SqliteConnection, asked: &str) -> Result<RunId, StoreError> {
        if asked == LATEST {
            let newest = newest_complete(db).await.map_err(self.fault("looking for a run"))?;
            return newest.ok_or_else(|| StoreError::NoRuns { path: self.path().to_owned() });
        }
        let digits = asked.to_ascii_lowercase();
        let right_length = (MIN_DIGITS..=ID_DIGITS).contains(&digits.len());
        if !right_length || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(StoreError::BadRunName { asked: asked.to_owned() });
        }
        let found = beginning_with(db, &digits).await;
        let mut candidates = found.map_err(self.fault("looking for a run"))?;
        match candidates.len() {
            0 => Err(self.unknown(asked)),
            1 => Ok(candidates.remove(0)),
            _ => Err(StoreError::AmbiguousRun { asked: asked.to_owned(), candidates }),
        }
    }

    fn unknown(&self, asked: &str) -> StoreError {
        StoreError::UnknownRun { path: self.path().to_owned(), asked: asked.to_owned() }
    }
}

/// A whole run with its stored status; `None` when there is no such run.
pub(crate) async fn load(db: &mut SqliteConnection, id: &RunId) -> Result<Option<Run>, Fault> {
    let Some((rows, mut run)) = head::load(&mut *db, id).await? else { return Ok(None) };
    let names = Names::load(&mut *db).await?;
    run.blocks = block::load(db, rows.run, &names).await?;
    Ok(Some(run))
}

async fn newest_complete(db: &mut SqliteConnection) -> Result<Option<RunId>, Fault> {
    sqlx::query_scalar!(
        "SELECT name FROM run WHERE status = 'complete'
        ORDER BY started_at_ns DESC, name DESC LIMIT 1"
    )
    .fetch_optional(db)
    .await?
    .map(encoding::run_id)
    .transpose()
}

async fn beginning_with(db: &mut SqliteConnection, digits: &str) -> Result<Vec<RunId>, Fault> {
    // `g` sorts after every hexadecimal digit.
    let end = format!("{digits}g");
    sqlx::query_scalar!(
        "SELECT name FROM run WHERE name >= ?1 AND name < ?2 ORDER BY name",
        digits,
        end,
    )
    .fetch_all(db)
    .await?
    .into_iter()
    .map(encoding::run_id)
    .collect()
}
