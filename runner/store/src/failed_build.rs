//! The rows of versions that could not be built, as part of a run's head.

use crate::dimension;
use crate::encoding::version_of;
use crate::error::Fault;
use model::FailedBuild;
use sqlx::SqliteConnection;

/// Stores the list of a run.
pub(crate) async fn insert(
    db: &mut SqliteConnection,
    run: i64,
    failed_builds: &[FailedBuild],
) -> Result<(), Fault> {
    for (position, failed) in (0_i64..).zip(failed_builds) {
        let version = dimension::version(&mut *db, &failed.target, &failed.version).await?;
        let reason = dimension::reason(&mut *db, &failed.reason).await?;
        sqlx::query!(
            "INSERT INTO failed_build (run, position, version, rustc, reason, log_tail)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            run,
            position,
            version,
            failed.rustc,
            reason,
            failed.log_tail,
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// Reads the list of a run.
pub(crate) async fn load(db: &mut SqliteConnection, run: i64) -> Result<Vec<FailedBuild>, Fault> {
    let rows = sqlx::query!(
        "SELECT v.target, v.kind, v.name, v.subject, v.committed_at_ns, v.modified_sha256,
            f.rustc, r.text AS reason, f.log_tail
        FROM failed_build AS f
        JOIN version AS v ON v.id = f.version
        JOIN reason AS r ON r.id = f.reason
        WHERE f.run = ?1 ORDER BY f.position",
        run,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(FailedBuild {
                target: row.target,
                version: version_of!(row)?,
                rustc: row.rustc,
                reason: row.reason,
                log_tail: row.log_tail,
            })
        })
        .collect()
}
