//! Whether only this user or root can have written a file, and reading it if so.
//! Knows nothing of what is in the file.
//!
//! A path is judged from the root down: once a folder is known to be changed by
//! nobody else, nobody else can swap what is in it. So nothing can come between
//! the check and the read.

use rustix::fs::OFlags;
use rustix::process::geteuid;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const OTHERS_CAN_WRITE: u32 = 0o022;
/// In such a folder others can add files, but not remove or rename ours.
const STICKY: u32 = 0o1000;

/// Why a file was not read.
#[derive(Debug)]
pub(super) enum Unread {
    /// There is none.
    Absent,
    /// Somebody else may have written it, or it is no plain file. What, and what
    /// to do.
    Refused(String),
    /// The system said no.
    Failed(io::Error),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Absent,
            _ => Self::Failed(error),
        }
    }
}

/// Whether a folder that others can add files to will do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// As `/tmp` is: what is ours in it stays ours.
    Sticky,
    Nobody,
}

/// The folder's real path, if nobody else can change what it leads to.
pub(super) fn folder(path: &Path, sharing: Sharing) -> Result<PathBuf, Unread> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let real = path.canonicalize()?;
    let mut above: Vec<&Path> = real.ancestors().collect();
    above.reverse();
    for part in above {
        let metadata = part.symlink_metadata()?;
        let is_last = part == real;
        let sharing = if is_last { sharing } else { Sharing::Sticky };
        let name = part.display();
        if !metadata.is_dir() {
            return Err(Unread::Refused(format!("{name} is not a folder")));
        }
        check(&name.to_string(), &metadata, sharing).map_err(Unread::Refused)?;
    }
    Ok(real)
}

/// Reads a plain file of at most `most` bytes, out of a folder that was checked.
/// Judged by the open file itself; a symbolic link is not followed. `name` is
/// what errors call it.
pub(super) fn read(path: &Path, name: &str, most: u64) -> Result<Vec<u8>, Unread> {
    let refuse = |what: String| Err(Unread::Refused(what));
    // Not blocking, since a pipe would wait for its other end for ever.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = match opened {
        Err(e) if e.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return refuse(format!("{name} is a symbolic link: name the file itself"));
        }
        opened => opened?,
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return refuse(format!("{name} is not a regular file"));
    }
    check(name, &metadata, Sharing::Nobody).map_err(Unread::Refused)?;
    if metadata.len() > most {
        return refuse(format!("{name} is longer than {most} bytes"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    File::take(file, most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn check(name: &str, metadata: &Metadata, sharing: Sharing) -> Result<(), String> {
    let owner = metadata.uid();
    if owner != 0 && owner != geteuid().as_raw() {
        return Err(format!(
            "{name} belongs to user {owner}: machine code is only loaded from files and folders \
             of this user or root, so copy it"
        ));
    }
    let is_guarded = sharing == Sharing::Sticky && metadata.mode() & STICKY != 0;
    if metadata.mode() & OTHERS_CAN_WRITE != 0 && !is_guarded {
        return Err(format!(
            "{name} can be changed by other users: run `chmod go-w {name}`, or compile again if \
             that was not intended"
        ));
    }
    Ok(())
}
