//! `whoami-p2`: answers every request with the value of the environment variable NAME and tells, in
//! the header `x-path`, the path and query it was asked for, through wasi:http 0.2.
//!
//! Shows which component a host chose, and what of the path is left when it did. It must not have
//! a name of its own: without NAME it answers 500.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:whoami-p2;
        world guest {
            import wasi:cli/environment@0.2.12;
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:whoami-p2/guest",
    generate_all,
});

use std::sync::OnceLock;

use exports::wasi::http::incoming_handler::Guest;
use wasi::cli::environment::get_environment;
use wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

/// Read once in the life of an instance, however many requests it serves.
static NAME: OnceLock<Option<String>> = OnceLock::new();

struct Whoami;

impl Guest for Whoami {
    // Every unwrap below is on something that only a host that breaks the contract of wasi:http can
    // refuse; the trap then fails the request, which the benchmark counts as an error.
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let headers = [
            ("content-type".to_owned(), b"text/plain".to_vec()),
            ("x-path".to_owned(), path.into_bytes()),
        ];
        let response = OutgoingResponse::new(Fields::from_list(&headers).unwrap());
        let name = NAME.get_or_init(read_name).as_deref();
        if name.is_none() {
            response.set_status_code(500).unwrap();
        }
        let body = response.body().unwrap();
        ResponseOutparam::set(response_out, Ok(response));

        let stream = body.write().unwrap();
        let text = name.unwrap_or("the environment has no NAME");
        stream.blocking_write_and_flush(text.as_bytes()).unwrap();
        // The stream is a child of the body and must be gone before the body is finished.
        drop(stream);
        OutgoingBody::finish(body, None).unwrap();
    }
}

fn read_name() -> Option<String> {
    get_environment().into_iter().find_map(|(key, value)| (key == "NAME").then_some(value))
}

export!(Whoami);
