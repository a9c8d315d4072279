//! What to run: a call, how it is repeated, and on which CPUs.
//!
//! Values and their validation; nothing here runs anything.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use crate::{expect::Expect, failure::Failure, request::Request};

/// Longest latency a histogram can hold, hence the longest request timeout.
pub const MAX_LATENCY: Duration = Duration::from_secs(60);

/// A request, whom to ask, and the right answer.
#[derive(Debug, Clone)]
pub struct Call {
    /// Address of the server.
    pub addr: SocketAddr,
    /// What is sent.
    pub request: Request,
    /// What must come back, each time.
    pub expect: Expect,
}

/// How requests follow one another. A value, so that a mode added later does
/// not copy the loop: it decides when a request is due, nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Each connection sends its next request when the last was answered.
    /// One connection measures latency, many measure throughput.
    Closed {
        /// Keep-alive connections, split over the threads.
        connections: usize,
    },
}

/// Where the generator's threads run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// One thread per CPU id, pinned to it.
    Pinned(Vec<usize>),
    /// This many threads, wherever the kernel puts them.
    Floating {
        /// Threads, at least one.
        threads: usize,
    },
}

/// One measurement of one server.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is asked.
    pub call: Call,
    /// How it is repeated.
    pub mode: Mode,
    /// Time before the measured part, with the same load.
    pub warmup: Duration,
    /// Number of slices in the measured part.
    pub slices: usize,
    /// Length of a slice. A slice closes at the first timer tick after it, so
    /// each lasts up to about a millisecond longer; `Slice::elapsed_ns` is
    /// the time it really took.
    pub slice: Duration,
    /// Time a request gets, from its sending to the last byte of its answer.
    pub request_timeout: Duration,
    /// The generator's threads.
    pub placement: Placement,
}

impl Plan {
    /// A plan with the usual settings: one unpinned thread, 1 s of warm-up,
    /// 5 s measured in slices of 100 ms, 10 s for a request.
    pub fn new(call: Call, mode: Mode) -> Plan {
        Plan {
            call,
            mode,
            warmup: Duration::from_secs(1),
            slices: 50,
            slice: Duration::from_millis(100),
            request_timeout: Duration::from_secs(10),
            placement: Placement::Floating { threads: 1 },
        }
    }

    /// The most a run of this plan can take; it fails by itself after that.
    /// Twice the load time is for a machine that does not keep up, the two
    /// request timeouts for connecting and for the last answers.
    pub fn deadline(&self) -> Duration {
        let load = self.warmup + self.slice * self.slices as u32;
        load * 2 + self.request_timeout * 2 + Duration::from_secs(1)
    }

    pub(crate) fn connections(&self) -> usize {
        let Mode::Closed { connections } = self.mode;
        connections
    }

    /// The CPU of each thread; `None` for a floating one. A thread without a
    /// connection would only dilute the figures, so there are no more threads
    /// than connections.
    pub(crate) fn threads(&self) -> Vec<Option<usize>> {
        let mut threads = match &self.placement {
            Placement::Pinned(cpus) => cpus.iter().copied().map(Some).collect(),
            Placement::Floating { threads } => vec![None; *threads],
        };
        threads.truncate(self.connections());
        threads
    }

    pub(crate) fn validate(&self) -> Result<(), Failure> {
        let refuse = |what: &str| Err(Failure::Plan(what.to_owned()));
        if self.connections() == 0 {
            return refuse("needs at least one connection");
        }
        if self.threads().is_empty() {
            return refuse("needs at least one generator thread");
        }
        if self.slices == 0 || self.slices > 1_000_000 {
            return refuse("needs between 1 and 1,000,000 slices");
        }
        if self.slice < Duration::from_millis(1) {
            return refuse("slices must last at least 1 ms");
        }
        if self.request_timeout.is_zero() || self.request_timeout > MAX_LATENCY {
            return refuse("the request timeout must be above zero and at most 60 s");
        }
        Ok(())
    }
}

/// A call made ready for sending, shared by all connections.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) addr: SocketAddr,
    /// The whole request.
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_head: bool,
    pub(crate) expect: Arc<Expect>,
    /// Method, path and address, for messages.
    pub(crate) asked: String,
}

impl Job {
    pub(crate) fn new(call: &Call) -> Result<Job, Failure> {
        let Call { addr, request, expect } = call;
        Ok(Job {
            addr: *addr,
            bytes: request.encode().map_err(Failure::Plan)?,
            is_head: request.method == "HEAD",
            expect: Arc::new(expect.clone()),
            asked: format!("{} {} at {addr}", request.method, request.path),
        })
    }
}
