//! What is in a folder, in an order that does not depend on the file system, and copies of it. It must
//! not change any file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The entries of one folder, sorted.
pub(crate) fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    let listed: std::io::Result<Vec<PathBuf>> = list();
    let mut listed = listed.with_context(|| format!("listing {}", folder.display()))?;
    listed.sort();
    Ok(listed)
}

/// Every file in a folder and in those below it, hidden ones aside (editors leave them); a path to
/// a file gives that file.
pub(crate) fn files_below(root: &Path) -> Result<Vec<PathBuf>> {
    if !root.is_dir() {
        return Ok(vec![root.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in entries(root)? {
        let hidden =
            entry.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden {
            files.extend(files_below(&entry)?);
        }
    }
    Ok(files)
}

/// Copies every file in a folder and in those below it to another one.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    for source in files_below(from)? {
        let target = to.join(source.strip_prefix(from)?);
        let folder = target.parent().unwrap_or(to);
        fs::create_dir_all(folder)
            .and_then(|()| fs::copy(&source, &target))
            .with_context(|| format!("copying {} to {}", source.display(), target.display()))?;
    }
    Ok(())
}
