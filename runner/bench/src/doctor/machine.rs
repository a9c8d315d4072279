//! What can be read of the machine. What cannot is absent, with no guess in its
//! place.

use crate::measure::{can_be_kept_awake, counters_permitted};
use crate::testbed;
use nix::unistd::getpid;
use procfs::{Current, CurrentSI, KernelStats, LoadAverage, Meminfo};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The machine as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Machine {
    pub(crate) cpus: usize,
    /// Of every CPU, without repetition.
    pub(crate) governors: Vec<String>,
    pub(crate) turbo: Option<bool>,
    pub(crate) smt: Option<bool>,
    pub(crate) swap_used_mib: Option<u64>,
    /// Average of the last minute.
    pub(crate) load: Option<f64>,
    /// `kernel.randomize_va_space`.
    pub(crate) aslr: Option<u32>,
    /// Part of the CPUs' time that a hypervisor took while watched.
    pub(crate) steal_share: Option<f64>,
    /// How often the CPUs were throttled since the start, and while watched.
    pub(crate) throttled: Option<(u64, u64)>,
    /// Other programs that used a CPU while watched, the busiest first.
    pub(crate) busy: Vec<Busy>,
    /// Why there are no hardware counters, if there are none.
    pub(crate) no_counters: Option<String>,
    /// `kernel.perf_event_paranoid`.
    pub(crate) paranoid: Option<i32>,
    /// Connections that wait for their end, and ports for new ones.
    pub(crate) ports: Option<(u64, u64)>,
    pub(crate) huge_pages: Option<String>,
    pub(crate) virtualization: Option<String>,
    /// Why idle CPUs sleep even while something is measured, if they do.
    pub(crate) asleep: Option<String>,
}

/// A program that uses a CPU.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Busy {
    pub(crate) pid: i32,
    pub(crate) name: String,
    /// Part of one CPU.
    pub(crate) share: f64,
}

impl Machine {
    /// Reads the machine, and watches it for so long.
    pub(crate) fn read(watched_s: f64) -> Self {
        let before = Moment::now();
        std::thread::sleep(Duration::from_secs_f64(watched_s));
        let after = Moment::now();
        let cpu = procfs::CpuInfo::current().ok();
        let flags = cpu.as_ref().and_then(|cpu| cpu.get_field(0, "flags"));
        let number = |file: &str| -> Option<i64> { testbed::line(file)?.parse().ok() };
        Self {
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            governors: governors(),
            turbo: testbed::turbo(),
            smt: testbed::line("/sys/devices/system/cpu/smt/active").map(|text| text == "1"),
            swap_used_mib: Meminfo::current()
                .ok()
                .map(|memory| memory.swap_total.saturating_sub(memory.swap_free) >> 20),
            load: LoadAverage::current().ok().map(|load| f64::from(load.one)),
            aslr: number("/proc/sys/kernel/randomize_va_space").map(|it| it as u32),
            steal_share: before.steal_share_until(&after),
            throttled: before
                .throttled
                .zip(after.throttled)
                .map(|(before, after)| (after, after.saturating_sub(before))),
            busy: before.busy_until(&after),
            no_counters: counters_permitted().err(),
            paranoid: number("/proc/sys/kernel/perf_event_paranoid").map(|it| it as i32),
            ports: time_wait().zip(ephemeral_ports()),
            huge_pages: testbed::huge_pages(),
            virtualization: testbed::virtualization(flags),
            asleep: can_be_kept_awake().err(),
        }
    }
}

/// What is told apart from another moment.
struct Moment {
    at: Instant,
    /// Ticks that were stolen, and all there were.
    ticks: Option<(u64, u64)>,
    throttled: Option<u64>,
    /// Ticks of every process, with its name.
    processes: BTreeMap<i32, (String, u64)>,
}

impl Moment {
    fn now() -> Self {
        let all = procfs::process::all_processes().into_iter().flatten();
        let stats = all.filter_map(|process| process.ok()?.stat().ok());
        Self {
            at: Instant::now(),
            ticks: KernelStats::current().ok().map(|kernel| {
                let all = &kernel.total;
                let stolen = all.steal.unwrap_or(0);
                let used = all.user + all.nice + all.system + all.idle;
                let rest = [all.iowait, all.irq, all.softirq].into_iter().flatten().sum::<u64>();
                (stolen, used + rest + stolen)
            }),
            throttled: throttled(),
            processes: stats.map(|it| (it.pid, (it.comm, it.utime + it.stime))).collect(),
        }
    }

    fn steal_share_until(&self, later: &Self) -> Option<f64> {
        let ((stolen, all), (stolen_later, all_later)) = self.ticks.zip(later.ticks)?;
        let all = all_later.saturating_sub(all);
        (all > 0).then(|| stolen_later.saturating_sub(stolen) as f64 / all as f64)
    }

    fn busy_until(&self, later: &Self) -> Vec<Busy> {
        let ticks = procfs::ticks_per_second() as f64 * (later.at - self.at).as_secs_f64();
        let share = |(pid, (name, used)): (&i32, &(String, u64))| {
            let before = self.processes.get(pid).map_or(0, |(_, before)| *before);
            let share = used.saturating_sub(before) as f64 / ticks;
            Busy { pid: *pid, name: name.clone(), share }
        };
        let is_other = |busy: &Busy| busy.pid != getpid().as_raw() && busy.share >= 0.05;
        let mut busy: Vec<Busy> = later.processes.iter().map(share).filter(is_other).collect();
        busy.sort_by(|a, b| b.share.total_cmp(&a.share));
        busy
    }
}

fn governors() -> Vec<String> {
    let files = cpu_files("cpufreq/scaling_governor");
    let mut governors: Vec<String> =
        files.iter().filter_map(|file| testbed::line(file.to_str()?)).collect();
    governors.sort();
    governors.dedup();
    governors
}

fn throttled() -> Option<u64> {
    let files = cpu_files("thermal_throttle/core_throttle_count");
    let counts = files.iter().filter_map(|file| testbed::line(file.to_str()?)?.parse::<u64>().ok());
    (!files.is_empty()).then(|| counts.sum())
}

/// The file of that name of every CPU that has one.
fn cpu_files(name: &str) -> Vec<PathBuf> {
    let folders = fs::read_dir("/sys/devices/system/cpu").into_iter().flatten().flatten();
    folders.map(|folder| folder.path().join(name)).filter(|file| file.is_file()).collect()
}

fn time_wait() -> Option<u64> {
    let text = fs::read_to_string("/proc/net/sockstat").ok()?;
    let tcp = text.lines().find(|line| line.starts_with("TCP:"))?;
    let mut words = tcp.split_whitespace().skip_while(|word| *word != "tw");
    words.nth(1)?.parse().ok()
}

fn ephemeral_ports() -> Option<u64> {
    let text = testbed::line("/proc/sys/net/ipv4/ip_local_port_range")?;
    let mut ends = text.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    Some((last + 1).saturating_sub(first))
}
