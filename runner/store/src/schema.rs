//! Which schema a file has, and bringing it up to date. It must not change a
//! file that is not ours, damaged, or of a newer program.

use crate::error::{Fault, StoreError};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection as _, SqliteConnection};
use std::path::Path;

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// `PRAGMA application_id` of our files; the first migration sets it.
const APPLICATION_ID: i64 = 0x6177_6679;

/// What a file turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Schema {
    /// A file without a table.
    None,
    /// Another program's tables.
    Foreign,
    /// These of our migrations are missing: not always the last ones, since some were
    /// written side by side.
    Older(Vec<i64>),
    /// Exactly our migrations.
    Current,
    /// More than our migrations; the last that is there.
    Newer(i64),
    /// Our migration of that number has another content.
    Altered(i64),
}

/// The newest schema this program knows.
pub(crate) fn known() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Looks at a file, as it is at one moment: another process may be making it.
pub(crate) async fn inspect(connection: &mut SqliteConnection) -> Result<Schema, Fault> {
    let mut transaction = connection.begin().await?;
    let found = schema_of(&mut transaction).await?;
    transaction.rollback().await?;
    Ok(found)
}

async fn schema_of(connection: &mut SqliteConnection) -> Result<Schema, Fault> {
    // Unchecked: the macros know tables, not pragmas.
    let application_id: i64 =
        sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    if application_id != APPLICATION_ID {
        let tables = sqlx::query_scalar!("SELECT count(*) FROM sqlite_schema")
            .fetch_one(&mut *connection)
            .await?;
        return Ok(if tables == 0 && application_id == 0 { Schema::None } else { Schema::Foreign });
    }
    let applied = sqlx::query!(
        r#"SELECT version AS "version!: i64", checksum FROM _sqlx_migrations ORDER BY version"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let last = applied.last().map_or(0, |migration| migration.version);
    if last > known() {
        return Ok(Schema::Newer(last));
    }
    for migration in &applied {
        let ours = MIGRATOR.iter().find(|ours| ours.version == migration.version);
        if ours.is_none_or(|ours| *ours.checksum != *migration.checksum) {
            return Ok(Schema::Altered(migration.version));
        }
    }
    let is_missing = |ours: &i64| applied.iter().all(|migration| migration.version != *ours);
    let missing: Vec<i64> =
        MIGRATOR.iter().map(|migration| migration.version).filter(is_missing).collect();
    Ok(if missing.is_empty() { Schema::Current } else { Schema::Older(missing) })
}

/// Applies what is missing, all or nothing; of several processes doing so at
/// once the first does it and the others find it done.
pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<(), Fault> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // Not `run`, whose future is not `Send`.
    MIGRATOR.run_direct(None, &mut *transaction, false).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            Fault::Sql(error)
        }
        other => Fault::Damaged(other.to_string()),
    })?;
    Ok(transaction.commit().await?)
}

impl Schema {
    /// The error for a file that may not be migrated, if it is one.
    pub(crate) fn refusal(&self, path: &Path) -> Option<StoreError> {
        let path = path.to_owned();
        match *self {
            Self::None | Self::Older(_) | Self::Current => None,
            Self::Foreign => Some(StoreError::Foreign { path }),
            Self::Newer(found) => Some(StoreError::NewerSchema { path, found, known: known() }),
            Self::Altered(version) => Some(StoreError::AlteredSchema { path, version }),
        }
    }
}
