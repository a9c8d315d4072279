//! The gate every measured process goes through.
//!
//! `bench` starts itself as a launcher, which waits. Then the hardware counter
//! is attached and the gate opened: the launcher pins itself, asks to die with
//! the runner, and becomes the host by `exec`. So the counter sees the host's
//! first instruction and every thread it makes, the clock starts without the
//! cost of forking a large process, and no unsafe code is needed.
//! It must not know what a host is.

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

/// First argument of a launcher.
pub(crate) const ARGUMENT: &str = "__launch";

/// A process that waits behind the gate.
pub(crate) struct Gate {
    child: Child,
    /// A socket and no pipe: a launcher that is gone is an error here, not a
    /// signal that ends the runner.
    opener: UnixStream,
}

/// Starts a launcher for `command`, pinned to `cpus` when there are any.
///
/// It dies with the thread that calls this: call it from the main thread.
pub(crate) fn start(
    command: &[String],
    environment: &[(String, String)],
    directory: &Path,
    cpus: &[usize],
) -> io::Result<Gate> {
    let cpus: Vec<String> = cpus.iter().map(ToString::to_string).collect();
    let (opener, gate) = UnixStream::pair()?;
    let child = Command::new("/proc/self/exe")
        .arg(ARGUMENT)
        .arg(cpus.join(","))
        .args(command)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(directory)
        .process_group(0)
        .stdin(OwnedFd::from(gate))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    Ok(Gate { child, opener })
}

impl Gate {
    /// The process, before and after it becomes the host.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Opens the gate; the instant is when.
    pub(crate) fn open(mut self) -> io::Result<(Child, Instant)> {
        let opened_at = Instant::now();
        self.opener.write_all(b"!")?;
        Ok((self.child, opened_at))
    }
}

/// What a launcher does with its arguments: CPUs, program, its arguments.
/// Comes back only when the program cannot be started.
pub(crate) fn become_host(mut arguments: impl Iterator<Item = std::ffi::OsString>) -> ExitCode {
    let cpus = arguments.next().unwrap_or_default();
    let Some(program) = arguments.next() else {
        eprintln!("{ARGUMENT} is for bench itself");
        return ExitCode::from(2);
    };
    match prepare(&cpus.to_string_lossy()) {
        Ok(()) => {
            let error = Command::new(&program).args(arguments).exec();
            eprintln!("cannot start {}: {error}", program.display());
        }
        Err(error) => eprintln!("cannot prepare to start {}: {error}", program.display()),
    }
    ExitCode::from(127)
}

fn prepare(cpus: &str) -> io::Result<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    let mut cpu_set = CpuSet::new();
    let mut pinned = false;
    for cpu in cpus.split(',').filter(|cpu| !cpu.is_empty()) {
        cpu_set.set(cpu.parse().map_err(io::Error::other)?)?;
        pinned = true;
    }
    if pinned {
        sched_setaffinity(Pid::from_raw(0), &cpu_set)?;
    }
    // An end of file instead of the byte means that the runner went away.
    io::stdin().read_exact(&mut [0])
}
