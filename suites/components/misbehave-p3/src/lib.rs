//! `misbehave-p3`: breaks one promise on each path, and keeps them on `/ok`, through wasi:http 0.3.
//!
//! Shows what a host makes of a bad guest, and that its neighbours do not notice. It must do one
//! thing wrong at a time: apart from what its path is for, it behaves. The README lists the paths.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:misbehave-p3;
        world guest {
            import wasi:cli/stderr@0.3.0;
            import wasi:clocks/monotonic-clock@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:misbehave-p3/guest",
    generate_all,
});

use std::process::abort;

use exports::wasi::http::handler::Guest;
use parts::{abuse, target};
use wasi::cli::stderr::write_via_stream;
use wasi::clocks::monotonic_clock::wait_for;
use wasi::http::types::{ErrorCode, Fields, Request, Response};
use wit_bindgen::StreamWriter;

type Headers = Vec<(String, Vec<u8>)>;

/// The same in misbehave-p2.
const AFTERWARDS_NS: u64 = 50_000_000;
const HOUR_NS: u64 = 3_600_000_000_000;

struct Misbehave;

impl Guest for Misbehave {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let served = abuse::count();
        let target = request.get_path_with_query().unwrap_or_default();
        let (us, header_bytes) = match numbers(&target) {
            Ok(numbers) => numbers,
            Err(complaint) => return Ok(text(400, complaint)),
        };
        Ok(match target::path(&target) {
            "/ok" => text(200, "ok"),
            "/count" => text(200, served.to_string()),
            "/spin" => {
                abuse::spin(us);
                text(200, "ok")
            }
            "/loop" => abuse::run_for_ever(),
            "/trap" => abort(),
            "/deep" => text(200, abuse::recurse(u64::MAX).to_string()),
            "/eat" => text(200, format!("refused after {} MiB", abuse::eat_mib())),
            "/eat-trap" => {
                abuse::eat_mib();
                abort()
            }
            "/silent" => loop {
                wait_for(HOUR_NS).await;
            },
            "/none" => return Err(ErrorCode::InternalError(Some("none".to_owned()))),
            "/headers" => {
                respond(200, big_headers(header_bytes), async |body| write(body, b"ok").await)
            }
            "/loop-after" => respond(200, vec![], async |body| {
                write(body, b"started").await;
                abuse::run_for_ever()
            }),
            "/trap-mid" => respond(200, length(100), async |body| {
                write(body, &[b'x'; 10]).await;
                abort()
            }),
            "/liar-short" => respond(200, length(100), async |body| write(body, &[b'x'; 10]).await),
            "/liar-long" => respond(200, length(10), async |body| write(body, &[b'x'; 100]).await),
            "/forever" => {
                respond(200, vec![], async |body| while write(body, &[b'x'; 4096]).await {})
            }
            "/after" => {
                wit_bindgen::spawn_local(async {
                    wait_for(AFTERWARDS_NS).await;
                    say("misbehave-p3: worked on after its response\n").await;
                });
                text(200, "ok")
            }
            _ => text(404, "no such path"),
        })
    }
}

fn text(status: u16, text: impl Into<String>) -> Response {
    let text = text.into();
    respond(status, vec![], async move |body| write(body, text.as_bytes()).await)
}

/// A response whose body is what `write_body` writes once the host has it.
fn respond<T>(
    status: u16,
    mut headers: Headers,
    write_body: impl AsyncFnOnce(&mut StreamWriter<u8>) -> T + 'static,
) -> Response {
    headers.push(("content-type".to_owned(), b"text/plain".to_vec()));
    // More than the host allows: the trap is its client's answer.
    let headers = Fields::from_list(&headers).unwrap();
    let (mut body_writer, body) = wit_stream::new();
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    let (response, _transmitted) = Response::new(headers, Some(body), trailers);
    response.set_status_code(status).unwrap();
    wit_bindgen::spawn_local(async move {
        write_body(&mut body_writer).await;
        drop(body_writer);
        // Fails only if the client has gone, or the host has had enough.
        let _ = trailers_writer.write(Ok(None)).await;
    });
    response
}

/// Whether the host took all of it.
async fn write(body: &mut StreamWriter<u8>, bytes: &[u8]) -> bool {
    body.write_all(bytes.to_vec()).await.is_empty()
}

async fn say(line: &str) {
    let (mut writer, reader) = wit_stream::new();
    let written = write_via_stream(reader);
    writer.write_all(line.as_bytes().to_vec()).await;
    drop(writer);
    let _ = written.await;
}

fn length(bytes: u64) -> Headers {
    vec![("content-length".to_owned(), bytes.to_string().into_bytes())]
}

/// What `/spin?us=N` and `/headers?bytes=N` ask for.
fn numbers(target: &str) -> Result<(u64, u64), String> {
    Ok((target::number(target, "us", 1000)?, target::number(target, "bytes", 65_536)?))
}

/// So many bytes, in values of about 1 KiB.
fn big_headers(bytes: u64) -> Headers {
    (0..bytes / 1024).map(|index| (format!("x-{index:06}"), vec![b'x'; 1024 - 8])).collect()
}

export!(Misbehave);
