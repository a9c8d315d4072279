//! The tests of the store, in one binary. What belongs where:
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

/// Nothing is updated, deleted or replaced.
mod append_only;
/// Killing a writer at random moments.
mod crash;
/// Runs to store, fixed and generated.
mod example;
/// Files that are not what they should be, and the exact words about it.
mod files;
/// What is stored comes back, bit for bit.
mod round_trip;
/// Beginning, finishing, interrupting, resuming, listing and finding runs.
mod runs;
/// One writer, many readers, two runners.
mod sharing;
/// How error texts are written down here.
mod words;
