//! `echo-p2`: streams the request body back unchanged, through wasi:http 0.2.
//!
//! Status 200, the request's `content-type` copied, trailers not. Every byte passes through the
//! guest's memory: `splice` would leave the copying to the host and measure something else. It must
//! not hold more than one chunk: it reads again only after the host has taken the last one, so a
//! slow reader slows the writer down.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:echo-p2;
        world guest {
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:echo-p2/guest",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

/// The largest piece asked for at once; echo-p3 uses the same.
const CHUNK_BYTES: u64 = 64 * 1024;

struct Echo;

impl Guest for Echo {
    // Every unwrap below is on something that only a host that breaks the contract of wasi:http can
    // refuse; the trap then fails the request, which the benchmark counts as an error.
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let response = OutgoingResponse::new(response_headers(&request));
        let response_body = response.body().unwrap();
        ResponseOutparam::set(response_out, Ok(response));

        let request_body = request.consume().unwrap();
        let input = request_body.stream().unwrap();
        let output = response_body.write().unwrap();
        let copied = copy(&input, &output);
        // Streams are children of their bodies and must be gone before the body is finished.
        drop((input, output));
        // A body that is dropped unfinished makes the host break the connection off, which is how
        // the client learns that its answer is incomplete.
        if copied.is_ok() {
            OutgoingBody::finish(response_body, None).unwrap();
        }
    }
}

fn response_headers(request: &IncomingRequest) -> Fields {
    let name = "content-type".to_owned();
    let values = request.headers().get(&name);
    let entries: Vec<_> = values.into_iter().map(|value| (name.clone(), value)).collect();
    Fields::from_list(&entries).unwrap()
}

/// Copies until the input ends. Fails if either side does (a client that went away).
fn copy(input: &InputStream, output: &OutputStream) -> Result<(), StreamError> {
    loop {
        match input.blocking_read(CHUNK_BYTES) {
            Ok(chunk) => write_all(output, &chunk)?,
            Err(StreamError::Closed) => return output.blocking_flush(),
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

export!(Echo);
