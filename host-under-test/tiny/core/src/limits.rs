//! What a guest may use.

use wasmtime::{ResourceLimiter, Result};

/// What a call may execute, in units of fuel: about one a WebAssembly
/// instruction.
pub const FUEL: u64 = 10_000;
/// What its memories may grow to.
pub const MEMORY_BYTES: usize = 4 << 10;

/// The memory of a guest.
#[derive(Debug, Default)]
pub struct Cap {
    /// Whether more was wanted than there is.
    pub has_refused: bool,
}

impl ResourceLimiter for Cap {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let fits = desired <= MEMORY_BYTES;
        self.has_refused |= !fits;
        Ok(fits)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        Ok(desired <= 64)
    }
}
