//! The two steps: resolve what is meant, then obtain its binary.

use crate::artifacts::{self, Lookup, Record};
use crate::compile::{self, Compiled, Product};
use crate::error::BuildError;
use crate::given::Given;
use crate::layout::{self, Layout};
use crate::lock;
use crate::progress::Progress;
use crate::releases::Release;
use crate::repository::{self, Project};
use crate::resolved::{From, Origin, Recipe, Resolved};
use crate::source::{self, Folder, Sources};
use crate::toolchain::{Shuffled, Toolchain};
use model::{
    Artifact, Digest, Origin as TargetOrigin, ReleaseSpec, Target, VersionId, VersionSpec,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Builds versions of a project's targets.
#[derive(Debug, Clone)]
pub struct Builder {
    project: Project,
    pub(crate) layout: Layout,
    shuffled: Option<Shuffled>,
    cancel: Arc<AtomicBool>,
}

/// An artifact and where its binary is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// What it is.
    pub artifact: Artifact,
    /// The binary, ready to run.
    pub binary: PathBuf,
    /// Whether it was there already; then cargo was not asked at all.
    pub from_cache: bool,
}

impl Builder {
    /// A builder for the repository that holds `project_root`, with its sources,
    /// logs and artifacts below `cache`. Without a repository only given
    /// binaries can be resolved.
    ///
    /// # Errors
    /// When the cache cannot be created, or there is a repository that cannot
    /// be read.
    pub fn new(project_root: &Path, cache: &Path) -> Result<Self, BuildError> {
        Ok(Self {
            project: Project::discover(project_root)?,
            layout: Layout::create(cache)?,
            shuffled: None,
            cancel: Arc::default(),
        })
    }

