//! Ways to misuse CPU and memory that need no host. Each does what it says and nothing else: what a
//! host makes of it is what is tested.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

const MEBIBYTE_BYTES: usize = 1 << 20;
/// A 32-bit guest has no room for more than 4096 of 1 MiB.
const MOST_BLOCKS: usize = 4096;
/// Rounds of `spin` in one microsecond, where it was measured: a processor of 2023 at about 3 GHz,
/// code by Cranelift. Counted, not timed, so that the work is the same everywhere.
const ROUNDS_PER_US: u64 = 600;

/// Counts a request, and says the how many-th of this instance it is.
pub fn count() -> u64 {
    static SERVED: AtomicU64 = AtomicU64::new(0);
    SERVED.fetch_add(1, Ordering::Relaxed) + 1
}

/// Never returns, never waits.
pub fn run_for_ever() -> ! {
    let mut rounds = 0_u64;
    loop {
        rounds = black_box(rounds.wrapping_add(1));
    }
}

/// Burns CPU for about so many microseconds.
pub fn spin(us: u64) {
    let mut value = black_box(1_u64);
    for _ in 0..us.saturating_mul(ROUNDS_PER_US) {
        // Each round needs the one before it: nothing can be vectorised or left out.
        value = value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    }
    black_box(value);
}

/// Calls itself so many times before it returns, with nothing on the stack that a compiler could
/// turn into a loop, and nothing in memory, so that the stack is what runs out.
#[inline(never)]
pub fn recurse(left: u64) -> u64 {
    if left == 0 { 0 } else { recurse(left - 1).rotate_left(1) ^ left }
}

/// Allocates and touches memory until there is no more, and says how many MiB that was. All of it
/// is freed again.
pub fn eat_mib() -> usize {
    let mut blocks = Vec::new();
    if blocks.try_reserve_exact(MOST_BLOCKS).is_err() {
        return 0;
    }
    while blocks.len() < MOST_BLOCKS {
        let mut block: Vec<u8> = Vec::new();
        if block.try_reserve_exact(MEBIBYTE_BYTES).is_err() {
            break;
        }
        // A page counts for the host only once it was written to.
        block.resize(MEBIBYTE_BYTES, 0xA5);
        blocks.push(black_box(block));
    }
    blocks.len()
}
