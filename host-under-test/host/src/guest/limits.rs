//! What a guest may use: memory, time, processor. Each limit is enforced where
//! Wasmtime lets the host look: when memory grows, when an epoch ends, and when
//! a guest is polled.

use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;
use wasmtime::{ResourceLimiter, UpdateDeadline};

/// The sum of a guest's linear memories, and how far it may grow.
pub(crate) struct MemoryLimit {
    used_bytes: usize,
    limit_bytes: usize,
}

impl MemoryLimit {
    pub(super) fn new(limit_bytes: Option<u64>) -> Self {
        let limit_bytes = limit_bytes.and_then(|bytes| usize::try_from(bytes).ok());
        Self { used_bytes: 0, limit_bytes: limit_bytes.unwrap_or(usize::MAX) }
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let used_bytes = self.used_bytes.saturating_add(desired.saturating_sub(current));
        let fits = used_bytes <= self.limit_bytes;
        if fits {
            self.used_bytes = used_bytes;
        }
        Ok(fits)
    }

    /// Tables are bounded by the pool.
    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

/// By when a guest must have made progress: answered, or sent the next part of
/// its body. Shared between the request, which moves it, and the guest's store,
/// which is interrupted by it.
#[derive(Clone)]
pub(crate) struct Deadline {
    at_ns: Arc<AtomicU64>,
    timeout: Duration,
}

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Deadline {
    /// From now on.
    pub(crate) fn start(timeout: Duration) -> Self {
        let deadline = Self { at_ns: Arc::default(), timeout };
        deadline.extend();
        deadline
    }

    /// The full time again, from now on.
    pub(super) fn extend(&self) {
        let at = ORIGIN.elapsed().saturating_add(self.timeout);
        self.at_ns.store(u64::try_from(at.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    /// How long it lasts.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    fn is_past(&self) -> bool {
        ORIGIN.elapsed().as_nanos() > u128::from(self.at_ns.load(Relaxed))
    }
}

/// Waits for a deadline while a guest has nothing to say. A timer exists only
/// then: most answers come at the first poll.
#[derive(Default)]
pub(super) struct Patience {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    /// Before the guest is polled: the time starts with the first wait.
    pub(super) fn begin(&self, deadline: &Deadline) {
        if self.sleep.is_none() {
            deadline.extend();
        }
    }

    /// The guest made progress.
    pub(super) fn renew(&mut self) {
        self.sleep = None;
    }

    /// The guest is waiting: ready when it has waited too long.
    pub(super) fn poll_expired(&mut self, deadline: &Deadline, cx: &mut Context<'_>) -> Poll<()> {
        let sleep =
            self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(deadline.timeout)));
        sleep.as_mut().poll(cx)
    }
}

/// A guest that computed until its deadline.
#[derive(Debug)]
pub(crate) struct DeadlineExceeded;

impl fmt::Display for DeadlineExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it computed beyond its deadline")
    }
}

impl std::error::Error for DeadlineExceeded {}

/// What happens to a guest that is still computing when an epoch ends: others
/// get their turn, and beyond its deadline it ends.
pub(super) fn at_epoch(
    deadline: &Deadline,
    processor: Option<&ProcessorShare>,
) -> wasmtime::Result<UpdateDeadline> {
    if deadline.is_past() {
        return Err(DeadlineExceeded.into());
    }
    let wait = processor.and_then(|share| {
        share.charge_running();
        share.wait()
    });
    // Tokio's own yield: the runtime looks at its sockets before the guest goes
    // on, which it does after a plain wake only every 61 turns.
    Ok(match wait {
        None => UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())),
        Some(wait) => UpdateDeadline::YieldCustom(1, Box::pin(tokio::time::sleep(wait))),
    })
}

thread_local! {
    /// Since when this thread has been polling a guest with a processor share.
    static RUNNING_SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The processor time of all instances of one component together: a token
/// bucket that fills at the granted rate and holds a tenth of a second of it.
pub(crate) struct ProcessorShare {
    /// Processor seconds granted per second.
    rate: f64,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    /// Below zero, the component waits.
    left_ns: f64,
    filled_at: Instant,
}

const BURST_NS: f64 = 100e6;

impl ProcessorShare {
    /// `millis` thousandths of one processor.
    pub(crate) fn new(millis: u32) -> Self {
        let rate = f64::from(millis) / 1000.0;
        let bucket = Bucket { left_ns: BURST_NS * rate, filled_at: Instant::now() };
        Self { rate, bucket: Mutex::new(bucket) }
    }

    /// Takes what this thread has used since the last charge.
    fn charge_running(&self) {
        let now = Instant::now();
        if let Some(since) = RUNNING_SINCE.replace(Some(now)) {
            self.filled(now).left_ns -= now.duration_since(since).as_nanos() as f64;
        }
    }

    /// How long until there is something left to use.
    fn wait(&self) -> Option<Duration> {
        let left_ns = self.filled(Instant::now()).left_ns;
        (left_ns < 0.0).then(|| Duration::from_nanos((-left_ns / self.rate) as u64 + 1))
    }

    fn filled(&self, now: Instant) -> std::sync::MutexGuard<'_, Bucket> {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let passed_ns = now.saturating_duration_since(bucket.filled_at).as_nanos() as f64;
        bucket.left_ns = (bucket.left_ns + passed_ns * self.rate).min(BURST_NS * self.rate);
        bucket.filled_at = now;
        bucket
    }
}

/// A guest's work, held to its component's share of the processor.
pub(super) struct Metered<F> {
    work: F,
    share: Arc<ProcessorShare>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<F> Metered<F> {
    pub(super) fn new(work: F, share: Arc<ProcessorShare>) -> Self {
        Self { work, share, pause: None }
    }
}

impl<F: Future + Unpin> Future for Metered<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        loop {
            if let Some(pause) = &mut this.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                this.pause = None;
            }
            let Some(wait) = this.share.wait() else { break };
            this.pause = Some(Box::pin(tokio::time::sleep(wait)));
        }
        RUNNING_SINCE.set(Some(Instant::now()));
        let poll = Pin::new(&mut this.work).poll(cx);
        this.share.charge_running();
        RUNNING_SINCE.set(None);
        poll
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_add_up_to_the_limit() {
        let mut limit = MemoryLimit::new(Some(3 << 16));
        assert!(limit.memory_growing(0, 1 << 16, None).unwrap());
        assert!(limit.memory_growing(0, 2 << 16, None).unwrap());
        assert!(!limit.memory_growing(1 << 16, 2 << 16, None).unwrap());
        assert_eq!(limit.used_bytes, 3 << 16);
    }

    #[test]
    fn a_share_is_paid_back_at_its_rate() {
        let share = ProcessorShare::new(500);
        assert!(share.wait().is_none());
        share.filled(Instant::now()).left_ns = -50e6;
        let wait = share.wait().expect("in debt");
        assert!(wait > Duration::from_millis(90) && wait <= Duration::from_millis(101), "{wait:?}");
    }
}
