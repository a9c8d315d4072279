//! `stream-p3`: sends, takes and echoes bodies of any size, and sends events, through wasi:http 0.3.
//!
//! Shows what a host's streams carry. Every byte passes through the guest's memory, in large pieces
//! and with few copies. It must not hold more than one piece of a body. The README lists the paths.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:stream-p3;
        world guest {
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:stream-p3/guest",
    generate_all,
});

use exports::wasi::http::handler::Guest;
use parts::pattern::{self, CHUNK_BYTES, Verifier};
use parts::target;
use wasi::http::types::{ErrorCode, Fields, Method, Request, Response, Trailers};
use wit_bindgen::{FutureReader, StreamReader, StreamResult, StreamWriter};

type End = Result<Option<Trailers>, ErrorCode>;

const BINARY: &str = "application/octet-stream";
const TEXT: &str = "text/plain";

struct Stream;

impl Guest for Stream {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let path = target::path(&target);
        let number = |prefix| path.strip_prefix(prefix)?.parse::<u64>().ok();
        Ok(match (request.get_method(), number("/bytes/"), number("/events/")) {
            (Method::Get, Some(length_bytes), _) => {
                let length = length_bytes.to_string();
                let headers = [("content-length", &*length), ("content-type", BINARY)];
                respond(200, &headers, async move |output| {
                    send_pattern(output, length_bytes).await;
                    Ok(None)
                })
            }
            (Method::Get, _, Some(count)) => {
                let headers = [("content-type", "text/event-stream")];
                respond(200, &headers, async move |output| {
                    send_events(output, count).await;
                    Ok(None)
                })
            }
            (Method::Post, ..) if path == "/sink" => {
                let (input, end) = consume(request);
                match sink(input).await {
                    Ok(count) => end.await.map(|_| text(200, count))?,
                    Err(complaint) => text(422, complaint),
                }
            }
            (Method::Post, ..) if path == "/echo" => {
                let (input, end) = consume(request);
                respond(200, &[("content-type", BINARY)], async move |output| {
                    echo(input, output).await;
                    // A request that broke off must not become a response that ended well.
                    end.await.map(|_not_echoed| None)
                })
            }
            _ => text(404, "no such path, or not with this method"),
        })
    }
}

fn consume(request: Request) -> (StreamReader<u8>, FutureReader<End>) {
    // Tells the host how handling the request went: nothing here can fail, so the default says it
    // all and the writer is dropped at once.
    let (_, handled) = wit_future::new(|| Ok(()));
    Request::consume_body(request, handled)
}

fn text(status: u16, text: impl Into<String>) -> Response {
    let text = text.into().into_bytes();
    respond(status, &[("content-type", TEXT)], async move |output| {
        output.write_all(text).await;
        Ok(None)
    })
}

/// A response whose body is what `write_body` writes once the host has it.
fn respond(
    status: u16,
    headers: &[(&str, &str)],
    write_body: impl AsyncFnOnce(&mut StreamWriter<u8>) -> End + 'static,
) -> Response {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
    let headers: Vec<_> = headers.iter().map(owned).collect();
    // Only a host that breaks the contract of wasi:http refuses these headers, or a status; the trap
    // then fails the request, which the benchmark counts as an error.
    let headers = Fields::from_list(&headers).unwrap();
    let (mut output, body) = wit_stream::new();
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    let (response, _transmitted) = Response::new(headers, Some(body), trailers);
    response.set_status_code(status).unwrap();
    wit_bindgen::spawn_local(async move {
        let end = write_body(&mut output).await;
        drop(output);
        // Fails only if the client has gone: nobody is left to be told.
        let _ = trailers_writer.write(end).await;
    });
    response
}

/// Ends early if the client goes away.
async fn send_pattern(output: &mut StreamWriter<u8>, mut left_bytes: u64) {
    let pattern = pattern::chunk();
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    while left_bytes > 0 {
        let size = CHUNK_BYTES.min(usize::try_from(left_bytes).unwrap_or(CHUNK_BYTES));
        chunk.extend_from_slice(&pattern[..size]);
        // What is returned is what could not be written.
        chunk = output.write_all(chunk).await;
        if !chunk.is_empty() {
            return;
        }
        left_bytes -= size as u64;
    }
}

/// Ends early if the client goes away.
async fn send_events(output: &mut StreamWriter<u8>, count: u64) {
    for index in 0..count {
        let unsent = output.write_all(format!("data: {index}\n\n").into_bytes()).await;
        if !unsent.is_empty() {
            return;
        }
    }
}

/// The number of bytes in a body that is the pattern.
async fn sink(mut input: StreamReader<u8>) -> Result<String, String> {
    let mut verifier = Verifier::default();
    let mut buffer = Vec::with_capacity(CHUNK_BYTES);
    loop {
        let (result, chunk) = input.read(buffer).await;
        let StreamResult::Complete(_) = result else {
            return Ok(verifier.seen_bytes().to_string());
        };
        verifier.take(&chunk).map_err(|at| format!("mismatch at {at}"))?;
        buffer = chunk;
        buffer.clear();
    }
}

/// Copies until the input ends or the reader of the output goes away, with one buffer.
async fn echo(mut input: StreamReader<u8>, output: &mut StreamWriter<u8>) {
    let mut buffer = Vec::with_capacity(CHUNK_BYTES);
    loop {
        let (result, chunk) = input.read(buffer).await;
        let StreamResult::Complete(_) = result else {
            return;
        };
        buffer = output.write_all(chunk).await;
        if !buffer.is_empty() {
            return;
        }
    }
}

export!(Stream);
