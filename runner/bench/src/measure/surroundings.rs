//! What else the machine did during a block: time that a hypervisor took, CPU
//! time of other programs, preemptions of the load generator, load. It decides by
//! these counters alone whether a block was disturbed; it must not see a result.

use super::placement::Placement;
use model::{Measurements, NoiseWatch};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use procfs::{Current as _, CurrentSI as _, KernelStats, LoadAverage};
use std::time::{Duration, Instant};

/// Counters at one moment.
#[derive(Debug)]
pub(crate) struct Watch {
    at: Instant,
    counters: Option<Counters>,
}

/// What passed between two moments.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Surroundings {
    /// Wall time times CPUs.
    pub(crate) cpus_ns: f64,
    /// Wall time.
    pub(crate) wall_ns: f64,
    /// Taken by a hypervisor.
    pub(crate) steal_ns: f64,
    /// Used by programs that are neither the runner nor its children.
    pub(crate) others_cpu_ns: f64,
    /// Involuntary context switches of the runner, in which the load generator lives.
    pub(crate) preemptions: f64,
    /// Load average of the last minute at the end.
    pub(crate) load: f64,
}

#[derive(Debug, Clone, Copy)]
struct Counters {
    steal_ns: u64,
    busy_ns: u64,
    own_ns: u64,
    preemptions: u64,
    cpus: usize,
}

impl Watch {
    /// Begins to watch; where the kernel does not tell, nothing comes of it.
    pub(crate) fn begin(placement: &Placement) -> Self {
        Self { at: Instant::now(), counters: Counters::read(placement) }
    }

    /// What passed since, once all that was started has ended: what children used is
    /// known when they were waited for.
    pub(crate) fn end(&self, placement: &Placement) -> Option<Surroundings> {
        let (before, after) = (self.counters?, Counters::read(placement)?);
        let wall_ns = self.at.elapsed().as_nanos() as f64;
        let passed = |before: u64, after: u64| after.saturating_sub(before);
        let busy = passed(before.busy_ns, after.busy_ns);
        let own = passed(before.own_ns, after.own_ns);
        Some(Surroundings {
            cpus_ns: wall_ns * after.cpus as f64,
            wall_ns,
            steal_ns: passed(before.steal_ns, after.steal_ns) as f64,
            // Ticks against exact times: what is less than nothing is nothing.
            others_cpu_ns: busy.saturating_sub(own) as f64,
            preemptions: passed(before.preemptions, after.preemptions) as f64,
            load: LoadAverage::current().map_or(0.0, |load| f64::from(load.one)),
        })
    }
}

impl Surroundings {
    /// Whether the block was disturbed.
    pub(crate) fn disturb(&self, limits: &NoiseWatch, placement: &Placement) -> bool {
        let preemptions_per_s = self.preemptions / (self.wall_ns / 1e9);
        // On shared CPUs the host itself preempts the generator.
        let are_preempted = !placement.is_shared() && preemptions_per_s > limits.preemptions_per_s;
        self.steal_ns > limits.steal * self.cpus_ns
            || self.others_cpu_ns > limits.others * self.cpus_ns
            || are_preempted
    }

    /// Stores the counters beside what was measured.
    pub(crate) fn record(&self, measurements: &mut Measurements) {
        measurements.insert("steal_ns", vec![self.steal_ns]);
        measurements.insert("others_cpu_ns", vec![self.others_cpu_ns]);
        measurements.insert("preemptions", vec![self.preemptions]);
        measurements.insert("load_average", vec![self.load]);
    }
}

impl Counters {
    fn read(placement: &Placement) -> Option<Self> {
        let kernel = KernelStats::current().ok()?;
        let ns_per_tick = 1_000_000_000 / procfs::ticks_per_second();
        let ours = placement.all();
        let of_cpus = kernel.cpu_time.iter().enumerate();
        // Interrupts are left out: those of loopback are ours, and nobody's task.
        let (mut steal, mut busy, mut cpus) = (0, 0, 0);
        for (_, cpu) in of_cpus.filter(|(cpu, _)| ours.is_empty() || ours.contains(cpu)) {
            steal += cpu.steal.unwrap_or(0);
            busy += cpu.user + cpu.nice + cpu.system;
            cpus += 1;
        }
        let own = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        let children = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
        let times =
            [own.user_time(), own.system_time(), children.user_time(), children.system_time()];
        let own_us: i64 = times.iter().map(|time| time.num_microseconds()).sum();
        Some(Self {
            steal_ns: steal * ns_per_tick,
            busy_ns: busy * ns_per_tick,
            own_ns: Duration::from_micros(own_us.cast_unsigned()).as_nanos() as u64,
            preemptions: own.involuntary_context_switches().cast_unsigned(),
            cpus,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: NoiseWatch = NoiseWatch { steal: 0.02, others: 0.1, preemptions_per_s: 100.0 };

    #[test]
    fn a_block_is_disturbed_by_its_surroundings_alone() {
        let (apart, shared) = (
            Placement { generator: vec![1], host: vec![0], cpus: 2, cores: 2 },
            Placement { generator: vec![], host: vec![], cpus: 1, cores: 1 },
        );
        let calm =
            Surroundings { cpus_ns: 4e9, wall_ns: 2e9, load: 9.0, ..Surroundings::default() };
        let check = |surroundings: Surroundings, placement: &Placement, expected: bool| {
            assert_eq!(surroundings.disturb(&LIMITS, placement), expected, "{surroundings:?}");
        };
        check(Surroundings { steal_ns: 0.08e9, others_cpu_ns: 0.4e9, ..calm }, &apart, false);
        check(Surroundings { steal_ns: 0.09e9, ..calm }, &apart, true);
        check(Surroundings { others_cpu_ns: 0.41e9, ..calm }, &apart, true);
        check(Surroundings { preemptions: 201.0, ..calm }, &apart, true);
        check(Surroundings { preemptions: 201.0, ..calm }, &shared, false);
    }

    /// What this process and its children burn is no disturbance; the rest of the
    /// machine is whatever it is.
    #[test]
    fn own_work_is_not_somebody_else_s() {
        let placement = Placement::of_this_process().unwrap();
        let watch = Watch::begin(&placement);
        let burn = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";
        std::process::Command::new("sh").args(["-c", burn]).status().unwrap();
        let seen = watch.end(&placement).unwrap();
        assert!(seen.wall_ns > 0.0 && seen.cpus_ns >= seen.wall_ns);
        assert!(seen.others_cpu_ns <= seen.cpus_ns + 0.1e9, "{seen:?}");
    }
}
