//! The answers to reading, one file for each kind of thing.

pub(crate) mod audit;
pub(crate) mod changes;
pub(crate) mod comparing;
pub(crate) mod gate;
pub(crate) mod runs;
pub(crate) mod series;
pub(crate) mod suites;
pub(crate) mod targets;
pub(crate) mod testbeds;
pub(crate) mod versions;
