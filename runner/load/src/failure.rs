//! Why a measurement ended: what, where, expected and seen.
//!
//! Texts only; nothing here decides anything. Any failure ends the run: a
//! number measured beside a wrong answer is not a number.

use std::{fmt, io, net::SocketAddr, time::Duration};

use crate::slices::Slice;

/// What ended a run or a single request.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The plan cannot be run as written.
    #[error("load plan: {0}")]
    Plan(String),
    /// No connection could be opened.
    #[error("connecting to {addr}: {source}")]
    Connect {
        /// Where.
        addr: SocketAddr,
        /// The kernel's reason.
        source: io::Error,
    },
    /// Nobody listened until the deadline (`first_answer`).
    #[error("connecting to {addr}: still refused after {within:?}")]
    Refused {
        /// Where.
        addr: SocketAddr,
        /// How long it was tried.
        within: Duration,
    },
    /// An answer came and was not the expected one.
    #[error("{asked}: {wrong}")]
    WrongAnswer {
        /// Method, path and address.
        asked: String,
        /// Expected and seen.
        wrong: WrongAnswer,
    },
    /// The whole answer did not arrive in time.
    #[error("{asked}: no answer within {within:?}")]
    NoAnswer {
        /// Method, path and address.
        asked: String,
        /// The time it was given.
        within: Duration,
    },
    /// The server closed the connection without a byte of an answer, and had
    /// not said so in the answer before (`connection: close`).
    #[error("{asked}: connection closed without an answer, after {answers} answers on it")]
    Closed {
        /// Method, path and address.
        asked: String,
        /// Right answers received on this connection before.
        answers: u64,
    },
    /// Sending or receiving failed.
    #[error("{asked}: {doing}: {source}")]
    Io {
        /// Method, path and address.
        asked: String,
        /// "sending the request" or "reading the answer".
        doing: &'static str,
        /// The kernel's reason.
        source: io::Error,
    },
    /// The generator itself could not be set up.
    #[error("{doing}: {source}")]
    Generator {
        /// For example "pinning the generator to CPU 7".
        doing: String,
        /// The kernel's reason.
        source: io::Error,
    },
    /// An open loop whose generator was late for reasons of its own.
    #[error(
        "the load generator fell behind its own schedule: 99th percentile of send lateness \
         {lateness_p99:?} (at most {limit:?}), {unsent} of {arrivals} arrivals not sent in time; \
         offer a lower rate or leave it a CPU of its own"
    )]
    BehindSchedule {
        /// 99th percentile of how much later than it could have been an
        /// arrival was sent.
        lateness_p99: Duration,
        /// See `Plan::lateness_limit`.
        limit: Duration,
        /// Arrivals that it should have sent by the end and had not.
        unsent: u64,
        /// Arrivals due in the measured part, as far as they were answered.
        arrivals: u64,
    },
    /// An open loop whose server does not keep up with the rate.
    #[error(
        "saturated: a request that was due has waited {waited:?} for an idle connection; \
         offer a lower rate or more connections"
    )]
    Saturated {
        /// See `Plan::backlog_limit`.
        waited: Duration,
    },
    /// An open loop at a rate that the generator itself cannot offer.
    #[error(
        "the load generator cannot offer this rate: it used {:.0} % of its CPU and waited for one \
         {} of the time; offer a lower rate or leave it a CPU of its own",
        cpu_share * 100.0,
        wait_share.map_or("an unknown part".to_owned(), |share| format!("{:.0} %", share * 100.0))
    )]
    Overloaded {
        /// See `Generator::cpu_share`.
        cpu_share: f64,
        /// See `STARVED_SHARE`; `None` if the kernel does not tell.
        wait_share: Option<f64>,
    },
    /// A bug: one of the generator's threads panicked, or the caller's probe.
    #[error("the load generator or its probe panicked; this is a bug")]
    Panicked,
    /// The whole run took longer than its plan allows.
    #[error("run not finished within {within:?}, the most its plan allows")]
    Overran {
        /// See `Plan::deadline`.
        within: Duration,
    },
    /// The caller asked for the end.
    #[error("cancelled")]
    Cancelled,
}

