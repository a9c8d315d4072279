//! What a sync component costs, step by step. Every step gives
//! an answer, and the answers are what the request is answered with: whoever
//! asked knows the right ones.

use crate::host::{Guest, Host, Loaded};
use crate::meter::Meter;
use crate::request::decimal;
use alloc::vec::Vec;
use wasmtime::Result;
use wasmtime::component::TypedFunc;

/// The pin that is read.
pub(crate) const SENSOR: u32 = 16;

/// Appends `word` and the number that was answered.
pub(crate) fn note(answers: &mut Vec<u8>, word: &str, value: u32) {
    if !answers.is_empty() {
        answers.push(b' ');
    }
    answers.extend_from_slice(word.as_bytes());
    answers.push(b'=');
    decimal(answers, value as usize);
}

/// The sync component `probe`; `waited` is how long the board waited for bytes.
///
/// # Errors
/// When a step fails that should not.
pub fn component(host: &mut Host, waited: u64) -> Result<Vec<u8>> {
    let mut meter = Meter::new(host.board);
    let mut answers = Vec::new();
    host.engine(false)?;
    let component = meter.step("deserialize_instructions", || host.component(Guest::Probe))?;
    let mut guest = meter.step("instantiate_instructions", || host.instantiate(&component))?;
    let sample = guest.function::<(u32,), (u32,)>("sample")?;
    let (first,) = meter.step("first_call_instructions", || guest.call(&sample, (SENSOR,)))?;
    meter.since_boot("boot_to_first_answer_instructions", waited);
    note(&mut answers, "first", first);
    // The second call has what the first one had to make.
    let (second,) = guest.call(&sample, (SENSOR,))?;
    let (steady,) = meter.step("steady_call_instructions", || guest.call(&sample, (SENSOR,)))?;
    note(&mut answers, "second", second);
    note(&mut answers, "steady", steady);
    let plain = guest.function::<(u32,), (u32,)>("plain")?;
    guest.call(&plain, (1,))?;
    let (plain,) = meter.step("plain_call_instructions", || guest.call(&plain, (1,)))?;
    note(&mut answers, "plain", plain);
    differences(&mut meter, &mut guest, &mut answers)?;
    recovery(host, &mut meter, &mut answers, guest, &component)?;
    meter.tell();
    Ok(answers)
}

/// What one more call of the host and one more turn of a loop cost.
fn differences(meter: &mut Meter, guest: &mut Loaded, answers: &mut Vec<u8>) -> Result<()> {
    let samples = guest.function::<(u32, u32), (u32,)>("samples")?;
    guest.call(&samples, (SENSOR, 1))?;
    let (one, first) = meter.time(|| guest.call(&samples, (SENSOR, 1)));
    let (two, second) = meter.time(|| guest.call(&samples, (SENSOR, 2)));
    meter.keep("host_call_instructions", two, Some(one));
    note(answers, "one", first?.0);
    note(answers, "two", second?.0);
    let turns = guest.function::<(u32,), (u32,)>("turns")?;
    guest.call(&turns, (1,))?;
    let (one, first) = meter.time(|| guest.call(&turns, (1,)));
    let (two, second) = meter.time(|| guest.call(&turns, (2,)));
    meter.keep("loop_turn_instructions", two, Some(one));
    note(answers, "turns", first?.0 + second?.0);
    Ok(())
}

/// From calling what traps to the right answer of a fresh instance.
fn recovery(
    host: &mut Host,
    meter: &mut Meter,
    answers: &mut Vec<u8>,
    mut guest: Loaded,
    component: &wasmtime::component::Component,
) -> Result<()> {
    let fail = guest.function::<(), ()>("fail")?;
    let (guest, value) = meter.step("trap_and_recovery_instructions", || {
        let has_trapped = guest.call(&fail, ()).is_err();
        host.unload(guest);
        let mut guest = host.instantiate(component)?;
        let sample: TypedFunc<(u32,), (u32,)> = guest.function("sample")?;
        let (value,) = guest.call(&sample, (SENSOR,))?;
        wasmtime::error::Ok((guest, if has_trapped { value } else { u32::MAX }))
    })?;
    note(answers, "recovered", value);
    host.unload(guest);
    Ok(())
}
