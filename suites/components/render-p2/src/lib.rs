//! `render-p2`: answers `GET /` with a page that it renders for each request, through wasi:http 0.2.
//!
//! For how a host starts a component of about 1 MB that is a real program: what it does is in the
//! crate `render`, and so is the page's SHA-256. It must not keep the page between requests.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:render-p2;
        world guest {
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:render-p2/guest",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Render;

impl Guest for Render {
    // Every unwrap below is on something that only a host that breaks the contract of wasi:http can
    // refuse; the trap then fails the request, which the benchmark counts as an error.
    fn handle(_request: IncomingRequest, response_out: ResponseOutparam) {
        let (status, text) = match render::page() {
            Ok(page) => (200, page),
            Err(complaint) => (500, complaint),
        };
        let content_type = ("content-type".to_owned(), b"text/html; charset=utf-8".to_vec());
        let response = OutgoingResponse::new(Fields::from_list(&[content_type]).unwrap());
        response.set_status_code(status).unwrap();
        let body = response.body().unwrap();
        ResponseOutparam::set(response_out, Ok(response));

        let stream = body.write().unwrap();
        // At most 4096 bytes may be given at once.
        for piece in text.as_bytes().chunks(4096) {
            stream.blocking_write_and_flush(piece).unwrap();
        }
        // The stream is a child of the body and must be gone before the body is finished.
        drop(stream);
        OutgoingBody::finish(body, None).unwrap();
    }
}

export!(Render);
