//! Answers to reading, kept until the next generation: most requests are for the same
//! few. It stands outside of compression, so that is done once as well. Each answer
//! has an `ETag`, and who has it already is told so.

use crate::app::App;
use axum::body::Bytes;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, ETAG, IF_NONE_MATCH,
    VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use model::Digest;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that are kept; all go when there would be more.
const MOST_BYTES: usize = 64 << 20;
/// A longer answer is not kept.
const MOST_ANSWER_BYTES: usize = 8 << 20;

/// The answers of one generation.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    generation: u64,
    bytes: usize,
    answers: HashMap<String, Arc<Answer>>,
}

struct Answer {
    headers: HeaderMap,
    body: Bytes,
    tag: HeaderValue,
}

/// Answers from what is kept, or keeps what is answered.
pub(crate) async fn answer(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_reading = request.method() == Method::GET
        && request.uri().path().starts_with("/api/v1/")
        && !request.headers().contains_key(AUTHORIZATION);
    if !is_reading {
        return next.run(request).await;
    }
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    let key = key(&request);
    let generation = app.generation();
    if let Some(answer) = app.cache.get(generation, &key) {
        app.telemetry.hit();
        return answer.to(known.as_ref());
    }
    let response = next.run(request).await;
    let is_kept = response.status() == StatusCode::OK
        && !response.headers().contains_key(CACHE_CONTROL)
        && !is_stream(response.headers());
    if !is_kept {
        return response;
    }
    let (parts, body) = response.into_parts();
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => return crate::problem::Problem::internal(&error).into_response(),
    };
    let answer = Arc::new(Answer::of(parts.headers, body));
    app.cache.put(generation, key, &answer);
    answer.to(known.as_ref())
}

fn is_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(axum::http::header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// What an answer depends on.
fn key(request: &Request) -> String {
    let header = |name: HeaderName| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_ascii_lowercase()
    };
    let encodings = header(ACCEPT_ENCODING);
    let is_accepted = |name: &str| encodings.split([',', ';']).any(|part| part.trim() == name);
    // Weights are rare: a client that gives some has answers of its own.
    let encoding = match (is_accepted("br"), is_accepted("gzip")) {
        _ if encodings.contains(";") => encodings.as_str(),
        (true, _) => "br",
        (false, true) => "gzip",
        (false, false) => "",
    };
    let is_csv = header(ACCEPT).contains("text/csv");
    format!("{encoding}\n{is_csv}\n{}", request.uri())
}

impl Cache {
    fn get(&self, generation: u64, key: &str) -> Option<Arc<Answer>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (kept.generation == generation).then(|| kept.answers.get(key).cloned())?
    }

    fn put(&self, generation: u64, key: String, answer: &Arc<Answer>) {
        let bytes = answer.body.len() + key.len();
        if bytes > MOST_ANSWER_BYTES {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.generation > generation {
            return;
        }
        if kept.generation < generation || kept.bytes + bytes > MOST_BYTES {
            *kept = Kept { generation, ..Kept::default() };
        }
        if kept.answers.insert(key, Arc::clone(answer)).is_none() {
            kept.bytes += bytes;
        }
    }
}

impl Answer {
    fn of(mut headers: HeaderMap, body: Bytes) -> Self {
        let digest = Digest::of(&body).to_string();
        let tag = HeaderValue::from_str(&format!("\"{}\"", &digest[..32]));
        let tag = tag.unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        headers.insert(ETAG, tag.clone());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        headers.remove(VARY);
        headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
        Self { headers, body, tag }
    }

    fn to(&self, known: Option<&HeaderValue>) -> Response {
        let is_known = known.and_then(|known| known.to_str().ok()).is_some_and(|known| {
            let mut tags = known.split(',').map(|tag| tag.trim().trim_start_matches("W/"));
            tags.any(|tag| tag == "*" || tag.as_bytes() == self.tag.as_bytes())
        });
        let mut headers = self.headers.clone();
        if is_known {
            headers.remove(CONTENT_LENGTH);
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, Body::from(self.body.clone())).into_response()
    }
}
