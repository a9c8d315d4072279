//! Jobs: submitting, reading, cancelling. Who works on them is the business of
//! `leases`. It must not run anything.

use crate::encoding;
use crate::error::{Fault, StoreError};
use crate::open::Store;
use jiff::Timestamp;
use model::Invalid;
use sqlx::SqliteConnection;

/// Which command a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// `bench run`
    Run,
    /// `bench compare`
    Compare,
    /// `bench gate`
    Gate,
    /// `bench backfill`
    Backfill,
    /// `bench bisect`
    Bisect,
    /// `bench calibrate`
    Calibrate,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStatus {
    /// It waits.
    Queued,
    /// A worker has it.
    Leased,
    /// Its command ended and said something.
    Done,
    /// It will not be tried again.
    Failed,
    /// Somebody did not want it any more.
    Cancelled,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Run, Self::Compare, Self::Gate, Self::Backfill, Self::Bisect, Self::Calibrate];

    /// The word used everywhere, which is the command.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Compare => "compare",
            Self::Gate => "gate",
            Self::Backfill => "backfill",
            Self::Bisect => "bisect",
            Self::Calibrate => "calibrate",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl JobStatus {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Queued, Self::Leased, Self::Done, Self::Failed, Self::Cancelled];

    /// The word used everywhere.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing will happen any more.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    fn named(word: &str) -> Result<Self, Fault> {
        let found = Self::ALL.into_iter().find(|status| status.word() == word);
        found.ok_or_else(|| Fault::Damaged(format!("a job's status is `{word}`")))
    }
}

/// A job to be queued.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Sixteen hexadecimal digits.
    pub name: String,
    /// What asks for it, if that must not ask twice.
    pub once: Option<String>,
    /// Its command.
    pub kind: JobKind,
    /// Words for the command, as a JSON list.
    pub arguments: String,
    /// The epoch it must be measured on.
    pub testbed: Option<String>,
    /// Higher goes first.
    pub priority: i32,
    /// Names of jobs that must be done before.
    pub parents: Vec<String>,
    /// Leases until it is given up.
    pub most_attempts: u32,
    /// Who wants it.
    pub requested_by: String,
    /// When.
    pub requested_at: Timestamp,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its row, which is its place among jobs of one priority.
    pub id: i64,
    /// Sixteen hexadecimal digits.
    pub name: String,
    /// What asked for it, if that must not ask twice.
    pub once: Option<String>,
    /// Its command.
    pub kind: JobKind,
    /// Words for the command, as a JSON list.
    pub arguments: String,
    /// The epoch it must be measured on.
    pub testbed: Option<String>,
    /// Higher goes first.
    pub priority: i32,
    /// How far it has come.
    pub status: JobStatus,
    /// Leases so far.
    pub attempts: u32,
    /// Leases until it is given up.
    pub most_attempts: u32,
    /// Nobody gets it before.
    pub not_before: Timestamp,
    /// Who had it last.
    pub worker: Option<String>,
    /// The epoch of that machine.
    pub leased_on: Option<String>,
    /// Until when it is that worker's.
    pub leased_until: Option<Timestamp>,
    /// Who wants it.
    pub requested_by: String,
    /// Since when.
    pub requested_at: Timestamp,
    /// When the last lease began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Of its command.
    pub exit_code: Option<i64>,
    /// What came of it, or why it failed.
    pub outcome: Option<String>,
}

impl Store {
    /// Queues a job; false with the earlier one if `once` was asked for before.
    ///
    /// # Errors
    /// When a parent is not known, or writing fails.
    pub async fn submit_job(&self, new: &NewJob) -> Result<(Job, bool), StoreError> {
        let doing = "queueing a job";
        let mut db = self.writing(doing).await?;
        let submitted = submit(&mut db, new).await.map_err(self.fault(doing))?;
        db.commit().await.map_err(|error| self.fault(doing)(error.into()))?;
        Ok(submitted)
    }

    /// The job of that name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn job(&self, name: &str) -> Result<Option<Job>, StoreError> {
        let mut db = self.reading().await?;
        by_name(&mut db, name).await.map_err(self.fault("reading a job"))
    }

    /// Jobs, newest first, below a row if one is given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn jobs(&self, below: Option<i64>, most: u32) -> Result<Vec<Job>, StoreError> {
        let mut db = self.reading().await?;
        let below = below.unwrap_or(i64::MAX);
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id AS "id!", name, once, kind, arguments, testbed, priority, status, attempts, most_attempts,
                not_before_ns, lease, worker, leased_on, leased_until_ns, requested_by,
                requested_at_ns, started_at_ns, finished_at_ns, exit_code, outcome
            FROM job WHERE id < ?1 ORDER BY id DESC LIMIT ?2"#,
            below,
            most,
        )
        .fetch_all(&mut *db)
        .await
        .map_err(|error| self.fault("listing jobs")(error.into()))?;
        let jobs: Result<Vec<Job>, Fault> = rows.into_iter().map(Row::into_job).collect();
        jobs.map_err(self.fault("listing jobs"))
    }

    /// Takes a job back; `None` when it has ended already or there is none. A worker
    /// that has it learns of it when it is next heard of.
    ///
    /// # Errors
    /// When writing fails.
    pub async fn cancel_job(
        &self,
        name: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<Option<Job>, StoreError> {
        let doing = "cancelling a job";
        let mut db = self.writing(doing).await?;
        let now_ns = encoding::timestamp_ns("finished_at", now).map_err(self.fault(doing))?;
        let done = sqlx::query!(
            "UPDATE job SET status = 'cancelled', finished_at_ns = ?2, outcome = ?3
            WHERE name = ?1 AND status IN ('queued', 'leased')",
            name,
            now_ns,
            why,
        )
        .execute(&mut *db)
        .await
        .map_err(|error| self.fault(doing)(error.into()))?;
        let job = by_name(&mut db, name).await.map_err(self.fault(doing))?;
        db.commit().await.map_err(|error| self.fault(doing)(error.into()))?;
        Ok(job.filter(|_| done.rows_affected() == 1))
    }
}

