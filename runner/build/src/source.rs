//! The sources of a target: every file of its folder, at a commit or as they
//! are on disk now, and their digest. A clean working tree and its commit have
//! the same one. It must not write anything.
//!
//! A commit's files are git's bytes: filters that a checkout would apply (line
//! endings, LFS) are not. Ignored files are no sources, nor are untracked ones
//! in a folder that cargo marked as a cache (`CACHEDIR.TAG`).

use crate::error::{BuildError, git, io};
use git2::{Commit, ErrorCode, ObjectType, Repository, StatusOptions, Tree};
use model::{CrateSource, Digest, Hasher, Origin, Target};
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Names of the file that chooses a toolchain, in rustup's order.
const TOOLCHAIN_FILES: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];

/// What a file is, as far as git tells files apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Executable,
    Link,
}

/// One file of the sources; a link's content is where it points.
#[derive(Clone)]
pub(crate) struct SourceFile {
    /// Relative to the target's folder, with `/`.
    pub(crate) path: String,
    pub(crate) kind: Kind,
    pub(crate) content: Vec<u8>,
}

/// Where a target's sources are in the repository.
#[derive(Clone, Copy)]
pub(crate) struct Folder<'t> {
    /// The target's name.
    name: &'t str,
    source: &'t Path,
    exclude: &'t [String],
}

impl<'t> Folder<'t> {
    /// The folder of a target, or of a crate's adapter.
    ///
    /// # Errors
    /// When the target is a crate, whose sources are not here.
    pub(crate) fn of(target: &'t Target) -> Result<Self, BuildError> {
        match &target.origin {
            Origin::Crate(CrateSource { adapter: Some(source), .. }) => {
                Ok(Self { name: &target.name, source, exclude: &[] })
            }
            _ => Self::of_commits(target),
        }
    }

    /// The folder of a target that has commits.
    ///
    /// # Errors
    /// When the target is a crate.
    pub(crate) fn of_commits(target: &'t Target) -> Result<Self, BuildError> {
        match &target.origin {
            Origin::Folder { source, exclude, .. } => {
                Ok(Self { name: &target.name, source, exclude })
            }
            Origin::Crate(_) => Err(BuildError::Declaration {
                target: target.name.clone(),
                problem: "it is a crate, which has releases and no commits".to_owned(),
            }),
        }
    }
}

