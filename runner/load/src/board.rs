//! What the threads of one run share: phase, counters, the first failure.
//!
//! Counters only grow and each is written by one thread; whoever wants a rate
//! takes snapshots and subtracts. No I/O and no waiting here.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use crate::{failure::Failure, gate::Gate};

/// What connections do at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    WarmUp,
    Measured,
    /// No request is due any more; those that were are awaited and checked.
    Finished,
}

/// Nanoseconds since the start of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock(Instant::now())
    }

    pub(crate) fn now_ns(self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

/// One thread's counters, on cache lines of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Counters {
    answered: AtomicU64,
    bytes: AtomicU64,
    body_bytes_read: AtomicU64,
    body_bytes_written: AtomicU64,
    reconnects: AtomicU64,
    polls: AtomicU64,
}

impl Counters {
    /// A connection had a look at its socket.
    pub(crate) fn count_poll(&self) {
        self.polls.fetch_add(1, Relaxed);
    }

    pub(crate) fn polls(&self) -> u64 {
        self.polls.load(Relaxed)
    }

    pub(crate) fn count_answer(&self, bytes: u64) {
        self.answered.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// Body bytes as they come, long before their answer is complete.
    pub(crate) fn count_body_read(&self, bytes: u64) {
        self.body_bytes_read.fetch_add(bytes, Relaxed);
    }

    /// Body bytes as the kernel takes them.
    pub(crate) fn count_body_written(&self, bytes: u64) {
        self.body_bytes_written.fetch_add(bytes, Relaxed);
    }

    pub(crate) fn count_reconnect(&self) {
        self.reconnects.fetch_add(1, Relaxed);
    }
}

/// All counters at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Totals {
    pub(crate) at_ns: u64,
    pub(crate) answered: u64,
    pub(crate) errors: u64,
    pub(crate) bytes: u64,
    pub(crate) body_bytes_read: u64,
    pub(crate) body_bytes_written: u64,
    pub(crate) reconnects: u64,
}

/// Shared by every thread and connection of a run.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) clock: Clock,
    /// The measured part; `u64::MAX` for an instant that has not come.
    measured_from_ns: AtomicU64,
    measured_until_ns: AtomicU64,
    errors: AtomicU64,
    failure: Mutex<Option<Failure>>,
    /// Of a run that takes turns.
    pub(crate) gate: Option<Gate>,
    threads: Vec<Arc<Counters>>,
}

impl Board {
    pub(crate) fn new(threads: usize, takes_turns: bool) -> Board {
        Board {
            clock: Clock::start(),
            measured_from_ns: AtomicU64::new(u64::MAX),
            measured_until_ns: AtomicU64::new(u64::MAX),
            errors: AtomicU64::new(0),
            failure: Mutex::new(None),
            gate: takes_turns.then(Gate::closed),
            threads: (0..threads).map(|_| Arc::default()).collect(),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        if self.measured_until_ns() < u64::MAX {
            Phase::Finished
        } else if self.measured_from_ns.load(Relaxed) < u64::MAX {
            Phase::Measured
        } else {
            Phase::WarmUp
        }
    }

    /// The measured part begins now.
    pub(crate) fn begin(&self) {
        self.measured_from_ns.store(self.clock.now_ns(), Relaxed);
    }

    /// The measured part goes on later. Requests due in it are answered by now.
    pub(crate) fn suspend(&self) {
        self.measured_from_ns.store(u64::MAX, Relaxed);
    }

    /// The measured part ends now.
    pub(crate) fn end(&self) {
        self.measured_until_ns.store(self.clock.now_ns(), Relaxed);
        if let Some(gate) = &self.gate {
            gate.open();
        }
    }

    /// When it ended, or `u64::MAX`.
    pub(crate) fn measured_until_ns(&self) -> u64 {
        self.measured_until_ns.load(Relaxed)
    }

    /// Whether a request due then belongs to the measured part. To be asked
    /// when it is answered: an instant of the past has its final answer.
    pub(crate) fn is_measured(&self, due_ns: u64) -> bool {
        self.measured_from_ns.load(Relaxed) <= due_ns && !self.is_over(due_ns)
    }

    /// Whether a request due then is not to be sent any more.
    pub(crate) fn is_over(&self, due_ns: u64) -> bool {
        due_ns >= self.measured_until_ns()
    }

    pub(crate) fn counters(&self, thread: usize) -> &Arc<Counters> {
        &self.threads[thread]
    }

    /// Counts a failure and keeps the first one, which ends the run.
    pub(crate) fn fail(&self, failure: Failure) {
        self.errors.fetch_add(1, Relaxed);
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.errors.load(Relaxed) > 0
    }

    pub(crate) fn take_failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Reads the clock, then every counter.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals {
            at_ns: self.clock.now_ns(),
            errors: self.errors.load(Relaxed),
            ..Totals::default()
        };
        for counters in &self.threads {
            totals.answered += counters.answered.load(Relaxed);
            totals.bytes += counters.bytes.load(Relaxed);
            totals.body_bytes_read += counters.body_bytes_read.load(Relaxed);
            totals.body_bytes_written += counters.body_bytes_written.load(Relaxed);
            totals.reconnects += counters.reconnects.load(Relaxed);
        }
        totals
    }
}
