//! QEMU's `virt` board with a 32-bit RISC-V processor, which counts its own
//! instructions (`minstret`).

use core::arch::asm;

const UART: usize = 0x1000_0000;
const LINE_STATUS: usize = UART + 5;
const RECEIVED: u8 = 1;
/// Ends the emulator; SiFive's test finisher.
const FINISHER: usize = 0x0010_0000;

pub(crate) fn init() {
    // SAFETY: sets a counter that is nobody else's.
    unsafe { asm!("csrw minstret, zero", "csrw minstreth, zero") };
}

pub(super) fn count() -> u64 {
    loop {
        let (high, low, again): (u32, u32, u32);
        // SAFETY: reads counters.
        unsafe {
            asm!(
                "csrr {0}, minstreth",
                "csrr {1}, minstret",
                "csrr {2}, minstreth",
                out(reg) high, out(reg) low, out(reg) again
            );
        }
        if high == again {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

/// With the emulator's `shift=0` an instruction takes a nanosecond.
pub(super) fn count_to_ns(count: u64) -> u64 {
    count
}

pub(super) fn send(byte: u8) {
    // SAFETY: a register of the serial line.
    unsafe { (UART as *mut u8).write_volatile(byte) };
}

pub(super) fn receive() -> Option<u8> {
    // SAFETY: as above.
    let status = unsafe { (LINE_STATUS as *const u8).read_volatile() };
    // SAFETY: as above.
    (status & RECEIVED != 0).then(|| unsafe { (UART as *const u8).read_volatile() })
}

#[inline(never)]
pub(super) fn spin(turns: u32) {
    // SAFETY: counts down a register.
    unsafe { asm!("2: addi {0}, {0}, -1", "bnez {0}, 2b", inout(reg) turns => _) };
}

pub(crate) fn off(is_well: bool) -> ! {
    let code: u32 = if is_well { 0x5555 } else { 0x1_3333 };
    // SAFETY: a register that ends the emulator.
    unsafe { (FINISHER as *mut u32).write_volatile(code) };
    loop {}
}
