//! One build at a time in one cache: its folder of sources is shared.

use crate::error::{BuildError, io};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const RETRY: Duration = Duration::from_millis(100);

/// Takes the system's lock on `path`; it is free again when the returned file
/// is dropped or the process ends, however it ends. `waiting` is called once
/// if another build holds it.
///
/// # Errors
/// When cancelled, or when the file cannot be locked.
pub(crate) fn acquire(
    path: &Path,
    cancel: &AtomicBool,
    waiting: impl FnOnce(),
) -> Result<File, BuildError> {
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .map_err(io("opening the build lock", path))?;
    let mut waiting = Some(waiting);
    loop {
        if cancel.load(Ordering::Relaxed) {
            return Err(BuildError::Cancelled);
        }
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {
                if let Some(waiting) = waiting.take() {
                    waiting();
                }
                thread::sleep(RETRY);
            }
            Err(TryLockError::Error(e)) => return Err(io("taking the build lock", path)(e)),
        }
    }
}
