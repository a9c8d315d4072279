//! The serial line: frames with requests come in, frames with answers go out.
//! Below `/host/` the host itself is asked; everything else is for the handler.

use crate::board::Board;
use crate::frame::{self, Dropped};
use crate::host::{Guest, Host, Loaded};
use crate::meter;
use crate::request::{self, Request};
use crate::{measure, measure_core, survive};
use alloc::string::String;
use alloc::vec::Vec;
use wasmtime::component::TypedFunc;
use wasmtime::{Error, Result};

type Handle = TypedFunc<(String, String, Vec<u8>), ((u16, Vec<u8>),)>;

/// What is between requests.
struct Served<'h> {
    host: &'h mut Host,
    /// What was spent waiting for bytes, and proving the counter, since the boot.
    waited: u64,
    handler: Option<(Loaded, Handle)>,
}

/// Answers requests until the line ends or one asks to be the last.
pub fn serve(host: &mut Host) {
    let board = host.board;
    // Proving the counter is no part of what is measured.
    let waited = tell_ready(board);
    let mut served = Served { host, waited, handler: None };
    let mut payload = Vec::new();
    while let Some(came) = served.read(&mut payload) {
        let is_last = came.is_ok() && served.is_last(&payload);
        let answer = match came {
            Ok(()) => served.answer(&payload),
            Err(Dropped::TooLong) => (413, Vec::new()),
            Err(Dropped::Damaged) => (400, Vec::new()),
        };
        request::answer(&mut payload, answer.0, &answer.1);
        frame::write(board, &payload);
        if is_last {
            break;
        }
    }
    served.unload();
}

/// Says that requests can come, and proves the counter: what reading it twice
/// costs, and two loops of known lengths. Returns what that took.
fn tell_ready(board: &dyn Board) -> u64 {
    let from = board.count();
    let to = board.count();
    let short = spun(board, 1000);
    let long = spun(board, 1_001_000);
    meter::line(
        board,
        format_args!(
            "\"event\":\"ready\",\"reading\":[{from},{to}],\"short\":[{},{}],\"long\":[{},{}]",
            short.0, short.1, long.0, long.1
        ),
    );
    board.count() - from
}

/// Readings before and after a loop. Never inlined, so that nothing but the loop
/// differs from one length to another.
#[inline(never)]
fn spun(board: &dyn Board, turns: u32) -> (u64, u64) {
    let from = board.count();
    board.spin(core::hint::black_box(turns));
    (from, board.count())
}

impl Served<'_> {
    fn read(&mut self, payload: &mut Vec<u8>) -> Option<Result<(), Dropped>> {
        let (board, waited) = (self.host.board, &mut self.waited);
        frame::read(
            || {
                let from = board.count();
                let byte = board.receive();
                *waited += board.count() - from;
                byte
            },
            payload,
        )
    }

    fn is_last(&self, payload: &[u8]) -> bool {
        Request::parse(payload).is_some_and(|request| request.path == "/host/off")
    }

    fn answer(&mut self, payload: &[u8]) -> (u16, Vec<u8>) {
        let Some(request) = Request::parse(payload) else { return (400, Vec::new()) };
        let answered = match request.path.strip_prefix("/host/") {
            Some(what) => self.own(what),
            None => self.guest(&request).map(Some),
        };
        match answered {
            Ok(Some(answer)) => answer,
            Ok(None) => (404, b"not found".to_vec()),
            Err(error) => {
                meter::line(
                    self.host.board,
                    format_args!("\"event\":\"failed\",\"why\":\"{error}\""),
                );
                (500, Vec::new())
            }
        }
    }

    /// What is asked of the host itself.
    fn own(&mut self, what: &str) -> Result<Option<(u16, Vec<u8>)>> {
        self.unload();
        let host = &mut *self.host;
        let body = match what.split_once('/').unwrap_or((what, "")) {
            ("measure", "core") => measure_core::core(host, self.waited)?,
            ("measure", "component") => measure::component(host, self.waited)?,
            #[cfg(feature = "concurrency")]
            ("measure", "async-component") if host.concurrency => {
                crate::measure_async::component(host, self.waited)?
            }
            ("survive", count) => match count.parse() {
                Ok(count) => survive::survive(host, count)?,
                Err(_) => return Ok(None),
            },
            ("watch", count) => match count.parse() {
                Ok(count) => watch(host, count)?,
                Err(_) => return Ok(None),
            },
            ("panic", "") => panic!("asked to"),
            ("off", "") => Vec::new(),
            _ => return Ok(None),
        };
        meter::tell_memory(host.board);
        Ok(Some((200, body)))
    }

    /// What is asked of the handler, which is loaded when it is first needed and
    /// anew after it failed.
    fn guest(&mut self, request: &Request<'_>) -> Result<(u16, Vec<u8>)> {
        let board = self.host.board;
        let (span, answer) = meter::time(board, || {
            let (guest, handle) = match &mut self.handler {
                Some(loaded) => loaded,
                None => {
                    let mut guest = self.host.load(Guest::Handler)?;
                    let handle = guest.function("handle")?;
                    self.handler.insert((guest, handle))
                }
            };
            let Request { method, path, body } = *request;
            let answer = guest.call(handle, (method.into(), path.into(), body.to_vec()));
            answer.map(|(answer,)| answer)
        });
        meter::tell_span(board, "request_instructions", span, None);
        if answer.is_err() {
            self.unload();
        }
        answer
    }

    fn unload(&mut self) {
        if let Some((guest, _)) = self.handler.take() {
            self.host.unload(guest);
        }
    }
}

/// Runs the sensor loop and tells what it added up and logged.
fn watch(host: &mut Host, count: u32) -> Result<Vec<u8>> {
    if count == 0 || count > 100 {
        return Err(Error::msg("1 to 100 readings, please"));
    }
    let board = host.board;
    let mut guest = host.load(Guest::Sensor)?;
    let watch = guest.function::<(u32,), (u32,)>("watch")?;
    let (span, sum) = meter::time(board, || guest.call(&watch, (count,)));
    host.unload(guest);
    let mut answers = Vec::new();
    measure::note(&mut answers, "sum", sum?.0);
    let state = host.state()?;
    measure::note(&mut answers, "logged", state.logged);
    let largest = state.keys.get("largest").and_then(|bytes| bytes.try_into().ok());
    measure::note(&mut answers, "largest", largest.map_or(0, u32::from_le_bytes));
    meter::tell_span(board, "sensor_loop_instructions", span, None);
    Ok(answers)
}
