//! Waiting until a process is ready: it says so on a line, answers HTTP, or
//! accepts connections. It must not judge what is answered.

use super::process::Process;
use model::Ready;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(2);
/// How long a wait takes to notice that the user wants out.
const LOOK_UP: Duration = Duration::from_millis(100);
/// How long one attempt to ask takes at most.
const ATTEMPT: Duration = Duration::from_millis(500);

/// What a process said when it was ready.
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

/// How long to wait, and for what.
#[derive(Clone, Copy)]
pub(crate) struct Wait<'a> {
    pub(crate) ready: &'a Ready,
    /// The address it was told.
    pub(crate) addr: SocketAddr,
    pub(crate) timeout: Duration,
    /// Set when waiting has no sense any more.
    pub(crate) cancel: &'a AtomicBool,
}

impl Wait<'_> {
    /// Waits for `process`.
    ///
    /// # Errors
    /// What it did instead, as the rest of a sentence about it.
    pub(crate) fn until_ready(self, process: &mut Process) -> Result<ReadyHost, String> {
        match self.ready {
            Ready::JsonLine => self.until_line(process),
            Ready::Http { path } => self.until(process, |addr| answers(addr, path)),
            Ready::Tcp => {
                self.until(process, |addr| TcpStream::connect_timeout(&addr, ATTEMPT).is_ok())
            }
        }
    }

    fn until_line(self, process: &mut Process) -> Result<ReadyHost, String> {
        let deadline = process.started_at() + self.timeout;
        let Some(lines) = process.take_lines() else {
            return Err("was asked twice whether it is ready".to_owned());
        };
        loop {
            if self.cancel.load(Ordering::Relaxed) {
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
                    let after = at - process.started_at();
                    process.give_back_lines(lines);
                    return Ok(ReadyHost { addr: ready.addr, phases_ns: ready.phases_ns, after });
                }
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!(
                        "was not ready within {:?}; it printed {} lines, none of them a ready line",
                        self.timeout,
                        process.log().lines()
                    ));
                }
                // Its standard output is closed: it is gone, or will never tell.
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(match process.exit_within(Duration::from_millis(200)) {
                        Some(how) => format!("{how} before it was ready"),
                        None => "closed its standard output before it was ready".to_owned(),
                    });
                }
            }
        }
    }

    fn until(
        self,
        process: &mut Process,
        is_ready: impl Fn(SocketAddr) -> bool,
    ) -> Result<ReadyHost, String> {
        let deadline = process.started_at() + self.timeout;
        while Instant::now() < deadline {
            if self.cancel.load(Ordering::Relaxed) {
                return Err("was not waited for".to_owned());
            }
            if let Some(how) = process.exited() {
                return Err(format!("{how} before it was ready"));
            }
            if is_ready(self.addr) {
                let after = process.started_at().elapsed();
                return Ok(ReadyHost { addr: self.addr, phases_ns: BTreeMap::new(), after });
            }
            thread::sleep(POLL);
        }
        Err(format!("did not answer on {} within {:?}", self.addr, self.timeout))
    }
}

/// Whether anything at all is answered.
fn answers(addr: SocketAddr, path: &str) -> bool {
    let expect = load::Expect { status: 200, body: load::ExpectBody::Any, headers: Vec::new() };
    let request = load::Request::get(path, &addr.to_string());
    let answer = load::ask_once(&load::Call { addr, request, expect }, ATTEMPT);
    matches!(answer, Ok(_) | Err(load::Failure::WrongAnswer { .. }))
}

/// Free loopback addresses for processes that cannot choose one themselves.
pub(crate) fn free_addrs(count: usize) -> Result<Vec<SocketAddr>, String> {
    // All are held until the last is known, so that none comes twice.
    let bound: Result<Vec<TcpListener>, _> =
        (0..count).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect();
    let addrs = bound.and_then(|bound| bound.iter().map(TcpListener::local_addr).collect());
    addrs.map_err(|error| format!("no free port: {error}"))
}
