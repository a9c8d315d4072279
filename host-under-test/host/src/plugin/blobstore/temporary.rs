//! A file that is aside until it is complete: it gets its place in one step, or
//! is gone when it is dropped.

use cap_std::fs::{Dir, DirEntry, File, OpenOptions};
use rustix::fs::{FlockOperation, flock};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

pub(super) struct Temporary {
    folder: Arc<Dir>,
    name: String,
    pub(super) file: File,
}

/// How names of files and folders begin that are no objects and no containers.
/// Whatever is called so is removed when it is nobody's: nothing else may be.
const PREFIX: &str = ".unfinished-blob-";

/// A name that no other process takes.
pub(super) fn free_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Relaxed));
    format!("{PREFIX}{process}-{}-{count}", since.as_nanos())
}

/// Removes what hosts that were killed left behind: files that nobody holds, and
/// containers on their way out.
pub(super) fn tidy(folder: &Dir) -> io::Result<()> {
    for entry in folder.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        // Another host that uses the folder may be faster, which is as well.
        let _ = match entry.file_type()? {
            kind if kind.is_dir() => folder.remove_dir_all(&name),
            kind if kind.is_file() && is_nobodys(&entry) => folder.remove_file(&name),
            _ => Ok(()),
        };
    }
    Ok(())
}

fn is_nobodys(entry: &DirEntry) -> bool {
    let file = entry.open();
    file.is_ok_and(|file| flock(file, FlockOperation::NonBlockingLockExclusive).is_ok())
}

impl Temporary {
    pub(super) fn new(folder: &Arc<Dir>) -> io::Result<Self> {
        let name = free_name();
        let file = folder.open_with(&name, OpenOptions::new().write(true).create_new(true))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self { folder: Arc::clone(folder), name, file })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Makes it the file of that path in a folder on the same file system.
    pub(super) fn persist(self, folder: &Dir, path: &Path) -> io::Result<()> {
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            folder.create_dir_all(parent)?;
        }
        self.folder.rename(&self.name, folder, path)
    }
}

impl Drop for Temporary {
    /// Not there any more if it has got its place.
    fn drop(&mut self) {
        match self.folder.remove_file(&self.name) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                eprintln!("host-under-test: removing an unfinished object: {error}");
            }
            _ => {}
        }
    }
}
