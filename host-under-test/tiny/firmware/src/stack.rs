//! How deep the stack has been: it is painted at boot, and what is left of the
//! paint was never used.

use core::ptr::addr_of;

/// No address, and no number that code is likely to keep.
const PAINT: u32 = 0xC0DE_FACE;
/// The painter's own frame.
const OWN: usize = 512;

unsafe extern "C" {
    /// Both runtimes' linker scripts place these: the end of everything static,
    /// and the top of the stack.
    static __sheap: u32;
    static _stack_start: u32;
}

fn bottom() -> usize {
    addr_of!(__sheap) as usize
}

fn top() -> usize {
    addr_of!(_stack_start) as usize
}

/// Paints what is free below the caller.
#[inline(never)]
pub(crate) fn paint() {
    let here = 0_u32;
    let end = addr_of!(here) as usize - OWN;
    let mut at = bottom();
    while at < end {
        // SAFETY: between the end of static memory and the stack is nothing yet.
        unsafe { (at as *mut u32).write_volatile(PAINT) };
        at += 4;
    }
}

/// Bytes of the stack that were ever used.
pub(crate) fn high_water() -> u32 {
    let mut at = bottom();
    // SAFETY: all of it is memory of this board.
    while at < top() && unsafe { (at as *const u32).read_volatile() } == PAINT {
        at += 4;
    }
    (top() - at) as u32
}
