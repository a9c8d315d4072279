//! `egress-p2`: calls a URL (request header `x-url`, else environment variable URL) and passes on
//! the status, `content-type` and body it answers, through wasi:http 0.2.
//!
//! `x-calls: N` makes N calls, one after the other, and passes on the last. When the host refuses a
//! call, or it fails, the answer is 502 with the name of the error code. It must not hold more than
//! one piece of a body.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:egress-p2;
        world guest {
            import wasi:cli/environment@0.2.12;
            import wasi:http/outgoing-handler@0.2.12;
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:egress-p2/guest",
    generate_all,
});

use std::sync::OnceLock;

use exports::wasi::http::incoming_handler::Guest;
use parts::errand::Errand;
use parts::error_name::wit_name;
use parts::url::Url;
use wasi::cli::environment::get_environment;
use wasi::http::outgoing_handler;
use wasi::http::types::{
    ErrorCode, Fields, IncomingRequest, IncomingResponse, OutgoingBody, OutgoingRequest,
    OutgoingResponse, ResponseOutparam, Scheme, http_error_code,
};
use wasi::io::streams::{OutputStream, StreamError};

/// Read once in the life of an instance.
static OWN_URL: OnceLock<Option<String>> = OnceLock::new();
/// The largest piece asked for at once; the same in egress-p3.
const PIECE_BYTES: u64 = 64 * 1024;

struct Egress;

impl Guest for Egress {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let headers = request.headers();
        let own_url = || OWN_URL.get_or_init(read_own_url).clone();
        let Errand { url, calls } = match Errand::read(|name| headers.get(name), own_url) {
            Ok(errand) => errand,
            Err(complaint) => return text(out, 400, &complaint),
        };
        for _ in 1..calls.get() {
            // Read to its end, so that the connection can be used again.
            if let Err(code) = call(&url).and_then(|response| read(&response, |_| Ok(()))) {
                return refused(out, &code);
            }
        }
        match call(&url) {
            Ok(response) => {
                let content_type = response.headers().get("content-type").into_iter().next();
                let write_body = |output: &OutputStream| {
                    read(&response, |piece| write_all(output, piece)).is_ok()
                };
                respond(out, response.status(), content_type, write_body);
            }
            Err(code) => refused(out, &code),
        }
    }
}

fn read_own_url() -> Option<String> {
    get_environment().into_iter().find_map(|(key, value)| (key == "URL").then_some(value))
}

fn call(url: &Url) -> Result<IncomingResponse, ErrorCode> {
    let request = OutgoingRequest::new(Fields::new());
    let scheme = if url.is_https { Scheme::Https } else { Scheme::Http };
    request
        .set_scheme(Some(&scheme))
        .and_then(|()| request.set_authority(Some(&url.authority)))
        .and_then(|()| request.set_path_with_query(Some(&url.path_and_query)))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    let future = outgoing_handler::handle(request, None)?;
    loop {
        match future.get() {
            // It is an error to ask for the answer twice, which this does not.
            Some(answer) => return answer.unwrap(),
            None => future.subscribe().block(),
        }
    }
}

/// Hands on a body piece by piece.
fn read(
    response: &IncomingResponse,
    mut hand_on: impl FnMut(&[u8]) -> Result<(), StreamError>,
) -> Result<(), ErrorCode> {
    let body = response.consume().unwrap();
    let input = body.stream().unwrap();
    loop {
        match input.blocking_read(PIECE_BYTES).and_then(|piece| hand_on(&piece)) {
            Ok(()) => {}
            Err(StreamError::Closed) => return Ok(()),
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(http_error_code(&error).unwrap_or(ErrorCode::InternalError(None)));
            }
        }
    }
}

fn refused(out: ResponseOutparam, code: &ErrorCode) {
    text(out, 502, &wit_name(&format!("{code:?}")));
}

fn text(out: ResponseOutparam, status: u16, text: &str) {
    let content_type = Some(b"text/plain".to_vec());
    respond(out, status, content_type, |output| write_all(output, text.as_bytes()).is_ok());
}

/// Sends the head, then what `write_body` writes; without a good end if that says so. The unwraps
/// are on what only a host that breaks the contract of wasi:http can refuse.
fn respond(
    out: ResponseOutparam,
    status: u16,
    content_type: Option<Vec<u8>>,
    write_body: impl FnOnce(&OutputStream) -> bool,
) {
    let entry = |value| ("content-type".to_owned(), value);
    let headers: Vec<_> = content_type.into_iter().map(entry).collect();
    let response = OutgoingResponse::new(Fields::from_list(&headers).unwrap());
    response.set_status_code(status).unwrap();
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let output = body.write().unwrap();
    let is_whole = write_body(&output) && output.blocking_flush().is_ok();
    drop(output);
    if is_whole {
        OutgoingBody::finish(body, None).unwrap();
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

export!(Egress);
