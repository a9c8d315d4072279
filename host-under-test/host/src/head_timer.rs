//! How long a client may take for a request's head. hyper asks for a timer
//! before every head and drops it after; one of the runtime's would be entered
//! and taken out again for each request. This one is a time that is written
//! down, and one alarm per connection that is set again only when it has gone
//! off early.

use hyper::rt::{Sleep, Timer};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The timers that hyper makes for one connection, of which one is running at a
/// time.
#[derive(Clone)]
pub(crate) struct HeadTimer {
    origin: Instant,
    /// Since `origin`; `NOT_RUNNING` while no head is waited for.
    due_ns: Arc<AtomicU64>,
}

const NOT_RUNNING: u64 = u64::MAX;

impl HeadTimer {
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), due_ns: Arc::new(AtomicU64::new(NOT_RUNNING)) }
    }

    fn run_until(&self, deadline: Instant) {
        let due_ns = deadline.saturating_duration_since(self.origin).as_nanos();
        self.due_ns.store(u64::try_from(due_ns).unwrap_or(NOT_RUNNING), Relaxed);
    }

    /// When the running timer is due.
    fn due(&self) -> Option<Instant> {
        match self.due_ns.load(Relaxed) {
            NOT_RUNNING => None,
            due_ns => Some(self.origin + Duration::from_nanos(due_ns)),
        }
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.run_until(deadline);
        Box::pin(Running { timer: self.clone() })
    }

    /// Not by a new timer, whose forerunner would stop it when dropped.
    fn reset(&self, _running: &mut Pin<Box<dyn Sleep>>, deadline: Instant) {
        self.run_until(deadline);
    }
}

/// A running timer. It wakes nobody: whoever drives the connection holds an
/// `Alarm`, and polls the connection when that goes off.
struct Running {
    timer: HeadTimer,
}

impl Future for Running {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<()> {
        match self.timer.due() {
            Some(due) if due <= Instant::now() => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }
}

impl Sleep for Running {}

impl Drop for Running {
    fn drop(&mut self) {
        self.timer.due_ns.store(NOT_RUNNING, Relaxed);
    }
}

/// Wakes the task of a connection when its timer is due, or before.
pub(crate) struct Alarm {
    timer: HeadTimer,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Alarm {
    pub(crate) fn new(timer: HeadTimer) -> Self {
        Self { timer, sleep: None }
    }

    /// After the connection was polled: ready if it should be polled again now.
    pub(crate) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(due) = self.timer.due() else { return Poll::Pending };
            let sleep =
                self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due.into())));
            std::task::ready!(sleep.as_mut().poll(cx));
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due.into());
        }
    }
}
