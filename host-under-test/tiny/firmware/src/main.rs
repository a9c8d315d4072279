//! The tiny host on a board: sets up memory and the serial line, and serves. It
//! must not know what a guest may do; `tiny-core` does.

#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "registers, raw memory, and code that was compiled beforehand")]

extern crate alloc;

mod board;
mod heap;
mod library;
mod panic;
mod platform;
mod stack;

use board::Machine;
use tiny_core::{Host, Settings, serve};
use wasmtime::Config;

/// The machine, of which there is one.
static MACHINE: Machine = Machine;

/// What runs once memory is set up.
fn run() -> ! {
    stack::paint();
    board::init();
    heap::init();
    let settings = Settings::of_boards(cfg!(feature = "concurrency"));
    let mut config = Config::new();
    config.max_wasm_stack(board::GUEST_STACK_BYTES);
    #[cfg(feature = "concurrency")]
    config.async_stack_size(board::FIBER_STACK_BYTES);
    match Host::new(&MACHINE, &library::InFlash, &settings, config) {
        Ok(mut host) => serve(&mut host),
        Err(error) => panic!("no host: {error}"),
    }
    board::off(true)
}

#[cfg(target_arch = "arm")]
#[cortex_m_rt::entry]
fn main() -> ! {
    run()
}

#[cfg(target_arch = "riscv32")]
#[riscv_rt::entry]
fn main() -> ! {
    run()
}
