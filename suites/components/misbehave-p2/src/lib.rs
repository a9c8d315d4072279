//! `misbehave-p2`: breaks one promise on each path, and keeps them on `/ok`, through wasi:http 0.2.
//!
//! Shows what a host makes of a bad guest, and that its neighbours do not notice. It must do one
//! thing wrong at a time: apart from what its path is for, it behaves. The README lists the paths.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:misbehave-p2;
        world guest {
            import wasi:cli/stderr@0.2.12;
            import wasi:clocks/monotonic-clock@0.2.12;
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:misbehave-p2/guest",
    generate_all,
});

use std::process::abort;

use exports::wasi::http::incoming_handler::Guest;
use parts::{abuse, target};
use wasi::cli::stderr::get_stderr;
use wasi::clocks::monotonic_clock::subscribe_duration;
use wasi::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::{OutputStream, StreamError};

type Headers = Vec<(String, Vec<u8>)>;

/// One for all paths, so that what is done after the response can be seen to wait for it.
const AFTERWARDS_NS: u64 = 50_000_000;
const HOUR_NS: u64 = 3_600_000_000_000;

struct Misbehave;

impl Guest for Misbehave {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let served = abuse::count();
        let target = request.path_with_query().unwrap_or_default();
        let (us, header_bytes) = match numbers(&target) {
            Ok(numbers) => numbers,
            Err(complaint) => return text(out, 400, &complaint),
        };
        match target::path(&target) {
            "/ok" => text(out, 200, "ok"),
            "/count" => text(out, 200, &served.to_string()),
            "/spin" => {
                abuse::spin(us);
                text(out, 200, "ok");
            }
            "/loop" => abuse::run_for_ever(),
            "/trap" => abort(),
            "/deep" => text(out, 200, &abuse::recurse(u64::MAX).to_string()),
            "/eat" => text(out, 200, &format!("refused after {} MiB", abuse::eat_mib())),
            "/eat-trap" => {
                abuse::eat_mib();
                abort();
            }
            "/silent" => loop {
                subscribe_duration(HOUR_NS).block();
            },
            "/none" => drop(out),
            "/headers" => respond(out, 200, big_headers(header_bytes), |body| write(body, b"ok")),
            "/loop-after" => respond(out, 200, vec![], |body| {
                write(body, b"started")?;
                abuse::run_for_ever()
            }),
            "/trap-mid" => respond(out, 200, length(100), |body| {
                write(body, &[b'x'; 10])?;
                abort()
            }),
            "/liar-short" => respond(out, 200, length(100), |body| write(body, &[b'x'; 10])),
            "/liar-long" => respond(out, 200, length(10), |body| write(body, &[b'x'; 100])),
            "/forever" => respond(out, 200, vec![], |body| {
                loop {
                    write(body, &[b'x'; 4096])?;
                }
            }),
            "/after" => {
                text(out, 200, "ok");
                subscribe_duration(AFTERWARDS_NS).block();
                let _ = write(&get_stderr(), b"misbehave-p2: worked on after its response\n");
            }
            _ => text(out, 404, "no such path"),
        }
    }
}

fn text(out: ResponseOutparam, status: u16, text: &str) {
    respond(out, status, vec![], |body| write(body, text.as_bytes()));
}

/// Sends the head, then what `write_body` writes. Fails quietly where the host is right to refuse.
fn respond(
    out: ResponseOutparam,
    status: u16,
    mut headers: Headers,
    write_body: impl FnOnce(&OutputStream) -> Result<(), StreamError>,
) {
    headers.push(("content-type".to_owned(), b"text/plain".to_vec()));
    // More than the host allows: the trap is its client's answer.
    let response = OutgoingResponse::new(Fields::from_list(&headers).unwrap());
    response.set_status_code(status).unwrap();
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().unwrap();
    let written = write_body(&stream);
    drop(stream);
    // A body that is dropped unfinished makes the host break the connection off.
    if written.is_ok() {
        let _ = OutgoingBody::finish(body, None);
    }
}

/// At most 4096 bytes, which have left the guest when it returns.
fn write(stream: &OutputStream, bytes: &[u8]) -> Result<(), StreamError> {
    stream.blocking_write_and_flush(bytes)
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
