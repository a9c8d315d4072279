//! The boards: for each its registers, its counter and its sizes. One is
//! compiled in.

#[cfg(board = "mps2-an505")]
#[path = "board/mps2_an505.rs"]
mod chosen;
#[cfg(board = "netduinoplus2")]
#[path = "board/netduinoplus2.rs"]
mod chosen;
#[cfg(board = "virt")]
#[path = "board/virt.rs"]
mod chosen;

use crate::{heap, stack};
use tiny_core::{Board, Memory};

pub(crate) use chosen::{init, off};

/// Room for the heap.
pub(crate) const HEAP_BYTES: usize =
    if cfg!(feature = "concurrency") { 56 << 10 } else { 32 << 10 };
/// Of an interpreted guest.
pub(crate) const GUEST_STACK_BYTES: usize =
    if cfg!(feature = "concurrency") { 4 << 10 } else { 3 << 9 };
/// Of a guest that waits, with what the host has on it.
#[cfg(feature = "concurrency")]
pub(crate) const FIBER_STACK_BYTES: usize = 8 << 10;

/// The chosen board.
pub(crate) struct Machine;

impl Board for Machine {
    fn count(&self) -> u64 {
        chosen::count()
    }

    fn now_ns(&self) -> u64 {
        chosen::count_to_ns(chosen::count())
    }

    fn send(&self, bytes: &[u8]) {
        bytes.iter().copied().for_each(chosen::send);
    }

    fn receive(&self) -> Option<u8> {
        loop {
            if let Some(byte) = chosen::receive() {
                return Some(byte);
            }
        }
    }

    fn memory(&self) -> Memory {
        let (level, high_water) = heap::level();
        Memory {
            static_bytes: static_bytes(),
            heap_bytes: level,
            heap_high_water_bytes: high_water,
            stack_high_water_bytes: stack::high_water(),
        }
    }

    fn spin(&self, turns: u32) {
        chosen::spin(turns);
    }
}

/// `.data` and `.bss`; the heap's room is in neither.
fn static_bytes() -> u32 {
    unsafe extern "C" {
        static __sdata: u32;
        static __edata: u32;
        static __sbss: u32;
        static __ebss: u32;
    }
    let from = |start: *const u32, end: *const u32| end as u32 - start as u32;
    from(&raw const __sdata, &raw const __edata) + from(&raw const __sbss, &raw const __ebss)
}

/// Registers of devices.
#[allow(dead_code, reason = "not every board uses them")]
mod register {
    pub(super) fn write(address: usize, value: u32) {
        // SAFETY: callers name device registers, which are no memory of Rust's.
        unsafe { (address as *mut u32).write_volatile(value) }
    }

    pub(super) fn read(address: usize) -> u32 {
        // SAFETY: as above.
        unsafe { (address as *const u32).read_volatile() }
    }
}
