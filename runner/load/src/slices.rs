//! The measured part, cut into slices at boundaries.
//!
//! Bookkeeping over totals and readings; it neither waits nor measures. The
//! readings are the caller's: n slices lie between n + 1 of them, or, with others'
//! turns in between, each between two of its own.

use crate::board::Totals;

/// What happened between two boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Time between the boundaries, nanoseconds.
    pub elapsed_ns: u64,
    /// Right answers completed.
    pub requests: u64,
    /// Failures. Zero in a finished measurement, which any failure ends.
    pub errors: u64,
    /// Bytes of answers' bodies read, decoded: as they came, also those of
    /// answers that were complete later.
    pub body_bytes_read: u64,
    /// Bytes of requests' bodies that the kernel took to send. It takes up to
    /// a few megabytes a connection ahead of what the server has read.
    pub body_bytes_written: u64,
}

/// The boundaries so far.
#[derive(Debug)]
pub(crate) struct SliceLog<R> {
    pub(crate) first: Totals,
    pub(crate) last: Totals,
    pub(crate) slices: Vec<Slice>,
    pub(crate) readings: Vec<R>,
}

impl<R> SliceLog<R> {
    /// Starts at the first boundary, with room for `slices`.
    pub(crate) fn open(slices: usize, totals: Totals, reading: R) -> SliceLog<R> {
        let mut readings = Vec::with_capacity(slices + 1);
        readings.push(reading);
        SliceLog { first: totals, last: totals, slices: Vec::with_capacity(slices), readings }
    }

    /// Ends a slice at a boundary.
    pub(crate) fn close(&mut self, totals: Totals, reading: R) {
        self.cut_off(totals);
        self.readings.push(reading);
    }

    /// The next slice begins only here.
    pub(crate) fn reopen(&mut self, totals: Totals, reading: R) -> &mut Self {
        self.last = totals;
        self.readings.push(reading);
        self
    }

    /// Ends a slice at which a failure stopped the run: without a reading.
    pub(crate) fn cut_off(&mut self, totals: Totals) {
        let last = &self.last;
        self.slices.push(Slice {
            elapsed_ns: totals.at_ns - last.at_ns,
            requests: totals.answered - last.answered,
            errors: totals.errors - last.errors,
            body_bytes_read: totals.body_bytes_read - last.body_bytes_read,
            body_bytes_written: totals.body_bytes_written - last.body_bytes_written,
        });
        self.last = totals;
    }
}
