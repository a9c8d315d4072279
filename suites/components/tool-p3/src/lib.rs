//! `tool-p3`: a tool that agents ask: JSON-RPC 2.0 of the kind that the Model Context Protocol uses,
//! through wasi:http 0.3.
//!
//! Which tool, says the environment variable TOOL (`upper`, `reverse`, `rot13`, `words` or
//! `letters`); each does one thing to a text. 405 for anything but POST, 500 without TOOL. It must
//! not keep a session: any instance answers any message.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:tool-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:tool-p3/guest",
    generate_all,
});

use std::sync::OnceLock;

use exports::wasi::http::handler::Guest;
use jsonrpc::Tool;
use wasi::cli::environment::get_environment;
use wasi::http::types::{ErrorCode, Fields, Method, Request, Response};

/// Read once in the life of an instance.
static TOOL: OnceLock<Result<Tool, String>> = OnceLock::new();

struct Server;

impl Guest for Server {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        if !matches!(request.get_method(), Method::Post) {
            return Ok(respond(405, "text/plain", "expected POST".to_owned()));
        }
        let (_, handled) = wit_future::new(|| Ok(()));
        let (body, end) = Request::consume_body(request, handled);
        let message = body.collect().await;
        end.await?;
        Ok(match TOOL.get_or_init(configured) {
            Ok(tool) => respond(200, "application/json", jsonrpc::answer(*tool, &message)),
            Err(complaint) => respond(500, "text/plain", complaint.clone()),
        })
    }
}

fn configured() -> Result<Tool, String> {
    let tool = get_environment().into_iter().find(|(key, _)| key == "TOOL");
    Tool::named(&tool.ok_or("the environment has no TOOL")?.1)
}

fn respond(status: u16, content_type: &str, text: String) -> Response {
    let content_type = ("content-type".to_owned(), content_type.into());
    // Only a host that breaks the contract of wasi:http refuses this header or these statuses.
    let headers = Fields::from_list(&[content_type]).unwrap();
    let (mut body_writer, body) = wit_stream::new();
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    let (response, _transmitted) = Response::new(headers, Some(body), trailers);
    response.set_status_code(status).unwrap();
    wit_bindgen::spawn_local(async move {
        // Both writes fail only if the client has gone: nobody is left to be told.
        body_writer.write_all(text.into_bytes()).await;
        drop(body_writer);
        let _ = trailers_writer.write(Ok(None)).await;
    });
    response
}

export!(Server);
