//! What the threads of one run share: phase, counters, the first failure.
//!
//! Counters only grow and each is written by one thread; whoever wants a rate
//! takes snapshots and subtracts. No I/O and no waiting here.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use crate::failure::Failure;

/// What connections do at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    WarmUp,
    Measured,
    /// No new request; those under way are still awaited and checked.
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
    reconnects: AtomicU64,
}

impl Counters {
    pub(crate) fn count_answer(&self, bytes: u64) {
        self.answered.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
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
    pub(crate) reconnects: u64,
}

/// Shared by every thread and connection of a run.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) clock: Clock,
    phase: AtomicU8,
    errors: AtomicU64,
    failure: Mutex<Option<Failure>>,
    threads: Vec<Counters>,
}

impl Board {
    pub(crate) fn new(threads: usize) -> Board {
        Board {
            clock: Clock::start(),
            phase: AtomicU8::new(Phase::WarmUp as u8),
            errors: AtomicU64::new(0),
            failure: Mutex::new(None),
            threads: (0..threads).map(|_| Counters::default()).collect(),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            0 => Phase::WarmUp,
            1 => Phase::Measured,
            _ => Phase::Finished,
        }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }

    pub(crate) fn counters(&self, thread: usize) -> &Counters {
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
            totals.reconnects += counters.reconnects.load(Relaxed);
        }
        totals
    }
}
