//! `egress-p3`: calls a URL (request header `x-url`, else environment variable URL) and passes on
//! the status, `content-type` and body it answers, through wasi:http 0.3.
//!
//! `x-calls: N` makes N calls, one after the other, and passes on the last. When the host refuses a
//! call, or it fails, the answer is 502 with the name of the error code. It must not hold more than
//! one piece of a body.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:egress-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:http/client@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:egress-p3/guest",
    generate_all,
});

use std::sync::OnceLock;

use exports::wasi::http::handler::Guest;
use parts::errand::Errand;
use parts::error_name::wit_name;
use parts::url::Url;
use wasi::cli::environment::get_environment;
use wasi::http::client;
use wasi::http::types::{ErrorCode, Fields, Request, Response, Scheme, Trailers};
use wit_bindgen::{FutureReader, StreamReader, StreamResult, StreamWriter};

type End = Result<Option<Trailers>, ErrorCode>;

/// Read once in the life of an instance.
static OWN_URL: OnceLock<Option<String>> = OnceLock::new();
/// The largest piece read at once; the same in egress-p2.
const PIECE_BYTES: usize = 64 * 1024;

struct Egress;

impl Guest for Egress {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let headers = request.get_headers();
        let own_url = || OWN_URL.get_or_init(read_own_url).clone();
        Ok(match Errand::read(|name| headers.get(name), own_url) {
            Ok(errand) => call_all(&errand)
                .await
                .unwrap_or_else(|code| text(502, wit_name(&format!("{code:?}")))),
            Err(complaint) => text(400, complaint),
        })
    }
}

async fn call_all(Errand { url, calls }: &Errand) -> Result<Response, ErrorCode> {
    for _ in 1..calls.get() {
        let (mut body, end) = consume(call(url).await?);
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        // Read to its end, so that the connection can be used again.
        while let (StreamResult::Complete(_), read) = body.read(piece).await {
            piece = read;
            piece.clear();
        }
        end.await?;
    }
    let response = call(url).await?;
    let content_type = response.get_headers().get("content-type").into_iter().next();
    let status = response.get_status_code();
    let (body, end) = consume(response);
    Ok(respond(status, content_type, async move |output| {
        copy(body, output).await;
        // What broke off must not become a response that ended well.
        end.await.map(|_not_copied| None)
    }))
}

fn read_own_url() -> Option<String> {
    get_environment().into_iter().find_map(|(key, value)| (key == "URL").then_some(value))
}

async fn call(url: &Url) -> Result<Response, ErrorCode> {
    let (_, no_trailers) = wit_future::new(|| Ok(None));
    let (request, _transmitted) = Request::new(Fields::new(), None, no_trailers, None);
    let scheme = if url.is_https { Scheme::Https } else { Scheme::Http };
    request
        .set_scheme(Some(&scheme))
        .and_then(|()| request.set_authority(Some(&url.authority)))
        .and_then(|()| request.set_path_with_query(Some(&url.path_and_query)))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    client::send(request).await
}

fn consume(response: Response) -> (StreamReader<u8>, FutureReader<End>) {
    // Tells the host how handling the response went: nothing here can fail, so the default says it
    // all and the writer is dropped at once.
    let (_, handled) = wit_future::new(|| Ok(()));
    Response::consume_body(response, handled)
}

fn text(status: u16, text: String) -> Response {
    respond(status, Some(b"text/plain".to_vec()), async move |output| {
        output.write_all(text.into_bytes()).await;
        Ok(None)
    })
}

/// A response whose body is what `write_body` writes once the host has it. The unwraps are on what
/// only a host that breaks the contract of wasi:http can refuse.
fn respond(
    status: u16,
    content_type: Option<Vec<u8>>,
    write_body: impl AsyncFnOnce(&mut StreamWriter<u8>) -> End + 'static,
) -> Response {
    let entry = |value| ("content-type".to_owned(), value);
    let headers: Vec<_> = content_type.into_iter().map(entry).collect();
    let (mut output, body) = wit_stream::new();
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    let headers = Fields::from_list(&headers).unwrap();
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

/// Copies until the input ends or the reader of the output goes away, with one buffer.
async fn copy(mut input: StreamReader<u8>, output: &mut StreamWriter<u8>) {
    let mut buffer = Vec::with_capacity(PIECE_BYTES);
    while let (StreamResult::Complete(_), piece) = input.read(buffer).await {
        buffer = output.write_all(piece).await;
        if !buffer.is_empty() {
            return;
        }
    }
}

export!(Egress);
