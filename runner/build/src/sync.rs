//! Makes a folder hold exactly the given sources, so that cargo rebuilds what
//! changed and only that.
//!
//! A file whose content stays keeps its time. But a compiler's inputs are not
//! all declared to cargo: a macro that reads a folder does not notice a file
//! that came or went, and an artifact once cached under the wrong key would
//! stay wrong for good. So when any file of a package differs, all files of
//! that package count as changed.

use crate::error::{BuildError, io};
use crate::source::{Kind, SourceFile, Sources};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What lies in the folder, by path relative to it. Links are not followed.
#[derive(Default)]
struct Found {
    /// `None`: something a source never is, e.g. a socket.
    files: BTreeMap<PathBuf, Option<Kind>>,
    /// Parents before children.
    folders: Vec<PathBuf>,
}

/// Makes `folder` hold the sources and nothing else. An interrupted call is
/// made good by the next one.
///
/// # Errors
/// When the system refuses.
pub(crate) fn sync(folder: &Path, sources: &Sources) -> Result<(), BuildError> {
    fs::create_dir_all(folder).map_err(io("creating", folder))?;
    let mut found = Found::default();
    walk(folder, Path::new(""), &mut found)?;
    let wanted: BTreeMap<&Path, &SourceFile> =
        sources.files().iter().map(|file| (Path::new(file.path.as_str()), file)).collect();

    let surplus: Vec<&PathBuf> = found
        .files
        .iter()
        .filter(|(path, kind)| !wanted.get(path.as_path()).is_some_and(|file| fits(file, **kind)))
        .map(|(path, _)| path)
        .collect();
    let mut changed = Vec::new();
    for (path, file) in &wanted {
        if !same(&folder.join(path), file, found.files.get(*path).copied().flatten())? {
            changed.push(*file);
        }
    }

    // First of all, so that a call that dies half way leaves no package with
    // old times and new files.
    let differing = surplus
        .iter()
        .map(|path| path.as_path())
        .chain(changed.iter().map(|file| Path::new(file.path.as_str())));
    touch(folder, &found, &stale_packages(differing, &found, &wanted))?;

    for path in surplus {
        let path = folder.join(path);
        fs::remove_file(&path).map_err(io("removing", &path))?;
    }
    let needed: BTreeSet<&Path> = wanted.keys().flat_map(|path| path.ancestors().skip(1)).collect();
    for path in found.folders.iter().rev().filter(|path| !needed.contains(path.as_path())) {
        let path = folder.join(path);
        fs::remove_dir(&path).map_err(io("removing", &path))?;
    }
    changed.into_iter().try_for_each(|file| write(folder, file))
}

fn walk(root: &Path, relative: &Path, found: &mut Found) -> Result<(), BuildError> {
    let folder = root.join(relative);
    for entry in fs::read_dir(&folder).map_err(io("reading", &folder))? {
        let entry = entry.map_err(io("reading", &folder))?;
        let path = relative.join(entry.file_name());
        let metadata = entry.metadata().map_err(io("reading", &entry.path()))?;
        if metadata.is_dir() {
            found.folders.push(path.clone());
            walk(root, &path, found)?;
            continue;
        }
        let kind = if metadata.is_symlink() {
            Some(Kind::Link)
        } else if !metadata.is_file() {
            None
        } else if metadata.permissions().mode() & 0o100 != 0 {
            Some(Kind::Executable)
        } else {
            Some(Kind::Plain)
        };
        found.files.insert(path, kind);
    }
    Ok(())
}

/// Whether what is there can be turned into `file` by writing to it.
fn fits(file: &SourceFile, found: Option<Kind>) -> bool {
    found.is_some_and(|kind| (kind == Kind::Link) == (file.kind == Kind::Link))
}

fn same(path: &Path, file: &SourceFile, found: Option<Kind>) -> Result<bool, BuildError> {
    if found != Some(file.kind) {
        return Ok(false);
    }
    let content = if file.kind == Kind::Link {
        fs::read_link(path).map(|to| to.as_os_str().as_bytes().to_vec())
    } else {
        fs::read(path)
    };
    Ok(content.map_err(io("reading", path))? == file.content)
}

/// The folders of the packages that the differing files belong to: the nearest
/// ones above them with a manifest, before or after.
fn stale_packages<'p>(
    differing: impl Iterator<Item = &'p Path>,
    found: &Found,
    wanted: &BTreeMap<&Path, &SourceFile>,
) -> BTreeSet<&'p Path> {
    let is_package = |folder: &Path| {
        let manifest = folder.join("Cargo.toml");
        folder == Path::new("")
            || wanted.contains_key(manifest.as_path())
            || found.files.contains_key(&manifest)
    };
    differing
        // Cargo itself knows what a lockfile changes; every bump of one
        // dependency would otherwise rebuild the whole workspace.
        .filter(|path| *path != Path::new("Cargo.lock"))
        .filter_map(|path| path.ancestors().skip(1).find(|folder| is_package(folder)))
        .collect()
}

fn touch(root: &Path, found: &Found, packages: &BTreeSet<&Path>) -> Result<(), BuildError> {
    let now = SystemTime::now();
    let regular = |kind: &Option<Kind>| matches!(kind, Some(Kind::Plain | Kind::Executable));
    let belongs = |path: &Path| packages.iter().any(|package| path.starts_with(package));
    for (path, _) in found.files.iter().filter(|(path, kind)| regular(kind) && belongs(path)) {
        let path = root.join(path);
        fs::File::open(&path)
            .and_then(|file| file.set_modified(now))
            .map_err(io("touching", &path))?;
    }
    Ok(())
}

fn write(root: &Path, file: &SourceFile) -> Result<(), BuildError> {
    let path = root.join(&file.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(io("creating", parent))?;
    }
    let mode = match file.kind {
        Kind::Link => {
            // Links that stay links are removed here, not as surplus.
            match fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(io("removing", &path)(e));
                }
                _ => {}
            }
            let to = std::ffi::OsStr::from_bytes(&file.content);
            return std::os::unix::fs::symlink(to, &path).map_err(io("writing", &path));
        }
        Kind::Plain => 0o644,
        Kind::Executable => 0o755,
    };
    fs::write(&path, &file.content)
        .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(mode)))
        .map_err(io("writing", &path))
}

#[cfg(test)]
mod tests;
