//! Drivers `http-latency`, `http-throughput` and `http-open-loop`: a closed
//! loop over one or many connections, or arrivals at a fixed rate, in slices of
//! 100 ms, with the host's CPU time and instructions read at every slice's end,
//! and one histogram a block. A share of the saturation is taken of what a
//! closed loop reaches on the very same process just before.

use super::Driven;
use crate::measure::block::{Bench, calls, request_timeout};
use crate::measure::counters::{Instructions, ProcessTree};
use crate::measure::stage::Started;
use load::{Generator, Measured, Mode, Placement, Plan, Turn};
use model::{Arm, Driver, Label, LatencyHistogram, Measurements};
use std::sync::Arc;
use std::time::Duration;

const SLICE: Duration = Duration::from_millis(100);
/// With versions that take turns: long against the lead-up to a turn, short
/// against the time in which the machine changes its pace.
const TURN: Duration = Duration::from_millis(10);
/// How long saturation is looked for, after the warm-up: long enough for a
/// rate to settle, short against the measured part of a whole run.
const SATURATION: Duration = Duration::from_secs(1);

/// What the host had used at the end of a slice.
struct Reading {
    cpu_ns: Result<u64, String>,
    instructions: Result<u64, String>,
}

pub(super) fn drive(
    bench: &Bench<'_>,
    arm: &Arm,
    started: &mut Started<'_>,
    turn: Option<Arc<Turn>>,
) -> Result<Driven, String> {
    let mut driven = Driven::default();
    let measure = Duration::from_millis(bench.measure_ms.unwrap_or(arm.load.measure_ms));
    let mode = mode(bench, arm, started, &mut driven)?;
    // What several turns measured is one sample: how they differ says nothing of
    // the host, and the sums of two versions are of the same moments.
    let is_one_sample = turn.is_some();
    let plan = Plan { turn, ..plan(bench, arm, started, mode, measure) };
    let plan = if is_one_sample { in_turns(plan) } else { plan };
    let mut tree = started.tree();
    let mut kernel = Vec::new();
    let instructions = &mut started.instructions;
    let probe = || {
        // Ticks of 10 ms say nothing of a slice: first and last are kept.
        let ticks = tree.kernel_cpu_ns();
        kernel.truncate(1);
        kernel.push(ticks);
        read(&mut tree, instructions)
    };
    let measured = load::run(&plan, bench.cancel, probe).map_err(|stopped| stopped.to_string())?;

    let m = &mut driven.measurements;
    insert_load(m, arm, &measured, is_one_sample)?;
    if arm.metrics.iter().any(|metric| metric.name == "slice_boundary_ns") {
        let boundary = || {
            let ticks = tree.kernel_cpu_ns();
            (ticks, read(&mut tree, &mut started.instructions))
        };
        m.insert("slice_boundary_ns", slice_boundaries(boundary));
    }
    insert_readings(m, &measured, is_one_sample);
    match kernel.as_slice() {
        [Ok(first), Ok(last)] => m.insert("cpu_kernel_ns", vec![(last - first) as f64]),
        [Err(reason), ..] | [_, Err(reason)] => {
            m.insert_absent("cpu_kernel_ns_per_request", reason);
        }
        _ => m.insert_absent("cpu_kernel_ns_per_request", "no slice was measured"),
    }
    match tree.rss_peak_bytes() {
        Ok(bytes) => m.insert("rss_peak_bytes", vec![bytes as f64]),
        Err(reason) => m.insert_absent("rss_peak_bytes", &reason),
    }
    add_labels(&mut driven, &measured.generator);
    Ok(driven)
}

/// What an arm's load was, beside what looked at it.
pub(in crate::measure) struct Loaded<T> {
    /// Right answers.
    pub(in crate::measure) requests: u64,
    pub(in crate::measure) elapsed: Duration,
    pub(in crate::measure) seen: T,
}

/// The arm's load for so long, on a host that is warm; `begin` is called before it, `end`
/// with what that gave right after.
pub(in crate::measure) fn load_between<B, T>(
    bench: &Bench<'_>,
    arm: &Arm,
    started: &Started<'_>,
    measure: Duration,
    begin: impl FnOnce() -> Result<B, String>,
    end: impl FnOnce(B) -> Result<T, String>,
) -> Result<Loaded<T>, String> {
    let mode = mode(bench, arm, started, &mut Driven::default())?;
    let run =
        |plan: &Plan| load::run(plan, bench.cancel, || ()).map_err(|stopped| stopped.to_string());
    run(&plan(bench, arm, started, mode, SLICE))?;
    let begun = begin()?;
    let cold = plan(bench, arm, started, mode, measure);
    let loaded = run(&Plan { warmup: Duration::ZERO, ..cold })?;
    let elapsed = Duration::from_nanos(loaded.elapsed_ns());
    Ok(Loaded { requests: loaded.requests(), elapsed, seen: end(begun)? })
}

fn plan(
    bench: &Bench<'_>,
    arm: &Arm,
    started: &Started<'_>,
    mode: Mode,
    measure: Duration,
) -> Plan {
    let calls = calls(arm, started.ready.addr);
    Plan {
        warmup: Duration::from_millis(arm.load.warmup_ms),
        slices: (measure.as_millis() / SLICE.as_millis()) as usize,
        slice: SLICE,
        request_timeout: request_timeout(),
        placement: match bench.placement.generator.as_slice() {
            [] => Placement::Floating { threads: 1 },
            cpus => Placement::Pinned(cpus.to_vec()),
        },
        ..Plan::new(calls, mode)
    }
}

fn in_turns(plan: Plan) -> Plan {
    let slices = (plan.slice.as_millis() / TURN.as_millis()) as usize * plan.slices;
    Plan { slice: TURN, slices, ..plan }
}

