//! What the last build wrote into a folder, and from what, so that a file whose
//! inputs are the same is taken over instead of made anew. A file that somebody
//! touched since, or a list that is lost, costs time and nothing else. It must not
//! know what the files mean.

use crate::Error;
use crate::write::io;
use model::Digest;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The list of a folder's files.
pub(crate) struct Kept {
    /// Where it lies; `None` without a cache.
    list: Option<PathBuf>,
    /// Of the last build, by path from the site's root.
    before: HashMap<String, Entry>,
    /// Of this one.
    now: Mutex<Vec<(String, [u8; 32])>>,
}

/// A file, and how to see that it is still the one that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Digest of everything the file was made from.
    key: [u8; 32],
    bytes: u64,
    modified_s: i64,
    modified_ns: i64,
}

impl Entry {
    fn of(key: [u8; 32], file: &Metadata) -> Self {
        Self { key, bytes: file.len(), modified_s: file.mtime(), modified_ns: file.mtime_nsec() }
    }
}

impl Kept {
    /// Reads the list at `list`; one that is lost or damaged is empty.
    pub(crate) fn read(list: Option<PathBuf>) -> Self {
        let bytes = list.as_ref().and_then(|list| fs::read(list).ok());
        let entries: Option<Vec<(String, Entry)>> =
            bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok());
        let before = entries.unwrap_or_default().into_iter().collect();
        Self { list, before, now: Mutex::default() }
    }

    /// Puts the files of the last build of the folder `old` at the same paths below
    /// `new`, without copying; all of them or none. None unless each was made from what
    /// has the digest `key`, and has not been touched.
    pub(crate) fn take_over(&self, old: &Path, new: &Path, paths: &[&str], key: Digest) -> bool {
        let key = key.to_bytes();
        let is_same = |path: &&str| {
            let known = self.before.get(*path);
            let file = known.and_then(|_| fs::symlink_metadata(old.join(path)).ok());
            file.filter(Metadata::is_file).map(|file| Entry::of(key, &file)).as_ref() == known
                && known.is_some()
        };
        if !paths.iter().all(is_same) {
            return false;
        }
        for (at, path) in paths.iter().enumerate() {
            // Some file systems cannot have a file in two folders.
            if fs::hard_link(old.join(path), new.join(path)).is_err() {
                for path in &paths[..at] {
                    let _ = fs::remove_file(new.join(path));
                }
                return false;
            }
        }
        paths.iter().for_each(|path| self.remember(path, key));
        true
    }

    /// Remembers what a file of this build was made from.
    pub(crate) fn remember(&self, path: &str, key: [u8; 32]) {
        if self.list.is_some() {
            let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
            now.push((path.to_owned(), key));
        }
    }

    /// Writes the list of the files of this build, which lie below `site`.
    pub(crate) fn write(self, site: &Path) -> Result<(), Error> {
        let Some((list, folder)) = self.list.as_ref().and_then(|it| Some((it, it.parent()?)))
        else {
            return Ok(());
        };
        let now = self.now.into_inner().unwrap_or_else(PoisonError::into_inner);
        let entry = |(path, key): (String, [u8; 32])| {
            let file = fs::symlink_metadata(site.join(&path)).ok()?;
            Some((path, Entry::of(key, &file)))
        };
        let mut entries: Vec<(String, Entry)> = now.into_iter().filter_map(entry).collect();
        entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        // What cannot be remembered is made again.
        let Ok(bytes) = postcard::to_extend(&entries, Vec::new()) else { return Ok(()) };
        let written = tempfile::NamedTempFile::new_in(folder).and_then(|new| {
            fs::write(new.path(), &bytes)?;
            Ok(new.persist(list)?)
        });
        written.map(drop).map_err(io("writing", list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_untouched_and_of_the_same_inputs_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        let [old, new] = ["old", "new"].map(|name| dir.path().join(name));
        for folder in [&old, &new] {
            fs::create_dir(folder).unwrap();
        }
        let list = dir.path().join("list");
        let write = |path: &str| fs::write(old.join(path), path).unwrap();
        ["same", "other", "touched", "gone"].into_iter().for_each(write);
        let (key, another) = (Digest::of("inputs"), Digest::of("other inputs"));
        let first = Kept::read(Some(list.clone()));
        for path in ["same", "touched", "gone"] {
            first.remember(path, key.to_bytes());
        }
        first.remember("other", another.to_bytes());
        first.write(&old).unwrap();
        fs::write(old.join("touched"), "TOUCHED").unwrap();
        let past = std::time::SystemTime::now() - std::time::Duration::from_secs(9);
        fs::File::options()
            .write(true)
            .open(old.join("touched"))
            .unwrap()
            .set_modified(past)
            .unwrap();
        fs::remove_file(old.join("gone")).unwrap();

        let second = Kept::read(Some(list.clone()));
        for (paths, expected) in [
            (&["other"][..], false),
            (&["touched"], false),
            (&["gone"], false),
            (&["unknown"], false),
            (&["same", "gone"], false),
            (&["same"], true),
        ] {
            assert_eq!(second.take_over(&old, &new, paths, key), expected, "{paths:?}");
        }
        assert_eq!(fs::read_to_string(new.join("same")).unwrap(), "same");
        assert_eq!(fs::read_dir(&new).unwrap().count(), 1, "a half of a group was taken over");
        second.write(&new).unwrap();
        // What a damaged list says counts for nothing.
        assert_eq!(Kept::read(Some(list.clone())).before.len(), 1);
        fs::write(&list, "x").unwrap();
        assert!(Kept::read(Some(list)).before.is_empty());
    }
}
