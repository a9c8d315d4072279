//! `order-rust-p2`: adds up the order that is posted to `/order`, through wasi:http 0.2.
//!
//! The suite `languages` asks guests in several languages for the same; this one is Rust's. `GET /`
//! answers `hello`. It must keep nothing from one request to the next.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:order-rust-p2;
        world guest {
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:order-rust-p2/guest",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use order::Answer;
use wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::StreamError;

/// The largest piece read at once.
const CHUNK_BYTES: u64 = 64 * 1024;

struct Order;

impl Guest for Order {
    // Every unwrap below is on something that only a host that breaks the contract of wasi:http can
    // refuse; the trap then fails the request, which the benchmark counts as an error.
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let answer = match (request.method(), request.path_with_query().as_deref()) {
            (Method::Get, Some("/")) => Answer::hello(),
            (Method::Post, Some(order::PATH)) => Answer::to_order(&body(&request)),
            _ => Answer::not_found(),
        };
        let content_type = ("content-type".to_owned(), answer.content_type.into());
        let response = OutgoingResponse::new(Fields::from_list(&[content_type]).unwrap());
        response.set_status_code(answer.status).unwrap();
        let body = response.body().unwrap();
        ResponseOutparam::set(response_out, Ok(response));

        let stream = body.write().unwrap();
        stream.blocking_write_and_flush(&answer.body).unwrap();
        // The stream is a child of the body and must be gone before the body is finished.
        drop(stream);
        OutgoingBody::finish(body, None).unwrap();
    }
}

/// The whole body; of one that breaks off, what came, which is no order then.
fn body(request: &IncomingRequest) -> Vec<u8> {
    let body = request.consume().unwrap();
    let stream = body.stream().unwrap();
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(CHUNK_BYTES) {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed | StreamError::LastOperationFailed(_)) => return bytes,
        }
    }
}

export!(Order);
