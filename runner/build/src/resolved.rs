//! A target at a version, found but not yet built.

use crate::given::Given;
use crate::source::Sources;
use crate::toolchain::Toolchain;
use git2::Oid;
use model::{Digest, Target, VersionId};
use std::path::PathBuf;

/// Which artifact is meant. Holds all that decides it, so that what is built
/// later is what was resolved, even if the working tree changes in between.
#[derive(Debug, Clone)]
pub struct Resolved {
    pub(crate) target: Target,
    pub(crate) version: VersionId,
    pub(crate) origin: Origin,
}

/// Where the binary comes from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Given(Given),
    Sources(Box<Recipe>),
}

/// How a binary is built.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) from: From,
    pub(crate) toolchain: Toolchain,
    pub(crate) source_sha256: Digest,
    /// Of a release it is known when it was built.
    pub(crate) lockfile_sha256: Option<Digest>,
    /// Packages in the lockfile, where that is known.
    pub(crate) packages: Option<usize>,
    pub(crate) key: Digest,
}

/// Where the sources are.
#[derive(Debug, Clone)]
pub(crate) enum From {
    /// In git, where they cannot change.
    Commit {
        /// The repository's `.git`.
        repository: PathBuf,
        id: Oid,
    },
    /// In memory: the working tree's, as they were when resolved.
    Snapshot(Sources),
    /// In the registry, where they cannot change.
    Registry,
}

impl Resolved {
    /// The target's name.
    pub fn target(&self) -> &str {
        &self.target.name
    }

    /// Which version it is, exactly.
    pub fn version(&self) -> &VersionId {
        &self.version
    }

    /// Digest of the sources, of a release that of its archive; `None` for a
    /// given binary.
    pub fn source_sha256(&self) -> Option<Digest> {
        self.recipe().map(|recipe| recipe.source_sha256)
    }

    /// Digest of the lockfile; `None` for a given binary, and for a release
    /// that is not built.
    pub fn lockfile_sha256(&self) -> Option<Digest> {
        self.recipe().and_then(|recipe| recipe.lockfile_sha256)
    }

    /// Key of the artifact: equal keys are the same binary. `None` for a given
    /// binary, whose version is its digest.
    pub fn key(&self) -> Option<Digest> {
        self.recipe().map(|recipe| recipe.key)
    }

    /// Whether somebody gave the binary.
    pub fn is_given(&self) -> bool {
        self.recipe().is_none()
    }

    /// The compiler; `None` for a given binary.
    pub fn rustc(&self) -> Option<&str> {
        self.recipe().map(|recipe| recipe.toolchain.name())
    }

    /// The target, as this version has it.
    pub fn declaration(&self) -> &Target {
        &self.target
    }

    fn recipe(&self) -> Option<&Recipe> {
        match &self.origin {
            Origin::Given(_) => None,
            Origin::Sources(recipe) => Some(recipe),
        }
    }
}
