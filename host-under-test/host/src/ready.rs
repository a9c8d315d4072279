//! The host contract's two JSON lines: `--capabilities` and "ready". The only
//! module that writes to stdout.

use host_under_test::{Error, Result, StartNs};
use serde::Serialize;
use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const NAME: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What this version can do. A benchmark that needs anything else is shown as
/// not supported, so nothing is listed before it works.
const CAPABILITIES: &[&str] = &[
    "http-p2",
    "http-p3",
    "aot",
    "admin",
    "blobstore",
    "chaining",
    "compilers",
    "egress",
    "h2c",
    "keyvalue",
    "limits",
    "links",
    "logging",
    "multipath",
    "plugins",
    "pools",
    "schedules",
    "service-http",
    "service-run",
    "several-workloads",
    "sockets",
];

/// How long each step before the first request took, in nanoseconds. Absent
/// steps were not taken: a component is compiled or its code is loaded.
#[derive(Debug, Default, Serialize)]
pub(crate) struct PhasesNs {
    pub(crate) engine: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compile: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) load: Option<u64>,
    pub(crate) link: u64,
    pub(crate) listen: u64,
}

impl PhasesNs {
    /// Adds what starting a workload took.
    pub(crate) fn add(&mut self, took: &StartNs) {
        for (total, part) in [(&mut self.compile, took.compile), (&mut self.load, took.load)] {
            if let Some(part) = part {
                *total.get_or_insert(0) += part;
            }
        }
        self.link += took.link;
    }
}

/// Runs `step` and tells how long it took.
pub(crate) fn timed_ns<T>(step: impl FnOnce() -> T) -> (T, u64) {
    let start = Instant::now();
    let value = step();
    (value, saturating_ns(start.elapsed()))
}

fn saturating_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Says what this binary is.
pub(crate) fn print_capabilities() -> Result<()> {
    #[derive(Serialize)]
    struct Line {
        name: &'static str,
        version: &'static str,
        capabilities: &'static [&'static str],
    }
    print_line(&Line { name: NAME, version: VERSION, capabilities: CAPABILITIES })
}

/// Says that requests are answered from now on.
pub(crate) fn print_ready(
    addr: SocketAddr,
    admin: Option<SocketAddr>,
    phases_ns: &PhasesNs,
) -> Result<()> {
    #[derive(Serialize)]
    struct Line<'a> {
        event: &'static str,
        addr: SocketAddr,
        #[serde(skip_serializing_if = "Option::is_none")]
        admin: Option<SocketAddr>,
        name: &'static str,
        version: &'static str,
        capabilities: &'static [&'static str],
        phases_ns: &'a PhasesNs,
    }
    print_line(&Line {
        event: "ready",
        addr,
        admin,
        name: NAME,
        version: VERSION,
        capabilities: CAPABILITIES,
        phases_ns,
    })
}

fn print_line(line: &impl Serialize) -> Result<()> {
    let failed = |e: std::io::Error| Error::Runtime(format!("writing to stdout: {e}"));
    let mut text = serde_json::to_vec(line).map_err(|e| failed(e.into()))?;
    text.push(b'\n');
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&text).map_err(failed)?;
    stdout.flush().map_err(failed)
}
