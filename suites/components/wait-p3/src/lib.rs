//! `wait-p3`: waits the milliseconds in the query (`?ms=5`, which is also the default), then
//! answers `waited`, through wasi:http 0.3.
//!
//! Stands for a handler that spends its time on somebody else's answer. It must not burn CPU
//! meanwhile, nor keep its instance from serving other requests, nor begin its response before the
//! wait is over.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:wait-p3;
        world guest {
            import wasi:clocks/monotonic-clock@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:wait-p3/guest",
    generate_all,
});

use exports::wasi::http::handler::Guest;
use wasi::clocks::monotonic_clock::wait_for;
use wasi::http::types::{ErrorCode, Fields, Request, Response};

const NS_PER_MS: u64 = 1_000_000;
/// The same in wait-p2.
const DEFAULT_MS: u64 = 5;

struct Wait;

impl Guest for Wait {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        Ok(match parts::target::number(&target, "ms", DEFAULT_MS) {
            Ok(ms) => {
                wait_for(ms.saturating_mul(NS_PER_MS)).await;
                respond(200, "waited".to_owned())
            }
            Err(complaint) => respond(400, complaint),
        })
    }
}

fn respond(status: u16, text: String) -> Response {
    let content_type = ("content-type".to_owned(), b"text/plain".to_vec());
    // Only a host that breaks the contract of wasi:http refuses this header or status; the trap
    // then fails the request, which the benchmark counts as an error.
    let headers = Fields::from_list(&[content_type]).unwrap();
    let (mut body_writer, body) = wit_stream::new();
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    let (response, _transmitted) = Response::new(headers, Some(body), trailers);
    response.set_status_code(status).unwrap();

    // The host reads the body only once it has the response, so it is written from a task that
    // goes on after this function has returned.
    wit_bindgen::spawn_local(async move {
        // Both writes fail only if the client has gone: nobody is left to be told.
        body_writer.write_all(text.into_bytes()).await;
        drop(body_writer);
        let _ = trailers_writer.write(Ok(None)).await;
    });
    response
}

export!(Wait);
