//! `hello-p2`: answers every request with status 200 and the body `hello`, through wasi:http 0.2.
//!
//! The least a P2 component can do with a request, so what a benchmark sees is the host. It must
//! not look at the request, allocate per-request state or log: any of these would be measured too.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:hello-p2;
        world guest {
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:hello-p2/guest",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

const BODY: &[u8] = b"hello";

struct Hello;

impl Guest for Hello {
    // Every unwrap below is on something that only a host that breaks the contract of wasi:http can
    // refuse; the trap then fails the request, which the benchmark counts as an error.
    fn handle(_request: IncomingRequest, response_out: ResponseOutparam) {
        let content_type = ("content-type".to_owned(), b"text/plain".to_vec());
        let response = OutgoingResponse::new(Fields::from_list(&[content_type]).unwrap());
        let body = response.body().unwrap();
        ResponseOutparam::set(response_out, Ok(response));

        let stream = body.write().unwrap();
        stream.blocking_write_and_flush(BODY).unwrap();
        // The stream is a child of the body and must be gone before the body is finished.
        drop(stream);
        OutgoingBody::finish(body, None).unwrap();
    }
}

export!(Hello);
