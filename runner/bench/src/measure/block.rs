//! One block: a fresh host, its driver, and what came of it. Whatever goes
//! wrong becomes a failed outcome with the host's last lines; no number of a
//! failed block leaves this module.

use super::drivers::{self, Driven};
use super::host::{Fill, Host, ReadyHost, free_addr};
use super::placement::Placement;
use super::subject::Subject;
use jiff::Timestamp;
use model::{
    Arm, Driver, Expect, ExpectBody, Label, Measurements, Outcome, Ready, Request, RequestBody,
};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a single request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What all blocks of a run share.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    /// CPUs of generator and host.
    pub(crate) placement: Placement,
    /// Where precompiled components are kept.
    pub(crate) cache: PathBuf,
    /// Set when the user wants to stop.
    pub(crate) cancel: &'a AtomicBool,
    /// Overrides the measured part of a block, in milliseconds.
    pub(crate) measure_ms: Option<u64>,
}

/// What a block was and what came of it.
pub(crate) struct Measured {
    /// When the host was spawned.
    pub(crate) started_at: Timestamp,
    /// From there until it had stopped.
    pub(crate) duration: Duration,
    /// Caveats, sorted.
    pub(crate) labels: Vec<Label>,
    /// The outcome.
    pub(crate) outcome: Outcome,
}

/// A started host and the address it was told.
pub(crate) struct Started {
    pub(crate) host: Host,
    pub(crate) ready: ReadyHost,
}

/// A failure on the way, with the host's log if there was a host.
#[derive(Debug)]
struct Broken {
    reason: String,
    log_tail: String,
}

impl Bench<'_> {
    /// Measures one block. `None` when the user cancelled.
    pub(crate) fn measure(&self, subject: &Subject, arm: &Arm) -> Option<Measured> {
        // Precompiling, where an arm needs it, is no part of the block.
        let command = self.command(subject, arm);
        let (started_at, clock) = (Timestamp::now(), Instant::now());
        let result = self.run(subject, arm, command, |bench, started| {
            drivers::drive(bench, subject, arm, started)
        });
        let duration = clock.elapsed();
        if self.cancel.load(Ordering::Relaxed) {
            return None;
        }
        let mut labels = Vec::new();
        if self.placement.is_shared() {
            labels.push(Label::SharedCpus);
        }
        let outcome = match result {
            Ok(driven) => {
                labels.extend(driven.labels);
                Outcome::Measured(complete(driven.measurements, arm))
            }
            Err(Broken { reason, log_tail }) => {
                Outcome::Failed { reason: plain(&reason), log_tail }
            }
        };
        labels.sort_unstable();
        Some(Measured { started_at, duration, labels, outcome })
    }

    /// Starts a host for an arm, lets `drive` use it, stops it. An answer is
    /// only good when the host also stopped as it should.
    fn run(
        &self,
        subject: &Subject,
        arm: &Arm,
        command: Result<(Vec<String>, SocketAddr), String>,
        drive: impl FnOnce(&Self, &mut Started) -> Result<Driven, String>,
    ) -> Result<Driven, Broken> {
        let without_log = |reason| Broken { reason, log_tail: String::new() };
        let (command, addr) = command.map_err(without_log)?;
        let directory =
            arm.workload.as_deref().and_then(|file| file.parent()).unwrap_or(&self.cache);
        let mut host = Host::start(&subject.launch, &command, directory, &self.placement.host)
            .map_err(without_log)?;
        let ready = match host.wait_ready(&subject.launch, addr, self.cancel) {
            Ok(ready) => ready,
            Err(problem) => return Err(broken(&mut host, &format!("the host {problem}"))),
        };
        let mut started = Started { host, ready };
        let driven = match drive(self, &mut started) {
            Ok(driven) => driven,
            Err(problem) => return Err(broken(&mut started.host, &problem)),
        };
        let log_tail = started.host.log_tail();
        match started.host.stop() {
            Ok(()) => Ok(driven),
            Err(problem) => Err(Broken { reason: format!("the host {problem}"), log_tail }),
        }
    }

    fn command(&self, subject: &Subject, arm: &Arm) -> Result<(Vec<String>, SocketAddr), String> {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let addr = match subject.launch.ready {
            Ready::JsonLine => any,
            Ready::Http { .. } => free_addr().map_err(|error| format!("no free port: {error}"))?,
        };
        let (words, precompiled) = match &subject.launch.start_precompiled {
            Some(words) if arm.precompile => (words, subject.precompiled(arm, &self.cache)?),
            _ => (&subject.launch.start, PathBuf::new()),
        };
        let text = |path: &Option<PathBuf>| {
            path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let fill = Fill {
            binary: &subject.binary.to_string_lossy(),
            workload: &text(&arm.workload),
            component: &text(&arm.component),
            precompiled: &precompiled.to_string_lossy(),
            addr: &addr.to_string(),
        };
        Ok((fill.command(words), addr))
    }
}

