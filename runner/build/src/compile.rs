//! Has cargo compile what was resolved: sources by `cargo build`, a release of
//! a crate by `cargo install`. Same compiler, flags and environment for both.
//! It must not look into the cache of artifacts.

use crate::artifacts;
use crate::cargo::{Call, Ended};
use crate::error::{BuildError, io};
use crate::failure::{Failure, first_error};
use crate::firmware::Order;
use crate::layout::Layout;
use crate::progress::Progress;
use crate::releases;
use crate::resolved::{Recipe, Resolved};
use crate::source::{Folder, Sources};
use crate::sync;
use crate::toolchain::PROFILE;
use model::{CrateSource, Digest, Origin as TargetOrigin, Target};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

/// What of the sources is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Product<'p> {
    /// The target's binary.
    Binary,
    /// A `cargo bench` target.
    Bench(&'p str),
    /// Firmware, which the target's own binary builds.
    Firmware(&'p Order),
}

impl Product<'_> {
    /// The artifact's key.
    pub(crate) fn key(self, recipe: &Recipe) -> Digest {
        match self {
            Self::Binary => recipe.key,
            Self::Bench(name) => {
                let name = format!("bench {name}");
                artifacts::key(&recipe.source_sha256, |hasher| recipe.toolchain.hash(hasher), &name)
            }
            Self::Firmware(order) => {
                let toolchain = |hasher| order.cross.hash(recipe.toolchain.hash(hasher));
                artifacts::key(&recipe.source_sha256, toolchain, &order.name())
            }
        }
    }

    /// What it is called in the cache.
    pub(crate) fn file_name<'n>(&'n self, target: &'n Target) -> &'n str {
        match self {
            Self::Binary => &target.binary,
            Self::Bench(name) => name,
            Self::Firmware(_) => "firmware.elf",
        }
    }
}

/// What is compiled, and where.
pub(crate) struct Job<'j> {
    pub(crate) resolved: &'j Resolved,
    pub(crate) recipe: &'j Recipe,
    pub(crate) product: Product<'j>,
    /// Of the product.
    pub(crate) key: Digest,
    /// Where cargo keeps what it has compiled.
    pub(crate) target_folder: &'j Path,
    pub(crate) layout: &'j Layout,
    pub(crate) cancel: &'j AtomicBool,
}

/// A product where cargo left it, and what it was made with.
pub(crate) struct Compiled {
    pub(crate) file: PathBuf,
    pub(crate) lockfile_sha256: Digest,
    /// Without this machine's paths.
    pub(crate) build_flags: String,
    /// The folder of the file, if it is gone with this value.
    pub(crate) folder: Option<TempDir>,
}

