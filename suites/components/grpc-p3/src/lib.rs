//! `grpc-p3`: echoes the messages of a gRPC call as they come, through wasi:http 0.3.
//!
//! Trailers: `grpc-status`, `grpc-message`, and each trailer of the request, its name prefixed with
//! `x-echo-`. A body that ends within a message gives status 13. It must not hold more than one
//! piece of a body, nor look into messages.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:grpc-p3;
        world guest {
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:grpc-p3/guest",
    generate_all,
});

use exports::wasi::http::handler::Guest;
use parts::frames::Frames;
use wasi::http::types::{ErrorCode, Fields, Method, Request, Response, Trailers};
use wit_bindgen::{StreamReader, StreamResult, StreamWriter};

/// The largest piece read at once; the same in grpc-p2.
const PIECE_BYTES: usize = 64 * 1024;

struct Grpc;

impl Guest for Grpc {
    // Every unwrap below is on something that only a host that breaks the contract of wasi:http can
    // refuse; the trap then fails the request, which the benchmark counts as an error.
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let content_type = request.get_headers().get("content-type").pop().unwrap_or_default();
        let is_grpc = content_type.starts_with(b"application/grpc");
        let status = match request.get_method() {
            Method::Post if is_grpc => 200,
            Method::Post => 415,
            _ => 405,
        };
        let headers = [("content-type".to_owned(), content_type)];
        let headers = Fields::from_list(&headers[..usize::from(is_grpc)]).unwrap();
        let (mut output, body) = wit_stream::new();
        let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
        let (response, _transmitted) = Response::new(headers, Some(body), trailers);
        response.set_status_code(status).unwrap();
        if status != 200 {
            return Ok(response);
        }

        // Tells the host how handling the request went: nothing here can fail, so the default says
        // it all and the writer is dropped at once.
        let (_, handled) = wit_future::new(|| Ok(()));
        let (input, request_trailers) = Request::consume_body(request, handled);
        wit_bindgen::spawn_local(async move {
            let frames = copy(input, &mut output).await;
            drop(output);
            // A call that broke off must not get an answer that ended well.
            let end = request_trailers.await.map(|it| Some(response_trailers(&frames, it)));
            // Fails only if the client has gone: nobody is left to be told.
            let _ = trailers_writer.write(end).await;
        });
        Ok(response)
    }
}

fn response_trailers(frames: &Frames, request_trailers: Option<Trailers>) -> Trailers {
    let (status, message) = frames.status();
    let mut entries = vec![
        ("grpc-status".to_owned(), status.into()),
        ("grpc-message".to_owned(), message.into()),
    ];
    let echoed = request_trailers.map_or_else(Vec::new, |trailers| trailers.copy_all());
    entries.extend(echoed.into_iter().map(|(name, value)| (format!("x-echo-{name}"), value)));
    Fields::from_list(&entries).unwrap()
}

/// Copies until the input ends or the reader of the output goes away, with one buffer.
async fn copy(mut input: StreamReader<u8>, output: &mut StreamWriter<u8>) -> Frames {
    let mut frames = Frames::default();
    let mut buffer = Vec::with_capacity(PIECE_BYTES);
    while let (StreamResult::Complete(_), piece) = input.read(buffer).await {
        frames.follow(&piece);
        // What is returned is what could not be written.
        buffer = output.write_all(piece).await;
        if !buffer.is_empty() {
            break;
        }
    }
    frames
}

export!(Grpc);
