//! `kv-handler`: a key-value store behind HTTP, in its own memory, in an instance that also runs:
//! wasi:cli/run and wasi:http/handler 0.3.
//!
//! How it is asked: `shared/rest`. `run` never ends. What it holds ends with its instance: without
//! `run`, or in several instances, callers would not find what they left.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:kv-handler;
        world guest {
            import wasi:clocks/monotonic-clock@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:cli/run@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:kv-handler/guest",
    generate_all,
});

use exports::wasi::cli::run::Guest as Run;
use exports::wasi::http::handler::Guest as Handler;
use kv::Memory;
use std::cell::RefCell;
use wasi::clocks::monotonic_clock::wait_for;
use wasi::http::types::{ErrorCode, Fields, Method, Request, Response};

const HOUR_NS: u64 = 3_600_000_000_000;

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

struct Store;

impl Run for Store {
    async fn run() -> Result<(), ()> {
        loop {
            wait_for(HOUR_NS).await;
        }
    }
}

impl Handler for Store {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let method = match request.get_method() {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Put => "PUT",
            Method::Post => "POST",
            Method::Delete => "DELETE",
            _ => "",
        };
        let (_, handled) = wit_future::new(|| Ok(()));
        let (body, end) = Request::consume_body(request, handled);
        let body = body.collect().await;
        end.await?;
        let (status, body) =
            MEMORY.with_borrow_mut(|memory| rest::answer(memory, method, &target, body));
        Ok(respond(status, body))
    }
}

fn respond(status: u16, body: Vec<u8>) -> Response {
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    let (response, _transmitted) = if body.is_empty() {
        Response::new(Fields::new(), None, trailers)
    } else {
        let (mut writer, contents) = wit_stream::new();
        wit_bindgen::spawn_local(async move {
            // Both writes fail only if the client has gone: nobody is left to be told.
            writer.write_all(body).await;
            drop(writer);
            let _ = trailers_writer.write(Ok(None)).await;
        });
        Response::new(Fields::new(), Some(contents), trailers)
    };
    // Only a host that breaks the contract of wasi:http refuses these statuses.
    response.set_status_code(status).unwrap();
    response
}

export!(Store);
