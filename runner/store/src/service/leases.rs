//! Who works on which job: leases, which end by themselves when a worker is not
//! heard of. Whoever holds the secret of a lease may go on with its job, nobody else.

use super::jobs::{self, Job, JobStatus, Row};
use super::queue;
use crate::encoding;
use crate::error::{Fault, StoreError};
use crate::open::Store;
use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;

/// The exit code of a command that could not begin: whatever was to follow cannot either.
const BAD_INPUT: i64 = 2;

/// A worker asking for something to do.
#[derive(Debug, Clone)]
pub struct LeaseRequest<'a> {
    /// A secret for this lease.
    pub lease: &'a str,
    /// Who asks.
    pub worker: &'a str,
    /// The epoch of its machine: one job at a time on each.
    pub testbed: &'a str,
    /// Now.
    pub now: Timestamp,
    /// How long the lease holds if nothing is heard of the worker.
    pub length: SignedDuration,
}

/// What a worker must know of its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// It holds until then.
    Held(Timestamp),
    /// Somebody took the job back: stop.
    Cancelled,
    /// It is not this worker's any more: stop, and tell nothing.
    Lost,
}

/// How a worker's command ended.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'a> {
    /// Its exit code; `None` when it did not end by itself.
    pub exit_code: Option<i64>,
    /// What came of it.
    pub outcome: &'a str,
    /// Whether trying again may help.
    pub is_worth_a_retry: bool,
}

impl Store {
    /// The next job for a machine: of the highest priority, then the oldest, whose
    /// parents are done; none while the machine has one.
    ///
    /// # Errors
    /// When writing fails.
    pub async fn lease_job(&self, request: &LeaseRequest<'_>) -> Result<Option<Job>, StoreError> {
        let doing = "leasing a job";
        let mut db = self.writing(doing).await?;
        queue::tidy(&mut db, request.now).await.map_err(self.fault(doing))?;
        let leased = lease(&mut db, request).await.map_err(self.fault(doing))?;
        db.commit().await.map_err(|error| self.fault(doing)(error.into()))?;
        Ok(leased)
    }

    /// Ends leases whose workers are gone, and jobs that can never begin.
    ///
    /// # Errors
    /// When writing fails.
    pub async fn tidy_queue(&self, now: Timestamp) -> Result<(), StoreError> {
        let doing = "looking after the queue";
        let mut db = self.writing(doing).await?;
        queue::tidy(&mut db, now).await.map_err(self.fault(doing))?;
        db.commit().await.map_err(|error| self.fault(doing)(error.into()))
    }

    /// A worker is heard of: its lease is made longer, and what it tells is kept.
    ///
    /// # Errors
    /// When writing fails.
    pub async fn renew_lease(
        &self,
        job: &str,
        lease: &str,
        until: Timestamp,
        now: Timestamp,
        told: &[String],
    ) -> Result<Lease, StoreError> {
        let doing = "renewing a lease";
        let mut db = self.writing(doing).await?;
        let renewed = renew(&mut db, (job, lease), until, now, told).await;
        let renewed = renewed.map_err(self.fault(doing))?;
        db.commit().await.map_err(|error| self.fault(doing)(error.into()))?;
        Ok(renewed)
    }

    /// A worker's command has ended. `None` when the job is not this worker's any more.
    ///
    /// # Errors
    /// When writing fails.
    pub async fn finish_job(
        &self,
        job: &str,
        lease: &str,
        finished: Finished<'_>,
        now: Timestamp,
    ) -> Result<Option<Job>, StoreError> {
        let doing = "ending a job";
        let mut db = self.writing(doing).await?;
        let ended =
            finish(&mut db, (job, lease), finished, now).await.map_err(self.fault(doing))?;
        db.commit().await.map_err(|error| self.fault(doing)(error.into()))?;
        Ok(ended)
    }
}

