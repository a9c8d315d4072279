//! What the host's processes used, from the kernel's own accounting: CPU
//! nanoseconds, kernel time, retired instructions, peak memory; summed over
//! every process that serves. It must not guess: what cannot be read is an
//! error with its reason, never a zero.

use nix::errno::Errno;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use perf_event::events::{Event, Hardware};
use perf_event::{Builder, Counter, ReadFormat};
use procfs::process::Process;
use std::io;
use std::time::Duration;

/// The processes that serve: those that were spawned and their descendants.
#[derive(Debug, Clone)]
pub(crate) struct ProcessTree {
    members: Vec<Member>,
}

#[derive(Debug, Clone)]
struct Member {
    pid: Pid,
    /// As last read, so that a process that exits keeps what it had used.
    cpu_ns: Option<u64>,
}

impl ProcessTree {
    /// The processes below `roots` as they are now.
    pub(crate) fn of(roots: &[Pid]) -> Self {
        let mut parents: Vec<(i32, i32)> = Vec::new();
        if let Ok(all) = procfs::process::all_processes() {
            let stats = all.filter_map(|process| process.ok()?.stat().ok());
            parents.extend(stats.map(|stat| (stat.pid, stat.ppid)));
        }
        let mut pids: Vec<i32> = roots.iter().map(|root| root.as_raw()).collect();
        let mut next = 0;
        while let Some(parent) = pids.get(next).copied() {
            pids.extend(parents.iter().filter(|(_, ppid)| *ppid == parent).map(|(pid, _)| *pid));
            next += 1;
        }
        Self {
            members: pids
                .into_iter()
                .map(|pid| Member { pid: Pid::from_raw(pid), cpu_ns: None })
                .collect(),
        }
    }

    /// The processes.
    pub(crate) fn pids(&self) -> impl Iterator<Item = Pid> + '_ {
        self.members.iter().map(|member| member.pid)
    }

    /// CPU time of all of them so far, user and kernel, in nanoseconds (the
    /// scheduler's own count, `clock_getcpuclockid(3)`).
    pub(crate) fn cpu_ns(&mut self) -> Result<u64, String> {
        for member in &mut self.members {
            match ClockId::pid_cpu_clock_id(member.pid).and_then(clock_gettime) {
                Ok(now) => member.cpu_ns = Some(Duration::from(now).as_nanos() as u64),
                Err(error) if member.cpu_ns.is_none() => {
                    return Err(format!(
                        "reading the CPU clock of process {}: {error}",
                        member.pid
                    ));
                }
                Err(_) => {}
            }
        }
        Ok(self.members.iter().filter_map(|member| member.cpu_ns).sum())
    }

    /// Kernel CPU time of all of them so far in nanoseconds; the kernel tells
    /// it in clock ticks, usually of 10 ms.
    pub(crate) fn kernel_cpu_ns(&self) -> Result<u64, String> {
        let ns_per_tick = 1_000_000_000 / procfs::ticks_per_second();
        let stat =
            |member: &Member| Process::new(member.pid.as_raw()).and_then(|process| process.stat());
        let ticks = self.members.iter().map(|member| stat(member).map(|stat| stat.stime));
        let ticks = ticks.sum::<Result<u64, _>>().map_err(|error| error.to_string())?;
        Ok(ticks * ns_per_tick)
    }

    /// Peak resident memory in bytes, each process at its own peak (`VmHWM`).
    pub(crate) fn rss_peak_bytes(&self) -> Result<u64, String> {
        let peak = |member: &Member| -> Result<u64, String> {
            let status = Process::new(member.pid.as_raw()).and_then(|process| process.status());
            let kib = status.map_err(|error| error.to_string())?.vmhwm;
            Ok(kib.ok_or("the kernel does not tell VmHWM")? * 1024)
        };
        self.members.iter().map(peak).sum()
    }
}

/// User-space instructions of processes and everything they start.
#[derive(Default)]
pub(crate) struct Instructions {
    counters: Vec<Result<Counter, String>>,
}

impl Instructions {
    /// Attaches to a process that is about to `exec`; counting starts there.
    pub(crate) fn attach(pid: Pid) -> Self {
        Self::attach_event(Hardware::INSTRUCTIONS, pid)
    }

    fn attach_event(event: impl Event, pid: Pid) -> Self {
        let counter = Builder::new(event)
            .observe_pid(pid.as_raw())
            .any_cpu()
            .inherit(true)
            .enable_on_exec(true)
            .read_format(ReadFormat::TOTAL_TIME_ENABLED | ReadFormat::TOTAL_TIME_RUNNING)
            .build();
        Self { counters: vec![counter.map_err(|error| refused(&error))] }
    }

    /// Adds what another process executes.
    pub(crate) fn join(&mut self, other: Self) {
        self.counters.extend(other.counters);
    }

    /// Instructions so far, or why they cannot be told.
    pub(crate) fn read(&mut self) -> Result<u64, String> {
        if self.counters.is_empty() {
            return Err("there is no process to count".to_owned());
        }
        self.counters.iter_mut().map(Self::read_one).sum()
    }

    fn read_one(counter: &mut Result<Counter, String>) -> Result<u64, String> {
        let counter = counter.as_mut().map_err(|reason| reason.clone())?;
        let data = counter.read_full().map_err(|error| refused(&error))?;
        // A counter that had to share the hardware is an estimate.
        match (data.time_enabled(), data.time_running()) {
            (Some(enabled), Some(running)) if running < enabled => {
                Err("the hardware counter was shared with another user".to_owned())
            }
            _ => Ok(data.count()),
        }
    }
}

/// Whether instructions can be counted here.
///
/// # Errors
/// Why they cannot.
pub(crate) fn permitted() -> Result<(), String> {
    Instructions::attach(nix::unistd::getpid()).read().map(|_| ())
}

fn refused(error: &io::Error) -> String {
    if error.raw_os_error() == Some(Errno::ENOENT as i32) {
        return "this machine offers no hardware counter of instructions".to_owned();
    }
    let paranoid = std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid");
    let setting = paranoid.map(|text| format!(" (kernel.perf_event_paranoid is {})", text.trim()));
    format!("perf_event_open: {error}{}", setting.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use perf_event::events::Software;
    use std::io::Write;
    use std::process::{Command, Stdio};

    /// With an event that every kernel has: what runs before `exec` does not
    /// count, and what a child of the host does, does.
    #[test]
    fn a_counter_begins_at_exec_and_follows_children() {
        let script = "read go; exec sh -c 'sh -c \"i=0; while [ \\$i -lt 100000 ]; do i=\\$((i+1)); done\"; read end'";
        let mut child =
            Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).spawn().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed());
        let mut counter = Instructions::attach_event(Software::TASK_CLOCK, pid);
        let waiting = counter.read();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"go\nend\n").unwrap();
        drop(stdin);
        child.wait().unwrap();
        match (waiting, counter.read()) {
            (Ok(before), Ok(after)) => {
                assert!(before == 0 && after > 5_000_000, "{before} {after}");
            }
            // A sandbox may forbid even this one; then the reason is told.
            (Err(reason), _) | (_, Err(reason)) => assert!(reason.contains("perf_event_open")),
        }
    }
}