/// Compiles; `sources` are there unless it is a release.
pub(crate) fn compile(
    job: &Job<'_>,
    sources: Option<&Sources>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Compiled, BuildError> {
    match (sources, &job.resolved.target.origin) {
        (Some(sources), _) => job.build(sources, progress),
        (None, TargetOrigin::Crate(source)) => job.install(source, progress),
        (None, TargetOrigin::Folder { .. }) => Err(BuildError::Declaration {
            target: job.resolved.target.name.clone(),
            problem: "it is no crate, so it has commits and no releases".to_owned(),
        }),
    }
}

impl Job<'_> {
    fn build(
        &self,
        sources: &Sources,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Compiled, BuildError> {
        let Job { resolved, recipe, layout, .. } = self;
        progress(Progress::Exporting);
        let folder = layout.source(&resolved.target.name);
        sync::sync(&folder, sources)?;
        recipe.toolchain.confirm(&folder, layout)?;
        let mut made_in = None;
        let file = match self.product {
            Product::Binary => {
                let binary = &resolved.target.binary;
                let mut arguments = words(&["build", "--release", "--locked", "--bin", binary]);
                arguments.extend(words(recipe.toolchain.cargo_words()));
                self.call(&folder, &arguments, progress)?;
                let file = self.expected();
                if !file.is_file() {
                    return Err(self.no_binary(self.expected()));
                }
                file
            }
            Product::Bench(name) => self.bench(&folder, name, progress)?,
            Product::Firmware(order) => {
                let out = self.temporary()?;
                let file = out.path().join("firmware.elf");
                made_in = Some(out);
                self.firmware(&folder, order, &file, progress)?;
                file
            }
        };
        let lockfile = sources.lockfile(Folder::of(&resolved.target)?, "where it is built")?;
        Ok(Compiled {
            file,
            lockfile_sha256: Digest::of(lockfile),
            build_flags: recipe.toolchain.published_flags(),
            folder: made_in,
        })
    }

    fn bench(
        &self,
        folder: &Path,
        name: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, BuildError> {
        let arguments = words(&[
            "bench",
            "--no-run",
            "--locked",
            "--bench",
            name,
            "--message-format",
            "json-render-diagnostics",
        ]);
        let missing = || BuildError::NoBench {
            target: self.resolved.target.name.clone(),
            bench: name.to_owned(),
        };
        match self.call(folder, &arguments, progress) {
            Ok(ended) => ended.made("bench", name).map(|made| made.executable.clone()),
            Err(BuildError::Failed(failure)) if failure.says("no bench target named") => None,
            Err(e) => return Err(e),
        }
        .ok_or_else(missing)
    }

    /// A folder that is gone when what is in it is kept elsewhere.
    fn temporary(&self) -> Result<TempDir, BuildError> {
        let root = self.layout.root();
        let made = tempfile::Builder::new().prefix("installing-").tempdir_in(root);
        made.map_err(io("creating a folder in", root))
    }

    fn firmware(
        &self,
        folder: &Path,
        order: &Order,
        file: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), BuildError> {
        let words = order.words(file);
        let Some((program, arguments)) = words.split_first() else { return Ok(()) };
        self.call_with(folder, program, arguments, &order.cross.variables(), progress)?;
        if file.is_file() { Ok(()) } else { Err(self.no_binary(file.to_owned())) }
    }

    fn install(
        &self,
        source: &CrateSource,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Compiled, BuildError> {
        let Job { resolved, recipe, layout, .. } = self;
        let folder = layout.default_toolchain();
        recipe.toolchain.confirm(&folder, layout)?;
        // Cargo moves the binary there, out of its target directory.
        let root = self.temporary()?;
        let version = resolved.version.label();
        let choice = releases::choice(source);
        let mut arguments = words(&["install", "--locked", "--version", &format!("={version}")]);
        arguments.extend(choice.iter().cloned());
        arguments.extend(words(recipe.toolchain.cargo_words()));
        arguments.extend(words(&["--bin", &resolved.target.binary, "--no-track", "--root"]));
        arguments.push(root.path().to_string_lossy().into_owned());
        arguments.extend(words(&["--message-format", "json-render-diagnostics", &source.name]));
        let ended = self.call(&folder, &arguments, progress)?;
        let file = root.path().join("bin").join(&resolved.target.binary);
        let Some(made) = ended.made("bin", &resolved.target.binary).filter(|_| file.is_file())
        else {
            return Err(self.no_binary(self.expected()));
        };
        let lockfile = made.manifest_path.with_file_name("Cargo.lock");
        if !lockfile.is_file() {
            return Err(BuildError::NotPinned { name: source.name.clone(), version });
        }
        let content = fs::read(&lockfile).map_err(io("reading", &lockfile))?;
        let flags = recipe.toolchain.published_flags();
        Ok(Compiled {
            file,
            lockfile_sha256: Digest::of(content),
            build_flags: [choice.join(" "), flags].join(" ").trim().to_owned(),
            folder: Some(root),
        })
    }

    /// Calls cargo, which must succeed.
    fn call(
        &self,
        folder: &Path,
        arguments: &[String],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Ended, BuildError> {
        self.call_with(folder, "cargo", arguments, &[], progress)
    }

    /// Calls cargo, or a program that does.
    fn call_with(
        &self,
        folder: &Path,
        program: &str,
        arguments: &[String],
        variables: &[(String, String)],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Ended, BuildError> {
        let Job { resolved, recipe, layout, cancel, .. } = self;
        let name = &resolved.target.name;
        let log = layout.log(name, &self.key);
        let call = Call {
            folder,
            target_folder: self.target_folder,
            program,
            arguments,
            variables,
            toolchain: &recipe.toolchain,
            log: &log,
            layout,
        };
        let mut compiled = 0;
        let ended = call.run(cancel, |unit| {
            compiled += 1;
            let total = recipe.packages;
            progress(Progress::Compiling { unit: unit.to_owned(), compiled, total });
        })?;
        if ended.status.success() {
            return Ok(ended);
        }
        Err(BuildError::Failed(Box::new(Failure {
            command: arguments.first().cloned().unwrap_or_default(),
            target: name.clone(),
            version: resolved.version.label(),
            status: ended.status.to_string(),
            first_error: fs::read_to_string(&log).ok().and_then(|text| first_error(text.lines())),
            last_lines: ended.last_lines,
            log,
        })))
    }

    /// Where cargo leaves a binary.
    fn expected(&self) -> PathBuf {
        self.target_folder.join(PROFILE).join(&self.resolved.target.binary)
    }

    fn no_binary(&self, binary: PathBuf) -> BuildError {
        let target = self.resolved.target.name.clone();
        let log = self.layout.log(&target, &self.key);
        BuildError::NoBinary { target, binary, log }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
