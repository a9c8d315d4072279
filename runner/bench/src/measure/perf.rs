//! `perf`, the kernel's own profiler, looking at processes of a block: it is started
//! beside them, begins and ends counting when told, and is asked what it saw. It must not
//! know what the processes are for.

use super::program;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Samples a second of CPU time. A prime, so that it keeps no step with what happens
/// every millisecond.
pub(crate) const FREQUENCY_HZ: u32 = 997;
/// Bytes of stack that a sample carries. Release binaries keep no frame pointers, but
/// they have tables to unwind stacks by; deep stacks of asynchronous code need this much.
const STACK_BYTES: u32 = 32_768;
/// What `count` counts: in user space what the hardware tells, so that it is permitted
/// where `perf_event_paranoid` is 2.
const EVENTS: &str = "instructions:u,cycles:u,cache-misses:u,branch-misses:u,page-faults,context-switches,task-clock";

/// What `script` prints of a sample.
const FIELDS: &str = "comm,tid,time,event,ip,sym,symoff,dso";

/// `perf` at work; it ends with this value.
pub(super) struct Perf {
    child: Child,
    /// Its standard input: a socket and no pipe, so that one which is gone is an error here
    /// and no signal. It ends without having written all when this is closed.
    control: UnixStream,
    /// Whether it counts, and has to be told when to stop that; what is sampled tells
    /// itself where it ends.
    counts: bool,
}

impl Perf {
    /// Counts events of processes into a file.
    pub(super) fn count(pids: &[Pid], out: &Path) -> Result<Self, String> {
        let out = out.to_string_lossy();
        Self::begin(pids, &["stat", "-x,", "-o", &out, "-e", EVENTS])
    }

    /// Samples stacks of processes into a file.
    pub(super) fn record(pids: &[Pid], out: &Path) -> Result<Self, String> {
        let (frequency, out) = (FREQUENCY_HZ.to_string(), out.to_string_lossy());
        let stacks = format!("dwarf,{STACK_BYTES}");
        Self::begin(pids, &["record", "-q", "-F", &frequency, "--call-graph", &stacks, "-o", &out])
    }

    fn begin(pids: &[Pid], words: &[&str]) -> Result<Self, String> {
        let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
        let (control, theirs) =
            UnixStream::pair().map_err(|e| format!("connecting to perf: {e}"))?;
        let mut command = Command::new(find()?);
        command
            .args(words)
            // It begins when it reads that on its standard input, and says so.
            .args(["--delay=-1", "--control=fd:0,1", "-p", &pids.join(",")])
            .env("LC_ALL", "C")
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().map_err(|e| format!("starting perf: {e}"))?;
        // The command holds the other end, which has to be perf's alone.
        drop(command);
        let mut perf = Self { child, control, counts: words.first() == Some(&"stat") };
        match perf.tell("enable") {
            true => Ok(perf),
            false => Err(perf.refusal()),
        }
    }

    /// Stops it and waits until everything is written.
    pub(super) fn end(mut self) -> Result<(), String> {
        if self.counts && !self.tell("disable") {
            return Err(self.refusal());
        }
        let pid = Pid::from_raw(self.child.id().cast_signed());
        kill(pid, Signal::SIGINT).map_err(|e| format!("stopping perf: {e}"))?;
        let status = self.child.wait().map_err(|e| format!("waiting for perf: {e}"))?;
        let is_fine = status.success() || status.signal() == Some(Signal::SIGINT as i32);
        if is_fine { Ok(()) } else { Err(self.refusal()) }
    }

    /// Whether it did as told.
    fn tell(&mut self, what: &str) -> bool {
        let Some(stdout) = &mut self.child.stdout else { return false };
        let told = self.control.write_all(format!("{what}\n").as_bytes());
        told.and_then(|()| stdout.read_exact(&mut [0; "ack\n\0".len()])).is_ok()
    }

    /// Why it does not do it, with what can be done.
    fn refusal(&mut self) -> String {
        let _ = self.child.kill();
        let mut said = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            let _ = stderr.read_to_string(&mut said);
        }
        let _ = self.child.wait();
        explained(&said)
    }
}

