//! Keeps idle CPUs from sleeping while something is measured. A request to a CPU
//! that sleeps pays for waking it; on a virtual machine that is a way through the
//! hypervisor and back, several times what the request costs, and never the same.
//!
//! By the kernel's own means: while this file is open, its power management grants
//! the latency written into it, and 0 lets CPUs wait in a loop only (the kernel's
//! documentation, "PM Quality Of Service Interface").

use std::fs::{File, OpenOptions};
use std::io::Write;

const LATENCY: &str = "/dev/cpu_dma_latency";
/// Without a driver nobody asks for the latency.
const DRIVER: &str = "/sys/devices/system/cpu/cpuidle/current_driver";

/// While this lives, no CPU sleeps, if that is permitted.
pub(crate) struct Awake {
    _request: Option<File>,
}

impl Awake {
    /// From now on.
    pub(crate) fn keep() -> Self {
        let request = open().and_then(|mut file| {
            file.write_all(&0_i32.to_ne_bytes()).map_err(|e| e.to_string())?;
            Ok(file)
        });
        Self { _request: request.ok() }
    }
}

/// Why CPUs sleep even while something is measured, if they do.
///
/// # Errors
/// What the kernel said.
pub(crate) fn can_be_kept() -> Result<(), String> {
    let driver = crate::testbed::line(DRIVER).filter(|name| name != "none");
    driver.ok_or("the kernel has no driver for idle CPUs")?;
    open().map(drop)
}

fn open() -> Result<File, String> {
    OpenOptions::new().write(true).open(LATENCY).map_err(|e| format!("opening {LATENCY}: {e}"))
}
