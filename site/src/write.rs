//! Writes a site into a new folder beside the old one and swaps the two, so
//! that a reader sees the old site or the new one and a failed build leaves
//! the old. It must not know what the files mean.

use crate::Error;
use crate::kept::Kept;
use model::Digest;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::TempDir;

/// Marks a folder as made by this program, and so as one it may replace.
pub(crate) const MARKER: &str = "made-by-arewefastyet.txt";

const MARKER_TEXT: &str =
    "Static pages made by `bench site build`; the next build replaces them.\n";

/// A site being written; dropped unfinished, it leaves nothing behind.
pub(crate) struct Output {
    target: PathBuf,
    staging: TempDir,
    written: Mutex<Written>,
    kept: Kept,
}

#[derive(Default)]
struct Written {
    files: BTreeSet<String>,
    folders: BTreeSet<PathBuf>,
    /// How many of the files were taken over.
    kept: usize,
}

impl Output {
    /// Starts a site that is to become the folder `target`; `kept` is what the last
    /// build of it remembered.
    pub(crate) fn start(target: &Path, kept: Kept) -> Result<Self, Error> {
        refuse_foreign(target)?;
        let target = std::path::absolute(target).map_err(io("finding", target))?;
        let parent = target.parent().unwrap_or(Path::new("/")).to_path_buf();
        fs::create_dir_all(&parent).map_err(io("creating", &parent))?;
        let staging = tempfile::Builder::new()
            .prefix(".site-build-")
            .permissions(readable_by_all())
            .tempdir_in(&parent)
            .map_err(io("creating a folder in", &parent))?;
        let output = Self { target, staging, written: Mutex::default(), kept };
        output.write(MARKER, MARKER_TEXT.as_bytes())?;
        Ok(output)
    }

    /// Writes one file; `path` is relative to the site's root.
    pub(crate) fn write(&self, path: &str, content: &[u8]) -> Result<(), Error> {
        let file = self.staging.path().join(path);
        self.make_folder(&file)?;
        {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            if !written.files.insert(path.to_owned()) {
                return Err(Error::Twice { path: path.to_owned() });
            }
        }
        fs::write(&file, content).map_err(io("writing", &file))
    }

    /// Writes one file that the next build may take over while `key` is the digest of
    /// all that it is made from.
    pub(crate) fn write_for_next(
        &self,
        path: &str,
        content: &[u8],
        key: Digest,
    ) -> Result<(), Error> {
        self.write(path, content)?;
        self.kept.remember(path, key.to_bytes());
        Ok(())
    }

    /// Takes these files over from the site before, all or none, if they were made
    /// from what has this digest.
    pub(crate) fn take_over(&self, paths: &[&str], key: Digest) -> Result<bool, Error> {
        for path in paths {
            self.make_folder(&self.staging.path().join(path))?;
        }
        let is_taken = self.kept.take_over(&self.target, self.staging.path(), paths, key);
        if is_taken {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            written.files.extend(paths.iter().map(|path| (*path).to_owned()));
            written.kept += paths.len();
        }
        Ok(is_taken)
    }

    fn make_folder(&self, file: &Path) -> Result<(), Error> {
        let folder = file.parent().unwrap_or(Path::new("/"));
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if !written.folders.contains(folder) {
            fs::create_dir_all(folder).map_err(io("creating", folder))?;
            written.folders.insert(folder.to_path_buf());
        }
        Ok(())
    }

    /// The files so far, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.files.iter().cloned().collect()
    }

    /// Where the files lie until the site is put in its place.
    pub(crate) fn folder(&self) -> &Path {
        self.staging.path()
    }

    /// How many files there are, and how many of them were taken over.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        (written.files.len(), written.kept)
    }

    /// Puts the new site in the place of the old one.
    pub(crate) fn finish(self) -> Result<(), Error> {
        refuse_foreign(&self.target)?;
        let staging = self.staging.path();
        if !self.target.exists() {
            fs::rename(staging, &self.target).map_err(io("creating", &self.target))?;
            // Nothing is left where it was; dropping it would only fail.
            let _ = self.staging.keep();
            return self.kept.write(&self.target);
        }
        // The folder that is dropped in the end holds the old site.
        exchange(staging, &self.target).map_err(io("replacing", &self.target))?;
        self.kept.write(&self.target)
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn exchange(new: &Path, old: &Path) -> std::io::Result<()> {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    match renameat2(AT_FDCWD, new, AT_FDCWD, old, RenameFlags::RENAME_EXCHANGE) {
        // Some file systems cannot exchange.
        Err(nix::errno::Errno::EINVAL | nix::errno::Errno::ENOSYS) => exchange_in_steps(new, old),
        result => result.map_err(Into::into),
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn exchange(new: &Path, old: &Path) -> std::io::Result<()> {
    exchange_in_steps(new, old)
}

fn exchange_in_steps(new: &Path, old: &Path) -> std::io::Result<()> {
    let aside = new.with_extension("old");
    fs::rename(old, &aside)?;
    if let Err(error) = fs::rename(new, old) {
        fs::rename(&aside, old)?;
        return Err(error);
    }
    fs::rename(&aside, new)
}

fn refuse_foreign(target: &Path) -> Result<(), Error> {
    let not_a_site = || Error::NotASite { path: target.to_path_buf() };
    let Ok(metadata) = fs::symlink_metadata(target) else { return Ok(()) };
    if !metadata.is_dir() {
        return Err(not_a_site());
    }
    let empty = fs::read_dir(target).map_err(io("reading", target))?.next().is_none();
    if empty || target.join(MARKER).is_file() { Ok(()) } else { Err(not_a_site()) }
}

/// A temporary folder is private by default; a site is for a file server.
fn readable_by_all() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o755)
}

pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Kept {
        Kept::read(None)
    }

    #[test]
    fn the_new_site_replaces_the_whole_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        for (path, content) in [("a/one.html", "1"), ("b/two.html", "2")] {
            let output = Output::start(&target, nothing()).unwrap();
            output.write(path, content.as_bytes()).unwrap();
            output.finish().unwrap();
            assert_eq!(fs::read_to_string(target.join(path)).unwrap(), content);
        }
        assert!(!target.join("a").exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "something was left behind");
    }

    #[test]
    fn an_unfinished_build_leaves_the_old_site() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        let output = Output::start(&target, nothing()).unwrap();
        output.write("index.html", b"old").unwrap();
        output.finish().unwrap();
        let output = Output::start(&target, nothing()).unwrap();
        output.write("index.html", b"new").unwrap();
        drop(output);
        assert_eq!(fs::read_to_string(target.join("index.html")).unwrap(), "old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "something was left behind");
    }

    #[test]
    fn a_folder_of_somebody_else_s_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.tex"), "years of work").unwrap();
        let error = Output::start(dir.path(), nothing()).err().unwrap().to_string();
        assert!(error.contains("was not made by this program"), "{error}");
        assert!(Output::start(&dir.path().join("thesis.tex"), nothing()).is_err());
    }

    #[test]
    fn a_path_is_written_once() {
        let dir = tempfile::tempdir().unwrap();
        let output = Output::start(&dir.path().join("out"), nothing()).unwrap();
        output.write("x", b"1").unwrap();
        assert_eq!(
            output.write("x", b"2").unwrap_err().to_string(),
            "two pages would be written to x"
        );
    }
}