impl Drop for Perf {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// What `perf` said, and what helps where it is not permitted to look.
fn explained(said: &str) -> String {
    let first =
        said.lines().map(str::trim).find(|line| line.len() > 6).unwrap_or("it said nothing");
    let paranoid = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_default();
    let is_forbidden = ["ermission", "not permitted", "paranoid", "Access to"];
    if is_forbidden.iter().any(|word| said.contains(word)) {
        return format!(
            "perf may not look at processes here ({first}); kernel.perf_event_paranoid is {}: \
             `sysctl kernel.perf_event_paranoid=1` permits it, and so does running as root",
            paranoid.trim()
        );
    }
    format!("perf did not begin: {first}")
}

fn find() -> Result<PathBuf, String> {
    program::find("perf").ok_or_else(|| {
        "perf is not installed; your distribution has it as `linux-perf` (Debian), \
         `linux-tools-generic` (Ubuntu) or `perf`"
            .to_owned()
    })
}

/// What was sampled into a file, as `perf script` tells it: a paragraph for each sample.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn script(data: &Path) -> Result<Vec<u8>, String> {
    let mut command = Command::new(find()?);
    // Without periods: each sample is one.
    command
        .args(["script", "--force", "-F", FIELDS, "-i"])
        .arg(data)
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    let told = command.output().map_err(|e| format!("starting perf: {e}"))?;
    if !told.status.success() {
        return Err(explained(&String::from_utf8_lossy(&told.stderr)));
    }
    Ok(told.stdout)
}

/// What was counted: each event that was asked for and its number, or why there is none.
pub(super) fn counts(text: &str) -> Vec<(String, Result<f64, String>)> {
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [value, _unit, event, _time, running, ..] = fields.as_slice() else { return None };
        let is_whole = running.parse::<f64>().is_ok_and(|percent| percent >= 99.9);
        let number = match value.parse::<f64>() {
            Ok(number) if is_whole => Ok(number),
            Ok(_) => Err("the hardware counter was shared with another user".to_owned()),
            Err(_) => Err("this machine offers no such hardware counter".to_owned()),
        };
        Some((event.trim_end_matches(":u").to_owned(), number))
    };
    let mut told: HashMap<_, _> =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect();
    let names = EVENTS.split(',').map(|event| event.trim_end_matches(":u"));
    let mut number =
        |name| told.remove(name).unwrap_or_else(|| Err("perf told nothing of it".to_owned()));
    names.map(|name| (name.to_owned(), number(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_counted_is_no_zero() {
        let text = "# started on Sat Nov 28 17:29:18 2026\n\n\
                    <not supported>,,instructions:u,0,100.00,,\n\
                    32969,,context-switches,281944900,100.00,116.934,K/sec\n\
                    77,,cycles:u,281944900,66.60,,\n\
                    281.94,msec,task-clock,281944900,100.00,0.282,CPUs utilized\n";
        let told = counts(text);
        let why = |text: &str| Err(text.to_owned());
        let expected = [
            ("instructions", why("this machine offers no such hardware counter")),
            ("cycles", why("the hardware counter was shared with another user")),
            ("cache-misses", why("perf told nothing of it")),
            ("branch-misses", why("perf told nothing of it")),
            ("page-faults", why("perf told nothing of it")),
            ("context-switches", Ok(32969.0)),
            ("task-clock", Ok(281.94)),
        ];
        assert_eq!(told, expected.map(|(name, number)| (name.to_owned(), number)));
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let forbidden = explained(
            "Error:\nAccess to performance monitoring and observability operations is limited.\n",
        );
        assert!(forbidden.contains("sysctl kernel.perf_event_paranoid=1"), "{forbidden}");
        let gone = explained("Couldn't create thread/CPU maps: No such process\n");
        assert_eq!(gone, "perf did not begin: Couldn't create thread/CPU maps: No such process");
    }
}
