//! `echo-p3`: streams the request body back unchanged, through wasi:http 0.3.
//!
//! Status 200, the request's `content-type` copied, trailers not. Every byte passes through the
//! guest's memory: handing the request's stream over as the response's would leave the copying to
//! the host and measure something else. It must not hold more than one chunk: it reads again only
//! after the host has taken the last one, so a slow reader slows the writer down.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:echo-p3;
        world guest {
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:echo-p3/guest",
    generate_all,
});

use exports::wasi::http::handler::Guest;
use wasi::http::types::{ErrorCode, Fields, Request, Response};
use wit_bindgen::{StreamReader, StreamResult, StreamWriter};

/// The largest piece read at once; echo-p2 uses the same.
const CHUNK_BYTES: usize = 64 * 1024;

struct Echo;

impl Guest for Echo {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let headers = response_headers(&request);
        // Tells the host how handling the request went: nothing here can fail, so the default says
        // it all and the writer is dropped at once.
        let (_, handled) = wit_future::new(|| Ok(()));
        let (request_body, request_trailers) = Request::consume_body(request, handled);
        let (body_writer, response_body) = wit_stream::new();
        let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
        let (response, _transmitted) = Response::new(headers, Some(response_body), trailers);

        // The host reads the body only once it has the response, so it is written from a task that
        // goes on after this function has returned.
        wit_bindgen::spawn_local(async move {
            copy(request_body, body_writer).await;
            // A request that broke off must not become a response that ended well.
            let ending = request_trailers.await.map(|_not_copied| None);
            // Fails only if the client has gone: nobody is left to be told.
            let _ = trailers_writer.write(ending).await;
        });
        Ok(response)
    }
}

fn response_headers(request: &Request) -> Fields {
    let name = "content-type".to_owned();
    let values = request.get_headers().get(&name);
    let entries: Vec<_> = values.into_iter().map(|value| (name.clone(), value)).collect();
    // What the host let in it must let out; the trap fails the request.
    Fields::from_list(&entries).unwrap()
}

/// Copies until the input ends or the reader of the output goes away, with one buffer.
async fn copy(mut input: StreamReader<u8>, mut output: StreamWriter<u8>) {
    let mut buffer = Vec::with_capacity(CHUNK_BYTES);
    loop {
        let (result, chunk) = input.read(buffer).await;
        let StreamResult::Complete(_) = result else {
            return;
        };
        // What is returned is what could not be written.
        buffer = output.write_all(chunk).await;
        if !buffer.is_empty() {
            return;
        }
    }
}

export!(Echo);
