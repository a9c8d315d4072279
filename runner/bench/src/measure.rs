//! Measuring: one block is one fresh host process, started, loaded, checked
//! and stopped. From outside in: `block` (one block), `drivers` (what is done
//! with a host), `host` (the contract), `launch`, `counters`, `placement`.
//! It must not decide what is measured or in which order, nor store anything.

mod block;
mod counters;
mod drivers;
mod host;
pub(crate) mod launch;
mod log;
mod placement;
mod subject;

pub(crate) use block::{Bench, Measured, check};
pub(crate) use placement::Placement;
pub(crate) use subject::Subject;
