//! Ends a block that takes longer than its budget: every process of it is
//! killed, and whoever waited for one of them gets to know. It must not decide
//! what comes of the block.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Watches from its making until it is dropped.
pub(super) struct Watchdog {
    shared: Arc<Shared>,
}

/// A process in its care, until this is dropped.
pub(super) struct Watched {
    shared: Arc<Shared>,
    pid: Pid,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    groups: Vec<Pid>,
    has_bitten: bool,
    is_over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watchdog {
    /// Bites after `budget`.
    pub(super) fn after(budget: Duration) -> Self {
        let shared = Arc::new(Shared::default());
        let deadline = Instant::now() + budget;
        let its = Arc::clone(&shared);
        thread::spawn(move || {
            let mut state = its.lock();
            while !state.is_over {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    state.has_bitten = true;
                    state.groups.iter().copied().for_each(bite);
                    return;
                }
                state =
                    its.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        });
        Self { shared }
    }

    /// Takes a process and its group into care.
    pub(super) fn watch(&self, pid: Pid) -> Watched {
        let mut state = self.shared.lock();
        if state.has_bitten {
            bite(pid);
        }
        state.groups.push(pid);
        Watched { shared: Arc::clone(&self.shared), pid }
    }

    /// Whether the time was up.
    pub(super) fn has_bitten(&self) -> bool {
        self.shared.lock().has_bitten
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for Watched {
    /// Its number may be another's soon.
    fn drop(&mut self) {
        self.shared.lock().groups.retain(|pid| *pid != self.pid);
    }
}

fn bite(group: Pid) {
    // It may have ended by itself.
    let _ = killpg(group, Signal::SIGKILL);
}