    /// Stops a build with [`BuildError::Cancelled`] soon after the flag is set.
    /// Cargo runs in a process group of its own, so Ctrl-C does not reach it:
    /// a program's signal handler has to set this flag.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Arc<AtomicBool>) -> Self {
        self.cancel = cancel;
        self
    }

    /// Links what it builds in another order, with other padding: the same code,
    /// every part of it in another place. It tells how much of a difference
    /// between two versions is only where the linker put things (Curtsinger &
    /// Berger 2013, "Stabilizer"). Needs lld, which rustc brings for Linux.
    #[must_use]
    pub fn with_shuffled_layout(mut self, seed: u32) -> Self {
        self.shuffled = Some(Shuffled(seed));
        self
    }

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
            VersionSpec::GitRef(reference) => {
                let repository = self.project.open()?;
                let commit = repository::commit(&repository, reference)?;
                let sources = Sources::at_commit(&repository, &commit, Folder::of(target)?)?;
                let place = source::name_of(&commit);
                let from = From::Commit(commit.id());
                self.resolved(target, repository::version(&commit), from, &sources, &place)
            }
            VersionSpec::WorkingTree => self.working_tree(target),
            VersionSpec::Release(asked) => self.release(target, asked),
        }
    }

    /// The binary of a resolved version: out of the cache, or built. Only one
    /// build runs at a time in one cache; others wait.
    ///
    /// # Errors
    /// When the build fails or is cancelled, or the compiler or a given binary
    /// is not what it was when resolved.
    pub fn obtain(
        &self,
        resolved: &Resolved,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Built, BuildError> {
        let built = match &resolved.origin {
            Origin::Given(given) => {
                given.confirm()?;
                Built {
                    artifact: Artifact {
                        target: resolved.target.name.clone(),
                        version: resolved.version.clone(),
                        binary_sha256: given.sha256,
                        binary_bytes: given.bytes,
                        source_sha256: None,
                        lockfile_sha256: None,
                        rustc: None,
                        build_flags: None,
                    },
                    binary: given.path.clone(),
                    from_cache: true,
                }
            }
            Origin::Sources(recipe) => {
                let got = self.get(resolved, recipe, Product::Binary, progress)?;
                let Got { file, record, from_cache } = got;
                Built {
                    artifact: Artifact {
                        target: resolved.target.name.clone(),
                        version: resolved.version.clone(),
                        binary_sha256: record.binary_sha256,
                        binary_bytes: record.binary_bytes,
                        source_sha256: Some(record.source_sha256),
                        lockfile_sha256: Some(record.lockfile_sha256),
                        rustc: Some(record.rustc),
                        build_flags: Some(record.build_flags),
                    },
                    binary: file,
                    from_cache,
                }
            }
        };
        progress(Progress::Done);
        Ok(built)
    }

    /// The executable of a `cargo bench` target in the sources of a resolved
    /// version, cached like its binary; `None` where there are no sources or no
    /// such target in them.
    ///
    /// # Errors
    /// As [`Builder::obtain`].
    pub fn bench(
        &self,
        resolved: &Resolved,
        name: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<PathBuf>, BuildError> {
        let recipe = match &resolved.origin {
            Origin::Sources(recipe) if !matches!(recipe.from, From::Registry) => recipe,
            _ => return Ok(None),
        };
        let got = match self.get(resolved, recipe, Product::Bench(name), progress) {
            Ok(got) => Some(got.file),
            Err(BuildError::NoBench { .. }) => None,
            Err(e) => return Err(e),
        };
        progress(Progress::Done);
        Ok(got)
    }

    /// The commits after `first` up to and including `last`, oldest first, along the
    /// first parents of merges; `None` if `first` does not lie there.
    ///
    /// # Errors
    /// When there is no repository, or no such commits.
    pub fn commits_between(
        &self,
        first: &str,
        last: &str,
    ) -> Result<Option<Vec<String>>, BuildError> {
        let repository = self.project.open()?;
        let [first, last] = [first, last].map(|name| repository::commit(&repository, name));
        repository::path(&repository, &first?, &last?)
    }

    /// The first line of a commit's message.
    ///
    /// # Errors
    /// When there is no repository, or no such commit.
    pub fn subject(&self, commit: &str) -> Result<String, BuildError> {
        let repository = self.project.open()?;
        let commit = repository::commit(&repository, commit)?;
        Ok(String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default()).into_owned())
    }

    /// The newest tag matching `tags` (a pattern as `git tag --list` takes it) in
    /// the history before `version`; before the checked-out commit where that is
    /// no commit.
    ///
    /// # Errors
    /// When there is no repository, or no such commit.
    pub fn last_release(
        &self,
        tags: &str,
        version: &VersionSpec,
    ) -> Result<Option<String>, BuildError> {
        let repository = self.project.open()?;
        let commit = match version {
            VersionSpec::GitRef(reference) => repository::commit(&repository, reference)?,
            _ => repository::head(&repository)?,
        };
        repository::newest_tag_before(&repository, tags, &commit)
    }

    pub(crate) fn project(&self) -> &Project {
        &self.project
    }

    /// The commit that is checked out, if there is one: which tools these are.
    pub fn checked_out(&self) -> Option<VersionId> {
        let repository = self.project.open().ok()?;
        let head = repository::head(&repository).ok()?;
        Some(repository::version(&head))
    }

    fn working_tree(&self, target: &Target) -> Result<Resolved, BuildError> {
        let repository = self.project.open()?;
        let head = repository::head(&repository)?;
        let folder = Folder::of(target)?;
        let sources = Sources::in_working_tree(&repository, folder)?;
        let committed = match Sources::at_commit(&repository, &head, folder) {
            Ok(sources) => Some(sources.digest()),
            // A target that is not committed yet.
            Err(BuildError::NoFolder { .. }) => None,
            Err(e) => return Err(e),
        };
        let mut version = repository::version(&head);
        let digest = sources.digest();
        let from = if committed == Some(digest) {
            From::Commit(head.id())
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
        let toolchain = Toolchain::choose(&self.layout, sources.toolchain_file(), self.shuffled)?;
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
        let TargetOrigin::Crate(source) = &target.origin else {
            return Err(BuildError::Declaration {
                target: target.name.clone(),
                problem: "it is no crate, so it has commits and no releases".to_owned(),
            });
        };
        let release = Release::find(&self.layout, source, asked)?;
        let toolchain = Toolchain::choose(&self.layout, None, self.shuffled)?;
        let chosen = release.key(source);
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
        Ok(Resolved { target: target.clone(), version, origin })
    }

    /// Out of the cache, or built.
    pub(crate) fn get(
        &self,
        resolved: &Resolved,
        recipe: &Recipe,
        product: Product<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Got, BuildError> {
        let key = product.key(recipe);
        let name = product.file_name(&resolved.target);
        let look = || artifacts::lookup(&self.layout.artifacts(), &key, name);
        if let Lookup::Hit { binary, record } = look()? {
            return Ok(Got { file: binary, record, from_cache: true });
        }
        let lock = self.layout.lock();
        let _lock = lock::acquire(&lock, &self.cancel, || progress(Progress::Waiting))?;
        // Whoever held the lock may have built the very same.
        match look()? {
            Lookup::Hit { binary, record } => {
                return Ok(Got { file: binary, record, from_cache: true });
            }
            Lookup::Miss => {}
            Lookup::Corrupt(problem) => {
                let away = artifacts::move_away(&self.layout.artifacts(), &key)?;
                let reason = format!(
                    "the cached artifact of `{}` at {} cannot be trusted: {problem}; \
                     it was moved to {} and is built again",
                    resolved.target.name,
                    resolved.version.label(),
                    away.display()
                );
                progress(Progress::Discarded { reason });
            }
        }
        let sources = self.sources(resolved, recipe)?;
        let (layout, cancel) = (&self.layout, &*self.cancel);
        let job = compile::Job { resolved, recipe, product, key, layout, cancel };
        let Compiled { file, lockfile_sha256, build_flags, folder } =
            compile::compile(&job, sources.as_ref(), progress)?;
        let (file, record) = artifacts::insert(
            &self.layout.artifacts(),
            &key,
            &file,
            name,
            |binary_sha256, binary_bytes| Record {
                binary_sha256,
                binary_bytes,
                source_sha256: recipe.source_sha256,
                lockfile_sha256,
                rustc: recipe.toolchain.name().to_owned(),
                build_flags,
            },
        )?;
        // The file is in the cache now.
        drop(folder);
        Ok(Got { file, record, from_cache: false })
    }

    /// The sources to be written where they are built; a release's are not.
    fn sources(&self, resolved: &Resolved, recipe: &Recipe) -> Result<Option<Sources>, BuildError> {
        match &recipe.from {
            From::Snapshot(sources) => Ok(Some(sources.clone())),
            From::Commit(id) => {
                let repository = self.project.open()?;
                let commit = repository::commit_of(&repository, *id)?;
                let folder = Folder::of(&resolved.target)?;
                Sources::at_commit(&repository, &commit, folder).map(Some)
            }
            From::Registry => Ok(None),
        }
    }
}

/// What `get` got.
pub(crate) struct Got {
    pub(crate) file: PathBuf,
    pub(crate) record: Record,
    pub(crate) from_cache: bool,
}
