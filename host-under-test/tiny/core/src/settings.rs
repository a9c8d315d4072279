//! What the device and the one who precompiles for it have to agree on. The
//! precompiler writes down what it used beside the components, and the firmware
//! does not compile with any other: a mismatch never reaches a board.

use wasmtime::Config;

/// The version whose components fit; a test holds it against the lockfile.
pub const WASMTIME: &str = "48.0.8";

/// Settings that decide whether machine code and runtime fit each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Serialized components fit one version exactly.
    pub wasmtime: &'static str,
    /// Async functions and streams; calls cost more with it, even sync ones.
    pub concurrency: bool,
    /// Counts what a guest executes. Interrupting it by time instead (epochs)
    /// needs 64-bit atomics, which these processors lack.
    pub fuel: bool,
    /// Memories sized in bytes: 64 KiB is half of a board.
    pub custom_page_sizes: bool,
    /// Vectors, which no such processor has and nobody asked for.
    pub simd: bool,
    /// Address space beside a memory: none, there are no pages to reserve.
    pub memory_reservation_bytes: u64,
    /// Likewise, after it.
    pub memory_guard_bytes: u64,
    /// Traps are branches: there are no signals.
    pub signals_based_traps: bool,
}

impl Settings {
    /// Those of every board, for guests with async functions or without.
    pub const fn of_boards(concurrency: bool) -> Self {
        Self {
            wasmtime: WASMTIME,
            concurrency,
            fuel: true,
            custom_page_sizes: true,
            simd: false,
            memory_reservation_bytes: 0,
            memory_guard_bytes: 0,
            signals_based_traps: false,
        }
    }

    /// Puts them into a configuration.
    pub fn apply(&self, config: &mut Config) {
        config.memory_init_cow(false);
        config.memory_reservation(self.memory_reservation_bytes);
        config.memory_reservation_for_growth(0);
        config.memory_guard_size(self.memory_guard_bytes);
        config.signals_based_traps(self.signals_based_traps);
        config.concurrency_support(self.concurrency);
        config.consume_fuel(self.fuel);
        config.wasm_custom_page_sizes(self.custom_page_sizes);
        config.wasm_simd(self.simd);
        config.wasm_relaxed_simd(self.simd);
        #[cfg(feature = "concurrency")]
        if self.concurrency {
            config.wasm_component_model_async(true);
            // Reading a stream as if it were a file: the guest waits whole.
            config.wasm_component_model_more_async_builtins(true);
        }
    }

    /// Stops the compiler where it meets settings that do not fit these.
    #[track_caller]
    pub const fn require(&self, theirs: &Self) {
        assert!(
            same(self.wasmtime, theirs.wasmtime),
            "the components were precompiled by another version of Wasmtime"
        );
        assert!(
            self.concurrency == theirs.concurrency,
            "of components and firmware one has concurrency support and the other has not"
        );
        assert!(
            self.fuel == theirs.fuel
                && self.custom_page_sizes == theirs.custom_page_sizes
                && self.simd == theirs.simd
                && self.memory_reservation_bytes == theirs.memory_reservation_bytes
                && self.memory_guard_bytes == theirs.memory_guard_bytes
                && self.signals_based_traps == theirs.signals_based_traps,
            "the components were precompiled with other settings than the firmware's"
        );
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_do_not_fit_are_refused() {
        let ours = Settings::of_boards(true);
        let fits = |theirs: Settings| std::panic::catch_unwind(|| ours.require(&theirs)).is_ok();
        assert!(fits(ours));
        assert!(!fits(Settings::of_boards(false)));
        assert!(!fits(Settings { wasmtime: "48.0.7", ..ours }));
        assert!(!fits(Settings { fuel: false, ..ours }));
        assert!(!fits(Settings { memory_guard_bytes: 65536, ..ours }));
    }

    #[test]
    fn the_version_is_the_one_that_is_linked() {
        let lockfile = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
        let locked = std::fs::read_to_string(lockfile).unwrap();
        let entry = format!("name = \"wasmtime\"\nversion = \"{WASMTIME}\"\n");
        assert!(locked.contains(&entry), "WASMTIME is not what Cargo.lock has");
    }
}
