//! Why something could not be built, each with what to do about it.
//! Texts are complete in themselves: no error hides its reason in a source.

use crate::failure::Failure;
use model::ReleaseSpec;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a version could not be resolved or built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The project is not in a git repository.
    #[error(
        "{} is not in a git repository, so there is nothing to build from: \
         run `git init` and commit there, or name a binary with path:BINARY",
        project.display()
    )]
    NoRepository {
        /// The project's folder.
        project: PathBuf,
    },
    /// The repository is empty.
    #[error(
        "{} has no commit yet, and every result names one: commit first, then measure",
        repository.display()
    )]
    NoCommit {
        /// The repository's folder.
        repository: PathBuf,
    },
    /// A bare repository was asked for its working tree.
    #[error(
        "{} is a bare repository without a working tree: name a commit, e.g. `HEAD`",
        repository.display()
    )]
    NoWorkingTree {
        /// The repository's folder.
        repository: PathBuf,
    },
    /// A repository elsewhere cannot be fetched.
    #[error(
        "cannot fetch {url}: {problem}; a commit that was fetched before can be named by its \
         whole hash without asking"
    )]
    Fetch {
        /// The repository.
        url: String,
        /// What git said.
        problem: String,
    },
    /// Nothing has that name.
    #[error("there is no commit `{reference}` in {}; {remedy}", repository.display())]
    UnknownRef {
        /// What was asked for.
        reference: String,
        /// The repository's folder.
        repository: PathBuf,
        /// What to do.
        remedy: String,
    },
    /// A range whose ends do not follow one another.
    #[error(
        "`{first}` does not lie before `{last}` in its history in {}, so there is nothing \
         between; name the older one first",
        repository.display()
    )]
    NoRange {
        /// The older end, as it was meant.
        first: String,
        /// The newer end.
        last: String,
        /// The repository's folder.
        repository: PathBuf,
    },
    /// The name is git's for something, but not for one commit.
    #[error("`{reference}` does not name one commit of {}: {problem}", repository.display())]
    NotACommit {
        /// What was asked for.
        reference: String,
        /// The repository's folder.
        repository: PathBuf,
        /// What it is instead.
        problem: String,
    },
    /// `bench.toml` declares a target that cannot be built.
    #[error("target `{target}` in bench.toml: {problem}")]
    Declaration {
        /// The target.
        target: String,
        /// What is wrong.
        problem: String,
    },
    /// The registry does not have it, or cannot be asked.
    #[error("cannot find {} of the crate `{name}`: {problem}", named(asked))]
    Release {
        /// The crate.
        name: String,
        /// What was asked for.
        asked: ReleaseSpec,
        /// Why, and what to do.
        problem: String,
    },
    /// A release that pins no dependencies.
    #[error(
        "`{name}` {version} was published without a Cargo.lock, so it is not one set of \
         dependencies; choose another release"
    )]
    NotPinned {
        /// The crate.
        name: String,
        /// The release.
        version: String,
    },
    /// The target's folder is not there.
    #[error(
        "target `{target}` has no folder `{}` {place}: choose a version that has it, \
         or correct `source` in bench.toml",
        folder.display()
    )]
    NoFolder {
        /// The target.
        target: String,
        /// Its `source`.
        folder: PathBuf,
        /// `at commit ...`, or `in the working tree`.
        place: String,
    },
    /// The sources pin no dependencies.
    #[error(
        "target `{target}` has no Cargo.lock in `{}` {place}: run `cargo generate-lockfile` \
         there and commit it (check .gitignore), so that a version is one set of dependencies",
        folder.display()
    )]
    NoLockfile {
        /// The target.
        target: String,
        /// Its `source`.
        folder: PathBuf,
        /// `at commit ...`, or `in the working tree`.
        place: String,
    },
    /// A submodule, or a name that is not text.
    #[error(
        "target `{target}`: cannot take `{path}` {place} as a source, since it is {problem}; \
         if the build does not need it, add it to `exclude` in bench.toml"
    )]
    UnusableSource {
        /// The target.
        target: String,
        /// Which file.
        path: String,
        /// `at commit ...`, or `in the working tree`.
        place: String,
        /// Why not.
        problem: &'static str,
    },
    /// A given binary cannot be used.
    #[error("cannot measure {}: {problem}", path.display())]
    Given {
        /// The binary.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: &'static str,
    },
    /// Cargo did not succeed.
    #[error("{0}")]
    Failed(Box<Failure>),
    /// Cargo succeeded but left no binary where it always does.
    #[error(
        "cargo built `{target}` but there is no {}: `build.target` in a cargo configuration \
         file moves it; remove that (whole log: {})",
        binary.display(), log.display()
    )]
    NoBinary {
        /// The target.
        target: String,
        /// Where it should be.
        binary: PathBuf,
        /// What cargo said.
        log: PathBuf,
    },
    /// The sources have no such `cargo bench` target.
    #[error("the sources of `{target}` have no bench target `{bench}`")]
    NoBench {
        /// The target.
        target: String,
        /// Which one was sought.
        bench: String,
    },
    /// The compiler was updated between resolving and building.
    #[error(
        "the compiler is `{now}` but was `{then}` when the versions were resolved: \
         start again, so that all are built by the same one"
    )]
    ToolchainChanged {
        /// First line of `rustc -vV` when resolved.
        then: String,
        /// First line of `rustc -vV` now.
        now: String,
    },
    /// `rustc` or `cargo` cannot be run.
    #[error("cannot run `{program}`: {problem}")]
    Tool {
        /// The command.
        program: &'static str,
        /// What happened and what to do.
        problem: String,
    },
    /// The flag given to `with_cancel` was set.
    #[error("building was cancelled")]
    Cancelled,
    /// Somebody needs what is in the cache, or is making room in it.
    #[error(
        "the cache is in use by another `bench` ({} is locked): wait until it has ended",
        path.display()
    )]
    CacheInUse {
        /// The lock.
        path: PathBuf,
    },
    /// The system refused.
    #[error("{doing}: {cause}")]
    Io {
        /// Verb, object and where.
        doing: String,
        /// What the system said.
        cause: io::Error,
    },
    /// Git refused.
    #[error("{doing}: {}", cause.message())]
    Git {
        /// Verb, object and where.
        doing: String,
        /// What git said.
        cause: git2::Error,
    },
}

fn named(asked: &ReleaseSpec) -> String {
    match asked {
        ReleaseSpec::Newest => "the newest release".to_owned(),
        ReleaseSpec::NewestOf(text) => format!("the newest release {text}.x"),
        ReleaseSpec::Exactly(text) => format!("release {text}"),
        ReleaseSpec::Within(range) => format!("a release {range}"),
    }
}

/// Gives a refusal of the system its context.
pub(crate) fn io(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> BuildError {
    let doing = format!("{verb} {}", path.display());
    move |cause| BuildError::Io { doing, cause }
}

/// Gives a refusal of git its context.
pub(crate) fn git(doing: impl Into<String>) -> impl FnOnce(git2::Error) -> BuildError {
    let doing = doing.into();
    move |cause| BuildError::Git { doing, cause }
}
