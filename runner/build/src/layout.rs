//! Where everything lies below the cache. It only makes names; others make
//! and fill the folders.

use crate::error::{BuildError, io};
use model::{CrateSource, Digest, Origin, Target};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The cache's folder.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Creates the cache if need be. Symbolic links are resolved, since cargo
    /// and rustc see the real path and the remapping must match it.
    pub(crate) fn create(cache: &Path) -> Result<Self, BuildError> {
        fs::create_dir_all(cache).map_err(io("creating the build cache", cache))?;
        let root = cache.canonicalize().map_err(io("finding the build cache", cache))?;
        Ok(Self { root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Sources of every target; remapped to `/src`.
    pub(crate) fn sources(&self) -> PathBuf {
        self.root.join("src")
    }

    /// Sources of one target.
    pub(crate) fn source(&self, target: &str) -> PathBuf {
        self.sources().join(target)
    }

    /// Cargo's target directories; remapped to `/target`.
    pub(crate) fn targets(&self) -> PathBuf {
        self.root.join("target")
    }

    /// Cargo's target directory, shared between the versions of one target
    /// that the same compiler builds with the same flags.
    pub(crate) fn cargo_target(&self, target: &str, toolchain: &Digest) -> PathBuf {
        self.targets().join(format!("{target}-{}", hex(toolchain, 8)))
    }

    /// Folders in which `rustc` is asked who it is.
    pub(crate) fn toolchains(&self) -> PathBuf {
        self.root.join("toolchains")
    }

    /// The folder in which nothing chooses a toolchain.
    pub(crate) fn default_toolchain(&self) -> PathBuf {
        self.toolchains().join("default")
    }

    /// What is known of releases.
    pub(crate) fn releases(&self) -> PathBuf {
        self.root.join("releases")
    }

    /// What is known of one release; both words hold letters, digits and a few
    /// signs only.
    pub(crate) fn release(&self, name: &str, version: &str) -> PathBuf {
        self.releases().join(format!("{name}-{version}.json"))
    }

    /// Copies of repositories elsewhere.
    pub(crate) fn repositories(&self) -> PathBuf {
        self.root.join("repositories")
    }

    pub(crate) fn artifacts(&self) -> PathBuf {
        self.root.join("artifacts")
    }

    /// Locked, shared, by whoever measures what is here.
    pub(crate) fn users(&self) -> PathBuf {
        self.root.join("use.lock")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("build.lock")
    }

    pub(crate) fn log(&self, target: &str, key: &Digest) -> PathBuf {
        self.root.join("logs").join(format!("build-{target}-{}.log", hex(key, 12)))
    }
}

/// The first digits of a digest.
pub(crate) fn hex(digest: &Digest, digits: usize) -> String {
    digest.to_string().chars().take(digits).collect()
}

/// Refuses a declared target whose name, folder or binary would reach outside
/// of the folders above.
pub(crate) fn check_declaration(target: &Target) -> Result<(), BuildError> {
    let wrong =
        |problem: String| Err(BuildError::Declaration { target: target.name.clone(), problem });
    for (what, name) in [("the name", &target.name), ("`binary`", &target.binary)] {
        let right = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.starts_with(['.', '-']) || !name.chars().all(right) {
            return wrong(format!(
                "{what} is `{name}`; it names a file, so use letters, digits, `-`, `_` and `.`"
            ));
        }
    }
    let inside = |path: &Path| {
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    };
    let (key, source, exclude) = match &target.origin {
        Origin::Folder { source, exclude, .. } => ("source", source, exclude.as_slice()),
        Origin::Crate(CrateSource { adapter: Some(source), .. }) => ("adapter", source, &[][..]),
        Origin::Crate(_) => return Ok(()),
    };
    if !inside(source) || source.to_str().is_none() {
        return wrong(format!(
            "`{key}` is `{}`; it must be a folder inside the repository, relative to its root",
            source.display()
        ));
    }
    match exclude.iter().find(|folder| !inside(Path::new(folder))) {
        Some(folder) => wrong(format!(
            "`exclude` holds `{folder}`; it must be a folder below `source`, relative to it"
        )),
        None => Ok(()),
    }
}
