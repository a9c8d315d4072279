//! Reading many runs: everything that is shown, compared and published, one run
//! after the other, or the names of those that measured a version or are of a
//! profile. It must not judge them.

use crate::error::{Fault, StoreError};
use crate::names::Names;
use crate::open::Store;
use crate::{block, encoding, head};
use model::{Run, RunId, VersionId};
use sqlx::{Sqlite, SqliteConnection, Transaction};

/// The complete runs of one moment, oldest first. Full and published runs come
/// alike: `Measurements::values` answers for both.
#[derive(Debug)]
pub struct History {
    store: Store,
    transaction: Transaction<'static, Sqlite>,
    names: Names,
    /// Newest first, to be taken from the end.
    left: Vec<RunId>,
}

impl Store {
    /// Begins to read every complete run. Faster than [`Store::run`] for each, and
    /// of one moment, whatever a runner does meanwhile.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn history(&self) -> Result<History, StoreError> {
        let mut transaction = self.reading().await?;
        let found = async {
            let newest_first = sqlx::query_scalar!(
                "SELECT name FROM run WHERE status = 'complete'
                ORDER BY started_at_ns DESC, name DESC"
            );
            let left = newest_first.fetch_all(&mut *transaction).await?;
            let left = left.into_iter().map(encoding::run_id).collect::<Result<_, _>>()?;
            Ok((left, Names::load(&mut transaction).await?))
        };
        let (left, names) = found.await.map_err(self.fault("reading the history"))?;
        Ok(History { store: self.clone(), transaction, names, left })
    }

    /// The complete runs that measured a version of a target, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn runs_of_version(
        &self,
        target: &str,
        version: &VersionId,
    ) -> Result<Vec<RunId>, StoreError> {
        let mut db = self.reading().await?;
        let found = runs_of_version(&mut db, target, version).await;
        found.map_err(self.fault("looking for the runs of a version"))
    }

    /// The complete runs of a profile, newest first, each with the epoch of its testbed.
    /// Faster than [`Store::runs`], which counts blocks.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn runs_of_profile(&self, profile: &str) -> Result<Vec<(RunId, String)>, StoreError> {
        let mut db = self.reading().await?;
        let found = runs_of_profile(&mut db, profile).await;
        found.map_err(self.fault("looking for the runs of a profile"))
    }
}

impl History {
    /// How many runs are still to come.
    pub fn left(&self) -> usize {
        self.left.len()
    }

    /// The next run, or `None` after the newest.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn next_run(&mut self) -> Result<Option<Run>, StoreError> {
        let Some(id) = self.left.pop() else { return Ok(None) };
        let read = read(&mut self.transaction, &id, &self.names).await;
        read.map(Some).map_err(self.store.fault(&format!("reading run {id}")))
    }
}

async fn read(db: &mut SqliteConnection, id: &RunId, names: &Names) -> Result<Run, Fault> {
    let Some((rows, mut run)) = head::load(&mut *db, id).await? else {
        return Err(Fault::Damaged(format!("run {id} went away")));
    };
    run.blocks = block::load(db, rows.run, names).await?;
    Ok(run)
}

async fn runs_of_profile(
    db: &mut SqliteConnection,
    profile: &str,
) -> Result<Vec<(RunId, String)>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT r.name, substr(t.fingerprint_sha256, 1, 8) AS "epoch!: String"
        FROM run AS r JOIN testbed AS t ON t.id = r.testbed
        WHERE r.status = 'complete' AND r.profile = ?
        ORDER BY r.started_at_ns DESC, r.name DESC"#,
        profile
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|row| Ok((encoding::run_id(row.name)?, row.epoch))).collect()
}

async fn runs_of_version(
    db: &mut SqliteConnection,
    target: &str,
    version: &VersionId,
) -> Result<Vec<RunId>, Fault> {
    let v = encoding::VersionColumns::of(version)?;
    let names = sqlx::query_scalar!(
        "SELECT r.name FROM version AS v
        JOIN artifact AS a ON a.version = v.id
        JOIN run_artifact AS ra ON ra.artifact = a.id
        JOIN run AS r ON r.id = ra.run
        WHERE v.name = ?1 AND v.target = ?2 AND (v.kind, v.modified_sha256) IS (?3, ?4)
            AND r.status = 'complete'
        GROUP BY r.id ORDER BY r.started_at_ns DESC, r.name DESC",
        v.name,
        target,
        v.kind,
        v.modified_sha256,
    );
    names.fetch_all(db).await?.into_iter().map(encoding::run_id).collect()
}
