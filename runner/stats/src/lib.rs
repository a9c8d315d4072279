//! Pure functions over numbers, and the only place where a verdict is made.
//!
//! What is here: summaries of samples ([`summary`]), intervals ([`interval`]) and
//! slopes ([`slope`]); the paired comparison of two versions ([`compare`]) and
//! what belongs to it: which blocks may be paired ([`pairing`]), many at once, looked at several
//! times ([`procedure`]), metrics that contradict each other ([`contradiction`]), a test of ranks
//! ([`rank`]), noise from a history ([`history`]), what measuring again says ([`follow_up`]); two
//! epochs linked by what was measured in both ([`bridge`]); decisions from samples and a history
//! ([`decide`]); which of many counts differ ([`difference`]);
//! and change points of a history ([`detect`]).
//!
//! What must never be here: files, clocks, processes, a database, global
//! randomness, units or metric names, or another crate of this workspace. The
//! same numbers give the same answer on every call, so a verdict can be made
//! again from stored samples years later.
//!
//! Conventions that hold for every function:
//!
//! - input is a slice of finite `f64`, in whatever unit the caller uses; bad
//!   input is an [`Error`], never a panic and never a number;
//! - every number in an answer is finite;
//! - a fraction is a fraction: 0.01 is one percent;
//! - `confidence` is the coverage of a two-sided interval, from
//!   [`interval::MIN_CONFIDENCE`] to [`interval::MAX_CONFIDENCE`].

pub mod bridge;
pub mod compare;
pub mod contradiction;
pub mod decide;
pub mod detect;
pub mod difference;
mod distribution;
mod error;
pub mod follow_up;
pub mod history;
pub mod interval;
pub mod pairing;
pub mod procedure;
pub mod rank;
mod sequential;
pub mod slope;
pub mod summary;
mod verdict;

pub use error::Error;
pub use interval::Interval;
pub use verdict::{Better, Overall, Verdict};
