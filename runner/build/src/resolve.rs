//! The first of two steps: to find out what is meant by a version, exactly.
//! It must not build.

use crate::artifacts;
use crate::builder::Builder;
use crate::error::BuildError;
use crate::given::Given;
use crate::layout;
use crate::places::Place;
use crate::releases::{self, Release};
use crate::repository;
use crate::resolved::{From, Origin, Recipe, Resolved};
use crate::source::{self, Folder, Sources};
use crate::toolchain::Toolchain;
use git2::Repository;
use model::{
    CrateSource, Digest, Origin as TargetOrigin, ReleaseSpec, Target, VersionId, VersionSpec,
};

impl Builder {
    /// Finds out what is meant, without building: the commit, whether the
    /// sources on disk differ from it, and the artifact's key.
    ///
    /// # Errors
    /// When there is no such version of the target, or `rustc` cannot be asked.
    pub fn resolve(&self, target: &Target, version: &VersionSpec) -> Result<Resolved, BuildError> {
        layout::check_declaration(target)?;
        match version {
            VersionSpec::Path(path) => {
                let given = Given::look(path)?;
                let version = VersionId::Binary { sha256: given.sha256 };
                Ok(Resolved { target: target.clone(), version, origin: Origin::Given(given) })
            }
            VersionSpec::GitRef(reference) => self.commit(target, reference),
            VersionSpec::WorkingTree => match self.places.of(target)? {
                Place::Here(repository) => self.working_tree(target, &repository),
                // What is behind a URL has no working tree that anybody could see.
                Place::There(_) => self.commit(target, "HEAD"),
            },
            VersionSpec::Release(asked) => self.release(target, asked),
        }
    }

    /// Which version is meant, even if [`Builder::resolve`] cannot resolve it
    /// because of what is in it; `None` for what has no name but its content.
    ///
    /// # Errors
    /// When there is no such version of the target.
    pub fn identify(
        &self,
        target: &Target,
        version: &VersionSpec,
    ) -> Result<Option<VersionId>, BuildError> {
        match version {
            VersionSpec::Path(_) | VersionSpec::WorkingTree => Ok(None),
            VersionSpec::GitRef(reference) => {
                let (repository, id) = self.places.find(target, reference, &self.cancel)?;
                let commit = repository::commit_of(&repository, id)?;
                Ok(Some(repository::version(&commit)))
            }
            VersionSpec::Release(ReleaseSpec::Exactly(version)) => {
                Ok(Some(VersionId::Release { version: version.clone() }))
            }
            VersionSpec::Release(_) => {
                self.resolve(target, version).map(|resolved| Some(resolved.version().clone()))
            }
        }
    }

    /// Forgets what was fetched, so that the next question finds what is new.
    pub fn look_again(&self) {
        self.places.mirrors.expire();
    }

    /// The commits of a target after `first` up to and including `last`, oldest
    /// first, along the first parents of merges; `None` if `first` does not lie
    /// there.
    ///
    /// # Errors
    /// When there is no repository, or no such commits.
    pub fn commits_between(
        &self,
        target: &Target,
        first: &str,
        last: &str,
    ) -> Result<Option<Vec<String>>, BuildError> {
        let (repository, last) = self.places.find(target, last, &self.cancel)?;
        let first = repository::commit(&repository, first)?;
        repository::path(&repository, &first, &repository::commit_of(&repository, last)?)
    }

