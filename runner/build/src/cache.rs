//! What the cache holds, and making it smaller: what was not used for longest
//! goes first. All of it can be made again, at the price of a build.
//!
//! It must not touch what it does not know: others keep things there too.

use crate::builder::Builder;
use crate::error::{BuildError, io};
use crate::layout::Layout;
use crate::lock;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What was used within this time stays when the cache makes room by itself:
/// somebody may be measuring it.
const IN_USE: Duration = Duration::from_hours(24);

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CacheKind {
    /// A binary, ready to run.
    Artifact,
    /// What cargo compiled on the way.
    Target,
    /// Components compiled by a host.
    Precompiled,
    /// A copy of a repository elsewhere.
    Repository,
    /// What a build printed.
    Log,
}

/// Something in the cache that can go by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheEntry {
    /// What it is.
    pub kind: CacheKind,
    /// Its name in its folder.
    pub name: String,
    /// What it takes on the disk, in bytes.
    pub bytes: u64,
    /// When it was last used or made.
    pub used_at: SystemTime,
    path: PathBuf,
}

/// Keeps `bench cache prune` away while it lives.
#[derive(Debug)]
pub struct Hold {
    _file: File,
}

impl CacheKind {
    const ALL: [Self; 5] =
        [Self::Artifact, Self::Target, Self::Precompiled, Self::Repository, Self::Log];

    /// The word people see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Artifact => "artifact",
            Self::Target => "target",
            Self::Precompiled => "precompiled",
            Self::Repository => "repository",
            Self::Log => "log",
        }
    }

    fn folder(self, layout: &Layout) -> PathBuf {
        match self {
            Self::Artifact => layout.artifacts(),
            Self::Target => layout.targets(),
            Self::Precompiled => layout.root().join("precompiled"),
            Self::Repository => layout.repositories(),
            Self::Log => layout.root().join("logs"),
        }
    }

    /// Whether a name is of our making. Cargo's folders of the tools themselves
    /// lie beside ours.
    fn is_ours(self, name: &str) -> bool {
        let hex = |text: &str, digits: usize| {
            text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit())
        };
        match self {
            Self::Artifact => hex(name.strip_suffix(".corrupt").unwrap_or(name), 64),
            Self::Target => name.rsplit_once('-').is_some_and(|(_, key)| hex(key, 8)),
            Self::Precompiled => name.ends_with(".cwasm"),
            Self::Repository => name.strip_suffix(".git").is_some_and(|key| hex(key, 16)),
            Self::Log => name.starts_with("build-") && name.ends_with(".log"),
        }
    }
}

impl Builder {
    /// What the cache holds, what was used last first.
    ///
    /// # Errors
    /// When the system refuses to read it.
    pub fn cached(&self) -> Result<Vec<CacheEntry>, BuildError> {
        entries(&self.layout)
    }

    /// Keeps [`Builder::prune`] of other processes away.
    ///
    /// # Errors
    /// When the system refuses, or somebody is making room just now.
    pub fn hold(&self) -> Result<Hold, BuildError> {
        let path = self.layout.users();
        let file = open(&path)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Hold { _file: file }),
            Err(TryLockError::WouldBlock) => Err(BuildError::CacheInUse { path }),
            Err(TryLockError::Error(e)) => Err(io("locking", &path)(e)),
        }
    }

    /// Removes what was not used for longest until at most `limit_bytes` are left,
    /// and returns what was removed. Waits for a build.
    ///
    /// # Errors
    /// When somebody measures with what is there, or the system refuses.
    pub fn prune(&self, limit_bytes: u64) -> Result<Vec<CacheEntry>, BuildError> {
        let path = self.layout.users();
        let users = open(&path)?;
        match users.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BuildError::CacheInUse { path }),
            Err(TryLockError::Error(e)) => return Err(io("locking", &path)(e)),
        }
        let _lock = lock::acquire(&self.layout.lock(), &self.cancel, || {})?;
        remove_oldest(&self.layout, limit_bytes, Duration::ZERO)
    }

    /// As [`Builder::prune`], by whoever holds the lock of builds; what is in use
    /// stays, even if that is more than the limit.
    pub(crate) fn make_room(&self) -> Result<(), BuildError> {
        let Some(limit_bytes) = self.limit_bytes else { return Ok(()) };
        remove_oldest(&self.layout, limit_bytes, IN_USE).map(drop)
    }
}

/// Notes that something was used. Failing means that it may go too early.
pub(crate) fn touch(path: &Path) {
    let _ = File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
}

fn open(path: &Path) -> Result<File, BuildError> {
    let opened = File::options().create(true).append(true).open(path);
    opened.map_err(io("opening", path))
}

fn remove_oldest(
    layout: &Layout,
    limit_bytes: u64,
    in_use: Duration,
) -> Result<Vec<CacheEntry>, BuildError> {
    let mut entries = entries(layout)?;
    let mut left: u64 = entries.iter().map(|entry| entry.bytes).sum();
    let now = SystemTime::now();
    let mut removed = Vec::new();
    while left > limit_bytes {
        let Some(oldest) = entries.pop() else { break };
        // A time in the future is one that was just now.
        if now.duration_since(oldest.used_at).unwrap_or_default() < in_use {
            break;
        }
        remove(&oldest.path)?;
        left = left.saturating_sub(oldest.bytes);
        removed.push(oldest);
    }
    Ok(removed)
}

/// First renamed, so that half an entry is never found.
fn remove(path: &Path) -> Result<(), BuildError> {
    let away = path.with_extension("removed");
    fs::rename(path, &away).map_err(io("removing", path))?;
    let gone = if away.is_dir() { fs::remove_dir_all(&away) } else { fs::remove_file(&away) };
    gone.map_err(io("removing", &away))
}

fn entries(layout: &Layout) -> Result<Vec<CacheEntry>, BuildError> {
    let mut entries = Vec::new();
    for kind in CacheKind::ALL {
        let folder = kind.folder(layout);
        let found = match fs::read_dir(&folder) {
            Ok(found) => found,
            Err(e) if e.kind() == ErrorKind::NotFound => continue,
            Err(e) => return Err(io("reading", &folder)(e)),
        };
        for one in found {
            let one = one.map_err(io("reading", &folder))?;
            let name = one.file_name().to_string_lossy().into_owned();
            if !kind.is_ours(&name) {
                continue;
            }
            let path = one.path();
            // An artifact's use is noted at its record.
            let record = path.join(crate::artifacts::RECORD);
            let noted = if record.is_file() { &record } else { &path };
            let used_at = fs::metadata(noted).and_then(|it| it.modified());
            // Gone meanwhile.
            let Ok(used_at) = used_at else { continue };
            entries.push(CacheEntry { kind, name, bytes: bytes_of(&path), used_at, path });
        }
    }
    entries.sort_by(|a, b| (b.used_at, &b.path).cmp(&(a.used_at, &a.path)));
    Ok(entries)
}

/// What a file or a folder takes; what goes away meanwhile takes nothing.
fn bytes_of(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    let own = metadata.blocks() * 512;
    if !metadata.is_dir() {
        return own;
    }
    let below = fs::read_dir(path).into_iter().flatten().flatten();
    own + below.map(|entry| bytes_of(&entry.path())).sum::<u64>()
}