/// All files of a target's sources, by path.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// The sources at a commit, out of git's objects.
    pub(crate) fn at_commit(
        repository: &Repository,
        commit: &Commit<'_>,
        target: Folder<'_>,
    ) -> Result<Self, BuildError> {
        let place = Place::commit(target, commit);
        let reading = || git(format!("reading the sources of `{}` {}", target.name, place.name));
        let root = commit.tree().map_err(reading())?;
        let folder = if place.folder.is_empty() {
            root.clone()
        } else {
            match root.get_path(Path::new(&place.folder)) {
                Ok(entry) if entry.kind() == Some(ObjectType::Tree) => {
                    repository.find_tree(entry.id()).map_err(reading())?
                }
                Ok(_) => return Err(place.no_folder()),
                Err(e) if e.code() == ErrorCode::NotFound => return Err(place.no_folder()),
                Err(e) => return Err(reading()(e)),
            }
        };
        let mut files = Vec::new();
        place.collect(repository, &folder, "", &mut files)?;
        Self::complete(files, &place, |path| {
            let entry = root.get_path(Path::new(path)).ok()?;
            Some(repository.find_blob(entry.id()).ok()?.content().to_vec())
        })
    }

    /// The sources on disk: tracked or not, but not ignored.
    pub(crate) fn in_working_tree(
        repository: &Repository,
        target: Folder<'_>,
    ) -> Result<Self, BuildError> {
        let place = Place::new(target, "in the working tree".to_owned());
        let Some(root) = repository.workdir() else {
            let repository = crate::repository::folder(repository);
            return Err(BuildError::NoWorkingTree { repository });
        };
        if !root.join(&place.folder).is_dir() {
            return Err(place.no_folder());
        }
        let mut files = Vec::new();
        for path in place.on_disk(repository)? {
            if let Some(file) = place.read(root, path)? {
                files.push(file);
            }
        }
        Self::complete(files, &place, |path| fs::read(root.join(path)).ok())
    }

    /// Sorts, and adds the toolchain file of an enclosing folder where the
    /// sources bring none: it applies to them in the repository, so it must
    /// where they are built.
    fn complete(
        mut files: Vec<SourceFile>,
        place: &Place<'_>,
        read: impl Fn(&str) -> Option<Vec<u8>>,
    ) -> Result<Self, BuildError> {
        let own = |name: &str| files.iter().any(|file| file.path == name);
        if !TOOLCHAIN_FILES.iter().any(|name| own(name)) {
            let inherited = Path::new(&place.folder).ancestors().skip(1).find_map(|folder| {
                TOOLCHAIN_FILES
                    .iter()
                    .find_map(|name| Some((*name, read(folder.join(name).to_str()?)?)))
            });
            files.extend(inherited.map(|(name, content)| SourceFile {
                path: name.to_owned(),
                kind: Kind::Plain,
                content,
            }));
        }
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    #[cfg(test)]
    pub(crate) fn of(files: Vec<SourceFile>) -> Self {
        Self { files }
    }

    pub(crate) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// One digest of every path, kind and content.
    pub(crate) fn digest(&self) -> Digest {
        let hasher = self.files.iter().fold(Hasher::default(), |hasher, file| {
            let kind = match file.kind {
                Kind::Plain => "file",
                Kind::Executable => "executable",
                Kind::Link => "link",
            };
            hasher.part("path", &file.path).part("kind", kind).part("content", &file.content)
        });
        hasher.finish()
    }

    /// The lockfile's content.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn lockfile(&self, target: Folder<'_>, place: &str) -> Result<&[u8], BuildError> {
        let lockfile = self.files.iter().find(|file| file.path == "Cargo.lock");
        lockfile.map(|file| file.content.as_slice()).ok_or_else(|| BuildError::NoLockfile {
            target: target.name.to_owned(),
            folder: target.source.to_owned(),
            place: place.to_owned(),
        })
    }

    /// The file that chooses the toolchain, if there is one.
    pub(crate) fn toolchain_file(&self) -> Option<&SourceFile> {
        TOOLCHAIN_FILES.iter().find_map(|name| self.files.iter().find(|file| file.path == *name))
    }
}

/// `at commit 3fa9c1e2 ("Serve")`, for messages.
pub(crate) fn name_of(commit: &Commit<'_>) -> String {
    let version = crate::repository::version(commit);
    let subject = String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default()).into_owned();
    format!("at commit {} (\"{subject}\")", version.label())
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}, {} bytes)", self.path, self.kind, self.content.len())
    }
}

/// Which files are sought, and how to speak of where.
struct Place<'t> {
    target: Folder<'t>,
    /// `source`, normalised: no `./`, no slash at the end, empty for the root.
    folder: String,
    /// `exclude`, likewise.
    exclude: Vec<String>,
    name: String,
}

impl<'t> Place<'t> {
    fn new(target: Folder<'t>, name: String) -> Self {
        let plain = |path: &Path| {
            let parts: Vec<_> = path.iter().filter(|part| *part != ".").collect();
            parts.join(std::ffi::OsStr::new("/")).to_string_lossy().into_owned()
        };
        Self {
            target,
            folder: plain(target.source),
            exclude: target.exclude.iter().map(|folder| plain(Path::new(folder))).collect(),
            name,
        }
    }

    fn commit(target: Folder<'t>, commit: &Commit<'_>) -> Self {
        Self::new(target, name_of(commit))
    }

    fn no_folder(&self) -> BuildError {
        BuildError::NoFolder {
            target: self.target.name.to_owned(),
            folder: self.target.source.to_owned(),
            place: self.name.clone(),
        }
    }

    fn unusable(&self, path: impl AsRef<[u8]>, problem: &'static str) -> BuildError {
        BuildError::UnusableSource {
            target: self.target.name.to_owned(),
            path: String::from_utf8_lossy(path.as_ref()).into_owned(),
            place: self.name.clone(),
            problem,
        }
    }

    fn excludes(&self, path: &str) -> bool {
        self.exclude.iter().any(|folder| Path::new(path).starts_with(folder))
    }