/// How requests follow one another; an open loop's rate is stored with what it
/// comes from.
fn mode(
    bench: &Bench<'_>,
    arm: &Arm,
    started: &Started<'_>,
    driven: &mut Driven,
) -> Result<Mode, String> {
    let connections = arm.load.connections as usize;
    let closed = Mode::Closed { connections };
    if arm.driver != Driver::HttpOpenLoop {
        return Ok(closed);
    }
    let rate_per_s = match (arm.load.rate_rps, arm.load.saturation_share) {
        (Some(rate), _) => rate,
        (None, Some(share)) => {
            let plan = plan(bench, arm, started, closed, SATURATION);
            let saturated = load::run(&plan, bench.cancel, || ())
                .map_err(|stopped| format!("measuring the saturation: {stopped}"))?;
            let saturation = saturated.requests_per_second();
            driven.measurements.insert("saturation_rps", vec![saturation]);
            // A share of what the generator can do says nothing of the host.
            add_labels(driven, &saturated.generator);
            share * saturation
        }
        (None, None) => return Err("the arm has no rate".to_owned()),
    };
    driven.measurements.insert("offered_rps", vec![rate_per_s]);
    Ok(Mode::Open { connections, rate_per_s })
}

fn add_labels(driven: &mut Driven, generator: &Generator) {
    for (label, applies) in [
        (Label::GeneratorBound, generator.is_generator_bound()),
        (Label::GeneratorStarved, generator.is_starved()),
    ] {
        if applies && !driven.labels.contains(&label) {
            driven.labels.push(label);
        }
    }
}

/// What the ends of slices cost that are closed the way those above were.
fn slice_boundaries<R>(mut probe: impl FnMut() -> R) -> Vec<f64> {
    (0..20).map(|_| load::slice_boundary_ns(100, &mut probe)).collect()
}

/// What the load generator itself measured. Of what only some suites report,
/// nothing is stored for the others.
fn insert_load<R>(
    m: &mut Measurements,
    arm: &Arm,
    measured: &Measured<R>,
    is_one_sample: bool,
) -> Result<(), String> {
    let reports = |stored: &str| arm.metrics.iter().any(|metric| metric.rests_on(stored));
    let slices = &measured.slices;
    let of_slices = |value: fn(&load::Slice) -> u64| -> Vec<f64> {
        samples(slices.iter().map(|slice| value(slice) as f64), is_one_sample)
    };
    m.insert("slice_ns", of_slices(|slice| slice.elapsed_ns));
    m.insert("requests", of_slices(|slice| slice.requests));
    if reports("body_read_bytes") {
        m.insert("body_read_bytes", of_slices(|slice| slice.body_bytes_read));
    }
    if reports("body_written_bytes") {
        m.insert("body_written_bytes", of_slices(|slice| slice.body_bytes_written));
    }
    let generator = &measured.generator;
    let generator_cpu_ns = generator.cpu_ns_per_request * measured.requests() as f64;
    m.insert("generator_cpu_ns", vec![generator_cpu_ns]);
    // Unknown where the kernel does not tell; then there is no such sample.
    if let Ok(wait_ns) = generator.run_queue_wait_ns {
        m.insert("generator_run_queue_wait_ns", vec![wait_ns as f64]);
    }
    if let Some(open_loop) = &measured.open_loop {
        let lateness_ns = open_loop.send_lateness.value_at_quantile(0.99);
        m.insert("send_lateness_p99_ns", vec![lateness_ns as f64]);
    }
    if reports("first_byte_ns") {
        match LatencyHistogram::new(measured.first_byte.clone()) {
            Some(histogram) => drop(m.histograms.insert("first_byte_ns".to_owned(), histogram)),
            None => {
                for metric in arm.metrics.iter().filter(|metric| metric.rests_on("first_byte_ns")) {
                    m.insert_absent(metric.name, "no answer had a body");
                }
            }
        }
    }
    match LatencyHistogram::new(measured.latency.clone()) {
        Some(histogram) => drop(m.histograms.insert("latency_ns".to_owned(), histogram)),
        None => return Err("not a single request was answered".to_owned()),
    }
    Ok(())
}

fn read(tree: &mut ProcessTree, instructions: &mut Instructions) -> Reading {
    Reading { cpu_ns: tree.cpu_ns(), instructions: instructions.read() }
}

fn insert_readings(m: &mut Measurements, measured: &Measured<Reading>, is_one_sample: bool) {
    let used = |counter| {
        differences(measured, counter).map(|used| samples(used.into_iter(), is_one_sample))
    };
    match used(|reading| &reading.cpu_ns) {
        Ok(used) => m.insert("cpu_ns", used),
        Err(reason) => m.insert_absent("cpu_ns_per_request", reason),
    }
    match used(|reading| &reading.instructions) {
        Ok(counted) => m.insert("instructions", counted),
        Err(reason) => m.insert_absent("instructions_per_request", reason),
    }
}

fn samples(of_slices: impl Iterator<Item = f64>, is_one_sample: bool) -> Vec<f64> {
    if is_one_sample { vec![of_slices.sum()] } else { of_slices.collect() }
}

type Counter = fn(&Reading) -> &Result<u64, String>;

/// What each slice added to a counter, or why that cannot be told.
fn differences(measured: &Measured<Reading>, counter: Counter) -> Result<Vec<f64>, &String> {
    let pairs = measured.spans().map(|(from, to)| (counter(from), counter(to)));
    pairs
        .map(|pair| match pair {
            (Ok(before), Ok(after)) => Ok(after.saturating_sub(*before) as f64),
            (Err(reason), _) | (_, Err(reason)) => Err(reason),
        })
        .collect()
}
