//! The two steps: resolve what is meant, then obtain its binary.

use crate::artifacts::{self, Lookup, Record};
use crate::cargo::Call;
use crate::error::{BuildError, Failure};
use crate::given::Given;
use crate::layout::{self, Layout};
use crate::lock;
use crate::progress::Progress;
use crate::repository::{self, Project};
use crate::resolved::{From, Origin, Recipe, Resolved};
use crate::source::{self, Sources};
use crate::sync;
use crate::toolchain::Toolchain;
use model::{Artifact, Digest, Target, VersionId, VersionSpec};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Builds versions of a project's targets.
#[derive(Debug, Clone)]
pub struct Builder {
    project: Project,
    layout: Layout,
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
                let sources = Sources::at_commit(&repository, &commit, target)?;
                let place = source::name_of(&commit);
                let from = From::Commit(commit.id());
                self.resolved(target, repository::version(&commit), from, &sources, &place)
            }
            VersionSpec::WorkingTree => self.working_tree(target),
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
            Origin::Sources(recipe) => match self.look_up(resolved, recipe)? {
                Lookup::Hit { binary, record } => cached(resolved, binary, record),
                Lookup::Miss | Lookup::Corrupt(_) => self.build(resolved, recipe, progress)?,
            },
        };
        progress(Progress::Done);
        Ok(built)
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
        let sources = Sources::in_working_tree(&repository, target)?;
        let committed = match Sources::at_commit(&repository, &head, target) {
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
        let lockfile = sources.lockfile(target, place)?;
        let toolchain = Toolchain::choose(&self.layout, sources.toolchain_file())?;
        let source_sha256 = sources.digest();
        let recipe = Recipe {
            from,
            source_sha256,
            lockfile_sha256: Digest::of(lockfile),
            packages: lockfile.split(|b| *b == b'\n').filter(|l| *l == b"[[package]]").count(),
            key: artifacts::key(&source_sha256, |hasher| toolchain.hash(hasher), &target.binary),
            toolchain,
        };
        let origin = Origin::Sources(Box::new(recipe));
        Ok(Resolved { target: target.clone(), version, origin })
    }

    fn look_up(&self, resolved: &Resolved, recipe: &Recipe) -> Result<Lookup, BuildError> {
        artifacts::lookup(&self.layout.artifacts(), &recipe.key, &resolved.target.binary)
    }

    fn build(
        &self,
        resolved: &Resolved,
        recipe: &Recipe,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Built, BuildError> {
        let lock = self.layout.lock();
        let _lock = lock::acquire(&lock, &self.cancel, || progress(Progress::Waiting))?;
        // Whoever held the lock may have built the very same.
        match self.look_up(resolved, recipe)? {
            Lookup::Hit { binary, record } => return Ok(cached(resolved, binary, record)),
            Lookup::Miss => {}
            Lookup::Corrupt(problem) => {
                let away = artifacts::move_away(&self.layout.artifacts(), &recipe.key)?;
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
        progress(Progress::Exporting);
        let folder = self.layout.source(&resolved.target.name);
        sync::sync(&folder, &self.sources(resolved, recipe)?)?;
        recipe.toolchain.confirm(&folder, &self.layout)?;
        let built = self.compile(resolved, recipe, &folder, progress)?;
        let (binary, record) = artifacts::insert(
            &self.layout.artifacts(),
            &recipe.key,
            &built,
            &resolved.target.binary,
            |binary_sha256, binary_bytes| Record {
                binary_sha256,
                binary_bytes,
                source_sha256: recipe.source_sha256,
                lockfile_sha256: recipe.lockfile_sha256,
                rustc: recipe.toolchain.name().to_owned(),
                build_flags: Toolchain::published_flags(),
            },
        )?;
        Ok(Built { from_cache: false, ..cached(resolved, binary, record) })
    }

    fn sources(&self, resolved: &Resolved, recipe: &Recipe) -> Result<Sources, BuildError> {
        match &recipe.from {
            From::Snapshot(sources) => Ok(sources.clone()),
            From::Commit(id) => {
                let repository = self.project.open()?;
                let commit = repository::commit_of(&repository, *id)?;
                Sources::at_commit(&repository, &commit, &resolved.target)
            }
        }
    }

    fn compile(
        &self,
        resolved: &Resolved,
        recipe: &Recipe,
        folder: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, BuildError> {
        let Target { name, binary, .. } = &resolved.target;
        let log = self.layout.log(name, &recipe.key);
        let target_folder = self.layout.cargo_target(name, &recipe.toolchain.digest());
        let call = Call {
            folder,
            target_folder: &target_folder,
            binary,
            toolchain: &recipe.toolchain,
            log: &log,
            layout: &self.layout,
        };
        let mut compiled = 0;
        let ended = call.run(&self.cancel, |unit| {
            compiled += 1;
            let total = Some(recipe.packages);
            progress(Progress::Compiling { unit: unit.to_owned(), compiled, total });
        })?;
        if !ended.status.success() {
            return Err(BuildError::Failed(Box::new(Failure {
                target: name.clone(),
                version: resolved.version.label(),
                status: ended.status.to_string(),
                last_lines: ended.last_lines,
                log,
            })));
        }
        let built = call.built();
        if built.is_file() {
            Ok(built)
        } else {
            Err(BuildError::NoBinary { target: name.clone(), binary: built, log })
        }
    }
}

fn cached(resolved: &Resolved, binary: PathBuf, record: Record) -> Built {
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
        binary,
        from_cache: true,
    }
}
