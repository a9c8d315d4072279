//! `stream-p2`: sends, takes and echoes bodies of any size, and sends events, through wasi:http 0.2.
//!
//! Shows what a host's streams carry. Every byte passes through the guest's memory, in large pieces
//! and with few copies. It must not hold more than one piece of a body. The README lists the paths.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:stream-p2;
        world guest {
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:stream-p2/guest",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use parts::pattern::{self, CHUNK_BYTES, Verifier};
use parts::target;
use wasi::http::types::{
    Fields, IncomingBody, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

const BINARY: &str = "application/octet-stream";
const TEXT: &str = "text/plain";

struct Stream;

impl Guest for Stream {
    // Every unwrap in this file is on something that only a host that breaks the contract of
    // wasi:http can refuse; the trap then fails the request, which the benchmark counts as an error.
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let path = target::path(&target);
        let number = |prefix| path.strip_prefix(prefix)?.parse::<u64>().ok();
        match (request.method(), number("/bytes/"), number("/events/")) {
            (Method::Get, Some(length_bytes), _) => {
                let length = length_bytes.to_string();
                let headers = [("content-length", &*length), ("content-type", BINARY)];
                respond(out, 200, &headers, |output| send_pattern(output, length_bytes));
            }
            (Method::Get, _, Some(count)) => {
                let headers = [("content-type", "text/event-stream")];
                respond(out, 200, &headers, |output| send_events(output, count));
            }
            (Method::Post, ..) if path == "/sink" => match sink(&request.consume().unwrap()) {
                Ok(count) => text(out, 200, &count),
                Err(complaint) => text(out, 422, &complaint),
            },
            (Method::Post, ..) if path == "/echo" => {
                let body = request.consume().unwrap();
                let input = body.stream().unwrap();
                respond(out, 200, &[("content-type", BINARY)], |output| echo(&input, output));
            }
            _ => text(out, 404, "no such path, or not with this method"),
        }
    }
}

fn text(out: ResponseOutparam, status: u16, text: &str) {
    respond(out, status, &[("content-type", TEXT)], |output| write_all(output, text.as_bytes()));
}

/// Sends the head, then what `write_body` writes.
fn respond(
    out: ResponseOutparam,
    status: u16,
    headers: &[(&str, &str)],
    write_body: impl FnOnce(&OutputStream) -> Result<(), StreamError>,
) {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    let headers: Vec<_> = headers.iter().map(owned).collect();
    let response = OutgoingResponse::new(Fields::from_list(&headers).unwrap());
    response.set_status_code(status).unwrap();
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let output = body.write().unwrap();
    let written = write_body(&output).and_then(|()| output.blocking_flush());
    // The stream is a child of the body and must be gone before the body is finished.
    drop(output);
    // A body that is dropped unfinished makes the host break the connection off, which is how the
    // client learns that its answer is incomplete.
    if written.is_ok() {
        OutgoingBody::finish(body, None).unwrap();
    }
}

fn send_pattern(output: &OutputStream, length_bytes: u64) -> Result<(), StreamError> {
    let chunk = pattern::chunk();
    for _ in 0..length_bytes / CHUNK_BYTES as u64 {
        write_all(output, &chunk)?;
    }
    write_all(output, &chunk[..(length_bytes % CHUNK_BYTES as u64) as usize])
}

fn send_events(output: &OutputStream, count: u64) -> Result<(), StreamError> {
    (0..count).try_for_each(|index| {
        output.blocking_write_and_flush(format!("data: {index}\n\n").as_bytes())
    })
}

/// The number of bytes in a body that is the pattern.
fn sink(body: &IncomingBody) -> Result<String, String> {
    let input = body.stream().unwrap();
    let mut verifier = Verifier::default();
    loop {
        match input.blocking_read(CHUNK_BYTES as u64) {
            Ok(chunk) => verifier.take(&chunk).map_err(|at| format!("mismatch at {at}"))?,
            Err(StreamError::Closed) => return Ok(verifier.seen_bytes().to_string()),
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(format!("broken off: {}", error.to_debug_string()));
            }
        }
    }
}

fn echo(input: &InputStream, output: &OutputStream) -> Result<(), StreamError> {
    loop {
        match input.blocking_read(CHUNK_BYTES as u64) {
            Ok(chunk) => write_all(output, &chunk)?,
            Err(StreamError::Closed) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// Writes all of `bytes`, in the pieces the host has room for. (`blocking-write-and-flush` takes at
/// most 4096 bytes and waits for each of them to leave.)
fn write_all(output: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let room = output.check_write()?;
        if room == 0 {
            output.subscribe().block();
            continue;
        }
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let (piece, rest) = bytes.split_at(room.min(bytes.len()));
        output.write(piece)?;
        bytes = rest;
    }
    Ok(())
}

export!(Stream);
