//! The side that asks.

use crate::IN_PATH;
use kv::Store;
use percent_encoding::{percent_decode_str, utf8_percent_encode};

/// Whatever carries a request and brings back the status and body of the answer.
#[expect(async_fn_in_trait, reason = "guests have one thread")]
pub trait Ask {
    /// The error is for whoever asked for the call.
    async fn ask(
        &mut self,
        method: &'static str,
        path_and_query: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), String>;
}

/// A store behind requests.
pub struct Remote<A>(pub A);

impl<A: Ask> Remote<A> {
    async fn of_key(
        &mut self,
        method: &'static str,
        key: &str,
        query: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), String> {
        let path = format!("/values/{}{query}", utf8_percent_encode(key, IN_PATH));
        self.0.ask(method, &path, body).await
    }
}

fn unexpected(status: u16, body: &[u8]) -> String {
    format!("the store answered with status {status}: {}", String::from_utf8_lossy(body))
}

fn text(body: Vec<u8>) -> Result<String, String> {
    String::from_utf8(body).map_err(|_| "the store answered with something else than text".into())
}

impl<A: Ask> Store for Remote<A> {
    async fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, String> {
        match self.of_key("GET", key, "", Vec::new()).await? {
            (200, value) => Ok(Some(value)),
            (404, _) => Ok(None),
            (status, body) => Err(unexpected(status, &body)),
        }
    }

    async fn set(&mut self, key: &str, value: &[u8]) -> Result<(), String> {
        match self.of_key("PUT", key, "", value.to_owned()).await? {
            (204, _) => Ok(()),
            (status, body) => Err(unexpected(status, &body)),
        }
    }

    async fn delete(&mut self, key: &str) -> Result<(), String> {
        match self.of_key("DELETE", key, "", Vec::new()).await? {
            (204, _) => Ok(()),
            (status, body) => Err(unexpected(status, &body)),
        }
    }

    async fn exists(&mut self, key: &str) -> Result<bool, String> {
        match self.of_key("HEAD", key, "", Vec::new()).await? {
            (200, _) => Ok(true),
            (404, _) => Ok(false),
            (status, body) => Err(unexpected(status, &body)),
        }
    }

    async fn keys(&mut self) -> Result<Vec<String>, String> {
        let (mut keys, mut query) = (Vec::new(), String::new());
        loop {
            let page = match self.0.ask("GET", &format!("/keys{query}"), Vec::new()).await? {
                (200, body) => text(body)?,
                (status, body) => return Err(unexpected(status, &body)),
            };
            let mut lines = page.lines();
            let next = lines.next().unwrap_or_default();
            for key in lines {
                let key = percent_decode_str(key).decode_utf8();
                keys.push(key.map_err(|_| "a key is not UTF-8")?.into_owned());
            }
            if next.is_empty() {
                return Ok(keys);
            }
            query = format!("?cursor={next}");
        }
    }

    async fn increment(&mut self, key: &str, delta: u64) -> Result<u64, String> {
        match self.of_key("POST", key, &format!("?by={delta}"), Vec::new()).await? {
            (200, sum) => {
                let sum = text(sum)?;
                sum.parse().map_err(|_| format!("the store answered with {sum:?}, no number"))
            }
            (409, _) => Err(kv::NOT_A_NUMBER.to_owned()),
            (status, body) => Err(unexpected(status, &body)),
        }
    }
}
