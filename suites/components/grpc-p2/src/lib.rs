//! `grpc-p2`: echoes the messages of a gRPC call as they come, through wasi:http 0.2.
//!
//! Trailers: `grpc-status`, `grpc-message`, and each trailer of the request, its name prefixed with
//! `x-echo-`. A body that ends within a message gives status 13. It must not hold more than one
//! piece of a body, nor look into messages.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:grpc-p2;
        world guest {
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:grpc-p2/guest",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use parts::frames::Frames;
use wasi::http::types::{
    Fields, IncomingBody, IncomingRequest, Method, OutgoingBody, OutgoingResponse,
    ResponseOutparam, Trailers,
};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

/// The largest piece asked for at once; the same in grpc-p3.
const PIECE_BYTES: u64 = 64 * 1024;

struct Grpc;

impl Guest for Grpc {
    // Every unwrap below is on something that only a host that breaks the contract of wasi:http can
    // refuse; the trap then fails the request, which the benchmark counts as an error.
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let content_type = request.headers().get("content-type").pop().unwrap_or_default();
        let is_grpc = content_type.starts_with(b"application/grpc");
        let status = match request.method() {
            Method::Post if is_grpc => 200,
            Method::Post => 415,
            _ => 405,
        };
        let headers = [("content-type".to_owned(), content_type)];
        let headers = Fields::from_list(&headers[..usize::from(is_grpc)]).unwrap();
        let response = OutgoingResponse::new(headers);
        response.set_status_code(status).unwrap();
        let response_body = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));
        if status != 200 {
            return OutgoingBody::finish(response_body, None).unwrap();
        }

        let request_body = request.consume().unwrap();
        let (input, output) = (request_body.stream().unwrap(), response_body.write().unwrap());
        let copied = copy(&input, &output);
        // Streams are children of their bodies and must be gone before the body is finished.
        drop((input, output));
        // A body that is dropped unfinished makes the host break the call off.
        let Ok(frames) = copied else { return };
        if let Some(trailers) = response_trailers(&frames, request_body) {
            OutgoingBody::finish(response_body, Some(trailers)).unwrap();
        }
    }
}

/// None if the request broke off.
fn response_trailers(frames: &Frames, request_body: IncomingBody) -> Option<Trailers> {
    let (status, message) = frames.status();
    let mut entries = vec![
        ("grpc-status".to_owned(), status.into()),
        ("grpc-message".to_owned(), message.into()),
    ];
    let future = IncomingBody::finish(request_body);
    let request_trailers = loop {
        match future.get() {
            // It is an error to ask for them twice, which this does not.
            Some(trailers) => break trailers.unwrap().ok()?,
            None => future.subscribe().block(),
        }
    };
    let echoed = request_trailers.map_or_else(Vec::new, |trailers| trailers.entries());
    entries.extend(echoed.into_iter().map(|(name, value)| (format!("x-echo-{name}"), value)));
    Some(Fields::from_list(&entries).unwrap())
}

/// Copies until the input ends. Fails if either side does (a client that went away).
fn copy(input: &InputStream, output: &OutputStream) -> Result<Frames, StreamError> {
    let mut frames = Frames::default();
    loop {
        match input.blocking_read(PIECE_BYTES) {
            Ok(piece) => {
                frames.follow(&piece);
                write_all(output, &piece)?;
            }
            Err(StreamError::Closed) => return output.blocking_flush().map(|()| frames),
            Err(error) => return Err(error),
        }
    }
}

/// Writes all of `bytes`, in the pieces the host has room for.
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

export!(Grpc);
