//! The tests of builds, in one binary; each module opens with what belongs there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report; clippy knows only functions marked #[test]"
)]

mod caching;
mod environment;
mod errors;
mod project;
mod pruning;
mod remotes;
mod tags;
mod together;
