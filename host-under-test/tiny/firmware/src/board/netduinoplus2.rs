//! Netduino Plus 2: an STM32F405 (Cortex-M4). Registers are those of ST's
//! RM0090. Its timer counts nanoseconds of the emulated clock; divided by eight
//! it counts instructions, since the emulator is started with `shift=3`.

use super::register::{read, write};
use core::arch::asm;
use cortex_m_semihosting::debug;

const USART1: usize = 0x4001_1000;
const STATUS: usize = USART1;
const DATA: usize = USART1 + 0x04;
const CONTROL: usize = USART1 + 0x0C;
const RECEIVED: u32 = 1 << 5;
/// On, receiver and transmitter.
const ENABLED: u32 = 1 << 13 | 1 << 2 | 1 << 3;

const TIM2: usize = 0x4000_0000;
const TIMER_CONTROL: usize = TIM2;
const COUNT: usize = TIM2 + 0x24;
const PRESCALER: usize = TIM2 + 0x28;
const NS_PER_INSTRUCTION: u32 = 8;

pub(crate) fn init() {
    write(PRESCALER, NS_PER_INSTRUCTION - 1);
    write(TIMER_CONTROL, 1);
    write(COUNT, 0);
    write(CONTROL, ENABLED);
}

pub(super) fn count() -> u64 {
    u64::from(read(COUNT))
}

pub(super) fn count_to_ns(count: u64) -> u64 {
    count * u64::from(NS_PER_INSTRUCTION)
}

pub(super) fn send(byte: u8) {
    write(DATA, byte.into());
}

pub(super) fn receive() -> Option<u8> {
    (read(STATUS) & RECEIVED != 0).then(|| read(DATA) as u8)
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
