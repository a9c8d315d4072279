//! The worker's side of the service: asking for jobs, doing them, telling what came of
//! them. It must not decide what is measured; the job says.

mod client;
pub(crate) mod job;

pub(crate) use client::{Client, Failure};

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Whether somebody wants the worker to end.
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// By Ctrl-C or SIGTERM.
    pub(crate) fn on_signals() -> io::Result<Self> {
        Ok(Self(crate::interruption::flag()?))
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits so long, or until somebody asks.
    pub(crate) fn wait(&self, length: Duration) {
        let end = Instant::now() + length;
        while Instant::now() < end && !self.is_asked() {
            std::thread::sleep(Duration::from_millis(100).min(length));
        }
    }
}
