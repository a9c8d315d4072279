//! Driver `instructions`: a counted number of requests over one connection, and
//! the user-space instructions they took, by the hardware's counter. Where the
//! suite asks for it, the same by callgrind, which simulates the processor and is
//! switched on for the requests only. The two kinds are never mixed.

use super::Driven;
use crate::measure::block::{call, request_timeout};
use crate::measure::cast::Broken;
use crate::measure::counters::Instructions;
use crate::measure::stage::{Stage, Started, Variation};
use crate::measure::valgrind;
use load::Caller;
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
/// So many times fewer before them, and at least these.
const WARMER: u32 = 10;
const WARMER_AT_LEAST: u32 = 3;
/// How long a host under callgrind may take, until ready and for a request.
pub(in crate::measure) const PATIENCE: Duration = Duration::from_secs(300);

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
                let requests = stage.arm.load.simulated_requests.unwrap_or(SIMULATED);
                let counted = simulate(stage, &valgrind, requests)?;
                m.insert(valgrind::METRIC, vec![counted as f64 / f64::from(requests)]);
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

/// Instructions of so many requests to a host that is warm.
fn simulate(stage: &Stage<'_>, valgrind: &Path, requests: u32) -> Result<u64, Broken> {
    let scratch = stage.scratch().map_err(Broken::early)?;
    let variation = Variation {
        wrapper: valgrind::count(valgrind, scratch.path(), &[]),
        precompiled: stage.precompiled_for_valgrind.clone(),
        ..Variation::default()
    };
    simulate_into(stage, valgrind, variation, scratch.path(), requests)?;
    valgrind::totals(scratch.path()).map_err(Broken::early)
}

/// Has callgrind, which is the wrapper of `variation`, count so many requests to a host that
/// is warm, into files of the folder.
pub(in crate::measure) fn simulate_into(
    stage: &Stage<'_>,
    valgrind: &Path,
    variation: Variation,
    folder: &Path,
    requests: u32,
) -> Result<(), Broken> {
    let variation = Variation { ready_timeout: Some(PATIENCE), ..variation };
    let cancel = stage.bench.cancel;
    stage.with_host(&variation, |started| {
        let call = call(stage.arm, started.ready.addr);
        let mut caller = Caller::new(&call, PATIENCE).map_err(|failure| failure.to_string())?;
        let mut ask = |times| caller.ask(times, cancel).map_err(|stopped| stopped.to_string());
        ask((requests / WARMER).max(WARMER_AT_LEAST))?;
        let switch = |on| {
            let tree = started.tree();
            tree.pids().try_for_each(|pid| valgrind::switch(valgrind, folder, pid, on))
        };
        switch(true)?;
        ask(requests)?;
        switch(false)
    })
}
