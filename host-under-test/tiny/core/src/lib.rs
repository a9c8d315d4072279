//! A WebAssembly component host for microcontrollers, apart from the board it
//! runs on: it loads components from flash in place, gives them a clock, random
//! numbers, a log, keys and pins, limits their fuel and memory, and goes on
//! when one of them traps, loops or eats.
//!
//! It must not know a register, an operating system or an allocator: a
//! [`Board`] has those, and a [`Library`] has the components.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod board;
pub mod frame;
pub mod host;
pub mod keys;
pub mod limits;
pub mod link;
pub mod measure;
pub mod meter;
pub mod pins;
pub mod request;
pub mod serve;
pub mod settings;
pub mod state;
pub mod survive;

#[cfg(feature = "concurrency")]
pub mod executor;
#[cfg(feature = "concurrency")]
pub mod measure_async;
pub mod measure_core;

pub use board::{Board, Memory};
pub use host::{Guest, Host, Library};
pub use serve::serve;
pub use settings::Settings;