    /// The first line of the message of a target's commit.
    ///
    /// # Errors
    /// When there is no repository, or no such commit.
    pub fn subject(&self, target: &Target, commit: &str) -> Result<String, BuildError> {
        let (repository, id) = self.places.find(target, commit, &self.cancel)?;
        let commit = repository::commit_of(&repository, id)?;
        Ok(String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default()).into_owned())
    }

    /// The newest tag matching `tags` (a pattern as `git tag --list` takes it) in
    /// the history of a target before `version`; before the checked-out commit
    /// where that is no commit.
    ///
    /// # Errors
    /// When there is no repository, or no such commit.
    pub fn last_release(
        &self,
        target: &Target,
        tags: &str,
        version: &VersionSpec,
    ) -> Result<Option<String>, BuildError> {
        let reference = match version {
            VersionSpec::GitRef(reference) => reference,
            _ => "HEAD",
        };
        let (repository, id) = self.places.find(target, reference, &self.cancel)?;
        let commit = repository::commit_of(&repository, id)?;
        repository::newest_tag_before(&repository, tags, &commit)
    }

    /// The commit that is checked out, if there is one: which tools these are.
    pub fn checked_out(&self) -> Option<VersionId> {
        let repository = self.places.project.open().ok()?;
        let head = repository::head(&repository).ok()?;
        Some(repository::version(&head))
    }

    fn commit(&self, target: &Target, reference: &str) -> Result<Resolved, BuildError> {
        let folder = Folder::of_commits(target)?;
        let (repository, id) = self.places.find(target, reference, &self.cancel)?;
        let commit = repository::commit_of(&repository, id)?;
        let sources = Sources::at_commit(&repository, &commit, folder)?;
        let place = source::name_of(&commit);
        let from = From::Commit { repository: repository.path().to_owned(), id };
        self.resolved(target, repository::version(&commit), from, &sources, &place)
    }

    fn working_tree(
        &self,
        target: &Target,
        repository: &Repository,
    ) -> Result<Resolved, BuildError> {
        let head = repository::head(repository)?;
        let folder = Folder::of_commits(target)?;
        let sources = Sources::in_working_tree(repository, folder)?;
        let committed = match Sources::at_commit(repository, &head, folder) {
            Ok(sources) => Some(sources.digest()),
            // A target that is not committed yet.
            Err(BuildError::NoFolder { .. }) => None,
            Err(e) => return Err(e),
        };
        let mut version = repository::version(&head);
        let digest = sources.digest();
        let from = if committed == Some(digest) {
            From::Commit { repository: repository.path().to_owned(), id: head.id() }
        } else {
            if let VersionId::Commit { modified, .. } = &mut version {
                *modified = Some(digest);
            }
            From::Snapshot(sources.clone())
        };
        self.resolved(target, version, from, &sources, "in the working tree")
    }

    fn resolved(
        &self,
        target: &Target,
        version: VersionId,
        from: From,
        sources: &Sources,
        place: &str,
    ) -> Result<Resolved, BuildError> {
        let lockfile = sources.lockfile(Folder::of(target)?, place)?;
        let toolchain =
            Toolchain::choose(&self.layout, sources.toolchain_file(), self.shuffled, self.names)?;
        let source_sha256 = sources.digest();
        let recipe = Recipe {
            from,
            source_sha256,
            lockfile_sha256: Some(Digest::of(lockfile)),
            packages: Some(
                lockfile.split(|b| *b == b'\n').filter(|l| *l == b"[[package]]").count(),
            ),
            key: artifacts::key(&source_sha256, |hasher| toolchain.hash(hasher), &target.binary),
            toolchain,
        };
        let origin = Origin::Sources(Box::new(recipe));
        Ok(Resolved { target: target.clone(), version, origin })
    }

    fn release(&self, target: &Target, asked: &ReleaseSpec) -> Result<Resolved, BuildError> {
        let source = crate_of(target)?;
        if source.adapter.is_some() {
            return self.adapted(target, source, asked);
        }
        let release = Release::find(&self.layout, source, asked)?;
        let toolchain = Toolchain::choose(&self.layout, None, self.shuffled, self.names)?;
        let target = target.at_release(&release.version);
        let chosen = release.key(crate_of(&target)?);
        let version = VersionId::Release { version: release.version.clone() };
        let recipe = Recipe {
            source_sha256: release.archive_sha256,
            lockfile_sha256: None,
            packages: None,
            key: artifacts::key(&chosen, |hasher| toolchain.hash(hasher), &target.binary),
            from: From::Registry,
            toolchain,
        };
        let origin = Origin::Sources(Box::new(recipe));
        Ok(Resolved { target, version, origin })
    }

    /// The release that the adapter's lockfile has. The adapter is the one that is
    /// checked out, as the suites are.
    fn adapted(
        &self,
        target: &Target,
        source: &CrateSource,
        asked: &ReleaseSpec,
    ) -> Result<Resolved, BuildError> {
        let repository = self.places.project.open()?;
        let (folder, place) = (Folder::of(target)?, "in the working tree");
        let sources = Sources::in_working_tree(&repository, folder)?;
        let lockfile = sources.lockfile(folder, place)?;
        let release = releases::locked(source, asked, lockfile)?;
        let version = VersionId::Release { version: release };
        self.resolved(target, version, From::Snapshot(sources.clone()), &sources, place)
    }
}

/// What is known of a target's crate.
pub(crate) fn crate_of(target: &Target) -> Result<&CrateSource, BuildError> {
    match &target.origin {
        TargetOrigin::Crate(source) => Ok(source),
        TargetOrigin::Folder { .. } => Err(BuildError::Declaration {
            target: target.name.clone(),
            problem: "it is no crate, so it has commits and no releases".to_owned(),
        }),
    }
}
