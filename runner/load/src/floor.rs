//! What measuring itself costs.
//!
//! The `noop` floor of a slice boundary, through the very code that closes
//! the slices of a run.

use std::{sync::Arc, time::Instant};

use crate::{board::Board, generator_cpu::CpuMeter, run::boundary, slices::SliceLog};

/// Nanoseconds that closing one slice takes on this machine: clock, counters, the
/// generator's own accounting and bookkeeping, and what `probe` takes; a mean over
/// `boundaries` of them with one generator thread.
pub fn slice_boundary_ns<R>(boundaries: usize, mut probe: impl FnMut() -> R) -> f64 {
    let (board, mut cpu) = (Board::new(1, false), CpuMeter::of_this_thread(Arc::default()));
    let mut log = SliceLog::open(boundaries, board.totals(), probe());
    let started = Instant::now();
    for _ in 0..boundaries {
        let (totals, reading) = boundary(&board, &mut cpu, &mut probe);
        log.close(totals, reading);
    }
    let elapsed_ns = started.elapsed().as_nanos() as f64;
    std::hint::black_box(&log);
    elapsed_ns / boundaries.max(1) as f64
}
