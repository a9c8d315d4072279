//! One process of a block, from spawn to stop. It must not know what it is for
//! or send load.

use super::counters::Instructions;
use super::launch::{self, Gate};
use super::log::Log;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(2);
/// How long the next line of a process that has ended may take to be read.
const LAST_LINE: Duration = Duration::from_millis(100);

/// How to start a process.
pub(crate) struct Command<'a> {
    /// What failures call it: `the host`.
    pub(crate) name: String,
    /// Program and arguments.
    pub(crate) words: Vec<String>,
    /// Extra environment.
    pub(crate) environment: &'a [(String, String)],
    /// Working directory.
    pub(crate) directory: &'a Path,
    /// CPUs it may use; the runner's when empty.
    pub(crate) cpus: &'a [usize],
    /// From SIGTERM to SIGKILL.
    pub(crate) stop_timeout: Duration,
}

/// A running process.
pub(crate) struct Process {
    name: String,
    child: Child,
    pid: Pid,
    started_at: Instant,
    stop_timeout: Duration,
    /// Lines of its standard output and when they came, until somebody takes them.
    lines: Option<Receiver<(String, Instant)>>,
    log: Log,
    /// Whoever fills the log.
    readers: Vec<JoinHandle<()>>,
    /// User-space instructions since `exec`, until somebody takes them.
    instructions: Option<Instructions>,
}

impl Process {
    /// Starts it; it may not be ready yet. Call from the main thread.
    pub(crate) fn start(command: Command<'_>) -> Result<Self, String> {
        let words = &command.words;
        let failed = |error: std::io::Error| format!("cannot start {}: {error}", words.join(" "));
        let gate: Gate = launch::start(words, command.environment, command.directory, command.cpus)
            .map_err(failed)?;
        let pid = gate.pid();
        let instructions = Some(Instructions::attach(pid));
        let (mut child, started_at) = gate.open().map_err(failed)?;
        let log = Log::default();
        let (sender, lines) = channel();
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(read_lines(stdout, log.clone(), Some(sender)));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(read_lines(stderr, log.clone(), None));
        }
        let Command { name, stop_timeout, .. } = command;
        let lines = Some(lines);
        Ok(Self { name, child, pid, started_at, stop_timeout, lines, log, readers, instructions })
    }

    /// What failures call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its first process, whose group has its number.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// When the gate was opened.
    pub(crate) fn started_at(&self) -> Instant {
        self.started_at
    }

    /// The last lines it printed.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// If it exited, waits until the last of what it printed is in the log.
    pub(crate) fn hear_out(&mut self) {
        // Its output ends with it, unless a child of its own keeps that open.
        let deadline = Instant::now() + LAST_LINE;
        while self.exited().is_some()
            && !self.readers.iter().all(JoinHandle::is_finished)
            && Instant::now() < deadline
        {
            thread::sleep(POLL);
        }
    }

    /// The lines of its standard output; once.
    pub(crate) fn take_lines(&mut self) -> Option<Receiver<(String, Instant)>> {
        self.lines.take()
    }

    /// Whoever took the lines wants the further ones to be returned by `stop`.
    pub(crate) fn give_back_lines(&mut self, lines: Receiver<(String, Instant)>) {
        self.lines = Some(lines);
    }

    /// Its counter of instructions; once.
    pub(crate) fn take_instructions(&mut self) -> Option<Instructions> {
        self.instructions.take()
    }

    /// How it exited, if it did.
    pub(crate) fn exited(&mut self) -> Option<String> {
        self.child.try_wait().ok().flatten().map(describe_exit)
    }

    /// How it exited, if it does so soon.
    pub(crate) fn exit_within(&mut self, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        loop {
            match self.exited() {
                None if Instant::now() < deadline => thread::sleep(POLL),
                answer => return answer,
            }
        }
    }

    /// Stops it: SIGTERM, then SIGKILL after the deadline, which is a failure,
    /// as is an exit that is not clean. Returns the lines of its standard output
    /// that nobody has taken.
    pub(crate) fn stop(mut self) -> Result<Vec<String>, String> {
        if let Some(how) = self.exited() {
            return Err(format!("{how} before it was stopped"));
        }
        // It may exit between the look and the signal; the wait tells.
        let _ = kill(self.pid, Signal::SIGTERM);
        let deadline = Instant::now() + self.stop_timeout;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() || status.signal() == Some(15) => {
                    return Ok(self.untaken_lines());
                }
                Ok(Some(status)) => {
                    return Err(format!("{} when it was stopped", describe_exit(status)));
                }
                Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
                Ok(None) => {
                    return Err(format!("did not stop within {:?} of SIGTERM", self.stop_timeout));
                }
                Err(error) => return Err(format!("cannot wait for it: {error}")),
            }
        }
    }
}

impl Process {
    fn untaken_lines(&mut self) -> Vec<String> {
        let Some(lines) = self.lines.take() else { return Vec::new() };
        // Its output ends with it, unless a child of its own keeps that open.
        let next = || lines.recv_timeout(LAST_LINE).ok().map(|(line, _)| line);
        std::iter::from_fn(next).collect()
    }
}

impl Drop for Process {
    /// Nothing a process started outlives its block.
    fn drop(&mut self) {
        let _ = killpg(self.pid, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

fn describe_exit(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => {
            let name = Signal::try_from(signal).map_or("unknown signal", Signal::as_str);
            format!("died of {name}")
        }
        (None, None) => "ended".to_owned(),
    }
}

fn read_lines(
    from: impl Read + Send + 'static,
    log: Log,
    lines: Option<Sender<(String, Instant)>>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut reader = BufReader::new(from);
        let mut bytes = Vec::new();
        // A line that never ends is cut, so that it cannot fill the memory.
        while let Ok(1..) = reader.by_ref().take(64 * 1024).read_until(b'\n', &mut bytes) {
            let at = Instant::now();
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            log.push(&line);
            if let Some(lines) = &lines {
                let _ = lines.send((line, at));
            }
            bytes.clear();
        }
    })
}
