//! `filter-p3`: stands before another server and swaps a credential: callers have one, the server
//! wants another, and neither sees the other's, through wasi:http 0.3.
//!
//! Environment variables: UPSTREAM is the server's URL, whose path goes before the request's; OUTSIDE
//! and INSIDE are the credentials, as the whole of the header `authorization` on the way in and of
//! `authentication-info` on the way out. 401 for other callers, 502 if the server cannot be asked. It
//! must not touch bodies: they are passed on as streams, in both directions.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:filter-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:http/client@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:filter-p3/guest",
    generate_all,
});

use std::sync::OnceLock;

use exports::wasi::http::handler::Guest;
use parts::url::Url;
use wasi::cli::environment::get_environment;
use wasi::http::client;
use wasi::http::types::{ErrorCode, Fields, Headers, Request, Response, Scheme};

/// Headers that mean one connection, not the way of a message.
const OF_A_CONNECTION: [&str; 6] =
    ["connection", "host", "keep-alive", "te", "transfer-encoding", "upgrade"];

struct Settings {
    upstream: Url,
    outside: Vec<u8>,
    inside: Vec<u8>,
}

/// Read once in the life of an instance.
static SETTINGS: OnceLock<Option<Settings>> = OnceLock::new();

struct Filter;

impl Guest for Filter {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let settings = SETTINGS.get_or_init(Settings::read).as_ref();
        let settings = settings.ok_or(ErrorCode::ConfigurationError)?;
        if request.get_headers().get("authorization") != [settings.outside.as_slice()] {
            return Ok(empty(401));
        }
        match client::send(settings.inward(request)?).await {
            Ok(response) => settings.outward(response),
            Err(_) => Ok(empty(502)),
        }
    }
}

impl Settings {
    fn read() -> Option<Self> {
        let variables = get_environment();
        let value = |name: &str| {
            let found = variables.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        Some(Self {
            upstream: Url::parse(&value("UPSTREAM")?).ok()?,
            outside: value("OUTSIDE")?.into_bytes(),
            inside: value("INSIDE")?.into_bytes(),
        })
    }

    /// The request as the server is to see it.
    fn inward(&self, request: Request) -> Result<Request, ErrorCode> {
        let headers =
            swapped(&request.get_headers(), "authorization", &self.outside, &self.inside)?;
        let path = request.get_path_with_query().unwrap_or_default();
        let path = format!("{}{path}", self.upstream.path_and_query.trim_end_matches('/'));
        let method = request.get_method();
        let (_, handled) = wit_future::new(|| Ok(()));
        let (body, trailers) = Request::consume_body(request, handled);
        let (request, _transmitted) = Request::new(headers, Some(body), trailers, None);
        let scheme = if self.upstream.is_https { Scheme::Https } else { Scheme::Http };
        request
            .set_method(&method)
            .and_then(|()| request.set_scheme(Some(&scheme)))
            .and_then(|()| request.set_authority(Some(&self.upstream.authority)))
            .and_then(|()| request.set_path_with_query(Some(&path)))
            .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
        Ok(request)
    }

    /// The response as the caller is to see it.
    fn outward(&self, response: Response) -> Result<Response, ErrorCode> {
        let name = "authentication-info";
        let headers = swapped(&response.get_headers(), name, &self.inside, &self.outside)?;
        let status = response.get_status_code();
        let (_, handled) = wit_future::new(|| Ok(()));
        let (body, trailers) = Response::consume_body(response, handled);
        let (response, _transmitted) = Response::new(headers, Some(body), trailers);
        response.set_status_code(status).map_err(|()| ErrorCode::HttpProtocolError)?;
        Ok(response)
    }
}

/// What goes on of the headers, with one credential in place of the other.
fn swapped(headers: &Headers, name: &str, from: &[u8], to: &[u8]) -> Result<Fields, ErrorCode> {
    let mut entries = headers.copy_all();
    entries.retain(|(name, _)| !OF_A_CONNECTION.contains(&name.as_str()));
    for (of, value) in &mut entries {
        if of == name && value == from {
            value.clear();
            value.extend(to);
        }
    }
    Fields::from_list(&entries).map_err(|_| ErrorCode::HttpProtocolError)
}

fn empty(status: u16) -> Response {
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (response, _transmitted) = Response::new(Fields::new(), None, trailers);
    // Only a host that breaks the contract of wasi:http refuses these statuses.
    response.set_status_code(status).unwrap();
    response
}

export!(Filter);
