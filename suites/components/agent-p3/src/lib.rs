//! `agent-p3`: an agent that uses tools: hands a text from one to the next and answers what the last
//! one made of it, through wasi:http 0.3.
//!
//! The tools' URLs are in the environment variable TOOLS, with spaces between them; the text is the
//! request's body. Of each tool it asks `initialize`, `tools/list` and `tools/call`, one after the
//! other, as an agent does that has not met it before. 502 and a complaint if one of them fails. It
//! must not know what a tool does.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:agent-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:http/client@0.3.0;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:agent-p3/guest",
    generate_all,
});

use exports::wasi::http::handler::Guest;
use jsonrpc::{Question, Tools};
use parts::error_name::wit_name;
use parts::url::Url;
use wasi::cli::environment::get_environment;
use wasi::http::client;
use wasi::http::types::{ErrorCode, Fields, Method, Request, Response, Scheme};

struct Agent;

impl Guest for Agent {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let (_, handled) = wit_future::new(|| Ok(()));
        let (body, end) = Request::consume_body(request, handled);
        let text = String::from_utf8_lossy(&body.collect().await).into_owned();
        end.await?;
        let (status, text) = match use_tools(text).await {
            Ok(text) => (200, text),
            Err(complaint) => (502, complaint),
        };
        let headers = content_type("text/plain");
        let (body, trailers) = written(text);
        let (response, _transmitted) = Response::new(headers, Some(body), trailers);
        // Only a host that breaks the contract of wasi:http refuses these statuses.
        response.set_status_code(status).unwrap();
        Ok(response)
    }
}

async fn use_tools(mut text: String) -> Result<String, String> {
    let tools = get_environment().into_iter().find(|(key, _)| key == "TOOLS");
    let (_, tools) = tools.ok_or("the environment has no TOOLS")?;
    for url in tools.split_whitespace() {
        let url = Url::parse(url)?;
        let question = Question::initialize();
        ask(&url, &question).await?;
        let question = question.list();
        let tools = Tools::read(&question.check(&ask(&url, &question).await?)?)?;
        let question = question.call(&tools, &text);
        text = Tools::text(&question.check(&ask(&url, &question).await?)?)?;
    }
    Ok(text)
}

async fn ask(url: &Url, question: &Question) -> Result<Vec<u8>, String> {
    let (body, trailers) = written(question.body());
    let headers = content_type("application/json");
    let (request, _transmitted) = Request::new(headers, Some(body), trailers, None);
    let scheme = if url.is_https { Scheme::Https } else { Scheme::Http };
    request
        .set_method(&Method::Post)
        .and_then(|()| request.set_scheme(Some(&scheme)))
        .and_then(|()| request.set_authority(Some(&url.authority)))
        .and_then(|()| request.set_path_with_query(Some(&url.path_and_query)))
        .map_err(|()| format!("{} is no URL for a request", url.authority))?;
    let failed = |code| format!("asking {}: {}", url.authority, wit_name(&format!("{code:?}")));
    let response = client::send(request).await.map_err(failed)?;
    let status = response.get_status_code();
    let (_, handled) = wit_future::new(|| Ok(()));
    let (body, end) = Response::consume_body(response, handled);
    let answer = body.collect().await;
    end.await.map_err(failed)?;
    match status {
        200 => Ok(answer),
        _ => Err(format!("asking {}: status {status}", url.authority)),
    }
}

type Body = wit_bindgen::StreamReader<u8>;
type End = wit_bindgen::FutureReader<Result<Option<Fields>, ErrorCode>>;

/// A body that is written while it is read.
fn written(text: String) -> (Body, End) {
    let (mut body_writer, body) = wit_stream::new();
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    wit_bindgen::spawn_local(async move {
        // Both writes fail only if the reader has gone, who then knows why.
        body_writer.write_all(text.into_bytes()).await;
        drop(body_writer);
        let _ = trailers_writer.write(Ok(None)).await;
    });
    (body, trailers)
}

fn content_type(value: &str) -> Fields {
    // Only a host that breaks the contract of wasi:http refuses this header.
    Fields::from_list(&[("content-type".to_owned(), value.into())]).unwrap()
}

export!(Agent);
