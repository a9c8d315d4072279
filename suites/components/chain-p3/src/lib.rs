//! `chain-p3`: asks the URL in the environment variable URL and hands on the status, `content-type`
//! and body it answers, through wasi:http 0.3.
//!
//! The body is handed on as the stream it is: this component never holds a byte of it. When the
//! host refuses the call, or it fails, the answer is that error. 500 without a URL.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:chain-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:http/client@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:chain-p3/guest",
    generate_all,
});

use std::sync::OnceLock;

use exports::wasi::http::handler::Guest;
use parts::url::Url;
use wasi::cli::environment::get_environment;
use wasi::http::client;
use wasi::http::types::{ErrorCode, Fields, Request, Response, Scheme};

/// Read once in the life of an instance.
static NEXT: OnceLock<Result<Url, String>> = OnceLock::new();

struct Chain;

impl Guest for Chain {
    async fn handle(_request: Request) -> Result<Response, ErrorCode> {
        let next = NEXT.get_or_init(read_next).as_ref();
        let next = next.map_err(|complaint| ErrorCode::InternalError(Some(complaint.clone())))?;
        let answer = client::send(request_to(next)?).await?;
        let content_type = answer.get_headers().get("content-type").into_iter().next();
        let headers: Vec<_> =
            content_type.into_iter().map(|value| ("content-type".to_owned(), value)).collect();
        let status = answer.get_status_code();
        // Tells the host how handling the answer went: nothing here can fail, so the default says
        // it all and the writer is dropped at once.
        let (_, handled) = wit_future::new(|| Ok(()));
        let (body, end) = Response::consume_body(answer, handled);
        // Only a host that breaks the contract of wasi:http refuses what it answered itself.
        let (response, _transmitted) =
            Response::new(Fields::from_list(&headers).unwrap(), Some(body), end);
        response.set_status_code(status).unwrap();
        Ok(response)
    }
}

fn read_next() -> Result<Url, String> {
    let url = get_environment().into_iter().find_map(|(key, value)| (key == "URL").then_some(value));
    Url::parse(&url.ok_or("the environment has no URL")?)
}

fn request_to(url: &Url) -> Result<Request, ErrorCode> {
    let (_, no_trailers) = wit_future::new(|| Ok(None));
    let (request, _transmitted) = Request::new(Fields::new(), None, no_trailers, None);
    let scheme = if url.is_https { Scheme::Https } else { Scheme::Http };
    request
        .set_scheme(Some(&scheme))
        .and_then(|()| request.set_authority(Some(&url.authority)))
        .and_then(|()| request.set_path_with_query(Some(&url.path_and_query)))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    Ok(request)
}

export!(Chain);
