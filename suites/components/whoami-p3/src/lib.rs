//! `whoami-p3`: answers every request with the value of the environment variable NAME and tells, in
//! the header `x-path`, the path and query it was asked for, through wasi:http 0.3.
//!
//! Shows which component a host chose, and what of the path is left when it did. It must not have
//! a name of its own: without NAME it answers 500.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:whoami-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:whoami-p3/guest",
    generate_all,
});

use std::sync::OnceLock;

use exports::wasi::http::handler::Guest;
use wasi::cli::environment::get_environment;
use wasi::http::types::{ErrorCode, Fields, Request, Response};

/// Read once in the life of an instance, however many requests it serves.
static NAME: OnceLock<Option<String>> = OnceLock::new();

struct Whoami;

impl Guest for Whoami {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let path = request.get_path_with_query().unwrap_or_default();
        let headers = [
            ("content-type".to_owned(), b"text/plain".to_vec()),
            ("x-path".to_owned(), path.into_bytes()),
        ];
        // Only a host that breaks the contract of wasi:http refuses these headers, or a status
        // below; the trap then fails the request, which the benchmark counts as an error.
        let headers = Fields::from_list(&headers).unwrap();
        let (mut body_writer, body) = wit_stream::new();
        let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
        let (response, _transmitted) = Response::new(headers, Some(body), trailers);
        let name = NAME.get_or_init(read_name).as_deref();
        if name.is_none() {
            response.set_status_code(500).unwrap();
        }

        // The host reads the body only once it has the response, so it is written from a task that
        // goes on after this function has returned.
        wit_bindgen::spawn_local(async move {
            let text = name.unwrap_or("the environment has no NAME");
            // Both writes fail only if the client has gone: nobody is left to be told.
            body_writer.write_all(text.as_bytes().to_vec()).await;
            drop(body_writer);
            let _ = trailers_writer.write(Ok(None)).await;
        });
        Ok(response)
    }
}

fn read_name() -> Option<String> {
    get_environment().into_iter().find_map(|(key, value)| (key == "NAME").then_some(value))
}

export!(Whoami);
