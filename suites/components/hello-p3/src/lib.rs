//! `hello-p3`: answers every request with status 200 and the body `hello`, through wasi:http 0.3.
//!
//! The least a P3 component can do with a request, so what a benchmark sees is the host. It must
//! not look at the request, allocate state that outlives it or log: any of these would be measured
//! too.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:hello-p3;
        world guest {
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:hello-p3/guest",
    generate_all,
});

use exports::wasi::http::handler::Guest;
use wasi::http::types::{ErrorCode, Fields, Request, Response};

const BODY: &[u8] = b"hello";

struct Hello;

impl Guest for Hello {
    async fn handle(_request: Request) -> Result<Response, ErrorCode> {
        let content_type = ("content-type".to_owned(), b"text/plain".to_vec());
        // Only a host that breaks the contract of wasi:http refuses this header; the trap then
        // fails the request, which the benchmark counts as an error.
        let headers = Fields::from_list(&[content_type]).unwrap();
        let (mut body_writer, body) = wit_stream::new();
        let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
        let (response, _transmitted) = Response::new(headers, Some(body), trailers);

        // The host reads the body only once it has the response, so it is written from a task that
        // goes on after this function has returned.
        wit_bindgen::spawn_local(async move {
            // Both writes fail only if the client has gone: nobody is left to be told.
            body_writer.write_all(BODY.to_vec()).await;
            drop(body_writer);
            let _ = trailers_writer.write(Ok(None)).await;
        });
        Ok(response)
    }
}

export!(Hello);
