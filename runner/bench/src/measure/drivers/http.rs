//! Drivers `http-latency` and `http-throughput`: a closed loop over one or
//! many connections, in slices of 100 ms, with the host's CPU time and
//! instructions read at every slice's end, and one histogram a block.

use super::Driven;
use crate::measure::block::{Bench, call, request_timeout};
use crate::measure::counters::{Instructions, ProcessTree};
use crate::measure::stage::Started;
use load::{Mode, Placement, Plan};
use model::{Arm, Label, LatencyHistogram, Measurements};
use std::time::Duration;

const SLICE: Duration = Duration::from_millis(100);

/// What the host had used at the end of a slice.
struct Reading {
    cpu_ns: Result<u64, String>,
    instructions: Result<u64, String>,
}

pub(super) fn drive(
    bench: &Bench<'_>,
    arm: &Arm,
    started: &mut Started<'_>,
) -> Result<Driven, String> {
    let measure = Duration::from_millis(bench.measure_ms.unwrap_or(arm.load.measure_ms));
    let plan = Plan {
        warmup: Duration::from_millis(arm.load.warmup_ms),
        slices: (measure.as_millis() / SLICE.as_millis()) as usize,
        slice: SLICE,
        request_timeout: request_timeout(),
        placement: match bench.placement.generator.as_slice() {
            [] => Placement::Floating { threads: 1 },
            cpus => Placement::Pinned(cpus.to_vec()),
        },
        ..Plan::new(
            call(arm, started.ready.addr),
            Mode::Closed { connections: arm.load.connections as usize },
        )
    };
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

    let mut driven = Driven::default();
    let m = &mut driven.measurements;
    m.insert("slice_ns", measured.slices.iter().map(|slice| slice.elapsed_ns as f64).collect());
    m.insert("requests", measured.slices.iter().map(|slice| slice.requests as f64).collect());
    let generator_cpu_ns = measured.generator.cpu_ns_per_request * measured.requests() as f64;
    m.insert("generator_cpu_ns", vec![generator_cpu_ns]);
    insert_readings(m, &measured.readings);
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
    match LatencyHistogram::new(measured.latency) {
        Some(histogram) => drop(m.histograms.insert("latency_ns".to_owned(), histogram)),
        None => return Err("not a single request was answered".to_owned()),
    }
    if measured.generator.is_generator_bound() {
        driven.labels.push(Label::GeneratorBound);
    }
    Ok(driven)
}

fn read(tree: &mut ProcessTree, instructions: &mut Instructions) -> Reading {
    Reading { cpu_ns: tree.cpu_ns(), instructions: instructions.read() }
}

fn insert_readings(m: &mut Measurements, readings: &[Reading]) {
    match differences(readings, |reading| &reading.cpu_ns) {
        Ok(used) => m.insert("cpu_ns", used),
        Err(reason) => m.insert_absent("cpu_ns_per_request", reason),
    }
    match differences(readings, |reading| &reading.instructions) {
        Ok(counted) => m.insert("instructions", counted),
        Err(reason) => m.insert_absent("instructions_per_request", reason),
    }
}

/// What each slice added to a counter, or why that cannot be told.
fn differences(
    readings: &[Reading],
    counter: impl Fn(&Reading) -> &Result<u64, String>,
) -> Result<Vec<f64>, &String> {
    let pairs = readings.windows(2).map(|pair| (counter(&pair[0]), counter(&pair[1])));
    pairs
        .map(|pair| match pair {
            (Ok(before), Ok(after)) => Ok(after.saturating_sub(*before) as f64),
            (Err(reason), _) | (_, Err(reason)) => Err(reason),
        })
        .collect()
}
