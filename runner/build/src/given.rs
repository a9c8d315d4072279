//! Binaries that are already built: `path:BINARY`. They are measured where
//! they are, since a copy may not find the files beside it.

use crate::error::{BuildError, io};
use model::Digest;
use nix::unistd::{AccessFlags, access};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A binary and what it was when somebody looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// Absolute.
    pub(crate) path: PathBuf,
    pub(crate) sha256: Digest,
    pub(crate) bytes: u64,
}

impl Given {
    /// Checks that there is a binary we may run.
    ///
    /// # Errors
    /// When it is missing, no regular file or not executable.
    pub(crate) fn look(path: &Path) -> Result<Self, BuildError> {
        let refused = |problem| BuildError::Given { path: path.to_owned(), problem };
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(refused(
                    "there is no such file; build it first, or correct the path \
                     (it is relative to the current folder)",
                ));
            }
            Err(e) => return Err(io("reading", path)(e)),
        };
        if metadata.is_dir() {
            return Err(refused("it is a folder; name the binary in it"));
        }
        if !metadata.is_file() {
            return Err(refused("it is no regular file; name a binary"));
        }
        if access(path, AccessFlags::X_OK).is_err() {
            return Err(refused("we may not execute it; `chmod +x` it, or name another binary"));
        }
        let absolute = std::path::absolute(path).map_err(io("finding", path))?;
        let content = fs::read(&absolute).map_err(io("reading", path))?;
        Ok(Self { path: absolute, sha256: Digest::of(&content), bytes: content.len() as u64 })
    }

    /// Looks again, before it is used.
    ///
    /// # Errors
    /// When it is not the binary it was.
    pub(crate) fn confirm(&self) -> Result<(), BuildError> {
        if Self::look(&self.path)? == *self {
            return Ok(());
        }
        Err(BuildError::Given {
            path: self.path.clone(),
            problem: "it changed since this began; start again, and leave it alone meanwhile",
        })
    }
}
