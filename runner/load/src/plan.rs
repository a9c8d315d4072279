//! What to run: calls, how they are repeated, and on which CPUs.
//!
//! Values and their validation; nothing here runs anything.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use crate::{expect::Expect, failure::Failure, request::Request, turns::Turn};

/// Longest latency a histogram can hold, hence the longest request timeout.
pub const MAX_LATENCY: Duration = Duration::from_secs(60);

/// Rates that make sense; above, an arrival is shorter than reading a clock.
const MIN_RATE_PER_S: f64 = 0.1;
const MAX_RATE_PER_S: f64 = 1e7;

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

/// How requests follow one another. A value, so that no mode has a copy of the
/// loop: it decides when a request is due, nothing else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mode {
    /// Each connection sends its next request when the last was answered.
    /// One connection measures latency, many measure throughput.
    Closed {
        /// Keep-alive connections, split over the threads.
        connections: usize,
    },
    /// Requests arrive at a fixed rate, evenly spaced, whatever the server
    /// does. An arrival takes any idle connection; while there is none it
    /// waits, and its latency counts from when it was due.
    Open {
        /// Keep-alive connections, split over the threads: the most requests
        /// under way at a time.
        connections: usize,
        /// Arrivals per second, over all connections.
        rate_per_s: f64,
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
    /// What is asked, of one address. Each connection goes round and round
    /// through all of them, each from another one on.
    pub calls: Vec<Call>,
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
    /// How long an arrival of an open loop may wait for an idle connection
    /// before the server counts as saturated. No matter in a closed loop.
    pub backlog_limit: Duration,
    /// The most that the 99th percentile of an open loop's send lateness may be;
    /// beyond, the generator was behind its schedule and the run fails.
    pub lateness_limit: Duration,
    /// The generator's threads.
    pub placement: Placement,
    /// This run's place among others with which it takes turns, a slice and what
    /// leads up to it at a time. Of a closed loop only.
    pub turn: Option<Arc<Turn>>,
}

impl Plan {
    /// A plan with the usual settings: one unpinned thread, 1 s of warm-up,
    /// 5 s measured in slices of 100 ms, 10 s for a request and for its wait,
    /// 1 ms for the generator to be late.
    pub fn new(calls: Vec<Call>, mode: Mode) -> Plan {
        Plan {
            calls,
            mode,
            warmup: Duration::from_secs(1),
            slices: 50,
            slice: Duration::from_millis(100),
            request_timeout: Duration::from_secs(10),
            backlog_limit: Duration::from_secs(10),
            lateness_limit: Duration::from_millis(1),
            placement: Placement::Floating { threads: 1 },
            turn: None,
        }
    }

    /// The most a run of this plan can take; it fails by itself after that.
    /// Twice the load time (of all that take turns) is for a machine that does not keep up, the two
    /// request timeouts for connecting and for the last answers, the limit of
    /// the backlog for sending what an open loop owes at the end.
    pub fn deadline(&self) -> Duration {
        let load = self.warmup + self.slice * self.slices as u32;
        let owed = match self.mode {
            Mode::Closed { .. } => Duration::ZERO,
            Mode::Open { .. } => self.backlog_limit,
        };
        let runs = self.turn.as_ref().map_or(1, |turn| turn.runs());
        load * 2 * runs as u32 + owed + self.request_timeout * 2 + Duration::from_secs(1)
    }

    pub(crate) fn connections(&self) -> usize {
        match self.mode {
            Mode::Closed { connections } | Mode::Open { connections, .. } => connections,
        }
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
        let Some(first) = self.calls.first() else {
            return refuse("needs at least one call");
        };
        if self.calls.iter().any(|call| call.addr != first.addr) {
            return refuse("all calls must go to one address");
        }
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
        if let Mode::Open { rate_per_s, .. } = self.mode {
            if self.turn.is_some() {
                return refuse("arrivals at a fixed rate cannot wait for a turn");
            }
            if !(MIN_RATE_PER_S..=MAX_RATE_PER_S).contains(&rate_per_s) {
                return refuse("the rate must be between 0.1 and 10,000,000 per second");
            }
            if self.backlog_limit + self.request_timeout > MAX_LATENCY {
                return refuse("the limit of the backlog and the request timeout exceed 60 s");
            }
        }
        Ok(())
    }
}
