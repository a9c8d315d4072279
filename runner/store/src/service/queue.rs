//! What becomes of jobs whose worker is gone or whose parents failed. It must not
//! give a job to anybody.

use crate::encoding;
use crate::error::Fault;
use jiff::{SignedDuration, Timestamp};
use sqlx::SqliteConnection;

/// The wait before the second attempt; it doubles from attempt to attempt ...
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(5);
/// ... up to this.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);

/// Queues a job again, after a wait that grows with its attempts.
pub(super) async fn again(
    db: &mut SqliteConnection,
    job: i64,
    attempts: i64,
    now: Timestamp,
    why: &str,
) -> Result<(), Fault> {
    let not_before = now.checked_add(wait(attempts)).unwrap_or(Timestamp::MAX);
    let (at, now_ns) =
        (encoding::timestamp_ns("not_before", not_before)?, encoding::timestamp_ns("now", now)?);
    sqlx::query!(
        "UPDATE job SET status = 'queued', lease = NULL, not_before_ns = ?2, outcome = ?3 WHERE id = ?1",
        job,
        at,
        why,
    )
    .execute(&mut *db)
    .await?;
    let text = format!("attempt {attempts} failed: {why}");
    sqlx::query!("INSERT INTO job_event (job, at_ns, text) VALUES (?1, ?2, ?3)", job, now_ns, text)
        .execute(db)
        .await?;
    Ok(())
}

fn wait(attempts: i64) -> SignedDuration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    FIRST_WAIT.checked_mul(1 << doublings).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

/// Ends leases that are over, and jobs whose parents did not become done.
pub(super) async fn tidy(db: &mut SqliteConnection, now: Timestamp) -> Result<(), Fault> {
    let now_ns = encoding::timestamp_ns("now", now)?;
    let gone = sqlx::query!(
        r#"SELECT id AS "id!", attempts, most_attempts, worker FROM job
        WHERE status = 'leased' AND leased_until_ns <= ?1"#,
        now_ns,
    );
    for row in gone.fetch_all(&mut *db).await? {
        let worker = row.worker.unwrap_or_default();
        let why = format!("nothing was heard of {worker} any more");
        if row.attempts < row.most_attempts {
            again(&mut *db, row.id, row.attempts, now, &why).await?;
            continue;
        }
        let why = format!("{why}, in the last of {} attempts", row.attempts);
        sqlx::query!(
            "UPDATE job SET status = 'failed', finished_at_ns = ?2, outcome = ?3, lease = NULL
            WHERE id = ?1",
            row.id,
            now_ns,
            why,
        )
        .execute(&mut *db)
        .await?;
    }
    // A chain of any length ends in one go: each round ends one generation.
    loop {
        let ended = sqlx::query!(
            "UPDATE job SET status = 'failed', finished_at_ns = ?1, outcome = 'a job before it did not succeed'
            WHERE status = 'queued' AND EXISTS (SELECT 1 FROM job_parent AS p
                JOIN job AS o ON o.id = p.parent
                WHERE p.job = job.id AND o.status IN ('failed', 'cancelled'))",
            now_ns,
        )
        .execute(&mut *db)
        .await?;
        if ended.rows_affected() == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::wait;

    #[test]
    fn waits_double_up_to_an_hour() {
        let seconds = [1, 2, 3, 10, 11, 1000].map(|at| wait(at).as_secs());
        assert_eq!(seconds, [5, 10, 20, 2560, 3600, 3600]);
    }
}
