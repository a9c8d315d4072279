//! `kv-p3`: asks wasi:keyvalue what a request says, through wasi:http 0.3.
//!
//! How it is asked: `shared/kv-front`. The bucket is the environment variable BUCKET, or `default`. It
//! must not know what is behind the interface: that is what is compared.

wit_bindgen::generate!({
    path: "../wit/keyvalue/deps/keyvalue",
    inline: "
        package arewefastyet:kv-p3;
        world guest {
            import wasi:keyvalue/store@0.2.0-draft;
            import wasi:keyvalue/atomics@0.2.0-draft;
        }
    ",
    world: "arewefastyet:kv-p3/guest",
    generate_all,
});

use kv_front::{ErrorCode, Request, Response};
use wasi::keyvalue::{atomics, store};

struct Kv;

impl kv_front::Guest for Kv {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        kv_front::handle(request, async |target, body| {
            let bucket = kv_front::variable("BUCKET").unwrap_or_else(|| "default".to_owned());
            let mut bucket = Bucket(store::open(&bucket).map_err(told)?);
            kv_front::ask(&mut bucket, target, body).await
        })
        .await
    }
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

kv_front::export!(Kv);
