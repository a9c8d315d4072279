//! `render-p3`: answers `GET /` with a page that it renders for each request, through wasi:http 0.3.
//!
//! For how a host starts a component of about 1 MB that is a real program: what it does is in the
//! crate `render`, and so is the page's SHA-256. It must not keep the page between requests.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:render-p3;
        world guest {
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:render-p3/guest",
    generate_all,
});

use exports::wasi::http::handler::Guest;
use wasi::http::types::{ErrorCode, Fields, Request, Response};

struct Render;

impl Guest for Render {
    async fn handle(_request: Request) -> Result<Response, ErrorCode> {
        let (status, text) = match render::page() {
            Ok(page) => (200, page),
            Err(complaint) => (500, complaint),
        };
        let content_type = ("content-type".to_owned(), b"text/html; charset=utf-8".to_vec());
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
        Ok(response)
    }
}

export!(Render);
