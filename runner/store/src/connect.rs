//! How connections are opened: the pragmas, and why. It must not run queries.

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
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
