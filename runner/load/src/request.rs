//! What is asked: a request as the caller writes it, and the bytes it becomes.
//!
//! The head is made once, before anything is measured; the body stays where it
//! is. This module opens no connection and knows nothing of answers.

use std::fmt::Write as _;

use crate::{pattern, response::MAX_BODY_BYTES};

/// A request as a suite declares it. Path and host are sent as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Method, for example `GET`.
    pub method: String,
    /// Request target in origin form, for example `/hello?x=1`.
    pub path: String,
    /// Value of the `host` header.
    pub host: String,
    /// Further headers, in order. `host`, `content-length` and
    /// `transfer-encoding` are set here and refused.
    pub headers: Vec<(String, String)>,
    /// Body; empty for none.
    pub body: RequestBody,
}

/// What follows the head of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestBody {
    /// These bytes, shared by all requests of a run.
    Bytes(Vec<u8>),
    /// Generated: byte `i` is `i` modulo 251. Never held whole, however long.
    Pattern {
        /// Bytes, at most 1 GiB.
        length: u64,
    },
}

impl RequestBody {
    /// A request without a body.
    pub const EMPTY: RequestBody = RequestBody::Bytes(Vec::new());

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        match self {
            RequestBody::Bytes(bytes) => bytes.len() as u64,
            RequestBody::Pattern { length } => *length,
        }
    }

    /// The bytes from `at` on: all of them, or as many as there are in one
    /// piece. Empty at the end.
    pub(crate) fn piece(&self, at: u64) -> &[u8] {
        match self {
            RequestBody::Bytes(bytes) => &bytes[(at as usize).min(bytes.len())..],
            RequestBody::Pattern { length } => pattern::piece(at, *length),
        }
    }
}

impl Request {
    /// A `GET` without further headers.
    pub fn get(path: &str, host: &str) -> Request {
        Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            host: host.to_owned(),
            headers: Vec::new(),
            body: RequestBody::EMPTY,
        }
    }

    /// The head as it is sent, or what is wrong with the request.
    pub(crate) fn encode_head(&self) -> Result<Vec<u8>, String> {
        self.validate()?;
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", self.method, self.path, self.host);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let method_has_body = matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        if method_has_body || self.body.length() > 0 {
            let _ = write!(head, "content-length: {}\r\n", self.body.length());
        }
        head.push_str("\r\n");
        Ok(head.into_bytes())
    }

    fn validate(&self) -> Result<(), String> {
        if !is_token(&self.method) || self.method == "CONNECT" {
            return Err(format!("method {:?} cannot be sent", self.method));
        }
        let path_is_plain = self.path.bytes().all(|byte| byte.is_ascii_graphic());
        if !(self.path.starts_with('/') || self.path == "*") || !path_is_plain {
            return Err(format!("path {:?} is not an absolute path in ASCII", self.path));
        }
        if self.host.is_empty() || !self.host.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("host {:?} is not a host name", self.host));
        }
        for (name, value) in &self.headers {
            if !is_token(name) || value.bytes().any(|byte| byte.is_ascii_control()) {
                return Err(format!("header {name:?}: {value:?} cannot be sent"));
            }
            let ours = ["host", "content-length", "transfer-encoding"];
            if ours.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                return Err(format!("header {name:?} is set by the load generator"));
            }
        }
        if self.body.length() > MAX_BODY_BYTES {
            return Err(format!("a body of {} bytes; at most 1 GiB is sent", self.body.length()));
        }
        Ok(())
    }
}

/// `token` of RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(headers: &[(&str, &str)], body: &str) -> Request {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let method = "POST".to_owned();
        let body = RequestBody::Bytes(body.into());
        Request { method, headers, body, ..Request::get("/a?b=c", "h:1") }
    }

    #[test]
    fn heads_on_the_wire() {
        let pattern = RequestBody::Pattern { length: 65_536 };
        let rows: [(Request, &str); 4] = [
            (Request::get("/", "localhost"), "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"),
            (
                post(&[("x-y", "1 2")], "hé"),
                "POST /a?b=c HTTP/1.1\r\nhost: h:1\r\nx-y: 1 2\r\ncontent-length: 3\r\n\r\n",
            ),
            (
                Request { body: pattern, ..post(&[], "") },
                "POST /a?b=c HTTP/1.1\r\nhost: h:1\r\ncontent-length: 65536\r\n\r\n",
            ),
            (post(&[], ""), "POST /a?b=c HTTP/1.1\r\nhost: h:1\r\ncontent-length: 0\r\n\r\n"),
        ];
        for (request, expected) in rows {
            assert_eq!(request.encode_head(), Ok(expected.as_bytes().to_vec()));
        }
    }

    #[test]
    fn refused_requests() {
        let rows = [
            (Request::get("hello", "h"), r#"path "hello" is not an absolute path in ASCII"#),
            (Request::get("/a b", "h"), r#"path "/a b" is not an absolute path in ASCII"#),
            (Request::get("/", ""), r#"host "" is not a host name"#),
            (post(&[("a", "b\r\nc: d")], ""), r#"header "a": "b\r\nc: d" cannot be sent"#),
            (
                post(&[("Content-Length", "1")], ""),
                r#"header "Content-Length" is set by the load generator"#,
            ),
            (
                Request { body: RequestBody::Pattern { length: 1 << 31 }, ..post(&[], "") },
                "a body of 2147483648 bytes; at most 1 GiB is sent",
            ),
        ];
        for (request, expected) in rows {
            assert_eq!(request.encode_head(), Err(expected.to_owned()));
        }
    }
}
