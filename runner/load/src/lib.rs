//! HTTP/1.1 load generation: sends checked requests, measures rate and
//! latency, and says what measuring itself cost.
//!
//! `run` executes a `Plan`; `ask_once` and `first_answer` send a single
//! request. An answer is compared whole, every time: a wrong one is a
//! `Failure`, never a number. This crate starts no server, stores nothing,
//! and reads no other process's accounting (that is the caller's probe).
//!
//! From outside in: `plan` (what to run), `run` (threads, slices), `crew` (a
//! thread, its timeouts), `drive` (a connection's loop, the hot path), `pace`
//! (when it may send; `turns` and `gate` between runs), `connection` (socket), `response` (framing), `checker`
//! (right or wrong).

mod alarm;
mod awake;
mod board;
mod checker;
mod connection;
mod counted;
mod crew;
mod drive;
mod expect;
mod failure;
mod floor;
mod gate;
mod generator_cpu;
mod job;
mod lateness;
mod measured;
mod once;
mod pace;
mod pattern;
mod plan;
mod request;
mod response;
mod run;
mod run_queue;
mod schedule;
mod slices;
mod turns;

/// The load generator's version: its first two numbers are part of every testbed.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub use counted::Caller;
pub use expect::{Expect, ExpectBody};
pub use failure::{Excerpt, Failure, Stopped, WrongAnswer};
pub use floor::slice_boundary_ns;
pub use generator_cpu::{GENERATOR_BOUND_SHARE, Generator, STARVED_SHARE};
pub use measured::{Measured, OpenLoop};
pub use once::{ask_once, first_answer};
pub use plan::{Call, MAX_LATENCY, Mode, Placement, Plan};
pub use request::{Request, RequestBody};
pub use run::run;
pub use slices::Slice;
pub use turns::Turn;