    /// The files below `tree`, which lies at `prefix`.
    fn collect(
        &self,
        repository: &Repository,
        tree: &Tree<'_>,
        prefix: &str,
        files: &mut Vec<SourceFile>,
    ) -> Result<(), BuildError> {
        for entry in tree {
            let reading = |path: &str| git(format!("reading `{path}` {}", self.name));
            let Ok(name) = entry.name() else {
                return Err(self.unusable(entry.name_bytes(), "named in something else than UTF-8"));
            };
            let path = format!("{prefix}{name}");
            if self.excludes(&path) {
                continue;
            }
            // Git itself never makes these; a crafted tree could.
            if matches!(name, "" | "." | ".." | ".git") || name.contains('/') {
                return Err(self.unusable(&path, "named like no file can be"));
            }
            let kind = match (entry.kind(), entry.filemode()) {
                (Some(ObjectType::Tree), _) => {
                    let tree = repository.find_tree(entry.id()).map_err(reading(&path))?;
                    self.collect(repository, &tree, &format!("{path}/"), files)?;
                    continue;
                }
                (Some(ObjectType::Blob), 0o100_755) => Kind::Executable,
                (Some(ObjectType::Blob), 0o120_000) => Kind::Link,
                (Some(ObjectType::Blob), _) => Kind::Plain,
                _ => return Err(self.unusable(&path, "a submodule")),
            };
            let blob = repository.find_blob(entry.id()).map_err(reading(&path))?;
            files.push(SourceFile { path, kind, content: blob.content().to_vec() });
        }
        Ok(())
    }

    /// Paths in the working tree, relative to the target's folder.
    fn on_disk(&self, repository: &Repository) -> Result<Vec<String>, BuildError> {
        let mut options = StatusOptions::new();
        options
            .include_untracked(true)
            .recurse_untracked_dirs(true)
            .include_unmodified(true)
            .include_ignored(false)
            .disable_pathspec_match(true);
        if !self.folder.is_empty() {
            options.pathspec(&self.folder);
        }
        let listing = || git(format!("listing the sources of `{}`", self.target.name));
        let statuses = repository.statuses(Some(&mut options)).map_err(listing())?;
        let index = repository.index().map_err(listing())?;
        let is_module = |path: &str| {
            let entry = index.get_path(Path::new(path), 0);
            // Not tracked, but listed as a folder: a repository of its own.
            path.ends_with('/') || entry.is_some_and(|entry| entry.mode == 0o160_000)
        };
        let mut paths = Vec::new();
        let mut caches = Vec::new();
        for entry in &statuses {
            let Ok(path) = std::str::from_utf8(entry.path_bytes()) else {
                return Err(self.unusable(entry.path_bytes(), "named in something else than UTF-8"));
            };
            let Some(relative) = below(&self.folder, path) else { continue };
            if self.excludes(relative) {
                continue;
            }
            if is_module(path) {
                return Err(self.unusable(relative, "a submodule or another repository"));
            }
            let untracked = entry.status().is_wt_new();
            if untracked && let Some(folder) = relative.strip_suffix("/CACHEDIR.TAG") {
                caches.push(PathBuf::from(folder));
            }
            // Taken out of the index, and ignored: no source any more.
            if entry.status().is_index_deleted() && !untracked {
                continue;
            }
            paths.push((untracked, relative.to_owned()));
        }
        let cached = |path: &str| caches.iter().any(|cache| Path::new(path).starts_with(cache));
        paths.retain(|(untracked, path)| !(*untracked && cached(path)));
        Ok(paths.into_iter().map(|(_, path)| path).collect())
    }

    /// One file of the working tree; `None` when it was deleted.
    fn read(&self, root: &Path, path: String) -> Result<Option<SourceFile>, BuildError> {
        let file = root.join(&self.folder).join(&path);
        let metadata = match fs::symlink_metadata(&file) {
            Ok(metadata) => metadata,
            // `NotADirectory`: a folder was replaced by a file.
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(e) => return Err(io("reading", &file)(e)),
        };
        let (kind, content) = if metadata.is_symlink() {
            let to = fs::read_link(&file).map_err(io("reading", &file))?;
            (Kind::Link, to.as_os_str().as_bytes().to_vec())
        } else if metadata.is_file() {
            // Git looks at the owner's bit alone.
            let executable = metadata.permissions().mode() & 0o100 != 0;
            let kind = if executable { Kind::Executable } else { Kind::Plain };
            (kind, fs::read(&file).map_err(io("reading", &file))?)
        } else if metadata.is_dir() {
            // A folder in the place of a file; its files are listed themselves.
            return Ok(None);
        } else {
            return Err(self.unusable(&path, "no regular file"));
        };
        Ok(Some(SourceFile { path, kind, content }))
    }
}

fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}
