//! What became of a component's requests and instances, counted so that a
//! benchmark can tell whether the pool it asked for was really used.

use super::Guest;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Only grows, except for what is under way.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    max_in_flight: u32,
    pub(crate) in_flight: AtomicU32,
    /// Requests that got an instance.
    pub(crate) requests: AtomicU64,
    /// Requests refused since the component had too many under way.
    pub(crate) refused: AtomicU64,
    /// Instances made.
    pub(crate) instances: AtomicU64,
    /// Requests served by an instance that had served before.
    pub(crate) reused: AtomicU64,
    /// Requests that found every warm instance busy and got a fresh one.
    pub(crate) fell_through: AtomicU64,
    /// Warm instances that served as often as they may.
    pub(crate) retired_worn: AtomicU64,
    /// Warm instances that trapped or went beyond their deadline.
    pub(crate) retired_trapped: AtomicU64,
    /// Warm instances whose client went away or lost patience.
    pub(crate) retired_cancelled: AtomicU64,
}

impl Counters {
    pub(super) fn new(max_in_flight: u32) -> Self {
        Self { max_in_flight, ..Self::default() }
    }
}

/// Adds one.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// One request under way; gives its place back when dropped.
pub(super) struct Place {
    guest: Arc<Guest>,
}

impl Place {
    /// None when the component has all it may have under way.
    pub(super) fn take(guest: &Arc<Guest>) -> Option<Self> {
        let counters = &guest.counters;
        if counters.in_flight.fetch_add(1, Relaxed) >= counters.max_in_flight {
            counters.in_flight.fetch_sub(1, Relaxed);
            count(&counters.refused);
            return None;
        }
        count(&counters.requests);
        Some(Self { guest: Arc::clone(guest) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.guest.counters.in_flight.fetch_sub(1, Relaxed);
    }
}
