//! Driver `instructions`: a counted number of requests over one connection, and
//! the user-space instructions they took, by the hardware's counter. Where the
//! suite asks for it, the same by callgrind, which simulates the processor:
//! two hosts that differ only in the number of requests, so that start and stop
//! cancel out. The two kinds are never mixed.

use super::Driven;
use crate::measure::block::{call, request_timeout};
use crate::measure::cast::Broken;
use crate::measure::counters::Instructions;
use crate::measure::stage::{Stage, Started, Variation};
use crate::measure::valgrind;
use load::Caller;
use model::{Digest, Hasher};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// Requests until caches and pools are as they stay.
const WARMUP: u32 = 500;
/// Requests that are counted.
const COUNTED: u32 = 2000;
/// Requests where there is no counter.
const UNCOUNTED: u32 = 10;
/// The same under callgrind, which is fifty times slower and needs no average:
/// unless the suite says otherwise.
const SIMULATED: u32 = 500;
/// And so many times fewer before them.
const WARMER: u32 = 10;
/// How long a host under callgrind may take, until ready and for a request.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) fn drive(stage: &Stage<'_>) -> Result<Driven, Broken> {
    let mut driven = Driven::default();
    let m = &mut driven.measurements;
    // Asked in any case: what callgrind counts should be seen to be right first.
    let counted = stage.with_host(&Variation::default(), |started| count(stage, started))?;
    let requests = if counted.is_ok() { COUNTED } else { UNCOUNTED };
    m.insert("requests", vec![f64::from(requests)]);
    match counted {
        Ok(instructions) => m.insert("instructions", vec![instructions as f64]),
        Err(reason) => m.insert_absent("instructions_per_request", &reason),
    }
    if stage.arm.metrics.iter().any(|metric| metric.name == valgrind::METRIC) {
        match valgrind::find() {
            None => m.insert_absent(valgrind::METRIC, "valgrind is not installed"),
            Some(valgrind) => {
                if stage.precompiled_for_valgrind.is_none() {
                    compile(stage, &valgrind)?;
                }
                let counted = stage.arm.load.simulated_requests.unwrap_or(SIMULATED);
                let before = counted / WARMER;
                let few = simulate(stage, &valgrind, before)?;
                match simulate(stage, &valgrind, before + counted)?.checked_sub(few) {
                    Some(more) => {
                        m.insert(valgrind::METRIC, vec![more as f64 / f64::from(counted)]);
                    }
                    None => {
                        m.insert_absent(valgrind::METRIC, "more requests took fewer instructions");
                    }
                }
            }
        }
    }
    Ok(driven)
}

/// Instructions of the counted requests; why not, where there is no counter.
fn count(stage: &Stage<'_>, started: &mut Started<'_>) -> Result<Result<u64, String>, String> {
    let call = call(stage.arm, started.ready.addr);
    let mut caller =
        Caller::new(&call, request_timeout()).map_err(|failure| failure.to_string())?;
    let mut ask =
        |times| caller.ask(times, stage.bench.cancel).map_err(|stopped| stopped.to_string());
    // Without a counter there is nothing to be gained from many.
    if let Err(reason) = started.instructions.read() {
        return ask(UNCOUNTED).map(|()| Err(reason));
    }
    ask(WARMUP)?;
    let before = started.instructions.read();
    ask(COUNTED)?;
    Ok(difference(before, &mut started.instructions))
}

fn difference(before: Result<u64, String>, instructions: &mut Instructions) -> Result<u64, String> {
    Ok(instructions.read()?.saturating_sub(before?))
}

/// Has a host that keeps its machine code compile what it needs on valgrind's
/// processor, uncounted: it would take minutes under callgrind. Once is enough.
fn compile(stage: &Stage<'_>, valgrind: &Path) -> Result<(), Broken> {
    let Stage { bench, subject, .. } = stage;
    let key = (subject.artifact.binary_sha256, code(stage)?);
    if bench.compiled_for_valgrind.borrow().contains(&key) {
        return Ok(());
    }
    let variation = Variation {
        wrapper: valgrind::run(valgrind),
        ready_timeout: Some(PATIENCE),
        ..Variation::default()
    };
    stage.with_host(&variation, |_| Ok(()))?;
    bench.compiled_for_valgrind.borrow_mut().insert(key);
    Ok(())
}

/// What tells the code that an arm's host compiles from that of others.
fn code(stage: &Stage<'_>) -> Result<Digest, Broken> {
    let arm = stage.arm;
    let scratch = stage.scratch().map_err(Broken::early)?;
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    // What needs to know of processes beside the host is for this arm alone.
    let Ok(Some(workload)) = stage.first_workload(nowhere, scratch.path()) else {
        return Ok(arm.definition_sha256);
    };
    let text = fs::read(workload);
    let text = text.map_err(|e| Broken::early(format!("reading a workload: {e}")))?;
    let options = arm.options.iter().fold(Hasher::default(), |hasher, (name, value)| {
        hasher.part("option", name).part("value", value)
    });
    Ok(options.part("workload", text).finish())
}

/// Instructions of a host's whole life with so many requests in it.
fn simulate(stage: &Stage<'_>, valgrind: &Path, requests: u32) -> Result<u64, Broken> {
    let scratch = stage.scratch().map_err(Broken::early)?;
    let variation = Variation {
        wrapper: valgrind::count(valgrind, scratch.path()),
        precompiled: stage.precompiled_for_valgrind.clone(),
        ready_timeout: Some(PATIENCE),
        ..Variation::default()
    };
    stage.with_host(&variation, |started| {
        let call = call(stage.arm, started.ready.addr);
        let mut caller = Caller::new(&call, PATIENCE).map_err(|failure| failure.to_string())?;
        caller.ask(requests, stage.bench.cancel).map_err(|stopped| stopped.to_string())
    })?;
    // A host that starts others leaves one file for each process.
    let files = fs::read_dir(scratch.path());
    let files = files.map_err(|e| Broken::early(format!("reading what callgrind left: {e}")))?;
    let mut total = 0;
    let mut seen = 0;
    for file in files.flatten() {
        let text = fs::read_to_string(file.path());
        let text = text.map_err(|e| Broken::early(format!("reading what callgrind left: {e}")))?;
        total += valgrind::total(&text).map_err(Broken::early)?;
        seen += 1;
    }
    match seen {
        0 => Err(Broken::early("callgrind left no counts")),
        _ => Ok(total),
    }
}
