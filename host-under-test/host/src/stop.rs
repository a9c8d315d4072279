//! SIGTERM and SIGINT, waited for on the main thread in a runtime of its own: a
//! guest that never yields can occupy every worker thread, and must not be able
//! to keep the host from stopping.

use host_under_test::{Error, Result};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

/// Both signals, registered: from here on neither ends the process by itself.
pub(crate) struct StopSignals {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Registers. To be called before the ready line, which invites the signal.
    pub(crate) fn register() -> Result<Self> {
        let failed = |e: std::io::Error| Error::Runtime(format!("listening for signals: {e}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let _context = runtime.enter();
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        drop(_context);
        Ok(Self { runtime, terminate, interrupt })
    }

    /// Blocks until the first signal.
    pub(crate) fn wait(&mut self) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        });
    }

    /// Waits for `draining`, at most `grace` and not beyond a second signal.
    /// False if it was cut short.
    pub(crate) fn drain(&mut self, draining: JoinHandle<Result<()>>, grace: Duration) -> bool {
        self.runtime.block_on(async {
            tokio::select! {
                _ = draining => true,
                () = tokio::time::sleep(grace) => false,
                _ = self.terminate.recv() => false,
                _ = self.interrupt.recv() => false,
            }
        })
    }
}
