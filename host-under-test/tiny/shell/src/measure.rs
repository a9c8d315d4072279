//! The call that boards are measured by, on this machine: nanoseconds, which are
//! never compared with a board's instructions.

use crate::{Engine, Switch, native};
use clap::{Args, ValueEnum};
use std::time::Instant;
use tiny_core::executor::block_on;
use tiny_core::limits::FUEL;
use tiny_core::pins::Pins;
use tiny_core::{Guest, Host, link};
use wasmtime::{Result, ensure};

/// The sensor that is read.
const SENSOR: u32 = 16;
/// Samples, each of so many calls.
const SAMPLES: usize = 30;
const CALLS: u32 = 2_000;

/// What is measured.
#[derive(Args)]
pub(crate) struct Measure {
    /// Who executes the guest.
    #[arg(long)]
    engine: Engine,
    /// Whether guests can be async.
    #[arg(long)]
    concurrency: Switch,
    /// Whose function is called, which calls the host once.
    #[arg(long)]
    guest: Probe,
}

/// The guests that are called.
#[derive(Clone, Copy, ValueEnum)]
enum Probe {
    /// A core module.
    Core,
    /// A component.
    Component,
    /// A component with async functions; the call waits once.
    AsyncComponent,
}

/// Measures it and prints it, a JSON line for the values and one for the end.
pub(crate) fn measure(order: &Measure) -> Result<()> {
    let mut host = native::host(order.engine, order.concurrency == Switch::On);
    let values = match order.guest {
        Probe::Core => core(&mut host),
        Probe::Component => component(&mut host),
        Probe::AsyncComponent => async_component(&mut host),
    }?;
    println!("{}", serde_json::json!({ "metric": "time_per_iteration_ns", "values": values }));
    println!("{}", serde_json::json!({ "done": true }));
    Ok(())
}

/// Nanoseconds of a call, one value a sample; every answer is added up and held
/// against what the sensor had to read.
fn samples(mut call: impl FnMut() -> Result<u32>) -> Result<Vec<f64>> {
    let mut sensor = Pins::default();
    let mut values = Vec::new();
    // The first sample is for caches and allocators.
    for sample in 0..=SAMPLES {
        let begin = Instant::now();
        let mut sum = 0_u64;
        for _ in 0..CALLS {
            sum += u64::from(call()?);
        }
        let taken = begin.elapsed();
        let expected: u64 = (0..CALLS).map(|_| u64::from(sensor.read(SENSOR))).sum();
        ensure!(sum == expected, "{CALLS} calls add up to {sum}, expected {expected}");
        if sample > 0 {
            values.push(taken.as_nanos() as f64 / f64::from(CALLS));
        }
    }
    Ok(values)
}

fn core(host: &mut Host) -> Result<Vec<f64>> {
    let library = host.library;
    let engine = host.engine(false)?;
    let linker = link::modules(engine)?;
    let module = library.module(engine)?;
    let mut store = host.store()?;
    let instance = linker.instantiate(&mut store, &module)?;
    let sample = instance.get_typed_func::<u32, u32>(&mut store, "sample")?;
    samples(|| {
        store.set_fuel(FUEL)?;
        sample.call(&mut store, SENSOR)
    })
}

fn component(host: &mut Host) -> Result<Vec<f64>> {
    let mut guest = host.load(Guest::Probe)?;
    let sample = guest.function::<(u32,), (u32,)>("sample")?;
    samples(|| Ok(guest.call(&sample, (SENSOR,))?.0))
}

fn async_component(host: &mut Host) -> Result<Vec<f64>> {
    let component = host.component(Guest::ProbeAsync)?;
    let mut guest = host.instantiate_async(&component)?;
    let sample = guest.function::<(u32,), (u32,)>("sample")?;
    samples(|| {
        guest.store.set_fuel(FUEL)?;
        let called = guest
            .store
            .run_concurrent(async |accessor| sample.call_concurrent(accessor, (SENSOR,)).await);
        Ok(block_on(called)??.0)
    })
}