/// A row of `job`, as it stands there.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) once: Option<String>,
    pub(super) kind: String,
    pub(super) arguments: String,
    pub(super) testbed: Option<String>,
    pub(super) priority: i64,
    pub(super) status: String,
    pub(super) attempts: i64,
    pub(super) most_attempts: i64,
    pub(super) not_before_ns: i64,
    pub(super) lease: Option<String>,
    pub(super) worker: Option<String>,
    pub(super) leased_on: Option<String>,
    pub(super) leased_until_ns: Option<i64>,
    pub(super) requested_by: String,
    pub(super) requested_at_ns: i64,
    pub(super) started_at_ns: Option<i64>,
    pub(super) finished_at_ns: Option<i64>,
    pub(super) exit_code: Option<i64>,
    pub(super) outcome: Option<String>,
}

impl Row {
    pub(super) fn into_job(self) -> Result<Job, Fault> {
        let kind = JobKind::named(&self.kind);
        let optional = |ns: Option<i64>| ns.map(encoding::timestamp).transpose();
        Ok(Job {
            kind: kind.ok_or_else(|| Fault::Damaged(format!("a job's kind is `{}`", self.kind)))?,
            status: JobStatus::named(&self.status)?,
            priority: i32::try_from(self.priority)
                .map_err(|_| Fault::Damaged(format!("a priority of {}", self.priority)))?,
            attempts: encoding::small("attempts", self.attempts)?,
            most_attempts: encoding::small("most_attempts", self.most_attempts)?,
            not_before: encoding::timestamp(self.not_before_ns)?,
            leased_until: optional(self.leased_until_ns)?,
            requested_at: encoding::timestamp(self.requested_at_ns)?,
            started_at: optional(self.started_at_ns)?,
            finished_at: optional(self.finished_at_ns)?,
            id: self.id,
            name: self.name,
            once: self.once,
            arguments: self.arguments,
            testbed: self.testbed,
            worker: self.worker,
            leased_on: self.leased_on,
            requested_by: self.requested_by,
            exit_code: self.exit_code,
            outcome: self.outcome,
        })
    }
}

pub(super) async fn by_name(db: &mut SqliteConnection, name: &str) -> Result<Option<Job>, Fault> {
    row(db, name).await?.map(Row::into_job).transpose()
}

pub(super) async fn row(db: &mut SqliteConnection, name: &str) -> Result<Option<Row>, Fault> {
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT id AS "id!", name, once, kind, arguments, testbed, priority, status, attempts, most_attempts,
            not_before_ns, lease, worker, leased_on, leased_until_ns, requested_by,
            requested_at_ns, started_at_ns, finished_at_ns, exit_code, outcome
        FROM job WHERE name = ?1"#,
        name,
    )
    .fetch_optional(db)
    .await?)
}

async fn submit(db: &mut SqliteConnection, new: &NewJob) -> Result<(Job, bool), Fault> {
    let at_ns = encoding::timestamp_ns("requested_at", new.requested_at)?;
    let kind = new.kind.word();
    let earlier = sqlx::query_scalar!("SELECT name FROM job WHERE once = ?1", new.once);
    if let Some(name) = earlier.fetch_optional(&mut *db).await? {
        let job = by_name(db, &name).await?;
        let job = job.ok_or_else(|| Fault::Damaged("a job went away".to_owned()))?;
        return Ok((job, false));
    }
    let id = sqlx::query!(
        "INSERT INTO job (name, once, kind, arguments, testbed, priority, status, attempts,
            most_attempts, not_before_ns, requested_by, requested_at_ns)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', 0, ?7, ?8, ?9, ?8)",
        new.name,
        new.once,
        kind,
        new.arguments,
        new.testbed,
        new.priority,
        new.most_attempts,
        at_ns,
        new.requested_by,
    )
    .execute(&mut *db)
    .await?
    .last_insert_rowid();
    for parent in &new.parents {
        let found = sqlx::query_scalar!(r#"SELECT id AS "id!" FROM job WHERE name = ?1"#, parent);
        let Some(parent) = found.fetch_optional(&mut *db).await? else {
            let problem = format!("there is no job {parent}");
            return Err(Invalid { field: "parents".to_owned(), problem }.into());
        };
        sqlx::query!("INSERT OR IGNORE INTO job_parent (job, parent) VALUES (?1, ?2)", id, parent)
            .execute(&mut *db)
            .await?;
    }
    let job = by_name(db, &new.name).await?;
    Ok((job.ok_or_else(|| Fault::Damaged("a job went away".to_owned()))?, true))
}

impl Store {
    /// How many jobs there are of each status; those without any are there, too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_jobs(&self) -> Result<Vec<(JobStatus, u64)>, StoreError> {
        let mut db = self.reading().await?;
        let counted =
            sqlx::query!(r#"SELECT status, count(*) AS "count!: i64" FROM job GROUP BY status"#);
        let counted = counted.fetch_all(&mut *db).await;
        let counted = counted.map_err(|error| self.fault("counting jobs")(error.into()))?;
        let count = |status: JobStatus| {
            let row = counted.iter().find(|row| row.status == status.word());
            (status, row.map_or(0, |row| row.count.unsigned_abs()))
        };
        Ok(JobStatus::ALL.map(count).to_vec())
    }
}
