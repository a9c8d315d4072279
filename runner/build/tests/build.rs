//! The tests of builds, in one binary. What belongs where:

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report; clippy knows only functions marked #[test]"
)]

/// What is built, what is shared and what is built again.
mod caching;
/// What reaches cargo, build scripts and the binary from outside.
mod environment;
/// What can go wrong, and the exact words about it.
mod errors;
/// A small cargo project in a git repository, and its builder.
mod project;
/// Builds at the same time, and builds that are stopped.
mod together;
