//! Turns "target at version" into an artifact: a binary and its identity,
//! cached by content.
//!
//! Sources come out of git's objects (or the working tree) and are copied to
//! one fixed folder below the cache, where cargo builds them with remapped
//! paths. No `git worktree` and no checkout: the user's repository, its index,
//! its branches and its `target/` are only ever read. A release of a crate is
//! found and built by `cargo install`, with the same compiler, flags and
//! environment.
//!
//! Building runs the build scripts of whatever version is asked for. They get
//! an environment without obvious credentials (see `environment.rs`), but this
//! is no sandbox: they can read every file we can.
//!
//! This crate must not measure, open a database or link what it builds.

mod artifacts;
mod builder;
mod cache;
mod cargo;
mod compile;
mod cross;
mod environment;
mod error;
mod failure;
mod firmware;
mod given;
mod layout;
mod line;
mod lock;
mod mirrors;
mod places;
mod progress;
mod range;
mod releases;
mod repository;
mod resolve;
mod resolved;
mod source;
mod sync;
mod tagged;
mod toolchain;

pub use builder::{Builder, Built};
pub use cache::{CacheEntry, CacheKind, Hold};
pub use error::BuildError;
pub use failure::{Failure, OfVersion};
pub use firmware::Flashed;
pub use line::OnLine;
pub use progress::Progress;
pub use resolved::Resolved;
