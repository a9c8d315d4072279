//! What an async component costs, step by step: calls that wait once, and a
//! stream.

use crate::executor::block_on;
use crate::host::{Guest, Host, Loaded};
use crate::limits::FUEL;
use crate::measure::{SENSOR, note};
use crate::meter::Meter;
use alloc::vec::Vec;
use wasmtime::Result;
use wasmtime::component::{ComponentNamedList, Lift, Lower, StreamReader, TypedFunc};

/// Bytes of the stream.
const STREAM_BYTES: u8 = 100;
/// Between two readings of the loop.
const EVERY_NS: u64 = 10_000;

/// The async component `probe-async`; `waited` is how long the board waited for
/// bytes.
///
/// # Errors
/// When a step fails that should not.
pub fn component(host: &mut Host, waited: u64) -> Result<Vec<u8>> {
    let mut meter = Meter::new(host.board);
    let mut answers = Vec::new();
    host.engine(true)?;
    let component = meter.step("deserialize_instructions", || host.component(Guest::ProbeAsync))?;
    let mut guest =
        meter.step("instantiate_instructions", || host.instantiate_async(&component))?;
    let sample = guest.function::<(u32,), (u32,)>("sample")?;
    let (first,) =
        meter.step("first_call_instructions", || call(&mut guest, &sample, (SENSOR,)))?;
    meter.since_boot("boot_to_first_answer_instructions", waited);
    note(&mut answers, "first", first);
    note(&mut answers, "second", call(&mut guest, &sample, (SENSOR,))?.0);
    let (steady,) =
        meter.step("async_call_instructions", || call(&mut guest, &sample, (SENSOR,)))?;
    note(&mut answers, "steady", steady);
    let plain = guest.function::<(u32,), (u32,)>("plain")?;
    call(&mut guest, &plain, (1,))?;
    let (plain,) = meter.step("plain_call_instructions", || call(&mut guest, &plain, (1,)))?;
    note(&mut answers, "plain", plain);
    let sum = guest.function::<(StreamReader<u8>,), (u32,)>("sum")?;
    stream(&mut guest, &sum)?;
    note(&mut answers, "sum", meter.step("stream_instructions", || stream(&mut guest, &sum))?);
    let watch = guest.function::<(u32, u64), (u32,)>("watch")?;
    note(&mut answers, "watched", call(&mut guest, &watch, (3, EVERY_NS))?.0);
    let fail = guest.function::<(), ()>("fail")?;
    let (guest, value) = meter.step("trap_and_recovery_instructions", || {
        let has_trapped = call(&mut guest, &fail, ()).is_err();
        host.unload(guest);
        let mut guest = host.instantiate_async(&component)?;
        let sample = guest.function::<(u32,), (u32,)>("sample")?;
        let (value,) = call(&mut guest, &sample, (SENSOR,))?;
        wasmtime::error::Ok((guest, if has_trapped { value } else { u32::MAX }))
    })?;
    note(&mut answers, "recovered", value);
    host.unload(guest);
    meter.tell();
    Ok(answers)
}

fn call<P, R>(guest: &mut Loaded, function: &TypedFunc<P, R>, parameters: P) -> Result<R>
where
    P: ComponentNamedList + Lower + 'static,
    R: ComponentNamedList + Lift + 'static,
{
    guest.store.set_fuel(FUEL)?;
    block_on(
        guest
            .store
            .run_concurrent(async |accessor| function.call_concurrent(accessor, parameters).await),
    )?
}

/// Hands the guest a stream of bytes and has it add them up.
fn stream(guest: &mut Loaded, sum: &TypedFunc<(StreamReader<u8>,), (u32,)>) -> Result<u32> {
    guest.store.set_fuel(FUEL)?;
    block_on(guest.store.run_concurrent(async |accessor| {
        let bytes: Vec<u8> = (0..STREAM_BYTES).collect();
        let reader = accessor.with(|mut access| StreamReader::new(&mut access, bytes))?;
        Ok(sum.call_concurrent(accessor, (reader,)).await?.0)
    }))?
}
