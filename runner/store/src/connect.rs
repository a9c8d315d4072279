//! How connections are opened: the pragmas, and why. It must not run queries.

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use std::path::Path;
use std::time::Duration;

/// How long a statement waits for another writer. The longest one is an
/// import of a large bundle.
pub(crate) const BUSY_TIMEOUT_S: u64 = 30;

/// Readers of one process at a time; SQLite itself allows any number.
const MAX_CONNECTIONS: u32 = 4;

/// For writing; `create` also makes the file.
pub(crate) fn writing(path: &Path, create: bool) -> SqliteConnectOptions {
    common(path)
        .create_if_missing(create)
        // FULL: the log reaches the disk at every commit, so a block that was
        // acknowledged survives a power cut. NORMAL could lose the last ones.
        // It costs one fsync per block, which takes seconds to measure.
        .synchronous(SqliteSynchronous::Full)
        // Makes REPLACE fire the triggers that refuse deletion.
        .pragma("recursive_triggers", "ON")
}

/// For reading; never creates, writes or migrates the database.
pub(crate) fn reading(path: &Path) -> SqliteConnectOptions {
    common(path).read_only(true)
}

/// For reading a file nobody can write while it is read: no lock and no
/// shared memory is needed, hence no right to write in its folder.
pub(crate) fn reading_immutable(path: &Path) -> SqliteConnectOptions {
    reading(path).immutable(true)
}

/// A pool that opens connections when they are needed.
pub(crate) fn pool(options: SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .min_connections(0)
        // Longer than a statement may wait, so that its own error is seen.
        .acquire_timeout(Duration::from_secs(2 * BUSY_TIMEOUT_S))
        // A file does not go away as a server does.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        // A full disk makes SQLite roll back by itself, which sqlx does not learn of:
        // such a connection could never begin again.
        .after_release(|db, _| Box::pin(async move { Ok(!db.is_in_transaction()) }))
        .connect_lazy_with(options)
}

fn common(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(BUSY_TIMEOUT_S))
        // Rows cross from SQLite's thread in batches of this many.
        .row_buffer_size(1024)
        .disable_statement_logging()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_disk_that_was_full_is_written_to_again() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(writing(&folder.path().join("it.sqlite"), true));
        let mut db = pool.acquire().await.unwrap();
        sqlx::query("CREATE TABLE it (value BLOB) STRICT").execute(&mut *db).await.unwrap();
        sqlx::query("PRAGMA max_page_count = 8").execute(&mut *db).await.unwrap();
        let mut writing = db.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let much = sqlx::query("INSERT INTO it VALUES (zeroblob(1000000))");
        let error = much.execute(&mut *writing).await.unwrap_err();
        assert!(error.to_string().contains("full"), "{error}");
        drop(writing);
        drop(db);
        // That connection would be among all there may be.
        let mut all = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            all.push(pool.acquire().await.unwrap());
        }
        for db in &mut all {
            db.begin_with("BEGIN IMMEDIATE").await.unwrap().rollback().await.unwrap();
        }
    }
}
