//! Guests that misbehave, one after the other, with good ones between: each is
//! loaded anew, called, and unloaded.

use crate::host::{Ended, Guest, Host};
use crate::measure::{SENSOR, note};
use crate::meter::{self, tell_value};
use alloc::vec::Vec;
use wasmtime::{Error, Result};

/// A full turn: a good one and each way to misbehave.
const KINDS: [Option<(&str, Ended)>; 4] = [
    None,
    Some(("trap", Ended::Trapped)),
    Some(("turn", Ended::OutOfFuel)),
    Some(("eat", Ended::OutOfMemory)),
];

/// Runs `count` guests; how many ended in which way.
///
/// # Errors
/// When a good guest failed or gave a wrong answer, or a bad one ended in another
/// way than it should.
pub fn survive(host: &mut Host, count: u32) -> Result<Vec<u8>> {
    let board = host.board;
    let mut answers = Vec::new();
    let mut seen = [0_u32; KINDS.len()];
    // What is made once, by whoever comes first, is no leak.
    KINDS.iter().try_for_each(|kind| one(host, kind))?;
    let before = board.memory().heap_bytes;
    let (span, ended) = meter::time(board, || {
        for number in 0..count as usize {
            one(host, &KINDS[number % KINDS.len()])?;
            seen[number % KINDS.len()] += 1;
        }
        wasmtime::error::Ok(())
    });
    ended?;
    let after = board.memory().heap_bytes;
    for (word, seen) in ["good", "trapped", "out-of-fuel", "out-of-memory"].iter().zip(seen) {
        note(&mut answers, word, seen);
    }
    let leaked = after.saturating_sub(before);
    note(&mut answers, "leaked", leaked);
    meter::tell_span(board, "survival_instructions", span, None);
    tell_value(board, "heap_leaked_bytes", leaked);
    Ok(answers)
}

fn one(host: &mut Host, kind: &Option<(&str, Ended)>) -> Result<()> {
    match kind {
        None => good(host),
        Some((export, expected)) => {
            let mut guest = host.load(Guest::Rogue)?;
            let function = guest.function::<(), ()>(export)?;
            let ended = guest.call(&function, ()).map_err(|error| guest.ended(&error));
            host.unload(guest);
            if ended == Err(*expected) { Ok(()) } else { Err(Error::msg("a rogue got away")) }
        }
    }
}

fn good(host: &mut Host) -> Result<()> {
    let mut expected = host.state()?.pins.clone();
    let mut guest = host.load(Guest::Probe)?;
    let sample = guest.function::<(u32,), (u32,)>("sample")?;
    let answer = guest.call(&sample, (SENSOR,));
    host.unload(guest);
    if answer?.0 == expected.read(SENSOR) {
        Ok(())
    } else {
        Err(Error::msg("a good guest gave a wrong answer"))
    }
}
