//! `kv-http`: asks a key-value store behind HTTP what a request says, through wasi:http 0.3.
//!
//! How it is asked: `shared/kv-front`; how it asks: `shared/rest`. The store's URL is the environment
//! variable STORE, or `http://service/`. It must not keep anything.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:kv-http;
        world guest {
            import wasi:http/client@0.3.0;
            import wasi:http/types@0.3.0;
        }
    ",
    world: "arewefastyet:kv-http/guest",
    generate_all,
});

use parts::error_name::wit_name;
use parts::url::Url;
use rest::{Ask, Remote};
use wasi::http::client;
use wasi::http::types::{Fields, Method, Request, Response, Scheme};

struct Kv;

impl kv_front::Guest for Kv {
    async fn handle(request: kv_front::Request) -> Result<kv_front::Response, kv_front::ErrorCode> {
        kv_front::handle(request, async |target, body| {
            let store = kv_front::variable("STORE");
            let store = Url::parse(store.as_deref().unwrap_or("http://service/"))?;
            kv_front::ask(&mut Remote(Store(store)), target, body).await
        })
        .await
    }
}

struct Store(Url);

impl Ask for Store {
    async fn ask(
        &mut self,
        method: &'static str,
        path_and_query: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), String> {
        let url = &self.0;
        let failed = |code| format!("asking {}: {}", url.authority, wit_name(&format!("{code:?}")));
        let method = match method {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "PUT" => Method::Put,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            other => Method::Other(other.to_owned()),
        };
        let request = request(body);
        let path = format!("{}{path_and_query}", url.path_and_query.trim_end_matches('/'));
        let scheme = if url.is_https { Scheme::Https } else { Scheme::Http };
        request
            .set_method(&method)
            .and_then(|()| request.set_scheme(Some(&scheme)))
            .and_then(|()| request.set_authority(Some(&url.authority)))
            .and_then(|()| request.set_path_with_query(Some(&path)))
            .map_err(|()| format!("{} is no URL for a request", url.authority))?;
        let response = client::send(request).await.map_err(failed)?;
        let status = response.get_status_code();
        let (_, handled) = wit_future::new(|| Ok(()));
        let (body, end) = Response::consume_body(response, handled);
        let body = body.collect().await;
        end.await.map_err(failed)?;
        Ok((status, body))
    }
}

/// A request whose body, if there is one, is written while it is read.
fn request(body: Vec<u8>) -> Request {
    let (trailers_writer, trailers) = wit_future::new(|| Ok(None));
    if body.is_empty() {
        return Request::new(Fields::new(), None, trailers, None).0;
    }
    let (mut writer, contents) = wit_stream::new();
    wit_bindgen::spawn_local(async move {
        // Both writes fail only if the reader has gone, who then says why.
        writer.write_all(body).await;
        drop(writer);
        let _ = trailers_writer.write(Ok(None)).await;
    });
    Request::new(Fields::new(), Some(contents), trailers, None).0
}

kv_front::export!(Kv);
