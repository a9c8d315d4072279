//! Where a version spends its time under a benchmark's load: `stacks` (samples by stack,
//! and what they say of functions), `pictures` (flame graphs), `series` (which arm, of which
//! versions), `rounds` (sampling), `files` (where it all goes). It decides nothing.

mod files;
mod pictures;
mod rounds;
mod series;
mod stacks;

pub(crate) use files::{DEFAULT, Folder, Written};
pub(crate) use rounds::{Round, Sampled, sample, sample_one};
pub(crate) use series::Sides;
pub(crate) use stacks::short;
