//! `kv-p3`: asks wasi:keyvalue what a request says, through wasi:http 0.3.
//!
//! The last part of the path says what: `get`, `set`, `increment` and `list` make `n=N` calls with
//! values of `bytes=B` and answer `N x op B`; `script` does the session in the body. The bucket is the environment
//! variable BUCKET, or `default`. It must not know what is behind the interface: that is what is
//! compared.

wit_bindgen::generate!({
    path: ["../wit/p3", "../wit/keyvalue/deps/keyvalue"],
    inline: "
        package arewefastyet:kv-p3;
        world guest {
            import wasi:cli/environment@0.3.0;
            import wasi:keyvalue/store@0.2.0-draft;
            import wasi:keyvalue/atomics@0.2.0-draft;
            import wasi:http/types@0.3.0;
            export wasi:http/handler@0.3.0;
        }
    ",
    world: "arewefastyet:kv-p3/guest",
    generate_all,
});

use exports::wasi::http::handler::Guest;
use parts::target;
use wasi::cli::environment::get_environment;
use wasi::http::types::{ErrorCode, Fields, Request, Response};
use wasi::keyvalue::{atomics, store};
use wit_bindgen::StreamResult;

struct Kv;

impl Guest for Kv {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let body = read(request).await;
        let (status, text) = match answer(&target, &body).await {
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
}

async fn answer(target: &str, body: &str) -> Result<String, String> {
    let bucket = get_environment().into_iter().find(|(key, _)| key == "BUCKET");
    let bucket = bucket.map_or("default".to_owned(), |(_, bucket)| bucket);
    let mut bucket = Bucket(store::open(&bucket).map_err(told)?);
    match target::path(target).rsplit('/').next().unwrap_or_default() {
        "script" => Ok(kv::script(&mut bucket, body).await),
        op => {
            let (count, bytes) =
                (target::number(target, "n", 1)?, target::number(target, "bytes", 16)?);
            kv::calls(&mut bucket, "key0", op, count, bytes as usize).await
        }
    }
}

async fn read(request: Request) -> String {
    let (_, handled) = wit_future::new(|| Ok(()));
    let (mut body, _trailers) = Request::consume_body(request, handled);
    let mut bytes = Vec::new();
    loop {
        let (result, chunk) = body.read(Vec::with_capacity(64 * 1024)).await;
        bytes.extend(chunk);
        let StreamResult::Complete(_) = result else { break };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Bucket(store::Bucket);

fn told(error: store::Error) -> String {
    match error {
        store::Error::NoSuchStore => "no such store".to_owned(),
        store::Error::AccessDenied => "access denied".to_owned(),
        store::Error::Other(what) => what,
    }
}

impl kv::Store for Bucket {
    async fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.0.get(key).map_err(told)
    }

    async fn set(&mut self, key: &str, value: &[u8]) -> Result<(), String> {
        self.0.set(key, value).map_err(told)
    }

    async fn delete(&mut self, key: &str) -> Result<(), String> {
        self.0.delete(key).map_err(told)
    }

    async fn exists(&mut self, key: &str) -> Result<bool, String> {
        self.0.exists(key).map_err(told)
    }

    async fn keys(&mut self) -> Result<Vec<String>, String> {
        let (mut keys, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.0.list_keys(cursor).map_err(told)?;
            keys.extend(page.keys);
            cursor = page.cursor;
            if cursor.is_none() {
                return Ok(keys);
            }
        }
    }

    async fn increment(&mut self, key: &str, delta: u64) -> Result<u64, String> {
        atomics::increment(&self.0, key, delta).map_err(told)
    }
}

export!(Kv);
