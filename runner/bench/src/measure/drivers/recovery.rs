//! Driver `recovery`: a request makes something crash that workloads rely on,
//! while all of them are being asked; how long until each is answered right
//! again, and how many calls failed on the way. Beside it how long the same
//! takes when nothing crashes. What a crash is, the suite says.

use super::Driven;
use crate::measure::block::{numbered, request_timeout};
use crate::measure::cast::Broken;
use crate::measure::stage::{Stage, Started, Variation};
use load::{Call, Caller};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Who ask at the same time, each some of the workloads in turn.
const ASKERS: usize = 8;
/// Between two attempts, so that whatever starts again gets a processor.
const PAUSE: Duration = Duration::from_micros(200);
/// How long all of it may take before it counts as not recovering.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of one crash.
struct Recovered {
    undisturbed: Duration,
    after: Duration,
    failed: u32,
}

/// A workload as somebody asks it.
struct Workload {
    index: u32,
    caller: Caller,
}

pub(super) fn drive(stage: &Stage<'_>, workloads: u32, crashes: u32) -> Result<Driven, Broken> {
    let recovered = stage
        .with_host(&variation(stage), |started| crash_often(stage, started, workloads, crashes))?;
    let mut driven = Driven::default();
    let m = &mut driven.measurements;
    let ns = |of: fn(&Recovered) -> Duration| {
        recovered.iter().map(|it| of(it).as_nanos() as f64).collect()
    };
    m.insert("recovery_ns", ns(|it| it.after));
    m.insert("undisturbed_ns", ns(|it| it.undisturbed));
    m.insert("calls_failed", recovered.iter().map(|it| f64::from(it.failed)).collect());
    Ok(driven)
}

/// Many workloads start slowly; the block's own budget is the limit.
fn variation(stage: &Stage<'_>) -> Variation {
    let budget = Duration::from_secs(stage.arm.budget_s.into());
    Variation { ready_timeout: Some(budget), ..Variation::default() }
}

fn crash_often(
    stage: &Stage<'_>,
    started: &Started<'_>,
    workloads: u32,
    crashes: u32,
) -> Result<Vec<Recovered>, String> {
    let arm = stage.arm;
    let probe = arm.further.first().ok_or("`requests` has nothing that workloads are asked")?;
    let addr = started.ready.addr;
    let crash = numbered(&arm.request, &arm.expect, 0, addr);
    let mut all: Vec<Workload> = Vec::new();
    for index in 0..workloads {
        let call = numbered(&probe.request, &probe.expect, index, addr);
        let caller = Caller::new(&call, request_timeout()).map_err(|e| e.to_string())?;
        all.push(Workload { index, caller });
    }
    // Whatever is made for the first call is made.
    ask_all(stage, &mut all, None)?;
    (0..crashes)
        .map(|_| {
            let undisturbed = ask_all(stage, &mut all, None)?.after;
            let crashed = ask_all(stage, &mut all, Some(&crash))?;
            Ok(Recovered { undisturbed, ..crashed })
        })
        .collect()
}

/// Asks every workload until each was answered right; after a crash, if there
/// is one, which happens while they are being asked.
fn ask_all(
    stage: &Stage<'_>,
    all: &mut [Workload],
    crash: Option<&Call>,
) -> Result<Recovered, String> {
    let share = all.len().div_ceil(ASKERS).max(1);
    let askers = all.len().div_ceil(share);
    let all_ask = Barrier::new(askers + 1);
    let is_over = AtomicBool::new(crash.is_none());
    let cancel = stage.bench.cancel;
    let (began, failed) = thread::scope(|scope| {
        let (all_ask, is_over) = (&all_ask, &is_over);
        let asking: Vec<_> = all
            .chunks_mut(share)
            .map(|mine| scope.spawn(move || ask_some(mine, cancel, all_ask, is_over)))
            .collect();
        all_ask.wait();
        let answered =
            crash.map_or(Ok(Duration::ZERO), |call| load::ask_once(call, request_timeout()));
        let began = Instant::now();
        is_over.store(true, Ordering::Release);
        let mut failed = 0;
        for asker in asking {
            failed += asker.join().map_err(|_| "an asker panicked".to_owned())??;
        }
        answered.map_err(|failure| format!("what should crash: {failure}"))?;
        Ok::<_, String>((began, failed))
    })?;
    Ok(Recovered { undisturbed: Duration::ZERO, after: began.elapsed(), failed })
}

/// Asks some workloads in turn until the crash is over, and then each until it
/// is answered right; how many calls failed.
fn ask_some(
    mine: &mut [Workload],
    cancel: &AtomicBool,
    all_ask: &Barrier,
    is_over: &AtomicBool,
) -> Result<u32, String> {
    let mut failed = 0;
    all_ask.wait();
    while !is_over.load(Ordering::Acquire) {
        for workload in mine.iter_mut() {
            failed += u32::from(workload.caller.ask(1, cancel).is_err());
        }
    }
    let deadline = Instant::now() + PATIENCE;
    for Workload { index, caller } in mine {
        while let Err(stopped) = caller.ask(1, cancel) {
            failed += 1;
            if cancel.load(Ordering::Relaxed) || Instant::now() > deadline {
                return Err(format!("workload {index} did not recover: {stopped}"));
            }
            thread::sleep(PAUSE);
        }
    }
    Ok(failed)
}
