//! What the host needs of the machine below it.

/// A board, or what stands for one. There is one of it, for ever.
pub trait Board: Sync {
    /// Instructions since the firmware began, exactly; on a machine that
    /// does not count them, nanoseconds.
    fn count(&self) -> u64;
    /// Nanoseconds since then, for the guests' clock.
    fn now_ns(&self) -> u64;
    /// Sends bytes over the serial line.
    fn send(&self, bytes: &[u8]);
    /// Waits for a byte on the serial line; `None` when no more will come.
    fn receive(&self) -> Option<u8>;
    /// Memory in use at this moment, and at most so far.
    fn memory(&self) -> Memory;
    /// Executes exactly `2 * turns` instructions beside what calling it takes,
    /// to prove the counter; nothing where there is none.
    fn spin(&self, turns: u32);
}

/// Memory in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// `.data` and `.bss`, the heap's own room not counted.
    pub static_bytes: u32,
    /// Heap in use, the allocator's own part included.
    pub heap_bytes: u32,
    /// The most of it so far.
    pub heap_high_water_bytes: u32,
    /// The most of the stack so far.
    pub stack_high_water_bytes: u32,
}
