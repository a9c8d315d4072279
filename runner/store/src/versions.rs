//! What there is of every version: how often it was measured, or why it could
//! not be built. It must not read a sample.

use crate::encoding::{self, version_of};
use crate::error::{Fault, StoreError};
use crate::open::Store;
use jiff::Timestamp;
use model::VersionId;
use sqlx::SqliteConnection;
use std::collections::HashMap;

/// A version in complete runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionSummary {
    /// The target it is a version of.
    pub target: String,
    /// Which version.
    pub version: VersionId,
    /// Complete runs that measured it or tried to build it.
    pub runs: u32,
    /// When the last of them began.
    pub last_run_at: Timestamp,
    /// Blocks with values.
    pub measured: u32,
    /// Blocks that failed.
    pub failed: u32,
    /// Blocks that ask for what it cannot do.
    pub unsupported: u32,
    /// The last build that failed, if one did.
    pub failed_build: Option<FailedBuildSummary>,
}

/// A build that failed, of a version that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedBuildSummary {
    /// The compiler; absent where there was nothing to compile.
    pub rustc: Option<String>,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Every version of complete runs, by target, the newest of each first:
    /// commits by their time, others by when they were measured.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn versions(&self) -> Result<Vec<VersionSummary>, StoreError> {
        let mut db = self.reading().await?;
        let versions = versions(&mut db).await;
        versions.map_err(self.fault("listing versions"))
    }
}

async fn versions(db: &mut SqliteConnection) -> Result<Vec<VersionSummary>, Fault> {
    let counts = counts(&mut *db).await?;
    let mut failures = failures(&mut *db).await?;
    let rows = sqlx::query!(
        r#"SELECT v.id AS "id!", v.target AS "target!", v.kind AS "kind!", v.name AS "name!",
            v.subject, v.committed_at_ns, v.modified_sha256, count(DISTINCT r.id) AS "runs!: i64",
            max(r.started_at_ns) AS "last_ns!: i64"
        FROM (SELECT ra.run, a.version FROM run_artifact AS ra
                JOIN artifact AS a ON a.id = ra.artifact
            UNION SELECT f.run, f.version FROM failed_build AS f) AS of
        JOIN version AS v ON v.id = of.version
        JOIN run AS r ON r.id = of.run
        WHERE r.status = 'complete' AND r.profile <> 'calibrate'
        GROUP BY v.id
        ORDER BY v.target, coalesce(v.committed_at_ns, max(r.started_at_ns)) DESC, v.id DESC"#
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let count = |outcome: &str| {
                let count = counts.get(&(row.id, outcome.to_owned())).copied().unwrap_or(0);
                encoding::small("a count of blocks", count)
            };
            let (measured, failed, unsupported) =
                (count("measured")?, count("failed")?, count("unsupported")?);
            Ok(VersionSummary {
                version: version_of!(row)?,
                target: row.target,
                runs: encoding::small("a count of runs", row.runs)?,
                last_run_at: encoding::timestamp(row.last_ns)?,
                measured,
                failed,
                unsupported,
                failed_build: failures.remove(&row.id),
            })
        })
        .collect()
}

/// How many blocks of each outcome each version has.
async fn counts(db: &mut SqliteConnection) -> Result<HashMap<(i64, String), i64>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT a.version, b.outcome, count(*) AS "count!: i64"
        FROM block AS b
        JOIN run AS r ON r.id = b.run
        JOIN run_artifact AS ra ON ra.run = b.run AND ra.position = b.artifact
        JOIN artifact AS a ON a.id = ra.artifact
        WHERE r.status = 'complete' AND r.profile <> 'calibrate'
        GROUP BY a.version, b.outcome"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.version, row.outcome), row.count)).collect())
}

/// The last failed build of each version.
async fn failures(db: &mut SqliteConnection) -> Result<HashMap<i64, FailedBuildSummary>, Fault> {
    let rows = sqlx::query!(
        "SELECT f.version, f.rustc, t.text AS reason
        FROM failed_build AS f JOIN run AS r ON r.id = f.run JOIN reason AS t ON t.id = f.reason
        WHERE r.status = 'complete' ORDER BY r.started_at_ns, r.id"
    )
    .fetch_all(db)
    .await?;
    let failed = |rustc, reason| FailedBuildSummary { rustc, reason };
    Ok(rows.into_iter().map(|row| (row.version, failed(row.rustc, row.reason))).collect())
}
