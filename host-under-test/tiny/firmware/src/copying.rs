//! Copying and clearing memory on Arm, which compiled code calls by these names.
//! Every call of a guest copies and clears small structures, and what comes with the
//! compiler takes four instructions a word for it; these take one and a quarter, and
//! two. They replace it by its being weak. Names and rules: Arm's RTABI32, 4.3.4.

use core::arch::naked_asm;

/// Copies `count` bytes, from any address to any other: these processors load and
/// store words at any address, but several at once only at a multiple of four.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn __aeabi_memcpy(to: *mut u8, from: *const u8, count: usize) {
    naked_asm!(
        "orr r3, r0, r1",
        "lsls r3, r3, #30",
        "beq {aligned}",
        "subs r2, r2, #4",
        "blo 3f",
        "2: ldr r3, [r1], #4",
        "str r3, [r0], #4",
        "subs r2, r2, #4",
        "bhs 2b",
        // Of the rest, bit 1 says whether there are two bytes, and bit 0 one.
        "3: lsls r2, r2, #31",
        "itt cs",
        "ldrhcs r3, [r1], #2",
        "strhcs r3, [r0], #2",
        "itt mi",
        "ldrbmi r3, [r1]",
        "strbmi r3, [r0]",
        "bx lr",
        aligned = sym __aeabi_memcpy4,
    )
}

/// The same between multiples of four.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn __aeabi_memcpy4(to: *mut u8, from: *const u8, count: usize) {
    naked_asm!(
        "push {{r4, lr}}",
        "subs r2, r2, #16",
        "blo 3f",
        "2: ldm r1!, {{r3, r4, r12, lr}}",
        "stm r0!, {{r3, r4, r12, lr}}",
        "subs r2, r2, #16",
        "bhs 2b",
        // Of the rest, bit 3 says whether there are eight bytes, and bit 2 four ...
        "3: lsls r2, r2, #29",
        "itt cs",
        "ldmcs r1!, {{r3, r4}}",
        "stmcs r0!, {{r3, r4}}",
        "itt mi",
        "ldrmi r3, [r1], #4",
        "strmi r3, [r0], #4",
        // ... and then bits 1 and 0 whether two and one.
        "lsls r2, r2, #2",
        "itt cs",
        "ldrhcs r3, [r1], #2",
        "strhcs r3, [r0], #2",
        "itt mi",
        "ldrbmi r3, [r1]",
        "strbmi r3, [r0]",
        "pop {{r4, pc}}",
    )
}

/// The same between multiples of eight.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn __aeabi_memcpy8(to: *mut u8, from: *const u8, count: usize) {
    naked_asm!("b {copy}", copy = sym __aeabi_memcpy4)
}

/// Makes `count` bytes 0, from any address on.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn __aeabi_memclr(to: *mut u8, count: usize) {
    naked_asm!(
        "movs r2, #0",
        "subs r1, r1, #8",
        "blo 3f",
        "2: str r2, [r0], #4",
        "str r2, [r0], #4",
        "subs r1, r1, #8",
        "bhs 2b",
        // Bits 2, 1 and 0 say whether there are four, two and one left.
        "3: lsls r1, r1, #30",
        "it cs",
        "strcs r2, [r0], #4",
        "it mi",
        "strhmi r2, [r0], #2",
        "lsls r1, r1, #1",
        "it mi",
        "strbmi r2, [r0]",
        "bx lr",
    )
}

/// The same from a multiple of four on.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn __aeabi_memclr4(to: *mut u8, count: usize) {
    naked_asm!("b {clear}", clear = sym __aeabi_memclr)
}

/// The same from a multiple of eight on.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn __aeabi_memclr8(to: *mut u8, count: usize) {
    naked_asm!("b {clear}", clear = sym __aeabi_memclr)
}
