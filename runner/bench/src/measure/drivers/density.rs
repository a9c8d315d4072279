//! Driver `density`: many workloads in one host, each asked once, and what
//! memory that takes; beside it the same host with one workload, so that what
//! each further one takes can be told. Or ever more workloads, until one
//! number of them fails.

use super::Driven;
use crate::measure::block::{numbered, plain, request_timeout};
use crate::measure::cast::Broken;
use crate::measure::memory::Memory;
use crate::measure::stage::{Stage, Started, Variation};
use model::{Arm, FirstFailure, Measurements};
use std::time::{Duration, Instant};

/// A host that was full, and what was read of it.
struct Full {
    workloads: u32,
    memory: Memory,
    ready_after: Duration,
}

pub(super) fn drive(stage: &Stage<'_>, workloads: u32) -> Result<Driven, Broken> {
    let one = match workloads {
        1 => None,
        _ => Some(fill(stage, 1)?),
    };
    let full = fill(stage, workloads)?;
    let mut driven = Driven::default();
    full.store(one.as_ref(), &mut driven.measurements);
    Ok(driven)
}

/// Ever more workloads; the host's own message goes with the metrics that are
/// missing for it.
pub(super) fn until_failure(stage: &Stage<'_>, growth: FirstFailure) -> Result<Driven, Broken> {
    let deadline = Instant::now() + Duration::from_secs(growth.budget_s.into());
    // A host that cannot serve one workload has no first failure; it is broken.
    let one = fill(stage, 1)?;
    let mut driven = Driven::default();
    let m = &mut driven.measurements;
    let mut last: Option<Full> = None;
    let mut out_of_time = false;
    for workloads in growth.steps() {
        if Instant::now() > deadline {
            out_of_time = true;
            break;
        }
        match fill(stage, workloads) {
            Ok(full) => last = Some(full),
            Err(broken) if stage.bench.is_cancelled() => return Err(broken),
            Err(Broken { reason, log_tail }) => {
                m.insert("workloads_at_first_failure", vec![f64::from(workloads)]);
                let words = log_tail.lines().last().unwrap_or_default();
                let message = plain(&format!("at {workloads} workloads {reason}: {words}"));
                // Told for the metrics that the suite reports, and only there.
                for metric in stage.arm.metrics.iter().filter(|metric| metric.is_of_samples()) {
                    if metric.name != "workloads_at_first_failure" {
                        m.insert_absent(metric.name, &message);
                    }
                }
                return Ok(driven);
            }
        }
    }
    let Some(full) = last else {
        return Err(Broken::early("the budget of `until_failure` ended before its first step"));
    };
    let why = if out_of_time { ", where its budget ended" } else { "" };
    let reason = format!("none up to {}{why}", full.workloads);
    m.insert_absent("workloads_at_first_failure", &reason);
    full.store(Some(&one), m);
    Ok(driven)
}

/// Every workload of a host asked once, and nothing measured.
pub(super) fn check(stage: &Stage<'_>, workloads: u32) -> Result<(), Broken> {
    fill(stage, workloads).map(drop)
}

/// Starts a host with so many workloads, asks each once, reads its memory.
fn fill(stage: &Stage<'_>, workloads: u32) -> Result<Full, Broken> {
    let variation = Variation {
        workloads: Some(workloads),
        // Many workloads start slowly; the block's own budget is the limit.
        ready_timeout: Some(Duration::from_secs(stage.arm.budget_s.into())),
        ..Variation::default()
    };
    stage.with_host(&variation, |started| {
        ask_all(stage.arm, started, workloads)?;
        Ok(Full {
            workloads,
            memory: Memory::of(&started.tree()),
            ready_after: started.ready.after,
        })
    })
}

fn ask_all(arm: &Arm, started: &Started<'_>, workloads: u32) -> Result<(), String> {
    for index in 0..workloads {
        let call = numbered(&arm.request, &arm.expect, index, started.ready.addr);
        load::ask_once(&call, request_timeout())
            .map_err(|failure| format!("workload {index} of {workloads}: {failure}"))?;
    }
    Ok(())
}

impl Full {
    fn store(&self, one: Option<&Self>, m: &mut Measurements) {
        self.memory.store(m);
        let rate = f64::from(self.workloads) / self.ready_after.as_secs_f64();
        m.insert("start_rate_per_s", vec![rate]);
        let further = self.workloads - 1;
        match one.map(|one| (self.memory.pss_bytes(), one.memory.pss_bytes())) {
            Some((Ok(all), Ok(first))) if all >= first && further > 0 => {
                let each = (all - first) as f64 / f64::from(further);
                m.insert("pss_per_workload_bytes", vec![each]);
            }
            Some((Ok(all), Ok(first))) => {
                let reason = format!("{all} bytes with all of them are less than {first} with one");
                m.insert_absent("pss_per_workload_bytes", &reason);
            }
            Some((Err(reason), _) | (_, Err(reason))) => {
                m.insert_absent("pss_per_workload_bytes", &reason);
            }
            None => m.insert_absent("pss_per_workload_bytes", "there is only one workload"),
        }
    }
}
