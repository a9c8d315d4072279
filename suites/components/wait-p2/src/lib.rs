//! `wait-p2`: waits the milliseconds in the query (`?ms=5`, which is also the default), then
//! answers `waited`, through wasi:http 0.2.
//!
//! Stands for a handler that spends its time on somebody else's answer. It must not burn CPU
//! meanwhile, nor begin its response before the wait is over.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:wait-p2;
        world guest {
            import wasi:clocks/monotonic-clock@0.2.12;
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:wait-p2/guest",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use wasi::clocks::monotonic_clock::subscribe_duration;
use wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

const NS_PER_MS: u64 = 1_000_000;
/// The same in wait-p3.
const DEFAULT_MS: u64 = 5;

struct Wait;

impl Guest for Wait {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        match parts::target::number(&target, "ms", DEFAULT_MS) {
            Ok(ms) => {
                subscribe_duration(ms.saturating_mul(NS_PER_MS)).block();
                respond(response_out, 200, "waited");
            }
            Err(complaint) => respond(response_out, 400, &complaint),
        }
    }
}

// Every unwrap below is on something that only a host that breaks the contract of wasi:http can
// refuse; the trap then fails the request, which the benchmark counts as an error.
fn respond(response_out: ResponseOutparam, status: u16, text: &str) {
    let content_type = ("content-type".to_owned(), b"text/plain".to_vec());
    let response = OutgoingResponse::new(Fields::from_list(&[content_type]).unwrap());
    response.set_status_code(status).unwrap();
    let body = response.body().unwrap();
    ResponseOutparam::set(response_out, Ok(response));

    let stream = body.write().unwrap();
    stream.blocking_write_and_flush(text.as_bytes()).unwrap();
    // The stream is a child of the body and must be gone before the body is finished.
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
}

export!(Wait);
