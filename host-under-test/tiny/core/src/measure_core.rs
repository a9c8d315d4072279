//! What a core module costs, step by step: the floor of what a component costs.

use crate::host::Host;
use crate::limits::FUEL;
use crate::link;
use crate::measure::{SENSOR, note};
use crate::meter::Meter;
use crate::state::State;
use alloc::vec::Vec;
use wasmtime::{Instance, Linker, Module, Result, Store, TypedFunc, WasmParams, WasmResults};

/// The module `probe-core`; `waited` is how long the board waited for bytes.
///
/// # Errors
/// When a step fails that should not.
pub fn core(host: &mut Host, waited: u64) -> Result<Vec<u8>> {
    let mut meter = Meter::new(host.board);
    let mut answers = Vec::new();
    let library = host.library;
    let engine = host.engine(false)?;
    let module = meter.step("deserialize_instructions", || library.module(engine))?;
    let linker = link::modules(engine)?;
    let mut guest =
        meter.step("instantiate_instructions", || Loaded::new(host, &linker, &module))?;
    let sample = guest.function::<u32, u32>("sample")?;
    let first = meter.step("first_call_instructions", || guest.call(&sample, SENSOR))?;
    meter.since_boot("boot_to_first_answer_instructions", waited);
    note(&mut answers, "first", first);
    note(&mut answers, "second", guest.call(&sample, SENSOR)?);
    let steady = meter.step("steady_call_instructions", || guest.call(&sample, SENSOR))?;
    note(&mut answers, "steady", steady);
    let plain = guest.function::<u32, u32>("plain")?;
    guest.call(&plain, 1)?;
    let plain = meter.step("plain_call_instructions", || guest.call(&plain, 1))?;
    note(&mut answers, "plain", plain);
    differences(&mut meter, &mut guest, &mut answers)?;
    let fail = guest.function::<(), ()>("fail")?;
    let (guest, value) = meter.step("trap_and_recovery_instructions", || {
        let has_trapped = guest.call(&fail, ()).is_err();
        host.take_back(guest.store);
        let mut guest = Loaded::new(host, &linker, &module)?;
        let sample = guest.function::<u32, u32>("sample")?;
        let value = guest.call(&sample, SENSOR)?;
        wasmtime::error::Ok((guest, if has_trapped { value } else { u32::MAX }))
    })?;
    note(&mut answers, "recovered", value);
    host.take_back(guest.store);
    meter.tell();
    Ok(answers)
}

/// What one more call of the host and one more turn of a loop cost.
fn differences(meter: &mut Meter, guest: &mut Loaded, answers: &mut Vec<u8>) -> Result<()> {
    let samples = guest.function::<(u32, u32), u32>("samples")?;
    guest.call(&samples, (SENSOR, 1))?;
    let (one, first) = meter.time(|| guest.call(&samples, (SENSOR, 1)));
    let (two, second) = meter.time(|| guest.call(&samples, (SENSOR, 2)));
    meter.keep("host_call_instructions", two, Some(one));
    note(answers, "one", first?);
    note(answers, "two", second?);
    let turns = guest.function::<u32, u32>("turns")?;
    guest.call(&turns, 1)?;
    let (one, first) = meter.time(|| guest.call(&turns, 1));
    let (two, second) = meter.time(|| guest.call(&turns, 2));
    meter.keep("loop_turn_instructions", two, Some(one));
    note(answers, "turns", first? + second?);
    Ok(())
}

/// An instance of a module.
struct Loaded {
    store: Store<State>,
    instance: Instance,
}

impl Loaded {
    fn new(host: &mut Host, linker: &Linker<State>, module: &Module) -> Result<Self> {
        let mut store = host.store()?;
        let instance = linker.instantiate(&mut store, module)?;
        Ok(Self { store, instance })
    }

    fn function<P: WasmParams, R: WasmResults>(&mut self, name: &str) -> Result<TypedFunc<P, R>> {
        self.instance.get_typed_func(&mut self.store, name)
    }

    fn call<P: WasmParams, R: WasmResults>(
        &mut self,
        function: &TypedFunc<P, R>,
        parameters: P,
    ) -> Result<R> {
        self.store.set_fuel(FUEL)?;
        function.call(&mut self.store, parameters)
    }
}
