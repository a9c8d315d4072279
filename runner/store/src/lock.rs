//! The lock that says a runner is at work: an exclusive lock on `<db>.lock`,
//! held as long as the [`RunLock`] lives. The kernel releases it however the
//! process ends, so a `running` row whose lock is free belongs to a dead
//! runner. Programs that are started do not inherit it, since files are opened
//! close-on-exec; but between fork and exec a child has them all, and would
//! keep a lock that was only closed here. So locks are given back, not dropped.
//! It needs a local disk, as SQLite's own locks do.

use crate::error::StoreError;
use model::RunId;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The right to measure into one database.
#[derive(Debug)]
pub(crate) struct RunLock(File);

/// A reader asking whether a runner is there holds a shared lock for some
/// microseconds; a runner starting just then must not take it for another one.
const ATTEMPTS: u32 = 25;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(10);

impl RunLock {
    /// Takes the lock of a database.
    ///
    /// # Errors
    /// [`StoreError::RunInProgress`] when another process (or another writer
    /// of this one) holds it; [`StoreError::CannotOpen`] when the lock file
    /// cannot be made.
    pub(crate) async fn take(database: &Path) -> Result<Self, StoreError> {
        let path = lock_path(database);
        let cannot = |error: std::io::Error| StoreError::CannotOpen {
            path: path.clone(),
            detail: format!("locking it: {error}"),
        };
        // Not truncated: until it is ours, the text in it is the holder's.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(cannot)?;
        for _ in 0..ATTEMPTS {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(error)) => return Err(cannot(error)),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(BETWEEN_ATTEMPTS).await,
            }
        }
        let mut holder = String::new();
        // Only decoration of the error below.
        let _ = file.read_to_string(&mut holder);
        let holder = match holder.trim() {
            "" => "it did not say who it is".to_owned(),
            text => text.to_owned(),
        };
        Err(StoreError::RunInProgress { path: database.to_owned(), holder })
    }

    /// Writes into the lock file who holds it, for the error others get.
    pub(crate) fn sign(&mut self, run: &RunId) {
        let text = format!("run {run}, process {}\n", std::process::id());
        // Without it the lock holds just as well.
        let _ = self.0.set_len(0).and_then(|()| self.0.rewind());
        let _ = self.0.write_all(text.as_bytes());
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Unlocks it for every copy of the file; the kernel does at the latest
        // when the last of them is closed.
        let _ = self.0.unlock();
    }
}

/// Whether a runner is at work on a database. When that cannot be found out,
/// it is taken to be: better shown as running for too long than as dead.
pub(crate) fn is_held(database: &Path) -> bool {
    match File::open(lock_path(database)) {
        Ok(file) => {
            let is_free = file.try_lock_shared().is_ok();
            // A runner that begins now must not find it in a child either.
            let _ = file.unlock();
            !is_free
        }
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// Of the file itself, so that two names of one file share one lock.
fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.canonicalize().unwrap_or_else(|_| database.to_owned()).into_os_string();
    path.push(".lock");
    PathBuf::from(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_is_being_started_is_no_runner() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("runs.sqlite");
        let lock = RunLock::take(&database).await.unwrap();
        // What a child has between fork and exec.
        let of_child = lock.0.try_clone().unwrap();
        assert!(is_held(&database));
        drop(lock);
        assert!(!is_held(&database));
        drop(of_child);
    }
}
