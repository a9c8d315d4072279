//! What there is: one line for each run. It must not read a sample.

use crate::encoding::{self, version_of};
use crate::error::{Fault, StoreError};
use crate::open::Store;
use jiff::Timestamp;
use model::{Cell, RunId, RunStatus};
use sqlx::SqliteConnection;
use std::collections::HashMap;
use std::fmt;

/// A run at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// Its name.
    pub id: RunId,
    /// When its first block was about to start.
    pub started_at: Timestamp,
    /// When its last block had ended; `None` while unfinished.
    pub finished_at: Option<Timestamp>,
    /// How far it has come; interrupted when its runner is gone.
    pub status: RunStatus,
    /// Which rules chose the number of blocks.
    pub profile: String,
    /// What it measures, in the plan's order.
    pub versions: Vec<RunVersion>,
    /// Blocks with values.
    pub measured: u32,
    /// Blocks that failed.
    pub failed: u32,
    /// Blocks that ask for what the version cannot do.
    pub unsupported: u32,
    /// Blocks of the plan, of which the three above are done.
    pub planned: u32,
    /// Epoch of its testbed: eight digits of the fingerprint.
    pub epoch: String,
}

/// A version that a run measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunVersion {
    /// The target it is a version of.
    pub target: String,
    /// Its short name, as [`model::VersionId::label`] has it.
    pub label: String,
}

impl fmt::Display for RunVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.target, self.label)
    }
}

impl RunSummary {
    /// Blocks that have an outcome.
    pub fn done(&self) -> u32 {
        self.measured + self.failed + self.unsupported
    }
}

impl Store {
    /// Every run, newest first, whatever its status.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        let mut db = self.reading().await?;
        let summaries = summaries(&mut db).await;
        let mut summaries = summaries.map_err(self.fault("listing runs"))?;
        for summary in &mut summaries {
            summary.status = self.status_now(summary.status);
        }
        Ok(summaries)
    }

    /// In how many complete runs each cell was measured.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn runs_of_cells(&self) -> Result<HashMap<Cell, u32>, StoreError> {
        let mut db = self.reading().await?;
        runs_of_cells(&mut db).await.map_err(self.fault("counting runs"))
    }
}

async fn runs_of_cells(db: &mut SqliteConnection) -> Result<HashMap<Cell, u32>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT c.target, c.suite, c.benchmark, c.arm, count(DISTINCT b.run) AS "runs!: i64"
        FROM block AS b JOIN cell AS c ON c.id = b.cell JOIN run AS r ON r.id = b.run
        WHERE b.outcome = 'measured' AND r.status = 'complete' AND r.profile <> 'calibrate'
        GROUP BY c.id"#
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let (target, suite) = (row.target, row.suite);
            let cell = Cell { target, suite, benchmark: row.benchmark, arm: row.arm };
            Ok((cell, encoding::small("a count of runs", row.runs)?))
        })
        .collect()
}

async fn summaries(db: &mut SqliteConnection) -> Result<Vec<RunSummary>, Fault> {
    let mut versions = versions(&mut *db).await?;
    let counts = counts(&mut *db).await?;
    let rows = sqlx::query!(
        r#"SELECT r.id AS "id!", r.name, r.started_at_ns, r.finished_at_ns, r.status, r.profile,
            r.planned_blocks, substr(t.fingerprint_sha256, 1, 8) AS "epoch!: String"
        FROM run AS r JOIN testbed AS t ON t.id = r.testbed
        ORDER BY r.started_at_ns DESC, r.name DESC"#
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let count = |outcome: &str| {
                let count = counts.get(&(row.id, outcome.to_owned())).copied().unwrap_or(0);
                encoding::small("a count of blocks", count)
            };
            Ok(RunSummary {
                started_at: encoding::timestamp(row.started_at_ns)?,
                finished_at: row.finished_at_ns.map(encoding::timestamp).transpose()?,
                status: encoding::status(&row.status)?,
                versions: versions.remove(&row.id).unwrap_or_default(),
                measured: count("measured")?,
                failed: count("failed")?,
                unsupported: count("unsupported")?,
                planned: encoding::small("planned_blocks", row.planned_blocks)?,
                id: encoding::run_id(row.name)?,
                profile: row.profile,
                epoch: row.epoch,
            })
        })
        .collect()
}

/// How many blocks of each outcome each run has.
async fn counts(db: &mut SqliteConnection) -> Result<HashMap<(i64, String), i64>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT run, outcome, count(*) AS "count!: i64" FROM block GROUP BY run, outcome"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.run, row.outcome), row.count)).collect())
}

/// The versions of each run, without repetition, in the plan's order.
async fn versions(db: &mut SqliteConnection) -> Result<HashMap<i64, Vec<RunVersion>>, Fault> {
    let rows = sqlx::query!(
        "SELECT r.run, v.target, v.kind, v.name, v.subject, v.committed_at_ns, v.modified_sha256
        FROM run_artifact AS r
        JOIN artifact AS a ON a.id = r.artifact
        JOIN version AS v ON v.id = a.version
        ORDER BY r.run, r.position"
    )
    .fetch_all(db)
    .await?;
    let mut versions: HashMap<i64, Vec<RunVersion>> = HashMap::new();
    for row in rows {
        let label = version_of!(row)?.label();
        let version = RunVersion { target: row.target, label };
        let of_run = versions.entry(row.run).or_default();
        if !of_run.contains(&version) {
            of_run.push(version);
        }
    }
    Ok(versions)
}