/// Every request of an arm, once and checked: `bench run --check` and `suite
/// check`.
///
/// # Errors
/// What went wrong, with the host's last lines.
pub(crate) fn check(bench: &Bench<'_>, subject: &Subject, arm: &Arm) -> Result<Duration, String> {
    let mut latency = Duration::ZERO;
    let asked = bench.run(subject, arm, bench.command(subject, arm), |_, started| {
        for call in calls(arm, started.ready.addr) {
            latency =
                load::ask_once(&call, REQUEST_TIMEOUT).map_err(|failure| failure.to_string())?;
        }
        Ok(Driven::default())
    });
    match asked {
        Ok(_) => Ok(latency),
        Err(Broken { reason, log_tail }) if log_tail.is_empty() => Err(reason),
        Err(Broken { reason, log_tail }) => {
            Err(format!("{reason}\nthe host's last lines:\n{log_tail}"))
        }
    }
}

/// The request of an arm to a host, the first one if there are several.
pub(super) fn call(arm: &Arm, addr: SocketAddr) -> load::Call {
    exchange(&arm.request, &arm.expect, addr)
}

/// All requests of an arm to a host, in turn.
pub(super) fn calls(arm: &Arm, addr: SocketAddr) -> Vec<load::Call> {
    let further = arm.further.iter().map(|next| exchange(&next.request, &next.expect, addr));
    std::iter::once(call(arm, addr)).chain(further).collect()
}

fn exchange(request: &Request, expect: &Expect, addr: SocketAddr) -> load::Call {
    let body = match &expect.body {
        ExpectBody::Exactly(text) => load::ExpectBody::Exactly(text.clone().into_bytes()),
        ExpectBody::Sha256(digest) => {
            load::ExpectBody::Sha256 { digest: digest.to_bytes(), length: None }
        }
        ExpectBody::Pattern { bytes } => load::ExpectBody::Pattern { length: *bytes },
    };
    load::Call {
        addr,
        request: load::Request {
            method: request.method.clone(),
            path: request.path.clone(),
            host: request.host.clone().unwrap_or_else(|| addr.to_string()),
            headers: request.headers.clone(),
            body: match &request.body {
                RequestBody::Text(text) => load::RequestBody::Bytes(text.clone().into_bytes()),
                RequestBody::Pattern { bytes } => load::RequestBody::Pattern { length: *bytes },
            },
        },
        expect: load::Expect { status: expect.status, body, headers: expect.headers.clone() },
    }
}

pub(super) const fn request_timeout() -> Duration {
    REQUEST_TIMEOUT
}

/// Without the control characters that a host's own message may hold.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// A host that died explains a broken connection better than the connection.
fn broken(host: &mut Host, problem: &str) -> Broken {
    let reason = match host.exit_within(Duration::from_millis(50)) {
        Some(how) if !problem.contains(&how) => format!("the host {how}: {problem}"),
        _ => problem.to_owned(),
    };
    Broken { reason, log_tail: host.log_tail() }
}

/// Every metric the suite reports is there or absent with a reason.
fn complete(mut measurements: Measurements, arm: &Arm) -> Measurements {
    for metric in &arm.metrics {
        let told = measurements.absent.iter().any(|absent| absent.metric == metric.name);
        if !told && measurements.values(metric).is_none() {
            let reason = match arm.driver {
                Driver::ColdStart => "the host did not tell this phase",
                _ => "the driver had nothing to measure it on",
            };
            measurements.insert_absent(metric.name, reason);
        }
    }
    measurements
}
