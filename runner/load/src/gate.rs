//! Where connections wait while it is not their run's turn.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use tokio::sync::Notify;

/// Closed at first.
#[derive(Debug)]
pub(crate) struct Gate {
    is_closed: AtomicBool,
    /// Requests under way.
    inside: AtomicUsize,
    opened: Notify,
}

impl Gate {
    pub(crate) fn closed() -> Gate {
        let opened = Notify::new();
        Gate { is_closed: AtomicBool::new(true), inside: AtomicUsize::new(0), opened }
    }

    pub(crate) fn open(&self) {
        self.is_closed.store(false, SeqCst);
        self.opened.notify_waiters();
    }

    pub(crate) fn close(&self) {
        self.is_closed.store(true, SeqCst);
    }

    /// Whether a request is under way.
    pub(crate) fn is_occupied(&self) -> bool {
        self.inside.load(SeqCst) > 0
    }

    /// Before a request: waits while the gate is closed. Whoever finds it closed
    /// was never inside for `is_occupied`, asked after `close`, to miss.
    pub(crate) async fn enter(&self) {
        loop {
            let opened = self.opened.notified();
            self.inside.fetch_add(1, SeqCst);
            if !self.is_closed.load(SeqCst) {
                return;
            }
            self.inside.fetch_sub(1, SeqCst);
            opened.await;
        }
    }

    /// After its answer.
    pub(crate) fn leave(&self) {
        self.inside.fetch_sub(1, SeqCst);
    }
}
