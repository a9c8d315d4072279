//! How guests are asked that in turn ask a key-value store, whatever way leads to it, through
//! wasi:http 0.3.
//!
//! The last part of the path says what: `get`, `set`, `increment` and `list` make `n=N` calls with
//! values of `bytes=B` and answer `N x op B`; `script` does the session in the body. 500 and a
//! complaint for what fails. It must not know the way: that is what is compared.

wit_bindgen::generate!({
    path: "../../wit/p3",
    inline: "
        package arewefastyet:kv-front;
        world front {
            import wasi:cli/environment@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:kv-front/front",
    generate_all,
    pub_export_macro: true,
    default_bindings_module: "kv_front",
});

pub use exports::wasi::http::handler::Guest;
use parts::target;
pub use wasi::http::types::{ErrorCode, Request, Response};

use wasi::cli::environment::get_environment;
use wasi::http::types::Fields;

/// The value of an environment variable.
pub fn variable(name: &str) -> Option<String> {
    get_environment().into_iter().find_map(|(key, value)| (key == name).then_some(value))
}

/// Answers a request with what `answer` says to its target and its body.
pub async fn handle(
    request: Request,
    answer: impl AsyncFnOnce(&str, &str) -> Result<String, String>,
) -> Result<Response, ErrorCode> {
    let target = request.get_path_with_query().unwrap_or_default();
    let (_, handled) = wit_future::new(|| Ok(()));
    let (body, end) = Request::consume_body(request, handled);
    let body = body.collect().await;
    end.await?;
    let (status, text) = match answer(&target, &String::from_utf8_lossy(&body)).await {
        Ok(text) => (200, text),
        Err(problem) => (500, problem),
    };
    let content_type = ("content-type".to_owned(), b"text/plain".to_vec());
    // Only a host that breaks the contract of wasi:http refuses this header or these statuses.
    let headers = Fields::from_list(&[content_type]).unwrap();
    let (mut body_writer, body) = wit_stream::new();
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    let (response, _transmitted) = Response::new(headers, Some(body), trailers);
    response.set_status_code(status).unwrap();
    // The host reads the body only once it has the response.
    wit_bindgen::spawn_local(async move {
        body_writer.write_all(text.into_bytes()).await;
        drop(body_writer);
        let _ = trailers_writer.write(Ok(None)).await;
    });
    Ok(response)
}

/// Does with a store what a request says.
pub async fn ask(store: &mut impl kv::Store, target: &str, body: &str) -> Result<String, String> {
    match target::path(target).rsplit('/').next().unwrap_or_default() {
        "script" => Ok(kv::script(store, body).await),
        op => {
            let (count, bytes) =
                (target::number(target, "n", 1)?, target::number(target, "bytes", 16)?);
            kv::calls(store, "key0", op, count, bytes as usize).await
        }
    }
}
