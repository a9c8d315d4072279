//! What is done with an arm's hosts. Each driver checks every answer and
//! returns the samples; each records CPU, instructions and memory beside its
//! main metric.

use super::block::{Bench, calls, request_timeout};
use super::cast::Broken;
use super::stage::{Stage, Started, Variation};
use load::Turn;
use model::{Arm, Driver, Label, Measurements, Task};
use serde::Deserialize;
use std::thread;
use std::time::Duration;

mod cold_start;
mod command;
mod criterion;
mod density;
mod fires;
pub(super) mod http;
pub(super) mod instructions;
mod qemu;
mod recovery;
mod size;

/// What processes beside the hosts may tell.
const TOLD: [&str; 1] = ["connections_accepted"];

/// What a driver measured.
#[derive(Debug, Default)]
pub(crate) struct Driven {
    /// Stored samples.
    pub(crate) measurements: Measurements,
    /// Caveats.
    pub(crate) labels: Vec<Label>,
}

/// Measures an arm.
///
/// # Errors
/// In one sentence, with the last lines of what was running.
pub(super) fn drive(stage: &Stage<'_>) -> Result<Driven, Broken> {
    let Stage { bench, arm, .. } = stage;
    match &arm.task {
        Task::Density { workloads } => return density::drive(stage, *workloads),
        Task::FirstFailure(growth) => return density::until_failure(stage, *growth),
        Task::Command { words } => return command::drive(stage, words),
        Task::Criterion { bench, id } => return criterion::drive(stage, bench, id),
        Task::Recovery { workloads, crashes } => {
            return recovery::drive(stage, *workloads, *crashes);
        }
        Task::Fires(fires) => return fires::drive(stage, fires),
        Task::Firmware(firmware) => return qemu::drive(stage, firmware),
        Task::Ask => {}
    }
    let as_it_says = Variation::default();
    match arm.driver {
        Driver::Instructions => instructions::drive(stage),
        Driver::ColdStart => {
            stage.with_host(&patient(stage), |started| cold_start::drive(arm, started))
        }
        Driver::Size => stage.with_host(&as_it_says, |started| size::drive(stage, started)),
        // What has a task of its own was driven above.
        _ => {
            let driven =
                stage.with_host(&as_it_says, |started| http::drive(bench, arm, started, None))?;
            Ok(with_what_was_told(stage, driven))
        }
    }
}

/// Measures several versions of an arm that can take turns.
///
/// # Errors
/// As [`drive`], for each version.
pub(super) fn drive_in_turns(
    bench: &Bench<'_>,
    arm: &Arm,
    stages: &[&Stage<'_>],
    seed: u64,
) -> Vec<Result<Driven, Broken>> {
    let driven = Stage::with_hosts(stages, |hosts: Vec<&mut Started<'_>>| {
        let places = Turn::places(hosts.len(), seed);
        thread::scope(|scope| {
            let drive = |(host, turn)| scope.spawn(|| http::drive(bench, arm, host, Some(turn)));
            let running: Vec<_> = hosts.into_iter().zip(places).map(drive).collect();
            let join = |run: thread::ScopedJoinHandle<'_, Result<Driven, String>>| {
                run.join().unwrap_or_else(|_| Err("the load generator broke down".to_owned()))
            };
            running.into_iter().map(join).collect()
        })
    });
    let told = |(stage, driven): (&&Stage<'_>, Result<Driven, Broken>)| {
        driven.map(|driven| with_what_was_told(stage, driven))
    };
    stages.iter().zip(driven).map(told).collect()
}

/// What a process beside the hosts tells of itself when it is stopped, in the
/// words of a `command`.
#[derive(Deserialize)]
struct Told {
    metric: String,
    value: f64,
}

/// Adds what was told, if the suite reports it.
fn with_what_was_told(stage: &Stage<'_>, mut driven: Driven) -> Driven {
    for line in stage.told.take() {
        let Ok(Told { metric, value }) = serde_json::from_str(&line) else { continue };
        let is_reported = stage.arm.metrics.iter().any(|known| known.rests_on(&metric));
        if is_reported && TOLD.contains(&metric.as_str()) && value.is_finite() && value >= 0.0 {
            driven.measurements.insert(&metric, vec![value]);
        }
    }
    driven
}

/// A host that starts slowly is what a cold start measures: there the arm's own
/// budget is the limit.
fn patient(stage: &Stage<'_>) -> Variation {
    let is_cold_start = stage.arm.driver == Driver::ColdStart;
    let budget = Duration::from_secs(stage.arm.budget_s.into());
    Variation { ready_timeout: is_cold_start.then_some(budget), ..Variation::default() }
}

/// One checked answer, nothing measured.
///
/// # Errors
/// See [`drive`].
pub(super) fn check(stage: &Stage<'_>) -> Result<(), Broken> {
    match &stage.arm.task {
        Task::Density { workloads } => return density::check(stage, *workloads),
        Task::FirstFailure(_) => return density::check(stage, 1),
        Task::Command { words } => return command::drive(stage, words).map(drop),
        Task::Criterion { bench, id } => return criterion::check(stage, bench, id),
        Task::Recovery { workloads, .. } => {
            return recovery::drive(stage, *workloads, 1).map(drop);
        }
        Task::Fires(fires) => return fires::check(stage, fires),
        Task::Firmware(firmware) => return qemu::check(stage, firmware),
        Task::Ask => {}
    }
    stage.with_host(&patient(stage), |started| {
        calls(stage.arm, started.ready.addr).iter().try_for_each(|call| {
            load::ask_once(call, request_timeout()).map(drop).map_err(|failure| failure.to_string())
        })
    })
}
