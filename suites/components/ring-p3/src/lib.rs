//! `ring-p3`: a service that asks the URL in environment variable URL whenever it is asked, and passes
//! on the status: wasi:cli/run, wasi:http/handler and wasi:http/client 0.3 in one instance.
//!
//! With a URL that leads back to it, it is there to see how that ends: 502 when its own call failed,
//! which is then the answer of all that wait for it. `run` never ends. It must not look at bodies.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:ring-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:clocks/monotonic-clock@0.3.0;
            import wasi:http/client@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:cli/run@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:ring-p3/guest",
    generate_all,
});

use exports::wasi::cli::run::Guest as Run;
use exports::wasi::http::handler::Guest as Handler;
use parts::url::Url;
use wasi::cli::environment::get_environment;
use wasi::clocks::monotonic_clock::wait_for;
use wasi::http::client;
use wasi::http::types::{ErrorCode, Fields, Request, Response, Scheme};

const HOUR_NS: u64 = 3_600_000_000_000;

struct Ring;

impl Run for Ring {
    async fn run() -> Result<(), ()> {
        loop {
            wait_for(HOUR_NS).await;
        }
    }
}

impl Handler for Ring {
    async fn handle(_: Request) -> Result<Response, ErrorCode> {
        let status = ask().await.unwrap_or(502);
        let (_, no_trailers) = wit_future::new(|| Ok(None));
        let (response, _transmitted) = Response::new(Fields::new(), None, no_trailers);
        // Only a host that breaks the contract of wasi:http refuses a status that it gave.
        response.set_status_code(status).unwrap();
        Ok(response)
    }
}

async fn ask() -> Result<u16, ErrorCode> {
    let url = get_environment().into_iter().find(|(key, _)| key == "URL");
    let url = url.ok_or(ErrorCode::HttpRequestUriInvalid)?.1;
    let url = Url::parse(&url).map_err(|_| ErrorCode::HttpRequestUriInvalid)?;
    let (_, no_trailers) = wit_future::new(|| Ok(None));
    let (request, _transmitted) = Request::new(Fields::new(), None, no_trailers, None);
    request
        .set_scheme(Some(&Scheme::Http))
        .and_then(|()| request.set_authority(Some(&url.authority)))
        .and_then(|()| request.set_path_with_query(Some(&url.path_and_query)))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    Ok(client::send(request).await?.get_status_code())
}

export!(Ring);
