//! `blob-p2`: asks wasi:blobstore what a request says, through wasi:http 0.2.
//!
//! `POST .../script` does what the lines of the body say and answers each with a line. `PUT
//! .../object/CONTAINER/OBJECT` writes the body as it comes, `GET` reads it. It must not know what is
//! behind the interface: that is what is compared.

wit_bindgen::generate!({
    path: ["../wit/p2", "wit"],
    inline: "
        package arewefastyet:blob-p2;
        world guest {
            import wasi:blobstore/blobstore@0.2.0-draft;
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:blob-p2/guest",
    generate_all,
});

mod pieces;
mod script;

use exports::wasi::http::incoming_handler::Guest;
use parts::target;
use pieces::{read_all, write_all};
use wasi::blobstore::blobstore;
use wasi::blobstore::types::{IncomingValue, OutgoingValue};
use wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::{InputStream, OutputStream};

struct Blob;

impl Guest for Blob {
    // Every unwrap in this file is on something that only a host that breaks the contract of
    // wasi:http can refuse; the trap then fails the request, which the benchmark counts as an error.
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let path = target::path(&target);
        let object = path.split_once("/object/").and_then(|(_, rest)| rest.split_once('/'));
        let consume = || request.consume().unwrap();
        match (request.method(), object) {
            (Method::Get, Some((container, object))) => match open(container, object) {
                Ok(input) => {
                    respond(out, 200, |output| pieces::pass(&input, output).map_err(drop));
                }
                Err(problem) => text(out, 500, &problem),
            },
            (Method::Put, Some((container, object))) => {
                let body = consume();
                match put(container, object, &body.stream().unwrap()) {
                    Ok(()) => text(out, 200, "written"),
                    Err(problem) => text(out, 500, &problem),
                }
            }
            (Method::Post, None) if path.ends_with("/script") => {
                let body = consume();
                match read_all(&body.stream().unwrap()) {
                    Ok(lines) => text(out, 200, &script::run(&String::from_utf8_lossy(&lines))),
                    Err(problem) => text(out, 400, &problem),
                }
            }
            _ => text(out, 404, "no such path, or not with this method"),
        }
    }
}

fn open(container: &str, object: &str) -> Result<InputStream, String> {
    let value = blobstore::get_container(container)?.get_data(object, 0, u64::MAX)?;
    IncomingValue::incoming_value_consume_async(value)
}

/// The object is there only if the body came whole: else the value is never finished.
fn put(container: &str, object: &str, input: &InputStream) -> Result<(), String> {
    let container = match blobstore::container_exists(container)? {
        true => blobstore::get_container(container)?,
        false => blobstore::create_container(container)?,
    };
    let value = OutgoingValue::new_outgoing_value();
    container.write_data(object, &value)?;
    let output = value.outgoing_value_write_body().map_err(|()| "no stream to write to")?;
    pieces::pass(input, &output)?;
    drop(output);
    OutgoingValue::finish(value)
}

fn text(out: ResponseOutparam, status: u16, text: &str) {
    respond(out, status, |output| write_all(output, text.as_bytes()).map_err(drop));
}

/// Sends the head, then what `write_body` writes; a body that fails is broken off.
fn respond(
    out: ResponseOutparam,
    status: u16,
    write_body: impl FnOnce(&OutputStream) -> Result<(), ()>,
) {
    let response = OutgoingResponse::new(Fields::new());
    response.set_status_code(status).unwrap();
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let output = body.write().unwrap();
    let written = write_body(&output).and_then(|()| output.blocking_flush().map_err(drop));
    // The stream is a child of the body and must be gone before the body is finished.
    drop(output);
    if written.is_ok() {
        OutgoingBody::finish(body, None).unwrap();
    }
}

export!(Blob);
