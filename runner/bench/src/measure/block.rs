//! One block: a fresh host, its driver, and what came of it. Whatever goes
//! wrong becomes a failed outcome with the host's last lines; no number of a
//! failed block leaves this module.

use super::cast::Broken;
use super::drivers;
use super::placement::Placement;
use super::stage::Stage;
use super::subject::Subject;
use jiff::Timestamp;
use model::{Arm, Driver, Expect, ExpectBody, Label, Measurements, Outcome, Request, RequestBody};
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
    /// The anchor, where one is measured: suites may use it as a process.
    pub(crate) anchor: Option<&'a Subject>,
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

impl Bench<'_> {
    /// Whether the user wants out.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Measures one block. `None` when the user cancelled.
    pub(crate) fn measure(&self, subject: &Subject, arm: &Arm) -> Option<Measured> {
        // Precompiling, where an arm needs it, is no part of the block.
        let stage = Stage::prepare(self, subject, arm, 1).map_err(Broken::early);
        let (started_at, clock) = (Timestamp::now(), Instant::now());
        let result = stage.and_then(|stage| within_budget(&stage, drivers::drive(&stage)));
        let duration = clock.elapsed();
        (!self.is_cancelled()).then(|| self.measured(arm, started_at, duration, result))
    }

    /// Measures a block of each of several versions, in turns drawn from the seed.
    /// `None` when the user cancelled.
    pub(crate) fn measure_in_turns(
        &self,
        subjects: &[&Subject],
        arm: &Arm,
        seed: u64,
    ) -> Option<Vec<Measured>> {
        let together = subjects.len();
        let stages: Vec<_> =
            subjects.iter().map(|subject| Stage::prepare(self, subject, arm, together)).collect();
        let (started_at, clock) = (Timestamp::now(), Instant::now());
        let ready: Vec<&Stage<'_>> = stages.iter().flatten().collect();
        let mut driven = drivers::drive_in_turns(self, arm, &ready, seed).into_iter();
        let result = |stage: &Result<Stage<'_>, String>| {
            let stage = stage.as_ref().map_err(Broken::early)?;
            within_budget(stage, driven.next().unwrap_or_else(|| Err(Broken::early("not driven"))))
        };
        let results: Vec<_> = stages.iter().map(result).collect();
        let duration = clock.elapsed();
        let measured = |result| self.measured(arm, started_at, duration, result);
        (!self.is_cancelled()).then(|| results.into_iter().map(measured).collect())
    }

    fn measured(
        &self,
        arm: &Arm,
        started_at: Timestamp,
        duration: Duration,
        result: Result<drivers::Driven, Broken>,
    ) -> Measured {
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
        Measured { started_at, duration, labels, outcome }
    }
}

/// One checked answer of an arm: `bench run --check` and `suite check`.
///
/// # Errors
/// What went wrong, with the last lines of what was running.
pub(crate) fn check(bench: &Bench<'_>, subject: &Subject, arm: &Arm) -> Result<(), String> {
    let stage = Stage::prepare(bench, subject, arm, 1)?;
    match within_budget(&stage, drivers::check(&stage)) {
        Ok(()) => Ok(()),
        Err(Broken { reason, log_tail }) if log_tail.is_empty() => Err(reason),
        Err(Broken { reason, log_tail }) => {
            Err(format!("{reason}\nthe host's last lines:\n{log_tail}"))
        }
    }
}

/// What a watchdog broke was not broken by what broke then.
pub(super) fn within_budget<T>(stage: &Stage<'_>, result: Result<T, Broken>) -> Result<T, Broken> {
    if !stage.watchdog.has_bitten() {
        return result;
    }
    let log_tail = result.err().map(|broken| broken.log_tail).unwrap_or_default();
    let reason = format!("took longer than its budget of {} s", stage.arm.budget_s);
    Err(Broken { reason, log_tail })
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

/// A request to one of many workloads: `{index}` is its number, in what is asked
/// and in what must come back.
pub(super) fn numbered(
    request: &Request,
    expect: &Expect,
    index: u32,
    addr: SocketAddr,
) -> load::Call {
    let number = |text: &str| text.replace("{index}", &index.to_string());
    let mut request = request.clone();
    request.host = request.host.as_deref().map(number);
    request.path = number(&request.path);
    let mut expect = expect.clone();
    if let ExpectBody::Exactly(text) = &mut expect.body {
        *text = number(text);
    }
    exchange(&request, &expect, addr)
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
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// Every metric the suite reports is there or absent with a reason.
fn complete(mut measurements: Measurements, arm: &Arm) -> Measurements {
    for metric in &arm.metrics {
        let told = measurements.absent.iter().any(|absent| absent.metric == metric.name);
        if !told && measurements.values(metric).is_none() {
            let reason = match arm.driver {
                Driver::ColdStart => "the host did not tell this phase",
                Driver::Command => "the command printed no value of it",
                _ => "the driver had nothing to measure it on",
            };
            measurements.insert_absent(metric.name, reason);
        }
    }
    measurements
}
