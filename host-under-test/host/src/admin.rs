//! The admin endpoint: start, stop, status and metrics over HTTP, on a loopback
//! address of its own. Whoever reaches it may run components with the files of
//! this user, so it listens nowhere else, and answers only requests made to it
//! by a loopback name (a web page cannot reach it through a name of its own).

use crate::error::Error;
use crate::host::Host;
use crate::hostname::host_of_authority;
use crate::metrics;
use crate::workload;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A workload file with thousands of components still fits.
const MAX_FILE_BYTES: usize = 16 << 20;
const DEFAULT_GRACE_MS: u64 = 5000;

/// The endpoint's routes:
///
/// | | |
/// |---|---|
/// | `GET /healthz` | 200 |
/// | `GET /metrics` | counters, Prometheus' text format |
/// | `GET /v1/workloads` | every workload's status |
/// | `POST /v1/workloads` | starts the workloads of a YAML body; relative files are looked for in the working directory |
/// | `GET /v1/workloads/TITLE` | one workload's status |
/// | `DELETE /v1/workloads/TITLE?grace_ms=N` | stops it |
///
/// Errors are JSON: `{"error": "..."}`.
pub fn admin(host: Host) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(scrape))
        .route("/v1/workloads", get(list).post(start))
        .route("/v1/workloads/{*title}", get(status).delete(stop))
        .layer(DefaultBodyLimit::max(MAX_FILE_BYTES))
        .layer(middleware::from_fn(loopback_only))
        .with_state(host)
}

#[derive(Serialize)]
struct Problem {
    error: String,
}

fn problem(status: StatusCode, error: String) -> Response {
    (status, Json(Problem { error })).into_response()
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Input(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Runtime(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        problem(status, self.to_string())
    }
}

async fn loopback_only(request: Request, next: Next) -> Response {
    let asked = request.headers().get(header::HOST).map(HeaderValue::as_bytes);
    let host = asked.and_then(host_of_authority).unwrap_or_default();
    let address = std::str::from_utf8(host).unwrap_or_default();
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host.eq_ignore_ascii_case(b"localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_loopback {
        return next.run(request).await;
    }
    problem(StatusCode::FORBIDDEN, "ask by a loopback address or localhost".to_owned())
}

async fn scrape(State(host): State<Host>) -> Response {
    const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match metrics::scrape(&host) {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT)], text).into_response(),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

async fn list(State(host): State<Host>) -> Response {
    Json(host.workloads_status()).into_response()
}

async fn status(State(host): State<Host>, Path(title): Path<String>) -> Response {
    match host.status(&title) {
        Ok(status) => Json(status).into_response(),
        Err(error) => problem(StatusCode::NOT_FOUND, error.to_string()),
    }
}

async fn start(State(host): State<Host>, body: String) -> Response {
    let specs = match workload::parse(&body, std::path::Path::new("request")) {
        Ok(specs) => specs,
        Err(error) => return error.into_response(),
    };
    let mut started = Vec::new();
    for spec in specs {
        match host.start(spec, None).await {
            Ok((workload, _)) => started.push(workload.status()),
            Err(error) => return error.into_response(),
        }
    }
    (StatusCode::CREATED, Json(started)).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grace {
    grace_ms: Option<u64>,
}

#[derive(Serialize)]
struct Stopped {
    /// Whether every request under way was answered.
    drained: bool,
}

async fn stop(
    State(host): State<Host>,
    Path(title): Path<String>,
    Query(grace): Query<Grace>,
) -> Response {
    let grace = Duration::from_millis(grace.grace_ms.unwrap_or(DEFAULT_GRACE_MS));
    match host.stop(&title, grace).await {
        Ok(drained) => Json(Stopped { drained }).into_response(),
        Err(error) => problem(StatusCode::NOT_FOUND, error.to_string()),
    }
}
