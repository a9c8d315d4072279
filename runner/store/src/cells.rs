//! Which arms of which definition are stored of every version of a target, so
//! that nothing is measured twice. It must not read a sample.

use crate::encoding::{self, version_of};
use crate::error::{Fault, StoreError};
use crate::open::Store;
use model::{Digest, VersionId};
use sqlx::SqliteConnection;

/// An arm that complete runs hold of a version, whatever came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredArm {
    /// Which version.
    pub version: VersionId,
    /// Suite, benchmark and arm.
    pub arm: (String, String, String),
    /// What defines its numbers.
    pub definition_sha256: Digest,
    /// Which rules chose the number of blocks.
    pub profile: String,
    /// The testbed it was measured on.
    pub fingerprint: Digest,
}

impl Store {
    /// Every arm of a target in complete runs, each once.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn stored_arms(&self, target: &str) -> Result<Vec<StoredArm>, StoreError> {
        let mut db = self.reading().await?;
        stored_arms(&mut db, target).await.map_err(self.fault("listing what is measured"))
    }
}

async fn stored_arms(db: &mut SqliteConnection, target: &str) -> Result<Vec<StoredArm>, Fault> {
    let rows = sqlx::query!(
        "SELECT DISTINCT v.kind, v.name, v.subject, v.committed_at_ns, v.modified_sha256,
            c.suite, c.benchmark, c.arm, d.definition_sha256, r.profile, t.fingerprint_sha256
        FROM version AS v
        JOIN artifact AS a ON a.version = v.id
        JOIN run_artifact AS ra ON ra.artifact = a.id
        JOIN run AS r ON r.id = ra.run
        JOIN testbed AS t ON t.id = r.testbed
        JOIN block AS b ON b.run = ra.run AND b.artifact = ra.position
        JOIN cell AS c ON c.id = b.cell
        JOIN definition AS d ON d.id = b.definition
        WHERE v.target = ?1 AND r.status = 'complete'",
        target,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(StoredArm {
                version: version_of!(row)?,
                arm: (row.suite, row.benchmark, row.arm),
                definition_sha256: encoding::digest(&row.definition_sha256)?,
                profile: row.profile,
                fingerprint: encoding::digest(&row.fingerprint_sha256)?,
            })
        })
        .collect()
}
