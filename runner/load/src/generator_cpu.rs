//! What the generator itself costs: its CPU, and which one it ran on.
//!
//! Reads the calling thread's clock and affinity, never another process's.

use std::{collections::BTreeSet, io};

use nix::{
    sched::{CpuSet, sched_getcpu, sched_setaffinity},
    time::{ClockId, clock_gettime},
    unistd::Pid,
};

use crate::failure::Failure;

/// From this share of its CPU on, a closed loop measures its generator: at
/// most a tenth is left for the server's pace to show in.
pub const GENERATOR_BOUND_SHARE: f64 = 0.90;

/// The generator's own part in a measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Generator {
    /// Threads that generated load.
    pub threads: usize,
    /// CPUs they were seen on, ascending. Sampled about every 10 ms, so a
    /// floating thread may have visited more.
    pub cpus: Vec<usize>,
    /// CPU time over elapsed time in the measured part, 0 to 1, of the
    /// busiest thread. Loopback packet handling done in the generator's
    /// system calls is included.
    pub cpu_share: f64,
    /// CPU time of all threads per answered request, nanoseconds.
    pub cpu_ns_per_request: f64,
}

impl Generator {
    /// Whether the generator rather than the server set the pace; such a
    /// measurement yields no verdict on the server.
    pub fn is_generator_bound(&self) -> bool {
        self.cpu_share >= GENERATOR_BOUND_SHARE
    }

    pub(crate) fn merge(threads: &[&CpuMeter], elapsed_ns: u64, requests: u64) -> Generator {
        let shares = threads.iter().map(|meter| meter.share());
        let cpus: BTreeSet<usize> =
            threads.iter().flat_map(|meter| meter.cpus.iter().copied()).collect();
        let cpu_ns = shares.clone().sum::<f64>() * elapsed_ns as f64;
        Generator {
            threads: threads.len(),
            cpus: cpus.into_iter().collect(),
            cpu_share: shares.fold(0.0, f64::max),
            cpu_ns_per_request: cpu_ns / requests.max(1) as f64,
        }
    }
}

/// Pins the calling thread to one CPU.
pub(crate) fn pin_to(cpu: usize) -> Result<(), Failure> {
    let mut set = CpuSet::new();
    // Process id 0 is the calling thread.
    let pinned = set.set(cpu).and_then(|()| sched_setaffinity(Pid::from_raw(0), &set));
    pinned.map_err(|errno| Failure::Generator {
        doing: format!("pinning the load generator to CPU {cpu}"),
        source: io::Error::from(errno),
    })
}

/// CPU time of one generator thread between its first and last sample.
#[derive(Debug, Default)]
pub(crate) struct CpuMeter {
    /// (wall ns, thread CPU ns) of the first and the last sample.
    first: Option<(u64, u64)>,
    last: (u64, u64),
    cpus: BTreeSet<usize>,
}

impl CpuMeter {
    /// To be called by the thread it is about, inside the measured part.
    pub(crate) fn sample(&mut self, now_ns: u64) {
        let sample = (now_ns, thread_cpu_ns());
        self.first.get_or_insert(sample);
        self.last = sample;
        if let Ok(cpu) = sched_getcpu() {
            self.cpus.insert(cpu);
        }
    }

    /// CPU time over wall time, 0 to 1.
    fn share(&self) -> f64 {
        let Some((wall, cpu)) = self.first else { return 0.0 };
        let elapsed = self.last.0.saturating_sub(wall).max(1);
        (self.last.1.saturating_sub(cpu) as f64 / elapsed as f64).min(1.0)
    }
}

/// `CLOCK_THREAD_CPUTIME_ID` of the calling thread, nanoseconds.
fn thread_cpu_ns() -> u64 {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map_or(0, |time| time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
}
