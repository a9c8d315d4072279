//! `files-p3`: reads and writes files below the preopened directories, by absolute guest path, and
//! tells values of its environment and configuration, through WASI 0.3.
//!
//! Shows what a host mounts and hands in. What the host refuses is answered with 500 and the name of
//! the error code. It must not reach for anything but what the path says. The README lists the paths.

wit_bindgen::generate!({
    path: ["../wit/p3", "../wit/config"],
    inline: "
        package arewefastyet:files-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:config/store@0.2.0-rc.1;
            import wasi:filesystem/preopens@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:files-p3/guest",
    generate_all,
});

use exports::wasi::http::handler::Guest;
use parts::error_name::wit_name;
use parts::preopen;
use wasi::cli::environment::get_environment;
use wasi::config::store;
use wasi::filesystem::preopens::get_directories;
use wasi::filesystem::types::{
    Descriptor, DescriptorFlags, ErrorCode as FileError, OpenFlags, PathFlags,
};
use wasi::http::types::{ErrorCode, Fields, Method, Request, Response};

struct Files;

impl Guest for Files {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let after = |prefix| target.strip_prefix(prefix);
        let found = match request.get_method() {
            Method::Get => {
                if let Some(path) = after("/read") {
                    read(path).await.map(Some)
                } else if let Some(key) = after("/env/") {
                    Ok(environment(key))
                } else if let Some(key) = after("/config/") {
                    configuration(key)
                } else {
                    Ok(None)
                }
            }
            Method::Put => match after("/write") {
                Some(path) => write(path, request).await.map(Some),
                None => Ok(None),
            },
            _ => Ok(None),
        };
        Ok(match found {
            Ok(Some(bytes)) => respond(200, bytes),
            Ok(None) => respond(404, b"no such path, key or method".to_vec()),
            Err(name) => respond(500, name.into_bytes()),
        })
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
async fn read(path: &str) -> Result<Vec<u8>, String> {
    let file = open(path, OpenFlags::empty(), DescriptorFlags::READ).await?;
    let (contents, end) = file.read_via_stream(0);
    let bytes = contents.collect().await;
    end.await.map(|()| bytes).map_err(name)
}

async fn write(path: &str, request: Request) -> Result<Vec<u8>, String> {
    let access = DescriptorFlags::WRITE;
    let file = open(path, OpenFlags::CREATE | OpenFlags::TRUNCATE, access).await?;
    // Tells the host how handling the request went: the default says all that the answer does not,
    // so the writer is dropped at once.
    let (_, handled) = wit_future::new(|| Ok(()));
    let (body, end) = Request::consume_body(request, handled);
    file.write_via_stream(body, 0).await.map_err(name)?;
    end.await.map(|_trailers| b"written".to_vec()).map_err(|code| wit_name(&format!("{code:?}")))
}

async fn open(path: &str, open: OpenFlags, access: DescriptorFlags) -> Result<Descriptor, String> {
    let directories = get_directories();
    let (index, path) = preopen::find(&directories, path).ok_or("no preopened directory")?;
    let directory = &directories[index].0;
    directory.open_at(PathFlags::empty(), path.to_owned(), open, access).await.map_err(name)
}

fn name(code: FileError) -> String {
    wit_name(&format!("{code:?}"))
}

fn respond(status: u16, bytes: Vec<u8>) -> Response {
    let content_type = ("content-type".to_owned(), b"text/plain".to_vec());
    // Only a host that breaks the contract of wasi:http refuses this header or status; the trap
    // then fails the request, which the benchmark counts as an error.
    let headers = Fields::from_list(&[content_type]).unwrap();
    let (mut body_writer, body) = wit_stream::new();
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    let (response, _transmitted) = Response::new(headers, Some(body), trailers);
    response.set_status_code(status).unwrap();
    wit_bindgen::spawn_local(async move {
        // Both writes fail only if the client has gone: nobody is left to be told.
        body_writer.write_all(bytes).await;
        drop(body_writer);
        let _ = trailers_writer.write(Ok(None)).await;
    });
    response
}

export!(Files);
