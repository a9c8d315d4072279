//! The tiny host on a board: sets up memory and the serial line, and serves. It
//! must not know what a guest may do; `tiny-core` does.

#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "registers, raw memory, and code that was compiled beforehand")]

extern crate alloc;

mod board;
#[cfg(target_arch = "arm")]
mod copying;
mod heap;
mod library;
mod panic;
mod platform;
mod stack;

use board::Machine;
use tiny_core::{Host, serve};
use wasmtime::{Config, Result};

/// The machine, of which there is one.
static MACHINE: Machine = Machine;

/// What runs once memory is set up.
fn run() -> ! {
    stack::paint();
    board::init();
    heap::init();
    let concurrency = cfg!(feature = "concurrency");
    serve(&mut Host::new(&MACHINE, &library::InFlash, concurrency, configure));
    board::off(true)
}

/// The stacks of guests.
fn configure(config: &mut Config) -> Result<()> {
    config.max_wasm_stack(board::GUEST_STACK_BYTES);
    #[cfg(feature = "concurrency")]
    config.async_stack_size(board::FIBER_STACK_BYTES);
    Ok(())
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
