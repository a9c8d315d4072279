//! Two versions side by side, to say why one is slower: `collect` (all that is counted, in
//! rounds that alternate), from `callgrind`, `dhat` and `strace` (what those tools wrote);
//! `counts` (rows of both, and which differ for sure, by `stats`), `cause` (the sentence),
//! `report` (the whole), `text` (as it is printed). It makes no verdict and stores nothing.

mod callgrind;
mod cause;
mod collect;
mod counts;
mod dhat;
mod report;
mod strace;
mod text;

pub(crate) use collect::{Amount, collect};
pub(crate) use counts::{Counts, Row};
pub(crate) use text::print;
