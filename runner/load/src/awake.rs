//! Keeping a generator thread from falling asleep in an open loop.
//!
//! A sleeping CPU takes tens of microseconds to wake up, in a virtual machine
//! more, and setting a timer for it costs as much. Both would be counted as
//! latency, the more the longer the gaps: a low rate would look worse than a
//! high one. So a thread with a CPU of its own asks the kernel again and again
//! whether there is work, pausing in between for the sake of a host on the
//! other thread of its core. A thread without one sleeps (`alarm`): it could
//! take the CPU from the server. What is spent here is counted as idleness.

use std::{
    hint,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::task::yield_now;

use crate::{board::Counters, generator_cpu::thread_cpu_ns};

/// Pauses between two questions to the kernel: around a microsecond.
const PAUSES: usize = 20;

/// CPU time a thread spent looking for work in vain, nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Idleness(AtomicU64);

impl Idleness {
    pub(crate) fn total_ns(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Never returns; ends with its runtime.
pub(crate) async fn stay_awake(idleness: Arc<Idleness>, counters: Arc<Counters>) {
    let mut before = (thread_cpu_ns(), counters.polls());
    loop {
        for _ in 0..PAUSES {
            hint::spin_loop();
        }
        yield_now().await;
        let now = (thread_cpu_ns(), counters.polls());
        // A round in which a connection had something to do was work.
        if now.1 == before.1 {
            idleness.0.fetch_add(now.0 - before.0, Relaxed);
        }
        before = now;
    }
}
