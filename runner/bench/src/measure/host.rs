//! One host process from spawn to stop: the host contract, seen from the
//! runner. It must not send load.

use super::counters::Instructions;
use super::launch::{self, Gate};
use super::log::Log;
use model::{Launch, Ready};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(2);
/// How long a wait takes to notice that the user wants out.
const LOOK_UP: Duration = Duration::from_millis(100);

/// A running host.
pub(crate) struct Host {
    child: Child,
    pid: Pid,
    started_at: Instant,
    stop_timeout: Duration,
    /// Lines of standard output, until it is ready.
    ready: Option<Receiver<(String, Instant)>>,
    log: Log,
    /// User-space instructions since `exec`.
    pub(crate) instructions: Instructions,
}

/// What a host said when it was ready.
#[derive(Debug, Clone)]
pub(crate) struct ReadyHost {
    /// Where it listens.
    pub(crate) addr: SocketAddr,
    /// Its own start-up phases in nanoseconds, by name.
    pub(crate) phases_ns: BTreeMap<String, u64>,
    /// From opening the gate until the runner knew.
    pub(crate) after: Duration,
}

/// Other events than `ready` are the host's own business.
#[derive(Deserialize)]
struct EventLine {
    event: String,
}

#[derive(Deserialize)]
struct ReadyLine {
    addr: SocketAddr,
    #[serde(default)]
    phases_ns: BTreeMap<String, u64>,
}

/// What fills a command's placeholders.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fill<'a> {
    pub(crate) binary: &'a str,
    pub(crate) workload: &'a str,
    pub(crate) addr: &'a str,
    pub(crate) component: &'a str,
    pub(crate) precompiled: &'a str,
}

impl Fill<'_> {
    /// The command with its placeholders filled.
    pub(crate) fn command(&self, words: &[String]) -> Vec<String> {
        let fill = |word: &String| {
            word.replace("{binary}", self.binary)
                .replace("{workload}", self.workload)
                .replace("{addr}", self.addr)
                .replace("{component}", self.component)
                .replace("{precompiled}", self.precompiled)
        };
        words.iter().map(fill).collect()
    }
}

impl Host {
    /// Starts a host; it may not be ready yet. Call from the main thread.
    pub(crate) fn start(
        launch: &Launch,
        command: &[String],
        directory: &Path,
        cpus: &[usize],
    ) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("cannot start {}: {error}", command.join(" "));
        let gate: Gate =
            launch::start(command, &launch.environment, directory, cpus).map_err(failed)?;
        let pid = gate.pid();
        let instructions = Instructions::attach(pid);
        let (mut child, started_at) = gate.open().map_err(failed)?;
        let log = Log::default();
        let (lines, ready) = channel();
        if let Some(stdout) = child.stdout.take() {
            read_lines(stdout, log.clone(), Some(lines));
        }
        if let Some(stderr) = child.stderr.take() {
            read_lines(stderr, log.clone(), None);
        }
        let stop_timeout = launch.stop_timeout;
        Ok(Self { child, pid, started_at, stop_timeout, ready: Some(ready), log, instructions })
    }

    /// The process.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// When the gate was opened.
    pub(crate) fn started_at(&self) -> Instant {
        self.started_at
    }

    /// The last lines it printed.
    pub(crate) fn log_tail(&self) -> String {
        self.log.tail()
    }

    /// Waits until it is ready.
    pub(crate) fn wait_ready(
        &mut self,
        launch: &Launch,
        addr: SocketAddr,
        cancel: &AtomicBool,
    ) -> Result<ReadyHost, String> {
        let deadline = self.started_at + launch.ready_timeout;
        match &launch.ready {
            Ready::JsonLine => self.wait_ready_line(deadline, launch.ready_timeout, cancel),
            Ready::Http { path } => self.wait_http(addr, path, deadline, launch.ready_timeout),
        }
    }

    fn wait_ready_line(
        &mut self,
        deadline: Instant,
        timeout: Duration,
        cancel: &AtomicBool,
    ) -> Result<ReadyHost, String> {
        let Some(lines) = self.ready.take() else {
            return Err("was asked twice whether it is ready".to_owned());
        };
        loop {
            if cancel.load(Ordering::Relaxed) {
                return Err("was not waited for".to_owned());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match lines.recv_timeout(left.min(LOOK_UP)) {
                Ok((line, at)) if line.trim_start().starts_with('{') => {
                    let event = serde_json::from_str::<EventLine>(&line);
                    if event.is_ok_and(|line| line.event != "ready") {
                        continue;
                    }
                    let ready: ReadyLine = serde_json::from_str(&line).map_err(|error| {
                        format!("printed a line that is not the contract's ready line: {error}")
                    })?;
                    let after = at - self.started_at;
                    return Ok(ReadyHost { addr: ready.addr, phases_ns: ready.phases_ns, after });
                }
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!(
                        "was not ready within {timeout:?}; it printed {} lines, none of them a ready line",
                        self.log.lines()
                    ));
                }
                // Its standard output is closed: it is gone, or will never tell.
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(match self.exit_within(Duration::from_millis(200)) {
                        Some(how) => format!("{how} before it was ready"),
                        None => "closed its standard output before it was ready".to_owned(),
                    });
                }
            }
        }
    }

    fn wait_http(
        &mut self,
        addr: SocketAddr,
        path: &str,
        deadline: Instant,
        timeout: Duration,
    ) -> Result<ReadyHost, String> {
        let expect = load::Expect { status: 200, body: load::ExpectBody::Any, headers: Vec::new() };
        let request = load::Request::get(path, &addr.to_string());
        let call = load::Call { addr, request, expect };
        while Instant::now() < deadline {
            if let Some(how) = self.exited() {
                return Err(format!("{how} before it was ready"));
            }
            let answer = load::ask_once(&call, Duration::from_millis(500));
            if matches!(answer, Ok(_) | Err(load::Failure::WrongAnswer { .. })) {
                let after = self.started_at.elapsed();
                return Ok(ReadyHost { addr, phases_ns: BTreeMap::new(), after });
            }
            thread::sleep(POLL);
        }
        Err(format!("did not answer on {addr} within {timeout:?}"))
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
    /// as is an exit that is not clean.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        if let Some(how) = self.exited() {
            return Err(format!("{how} before it was stopped"));
        }
        // It may exit between the look and the signal; the wait tells.
        let _ = kill(self.pid, Signal::SIGTERM);
        let deadline = Instant::now() + self.stop_timeout;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() || status.signal() == Some(15) => {
                    return Ok(());
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

impl Drop for Host {
    /// Nothing a host started outlives its block.
    fn drop(&mut self) {
        let _ = killpg(self.pid, Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// A free loopback address for a host that cannot choose one itself.
pub(crate) fn free_addr() -> std::io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0))?.local_addr()
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
) {
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
    });
}
