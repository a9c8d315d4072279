//! `guarded-p3`: echoes the body of whoever has the credential, through wasi:http 0.3.
//!
//! The credential is the environment variable CREDENTIAL, expected as the whole of the header
//! `authorization` and told again in `authentication-info`; 401 without it. It must not look at
//! bodies: they go back as they come.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:guarded-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:guarded-p3/guest",
    generate_all,
});

use std::sync::OnceLock;

use exports::wasi::http::handler::Guest;
use wasi::cli::environment::get_environment;
use wasi::http::types::{ErrorCode, Fields, Request, Response};

/// Read once in the life of an instance; nobody has an empty one.
static CREDENTIAL: OnceLock<Vec<u8>> = OnceLock::new();

struct Guarded;

impl Guest for Guarded {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let credential = CREDENTIAL.get_or_init(configured);
        let given = request.get_headers().get("authorization");
        if credential.is_empty() || given != [credential.as_slice()] {
            let (_, trailers) = wit_future::new(|| Ok(None));
            let (response, _transmitted) = Response::new(Fields::new(), None, trailers);
            // Only a host that breaks the contract of wasi:http refuses this status.
            response.set_status_code(401).unwrap();
            return Ok(response);
        }
        let headers = [("authentication-info".to_owned(), credential.clone())];
        let headers = Fields::from_list(&headers).map_err(|_| ErrorCode::ConfigurationError)?;
        let (_, handled) = wit_future::new(|| Ok(()));
        let (body, trailers) = Request::consume_body(request, handled);
        let (response, _transmitted) = Response::new(headers, Some(body), trailers);
        Ok(response)
    }
}

fn configured() -> Vec<u8> {
    let variables = get_environment().into_iter();
    let credential = variables.filter(|(key, _)| key == "CREDENTIAL").map(|(_, value)| value);
    credential.collect::<String>().into_bytes()
}

export!(Guarded);
