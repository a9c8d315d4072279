//! The end of a board that cannot go on: a message, and an error code for
//! whoever switched it on.

use crate::board;
use core::fmt::Write as _;
use core::panic::PanicInfo;
use tiny_core::meter::Serial;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(Serial(&crate::MACHINE), "panic: {info}");
    board::off(false)
}

/// A fault of the processor.
#[cfg(target_arch = "arm")]
#[cortex_m_rt::exception]
unsafe fn HardFault(frame: &cortex_m_rt::ExceptionFrame) -> ! {
    let _ = writeln!(Serial(&crate::MACHINE), "panic: hard fault at {:#010x}", frame.pc());
    board::off(false)
}

/// A fault of the processor.
#[cfg(target_arch = "riscv32")]
#[unsafe(export_name = "ExceptionHandler")]
fn fault(_: &riscv_rt::TrapFrame) -> ! {
    let _ = writeln!(Serial(&crate::MACHINE), "panic: exception");
    board::off(false)
}
