//! The second of two steps: to obtain the binary of what was resolved.

use crate::artifacts::{self, Lookup, Record};
use crate::cache;
use crate::compile::{self, Compiled, Product};
use crate::error::{BuildError, git, io};
use crate::layout::Layout;
use crate::lock;
use crate::mirrors::Mirrors;
use crate::places::Places;
use crate::progress::Progress;
use crate::repository::{self, Project};
use crate::resolved::{From, Origin, Recipe, Resolved};
use crate::source::{Folder, Sources};
use crate::toolchain::{Names, Shuffled};
use git2::Repository;
use model::{Artifact, Digest};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Builds versions of a project's targets.
#[derive(Debug, Clone)]
pub struct Builder {
    pub(crate) places: Places,
    pub(crate) layout: Layout,
    pub(crate) shuffled: Option<Shuffled>,
    pub(crate) names: Names,
    pub(crate) cancel: Arc<AtomicBool>,
    /// How much the cache may hold.
    pub(crate) limit_bytes: Option<u64>,
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
        let layout = Layout::create(cache)?;
        let mirrors = Mirrors::new(layout.clone());
        let project = Project::discover(project_root)?;
        Ok(Self {
            places: Places { project, mirrors },
            layout,
            shuffled: None,
            names: Names::Symbols,
            cancel: Arc::default(),
            limit_bytes: None,
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

    /// Builds with line tables of the target's own packages, so that a profile can name
    /// functions of theirs that the compiler put into others. It changes no machine
    /// code. Dependencies are those of every other build, and not compiled again.
    #[must_use]
    pub fn with_line_tables(mut self) -> Self {
        self.names = Names::OwnLines;
        self
    }

    /// Makes room after every build: what was not used for longest goes, until so
    /// much is left.
    #[must_use]
    pub fn with_limit(mut self, bytes: Option<u64>) -> Self {
        self.limit_bytes = bytes;
        self
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

    pub(crate) fn project(&self) -> &Project {
        &self.places.project
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
        let target_folder =
            self.layout.cargo_target(&resolved.target.name, &recipe.toolchain.digest());
        let Compiled { file, lockfile_sha256, build_flags, folder } =
            self.compile(resolved, recipe, product, &target_folder, progress)?;
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
        cache::touch(&target_folder);
        self.make_room()?;
        Ok(Got { file, record, from_cache: false })
    }

    /// Once more from nothing: what the cache has is not looked at, and nothing that
    /// cargo has compiled before is used. The digest of what comes of it, which is
    /// not kept.
    pub(crate) fn again(
        &self,
        resolved: &Resolved,
        recipe: &Recipe,
        product: Product<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Digest, BuildError> {
        let lock = self.layout.lock();
        let _lock = lock::acquire(&lock, &self.cancel, || progress(Progress::Waiting))?;
        let name = format!("{}-again", resolved.target.name);
        let folder = self.layout.cargo_target(&name, &recipe.toolchain.digest());
        // Somebody who was killed may have left it.
        remove(&folder)?;
        let compiled = self.compile(resolved, recipe, product, &folder, progress);
        let digest = compiled.and_then(|compiled| {
            let file = &compiled.file;
            fs::read(file).map(Digest::of).map_err(io("reading", file))
        });
        remove(&folder)?;
        digest
    }

    fn compile(
        &self,
        resolved: &Resolved,
        recipe: &Recipe,
        product: Product<'_>,
        target_folder: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Compiled, BuildError> {
        let sources = self.sources(resolved, recipe)?;
        let key = product.key(recipe);
        let (layout, cancel) = (&self.layout, &*self.cancel);
        let job = compile::Job { resolved, recipe, product, key, target_folder, layout, cancel };
        compile::compile(&job, sources.as_ref(), progress)
    }

    /// The sources to be written where they are built; a release's are not.
    fn sources(&self, resolved: &Resolved, recipe: &Recipe) -> Result<Option<Sources>, BuildError> {
        match &recipe.from {
            From::Snapshot(sources) => Ok(Some(sources.clone())),
            From::Commit { repository, id } => {
                let opening = || git(format!("opening {}", repository.display()));
                let repository = Repository::open(repository).map_err(opening())?;
                let commit = repository::commit_of(&repository, *id)?;
                let folder = Folder::of(&resolved.target)?;
                Sources::at_commit(&repository, &commit, folder).map(Some)
            }
            From::Registry => Ok(None),
        }
    }
}

/// Removes a folder, if it is there.
fn remove(folder: &Path) -> Result<(), BuildError> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(io("removing", folder)(e)),
        _ => Ok(()),
    }
}

/// What `get` got.
pub(crate) struct Got {
    pub(crate) file: PathBuf,
    pub(crate) record: Record,
    pub(crate) from_cache: bool,
}
