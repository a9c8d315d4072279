//! Arm MPS2+ with FPGA image AN505: a Cortex-M33. Registers are those of Arm's
//! CMSDK. Its timer counts at 20 MHz; with the emulator's `shift=7` an instruction
//! is 2.56 ticks, so that rounding tells each from the next.

use super::register::{read, write};
use core::arch::asm;
use cortex_m_semihosting::debug;

const UART0: usize = 0x5020_0000;
const DATA: usize = UART0;
const STATE: usize = UART0 + 0x04;
const CONTROL: usize = UART0 + 0x08;
const DIVIDER: usize = UART0 + 0x10;
const FULL: u32 = 1;
const RECEIVED: u32 = 1 << 1;
/// Transmitter and receiver.
const ENABLED: u32 = 1 | 1 << 1;

const TIMER0: usize = 0x5000_0000;
const TIMER_CONTROL: usize = TIMER0;
const COUNT: usize = TIMER0 + 0x04;
const RELOAD: usize = TIMER0 + 0x08;
const NS_PER_INSTRUCTION: u64 = 128;

pub(crate) fn init() {
    write(RELOAD, u32::MAX);
    write(COUNT, u32::MAX);
    write(TIMER_CONTROL, 1);
    write(DIVIDER, 16);
    write(CONTROL, ENABLED);
}

pub(super) fn count() -> u64 {
    // Divided by 2.56, and rounded.
    (u64::from(u32::MAX - read(COUNT)) * 25 + 32) >> 6
}

pub(super) fn count_to_ns(count: u64) -> u64 {
    count * NS_PER_INSTRUCTION
}

pub(super) fn send(byte: u8) {
    while read(STATE) & FULL != 0 {}
    write(DATA, byte.into());
}

pub(super) fn receive() -> Option<u8> {
    (read(STATE) & RECEIVED != 0).then(|| read(DATA) as u8)
}

#[inline(never)]
pub(super) fn spin(turns: u32) {
    // SAFETY: counts down a register.
    unsafe { asm!("2: subs {0}, {0}, #1", "bne 2b", inout(reg) turns => _) };
}

pub(crate) fn off(is_well: bool) -> ! {
    debug::exit(if is_well { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    loop {}
}
