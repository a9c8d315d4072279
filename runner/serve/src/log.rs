//! One line for each request: what was asked, how it ended, how long it took.

use crate::app::App;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;

/// Writes the line, and counts.
pub(crate) async fn write(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // Known addresses only: others would make a series of metrics each.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), began.elapsed());
    let route = route.unwrap_or_else(|| "site".to_owned());
    app.telemetry.request(method.as_str(), &route, status, took);
    tracing::debug!(%method, path, status, ms = took.as_secs_f64() * 1e3, "request");
    response
}
