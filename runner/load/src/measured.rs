//! What a run hands to its caller: slices, histograms, and the generator's own
//! part. Figures only; nothing here is measured or judged.

use hdrhistogram::Histogram;

use crate::{
    drive::Records,
    generator_cpu::{CpuMeter, Generator},
    lateness::Punctuality,
    plan::{Mode, Plan},
    slices::{Slice, SliceLog},
};

/// What a finished run measured. Every answer was right.
#[derive(Debug, Clone)]
pub struct Measured<R> {
    /// The measured part, slice by slice.
    pub slices: Vec<Slice>,
    /// What the probe read at each boundary: one more than there are slices, or
    /// two for each slice of a run that took turns ([`Measured::spans`]).
    pub readings: Vec<R>,
    /// Latency of every request due in the measured part, nanoseconds, 1 ns to
    /// 60 s, three significant digits; from when it was due to the last byte
    /// of its answer. In a closed loop it is due just before its first byte is
    /// written, in an open one when the schedule says. Requests still under
    /// way or still owed at the end are awaited and included, so that a stall
    /// there shows; the slices count answers by when they came, hence the two
    /// counts differ, in a closed loop by up to the number of connections.
    pub latency: Histogram<u64>,
    /// Likewise, to the first byte of the answer's body; answers without a body
    /// are not in it.
    pub first_byte: Histogram<u64>,
    /// How the schedule was kept; `None` in a closed loop.
    pub open_loop: Option<OpenLoop>,
    /// The generator's own part.
    pub generator: Generator,
    /// Connections that the server closed and that were opened anew, in the
    /// measured part. Opening one is not part of any latency.
    pub reconnects: u64,
    /// Bytes of the answers completed between the first boundary and the last,
    /// heads included.
    pub bytes_read: u64,
}

/// An open loop's own figures.
#[derive(Debug, Clone)]
pub struct OpenLoop {
    /// Arrivals per second as planned. What came of it, in the slices of the
    /// measured part, is `Measured::requests_per_second`.
    pub offered_per_s: f64,
    /// How much later than it could have been each arrival was sent, for
    /// reasons of the generator, nanoseconds; contained in its latency. The
    /// 99th percentile is at most 1 ms, else the run had failed.
    pub send_lateness: Histogram<u64>,
}

impl<R> Measured<R> {
    pub(crate) fn new(
        plan: &Plan,
        log: SliceLog<R>,
        records: Records,
        meters: &[&CpuMeter],
    ) -> Measured<R> {
        let SliceLog { first, last, slices, readings } = log;
        let requests = slices.iter().map(|slice| slice.requests).sum();
        let elapsed_ns = slices.iter().map(|slice| slice.elapsed_ns).sum();
        let Records { latency, first_byte, punctuality } = records;
        let open_loop = match (plan.mode, punctuality) {
            (Mode::Open { rate_per_s, .. }, Some(Punctuality { lateness, .. })) => {
                Some(OpenLoop { offered_per_s: rate_per_s, send_lateness: lateness })
            }
            _ => None,
        };
        Measured {
            slices,
            readings,
            latency,
            first_byte,
            open_loop,
            generator: Generator::merge(meters, elapsed_ns, requests),
            reconnects: last.reconnects - first.reconnects,
            bytes_read: last.bytes - first.bytes,
        }
    }

    /// What the probe read at the beginning and at the end of each slice.
    pub fn spans(&self) -> impl Iterator<Item = (&R, &R)> {
        let step = if self.readings.len() == self.slices.len() + 1 { 1 } else { 2 };
        self.readings.windows(2).step_by(step).map(|pair| (&pair[0], &pair[1]))
    }

    /// Requests answered in the measured part.
    pub fn requests(&self) -> u64 {
        self.slices.iter().map(|slice| slice.requests).sum()
    }

    /// Length of the measured part, nanoseconds.
    pub fn elapsed_ns(&self) -> u64 {
        self.slices.iter().map(|slice| slice.elapsed_ns).sum()
    }

    /// Requests answered per second of the measured part.
    pub fn requests_per_second(&self) -> f64 {
        self.requests() as f64 * 1e9 / self.elapsed_ns() as f64
    }
}
