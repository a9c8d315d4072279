//! Driver `qemu`: switches an emulated board on, asks its firmware over the
//! serial line, checks the answers, and takes the instructions it counted. The
//! emulator counts time by instructions (`-icount`), so that a count repeats
//! exactly, on every machine.

use super::Driven;
use crate::measure::block::request_timeout;
use crate::measure::cast::{Broken, Cast};
use crate::measure::process::{Command, Process};
use crate::measure::stage::Stage;
use model::{Exchange, ExpectBody, Firmware, Measurements, RequestBody};
use serial::{Answer, Serial};
use std::time::Duration;
use told::Told;

mod flash;
mod serial;
mod told;

/// From the last answer to the emulator's end.
const TO_EXIT: Duration = Duration::from_secs(2);
/// What ends the firmware.
const OFF: &str = "/host/off";

/// Measures an arm.
pub(super) fn drive(stage: &Stage<'_>, firmware: &Firmware) -> Result<Driven, Broken> {
    let (file, _) = stage.subject.firmware(firmware).map_err(Broken::early)?;
    let told = run(stage, firmware)?;
    let mut measurements = Measurements::default();
    for metric in &stage.arm.metrics {
        if let Some(value) = told.value(metric.name) {
            measurements.insert(metric.name, vec![value]);
        }
    }
    if stage.arm.metrics.iter().any(|metric| flash::METRICS.contains(&metric.name)) {
        let flash = flash::read(file, firmware.part.as_ref()).map_err(Broken::early)?;
        for (name, bytes) in flash {
            if stage.arm.metrics.iter().any(|metric| metric.name == name) {
                measurements.insert(name, vec![bytes as f64]);
            }
        }
    }
    Ok(Driven { measurements, ..Driven::default() })
}

/// Checks the answers once.
pub(super) fn check(stage: &Stage<'_>, firmware: &Firmware) -> Result<(), Broken> {
    run(stage, firmware).map(drop)
}

/// Switches the board on, asks everything, and switches it off.
fn run(stage: &Stage<'_>, firmware: &Firmware) -> Result<Told, Broken> {
    let bench = stage.bench;
    let (file, board) = stage.subject.firmware(firmware).map_err(Broken::early)?;
    let scratch = stage.scratch().map_err(Broken::early)?;
    let (listener, address) = serial::listen().map_err(Broken::early)?;
    let fill = |word: &String| {
        word.replace("{firmware}", &file.to_string_lossy()).replace("{serial}", &address)
    };
    let process = Process::start(Command {
        name: "the emulator".to_owned(),
        words: board.emulator.iter().map(fill).collect(),
        environment: &[],
        directory: scratch.path(),
        cpus: &bench.placement.host,
        stop_timeout: Duration::ZERO,
    })
    .map_err(Broken::early)?;
    let mut cast = Cast::watched_by(&stage.watchdog);
    cast.add(process, true);
    let mut told = Told::default();
    let is_given_up = || {
        let has_ended = cast.get_mut(0).is_none_or(|process| process.exited().is_some());
        has_ended || bench.is_cancelled() || stage.watchdog.has_bitten()
    };
    let asked = Serial::accept(&listener, is_given_up)
        .and_then(|mut serial| converse(stage, &mut serial, &mut told));
    let mut broken = match asked {
        Ok(()) => match cast.finish(TO_EXIT) {
            Ok(_) => return Ok(told),
            Err(broken) => broken,
        },
        Err(problem) => cast.broken(&problem),
    };
    // What the board printed says more than what the emulator did.
    broken.log_tail = [broken.log_tail, told.log()].join("\n").trim().to_owned();
    Err(broken)
}

fn converse(stage: &Stage<'_>, serial: &mut Serial, told: &mut Told) -> Result<(), String> {
    told.wait_until_ready(serial)?;
    let arm = stage.arm;
    let first = Exchange { request: arm.request.clone(), expect: arm.expect.clone() };
    for exchange in std::iter::once(&first).chain(&arm.further) {
        let body = match &exchange.request.body {
            RequestBody::Text(text) => text.as_bytes(),
            RequestBody::Pattern { .. } => return Err("a board is sent text only".to_owned()),
        };
        let (method, path) = (&exchange.request.method, &exchange.request.path);
        serial.ask(method, path, body)?;
        let answer = told.until_answer(serial)?;
        compare(exchange, &answer).map_err(|problem| format!("{method} {path}: {problem}"))?;
    }
    serial.ask("GET", OFF, b"")?;
    told.until_answer(serial).map(drop)
}

/// The answer has to be the right one, whole.
fn compare(exchange: &Exchange, answer: &Answer) -> Result<(), String> {
    let expect = &exchange.expect;
    if answer.status != expect.status {
        return Err(format!("expected status {}, got {}", expect.status, answer.status));
    }
    let right = match &expect.body {
        ExpectBody::Exactly(text) => text,
        ExpectBody::Sha256(_) | ExpectBody::Pattern { .. } => {
            return Err("expect an answer of a board as `body`".to_owned());
        }
    };
    if answer.body != right.as_bytes() {
        let seen = String::from_utf8_lossy(&answer.body);
        return Err(format!("wrong body: expected {right:?}, got {seen:?}"));
    }
    Ok(())
}

/// How long the board may be silent.
fn patience() -> Duration {
    // A board is emulated at a hundredth of the speed of what it runs on.
    6 * request_timeout()
}
