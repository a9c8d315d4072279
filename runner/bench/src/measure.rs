//! Measuring: one block is one fresh host, started, loaded, checked and
//! stopped. From outside in: `block` (one block), `drivers` (what is done with
//! a host), `stage` (which processes, and in which order), `cast` (all that
//! run), `process` (one of them), `ready`, `launch`, `counters`, `placement`.
//! It must not decide what is measured or in which order, nor store anything.

mod awake;
mod block;
mod cast;
mod counters;
mod drivers;
mod fill;
pub(crate) mod launch;
mod log;
mod memory;
mod observe;
mod perf;
mod placement;
mod process;
mod program;
mod ready;
mod stage;
mod subject;
mod surroundings;
pub(crate) mod template;
mod valgrind;
mod variation;
mod watchdog;

pub(crate) use awake::{Awake, can_be_kept as can_be_kept_awake};
pub(crate) use block::{Bench, Measured, check};
pub(crate) use counters::permitted as counters_permitted;
pub(crate) use observe::{Counted, Named, Observer};
pub(crate) use perf::{FREQUENCY_HZ, script};
pub(crate) use placement::Placement;
pub(crate) use program::{missing, unusable};
pub(crate) use subject::Subject;
pub(crate) use surroundings::Watch;