async fn lease(db: &mut SqliteConnection, asked: &LeaseRequest<'_>) -> Result<Option<Job>, Fault> {
    let now_ns = encoding::timestamp_ns("now", asked.now)?;
    let until = asked.now.checked_add(asked.length).unwrap_or(Timestamp::MAX);
    let until_ns = encoding::timestamp_ns("until", until)?;
    let busy = sqlx::query_scalar!(
        "SELECT name FROM job WHERE leased_on = ?1 AND lease IS NOT NULL AND leased_until_ns > ?2",
        asked.testbed,
        now_ns,
    );
    if busy.fetch_optional(&mut *db).await?.is_some() {
        return Ok(None);
    }
    let next = sqlx::query_scalar!(
        "SELECT name FROM job
        WHERE status = 'queued' AND not_before_ns <= ?1 AND (testbed IS NULL OR testbed = ?2)
            AND NOT EXISTS (SELECT 1 FROM job_parent AS p JOIN job AS o ON o.id = p.parent
                WHERE p.job = job.id AND o.status <> 'done')
        ORDER BY priority DESC, id LIMIT 1",
        now_ns,
        asked.testbed,
    );
    let Some(name) = next.fetch_optional(&mut *db).await? else { return Ok(None) };
    sqlx::query!(
        "UPDATE job SET status = 'leased', attempts = attempts + 1, lease = ?2, worker = ?3,
            leased_on = ?4, leased_until_ns = ?5, started_at_ns = ?6
        WHERE name = ?1",
        name,
        asked.lease,
        asked.worker,
        asked.testbed,
        until_ns,
        now_ns,
    )
    .execute(&mut *db)
    .await?;
    jobs::by_name(db, &name).await
}

/// The job, if the lease is the one it has.
async fn held(db: &mut SqliteConnection, of: (&str, &str)) -> Result<Option<Row>, Fault> {
    let row = jobs::row(db, of.0).await?;
    Ok(row.filter(|row| row.lease.as_deref() == Some(of.1)))
}

async fn renew(
    db: &mut SqliteConnection,
    of: (&str, &str),
    until: Timestamp,
    now: Timestamp,
    told: &[String],
) -> Result<Lease, Fault> {
    let Some(row) = held(db, of).await? else { return Ok(Lease::Lost) };
    let now_ns = encoding::timestamp_ns("now", now)?;
    for text in told {
        sqlx::query!(
            "INSERT INTO job_event (job, at_ns, text) VALUES (?1, ?2, ?3)",
            row.id,
            now_ns,
            text,
        )
        .execute(&mut *db)
        .await?;
    }
    let is_cancelled = row.status == JobStatus::Cancelled.word();
    let until_ns = encoding::timestamp_ns("until", until)?;
    sqlx::query!("UPDATE job SET leased_until_ns = ?2 WHERE id = ?1", row.id, until_ns)
        .execute(db)
        .await?;
    Ok(if is_cancelled { Lease::Cancelled } else { Lease::Held(until) })
}

async fn finish(
    db: &mut SqliteConnection,
    of: (&str, &str),
    finished: Finished<'_>,
    now: Timestamp,
) -> Result<Option<Job>, Fault> {
    let Some(row) = held(db, of).await? else { return Ok(None) };
    let now_ns = encoding::timestamp_ns("finished_at", now)?;
    if row.status != JobStatus::Leased.word() {
        // Cancelled: the machine is free again.
        sqlx::query!("UPDATE job SET lease = NULL WHERE id = ?1", row.id).execute(&mut *db).await?;
        return jobs::by_name(db, of.0).await;
    }
    if finished.is_worth_a_retry && row.attempts < row.most_attempts {
        queue::again(db, row.id, row.attempts, now, finished.outcome).await?;
        return jobs::by_name(db, of.0).await;
    }
    let status = match finished.exit_code {
        Some(code) if code != BAD_INPUT && !finished.is_worth_a_retry => JobStatus::Done,
        _ => JobStatus::Failed,
    };
    let status = status.word();
    sqlx::query!(
        "UPDATE job SET status = ?2, finished_at_ns = ?3, exit_code = ?4, outcome = ?5, lease = NULL
        WHERE id = ?1",
        row.id,
        status,
        now_ns,
        finished.exit_code,
        finished.outcome,
    )
    .execute(&mut *db)
    .await?;
    jobs::by_name(db, of.0).await
}
