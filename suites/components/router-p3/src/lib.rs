//! `router-p3`: one component that routes by itself, as a web framework would: `/r0` to `/r{N-1}`
//! are routes of a radix tree, N comes from the environment variable ROUTES, through wasi:http 0.3.
//!
//! What routing in the component costs, to be compared with routing in the host. It must not know a
//! shorter way than its table, nor build that more than once in the life of an instance. Answers
//! the route's name, 404 for other paths, 500 when ROUTES is no number.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:router-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:router-p3/guest",
    generate_all,
});

use std::sync::OnceLock;

use exports::wasi::http::handler::Guest;
use wasi::cli::environment::get_environment;
use wasi::http::types::{ErrorCode, Fields, Request, Response};

/// Path to the name that its handler answers with, or what is wrong with ROUTES.
type Table = Result<matchit::Router<String>, String>;

static TABLE: OnceLock<Table> = OnceLock::new();

struct Router;

impl Guest for Router {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let path = target.split_once('?').map_or(&*target, |(path, _)| path);
        let (status, text) = match TABLE.get_or_init(build).as_ref().map(|table| table.at(path)) {
            Ok(Ok(matched)) => (200, matched.value.as_str()),
            Ok(Err(_)) => (404, "no such route"),
            Err(complaint) => (500, complaint.as_str()),
        };
        Ok(respond(status, text))
    }
}

fn build() -> Table {
    let routes = get_environment().into_iter().find(|(key, _)| key == "ROUTES");
    let (_, routes) = routes.ok_or("the environment has no ROUTES")?;
    let count: u32 =
        routes.parse().map_err(|_| format!("ROUTES={routes}: expected a whole number"))?;
    let mut table = matchit::Router::new();
    for index in 0..count {
        let name = format!("r{index}");
        table.insert(format!("/{name}"), name).map_err(|error| error.to_string())?;
    }
    Ok(table)
}

fn respond(status: u16, text: &'static str) -> Response {
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
        body_writer.write_all(text.as_bytes().to_vec()).await;
        drop(body_writer);
        let _ = trailers_writer.write(Ok(None)).await;
    });
    response
}

export!(Router);