/// How an answer differs from the expected one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongAnswer {
    /// Another status.
    #[error("expected status {expected}, seen {seen} with body {body}")]
    Status {
        /// Expected status code.
        expected: u16,
        /// Status code seen.
        seen: u16,
        /// Start of the body that came with it.
        body: Excerpt,
    },
    /// An expected header is missing or has another value.
    #[error("expected header {name}: {expected}, seen {}", seen.as_deref().unwrap_or("none"))]
    Header {
        /// Header name.
        name: String,
        /// Expected value.
        expected: String,
        /// Value of the first header of that name.
        seen: Option<String>,
    },
    /// The body differs from the expected one.
    #[error("wrong body from byte {at}: expected {expected}, seen {seen}")]
    Body {
        /// Offset of the first different byte.
        at: u64,
        /// Expected bytes from shortly before it.
        expected: Excerpt,
        /// Bytes seen at the same place.
        seen: Excerpt,
    },
    /// The body has another SHA-256.
    #[error("expected a body with SHA-256 {expected}, seen {seen} of {length} bytes: {body}")]
    Digest {
        /// Expected, hexadecimal.
        expected: String,
        /// Seen, hexadecimal.
        seen: String,
        /// Bytes in the body.
        length: u64,
        /// Start of the body.
        body: Excerpt,
    },
    /// A complete message whose body is shorter than expected.
    #[error("body too short: expected {expected} bytes, seen {seen}: {body}")]
    TooShort {
        /// Expected bytes.
        expected: u64,
        /// Bytes seen.
        seen: u64,
        /// Start of the body.
        body: Excerpt,
    },
    /// The body goes on after the expected bytes.
    #[error("body too long: expected {expected} bytes, then seen {extra}")]
    TooLong {
        /// Expected bytes.
        expected: u64,
        /// What came after them.
        extra: Excerpt,
    },
    /// The connection was closed inside the answer.
    #[error("answer cut off {place}, after {seen} body bytes: {body}")]
    CutOff {
        /// Where in the message.
        place: &'static str,
        /// Body bytes seen.
        seen: u64,
        /// Start of the body.
        body: Excerpt,
    },
    /// Bytes after the end of the answer that nobody asked for.
    #[error("unsolicited bytes after the answer: {seen}")]
    Unsolicited {
        /// Start of them.
        seen: Excerpt,
    },
    /// Not HTTP/1.1.
    #[error("malformed answer: {what}, at {seen}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
        /// Bytes from there on.
        seen: Excerpt,
    },
}

/// A run that ended early, with what it had measured by then.
#[derive(Debug, thiserror::Error)]
#[error("{failure} ({answered} right answers before)")]
pub struct Stopped {
    /// Why.
    pub failure: Box<Failure>,
    /// Right answers, warm-up included.
    pub answered: u64,
    /// Slices of the measured part; the last one was cut off by the failure
    /// and counts it. Empty if the failure came before. Never a result.
    pub slices: Vec<Slice>,
}

/// A few bytes for a message, printable in one line.
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt {
    bytes: Vec<u8>,
    goes_on: bool,
}

impl Excerpt {
    /// Bytes shown at most.
    pub(crate) const MAX_BYTES: usize = 96;

    /// The start of `bytes`.
    pub(crate) fn of(bytes: &[u8]) -> Excerpt {
        let shown = bytes.len().min(Self::MAX_BYTES);
        Excerpt { bytes: bytes[..shown].to_vec(), goes_on: shown < bytes.len() }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dots = if self.goes_on { "..." } else { "" };
        write!(f, "\"{}\"{dots}", self.bytes.escape_ascii())
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
