//! What the generator itself costs: its CPU, which one it ran on, and whether
//! it got it.
//!
//! Reads the calling thread's accounting, never another process's.

use std::{collections::BTreeSet, io, sync::Arc};

use nix::{
    sched::{CpuSet, sched_getcpu, sched_setaffinity},
    time::{ClockId, clock_gettime},
    unistd::Pid,
};

use crate::{awake::Idleness, failure::Failure, run_queue::RunQueue};

/// From this share of its CPU on, a closed loop measures its generator: at
/// most a tenth is left for the server's pace to show in.
pub const GENERATOR_BOUND_SHARE: f64 = 0.90;

/// From this share of the time spent waiting for a CPU on, the generator was
/// starved: one answer in ten lay unread, or one request unsent, for reasons
/// that are neither the server's nor the generator's own. Every percentile from
/// the 90th on may then be the machine's.
pub const STARVED_SHARE: f64 = 0.10;

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
    /// system calls is included, looking for work in vain is not.
    pub cpu_share: f64,
    /// CPU time of all threads per answered request, nanoseconds; likewise.
    pub cpu_ns_per_request: f64,
    /// How long the thread that waited longest was ready to run while something
    /// else ran on its CPU, in the measured part; or why the kernel does not
    /// tell.
    pub run_queue_wait_ns: Result<u64, String>,
    /// Length of the measured part, nanoseconds.
    pub elapsed_ns: u64,
}

impl Generator {
    /// Whether the generator rather than the server set the pace; such a
    /// measurement yields no verdict on the server.
    pub fn is_generator_bound(&self) -> bool {
        self.cpu_share >= GENERATOR_BOUND_SHARE
    }

    /// Whether the generator waited for a CPU instead of generating load. Not
    /// so if the kernel does not tell: look at `run_queue_wait_ns` then.
    pub fn is_starved(&self) -> bool {
        let share = |wait_ns: &u64| *wait_ns as f64 / self.elapsed_ns.max(1) as f64;
        self.run_queue_wait_ns.as_ref().map(share).is_ok_and(|share| share > STARVED_SHARE)
    }

    pub(crate) fn merge(threads: &[&CpuMeter], elapsed_ns: u64, requests: u64) -> Generator {
        let shares = threads.iter().map(|meter| meter.share());
        let cpus: BTreeSet<usize> =
            threads.iter().flat_map(|meter| meter.cpus.iter().copied()).collect();
        let waits = threads.iter().map(|meter| meter.run_queue.waited_ns());
        let waits: Result<Vec<u64>, String> = waits.collect();
        let waits = waits.map(|waits| waits.into_iter().fold(0, u64::max));
        let cpu_ns = shares.clone().sum::<f64>() * elapsed_ns as f64;
        Generator {
            threads: threads.len(),
            cpus: cpus.into_iter().collect(),
            cpu_share: shares.fold(0.0, f64::max),
            cpu_ns_per_request: cpu_ns / requests.max(1) as f64,
            run_queue_wait_ns: waits,
            elapsed_ns,
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

/// Accounting of one generator thread between its samples.
#[derive(Debug)]
pub(crate) struct CpuMeter {
    /// (wall ns, CPU ns spent on work) of the last sample, if it goes on from there.
    last: Option<(u64, u64)>,
    /// Likewise, from sample to sample, summed.
    spent: (u64, u64),
    idleness: Arc<Idleness>,
    cpus: BTreeSet<usize>,
    run_queue: RunQueue,
}

impl CpuMeter {
    /// Of the calling thread.
    pub(crate) fn of_this_thread(idleness: Arc<Idleness>) -> CpuMeter {
        let run_queue = RunQueue::of_this_thread();
        CpuMeter { last: None, spent: (0, 0), idleness, cpus: BTreeSet::new(), run_queue }
    }

    /// To be called by the thread it is about, inside the measured part.
    pub(crate) fn sample(&mut self, now_ns: u64) {
        let work_ns = thread_cpu_ns().saturating_sub(self.idleness.total_ns());
        let sample = (now_ns, work_ns);
        if let Some(last) = self.last.replace(sample) {
            self.spent.0 += sample.0.saturating_sub(last.0);
            self.spent.1 += sample.1.saturating_sub(last.1);
        }
        self.run_queue.sample();
        if let Ok(cpu) = sched_getcpu() {
            self.cpus.insert(cpu);
        }
    }

    /// What happens until the next sample is no part of it.
    pub(crate) fn pause(&mut self) {
        self.last = None;
        self.run_queue.pause();
    }

    /// Time spent waiting for a CPU over wall time, 0 to 1, if known.
    pub(crate) fn wait_share(&self) -> Option<f64> {
        let wait_ns = self.run_queue.waited_ns().ok()?;
        Some(wait_ns as f64 / self.spent.0.max(1) as f64)
    }

    /// CPU time over wall time, 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        (self.spent.1 as f64 / self.spent.0.max(1) as f64).min(1.0)
    }
}

/// `CLOCK_THREAD_CPUTIME_ID` of the calling thread, nanoseconds.
pub(crate) fn thread_cpu_ns() -> u64 {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map_or(0, |time| time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
}
