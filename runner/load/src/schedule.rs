//! When requests of an open loop are due: evenly spaced instants, one after
//! another for whoever asks.
//!
//! One schedule serves every thread and connection, so that a connection which
//! waits for its answer stops no arrival but its own. It must not know whether
//! anybody kept to it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Arrivals of one run, from its first instant on.
#[derive(Debug)]
pub(crate) struct Schedule {
    rate_per_s: f64,
    /// Arrivals that somebody took.
    taken: AtomicU64,
}

impl Schedule {
    pub(crate) fn new(rate_per_s: f64) -> Schedule {
        Schedule { rate_per_s, taken: AtomicU64::new(0) }
    }

    /// Takes the next arrival, perhaps before its time, and returns when it is
    /// due, nanoseconds of the run.
    pub(crate) fn take(&self) -> u64 {
        self.due_ns(self.taken.fetch_add(1, Relaxed))
    }

    /// How long the oldest arrival that nobody took has been waiting, if it is
    /// due before the end.
    pub(crate) fn waiting_ns(&self, now_ns: u64, end_ns: u64) -> u64 {
        let due_ns = self.due_ns(self.taken.load(Relaxed));
        if due_ns < end_ns { now_ns.saturating_sub(due_ns) } else { 0 }
    }

    /// From its number and not from the one before: nothing adds up.
    fn due_ns(&self, arrival: u64) -> u64 {
        (arrival as f64 * 1e9 / self.rate_per_s) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_evenly_spaced_without_drift() {
        let schedule = Schedule::new(3.0);
        let due: Vec<u64> = (0..4).map(|_| schedule.take()).collect();
        assert_eq!(due, [0, 333_333_333, 666_666_666, 1_000_000_000]);
        assert_eq!(schedule.waiting_ns(1_000_000_000, u64::MAX), 0);
        assert_eq!(schedule.waiting_ns(1_333_333_340, 1_333_333_334), 7);
        assert_eq!(schedule.waiting_ns(1_333_333_340, 1_333_333_333), 0);

        let schedule = Schedule::new(123_456.7);
        let hour_ns = 3600 * 1_000_000_000_u64;
        let arrivals = (3600.0 * 123_456.7) as u64;
        assert!(schedule.due_ns(arrivals).abs_diff(hour_ns) < 10_000);
    }
}
