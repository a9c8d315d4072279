//! `order-rust-p3`: adds up the order that is posted to `/order`, through wasi:http 0.3.
//!
//! The suite `languages` asks guests in several languages for the same; this one is Rust's. `GET /`
//! answers `hello`. It must keep nothing from one request to the next.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:order-rust-p3;
        world guest {
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:order-rust-p3/guest",
    generate_all,
});

use exports::wasi::http::handler::Guest;
use order::Answer;
use wasi::http::types::{ErrorCode, Fields, Method, Request, Response};

struct Order;

impl Guest for Order {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let answer = match (request.get_method(), request.get_path_with_query().as_deref()) {
            (Method::Get, Some("/")) => Answer::hello(),
            (Method::Post, Some(order::PATH)) => Answer::to_order(&body(request).await),
            _ => Answer::not_found(),
        };
        let content_type = ("content-type".to_owned(), answer.content_type.into());
        // Only a host that breaks the contract of wasi:http refuses this header and this status; the
        // trap then fails the request, which the benchmark counts as an error.
        let headers = Fields::from_list(&[content_type]).unwrap();
        let (mut body_writer, body) = wit_stream::new();
        let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
        let (response, _transmitted) = Response::new(headers, Some(body), trailers);
        response.set_status_code(answer.status).unwrap();

        // The host reads the body only once it has the response, so it is written from a task that
        // goes on after this function has returned.
        wit_bindgen::spawn_local(async move {
            // Both writes fail only if the client has gone: nobody is left to be told.
            body_writer.write_all(answer.body).await;
            drop(body_writer);
            let _ = trailers_writer.write(Ok(None)).await;
        });
        Ok(response)
    }
}

/// The whole body; of one that breaks off, what came, which is no order then.
async fn body(request: Request) -> Vec<u8> {
    // Tells the host how handling the request went: nothing here can fail, so the default says it
    // all and the writer is dropped at once.
    let (_, handled) = wit_future::new(|| Ok(()));
    let (body, _trailers) = Request::consume_body(request, handled);
    body.collect().await
}

export!(Order);
