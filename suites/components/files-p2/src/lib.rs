//! `files-p2`: reads and writes files below the preopened directories, by absolute guest path, and
//! tells values of its environment and configuration, through WASI 0.2.
//!
//! Shows what a host mounts and hands in. What the host refuses is answered with 500 and the name of
//! the error code. It must not reach for anything but what the path says. The README lists the paths.

wit_bindgen::generate!({
    path: ["../wit/p2", "../wit/config"],
    inline: "
        package arewefastyet:files-p2;
        world guest {
            import wasi:cli/environment@0.2.12;
            import wasi:config/store@0.2.0-rc.1;
            import wasi:filesystem/preopens@0.2.12;
            import wasi:http/types@0.2.12;
            export wasi:http/incoming-handler@0.2.12;
        }
    ",
    world: "arewefastyet:files-p2/guest",
    generate_all,
});

use exports::wasi::http::incoming_handler::Guest;
use parts::preopen;
use wasi::cli::environment::get_environment;
use wasi::config::store;
use wasi::filesystem::preopens::get_directories;
use wasi::filesystem::types::{
    Descriptor, DescriptorFlags, OpenFlags, PathFlags, filesystem_error_code,
};
use wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasi::io::streams::{InputStream, OutputStream, StreamError};

const PIECE_BYTES: u64 = 64 * 1024;

struct Files;

impl Guest for Files {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let after = |prefix| target.strip_prefix(prefix);
        let found = match request.method() {
            Method::Get => {
                if let Some(path) = after("/read") {
                    read(path).map(Some)
                } else if let Some(key) = after("/env/") {
                    Ok(environment(key))
                } else if let Some(key) = after("/config/") {
                    configuration(key)
                } else {
                    Ok(None)
                }
            }
            Method::Put => after("/write").map(|path| write(path, &request)).transpose(),
            _ => Ok(None),
        };
        match found {
            Ok(Some(bytes)) => respond(out, 200, &bytes),
            Ok(None) => respond(out, 404, b"no such path, key or method"),
            Err(name) => respond(out, 500, name.as_bytes()),
        }
    }
}

fn environment(key: &str) -> Option<Vec<u8>> {
    get_environment().into_iter().find_map(|(name, value)| (name == key).then_some(value.into()))
}

fn configuration(key: &str) -> Result<Option<Vec<u8>>, String> {
    match store::get(key) {
        Ok(value) => Ok(value.map(String::into_bytes)),
        Err(store::Error::Upstream(reason)) => Err(format!("upstream: {reason}")),
        Err(store::Error::Io(reason)) => Err(format!("io: {reason}")),
    }
}

/// All of a file: its status is known only when it was read to its end.
fn read(path: &str) -> Result<Vec<u8>, String> {
    let file = open(path, OpenFlags::empty(), DescriptorFlags::READ)?;
    let input = file.read_via_stream(0).map_err(|code| code.name().to_owned())?;
    let mut bytes = Vec::new();
    read_all(&input, |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(bytes)
}

fn write(path: &str, request: &IncomingRequest) -> Result<Vec<u8>, String> {
    let file = open(path, OpenFlags::CREATE | OpenFlags::TRUNCATE, DescriptorFlags::WRITE)?;
    let output = file.write_via_stream(0).map_err(|code| code.name().to_owned())?;
    let body = request.consume().unwrap();
    read_all(&body.stream().unwrap(), |piece| write_all(&output, piece))?;
    Ok(b"written".to_vec())
}

fn open(path: &str, open: OpenFlags, access: DescriptorFlags) -> Result<Descriptor, String> {
    let directories = get_directories();
    let (index, path) = preopen::find(&directories, path).ok_or("no preopened directory")?;
    let opened = directories[index].0.open_at(PathFlags::empty(), path, open, access);
    opened.map_err(|code| code.name().to_owned())
}

fn read_all(
    input: &InputStream,
    mut hand_on: impl FnMut(&[u8]) -> Result<(), StreamError>,
) -> Result<(), String> {
    loop {
        match input.blocking_read(PIECE_BYTES) {
            Ok(piece) => hand_on(&piece).map_err(name)?,
            Err(StreamError::Closed) => return Ok(()),
            Err(error) => return Err(name(error)),
        }
    }
}

fn name(error: StreamError) -> String {
    match error {
        StreamError::Closed => "closed".to_owned(),
        StreamError::LastOperationFailed(error) => filesystem_error_code(&error)
            .map_or_else(|| error.to_debug_string(), |code| code.name().to_owned()),
    }
}

// Every unwrap is on something that only a host that breaks the contract of wasi:http can refuse;
// the trap then fails the request, which the benchmark counts as an error.
fn respond(out: ResponseOutparam, status: u16, bytes: &[u8]) {
    let content_type = ("content-type".to_owned(), b"text/plain".to_vec());
    let response = OutgoingResponse::new(Fields::from_list(&[content_type]).unwrap());
    response.set_status_code(status).unwrap();
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let output = body.write().unwrap();
    let written = write_all(&output, bytes);
    drop(output);
    if written.is_ok() {
        OutgoingBody::finish(body, None).unwrap();
    }
}

/// Writes all of `bytes`, and waits until they have left. At most 4096 may be given at once.
fn write_all(output: &OutputStream, bytes: &[u8]) -> Result<(), StreamError> {
    bytes.chunks(4096).try_for_each(|piece| output.blocking_write_and_flush(piece))
}

export!(Files);
