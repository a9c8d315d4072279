//! One line and one span for each request: what was asked, how it ended, how long it took.

use crate::app::App;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::global::get_text_map_propagator;
use opentelemetry_http::HeaderExtractor;
use std::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Writes the line, and counts.
pub(crate) async fn write(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // Known addresses only: others would make a series of metrics each.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "site".to_owned());
    let span = span(&request, &route);
    let response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), began.elapsed());
    span.record("http.response.status_code", i64::from(status));
    if response.status().is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    app.telemetry.request(method.as_str(), &route, status, took);
    tracing::debug!(%method, path, status, ms = took.as_secs_f64() * 1e3, "request");
    response
}

/// Named as OpenTelemetry's conventions for HTTP servers say; below the caller's own span,
/// if it told one (<https://www.w3.org/TR/trace-context/>).
fn span(request: &Request, route: &str) -> Span {
    let method = request.method();
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
        url.path = request.uri().path(),
    );
    let above = get_text_map_propagator(|it| it.extract(&HeaderExtractor(request.headers())));
    // Without anybody who collects spans there is nothing to be below of.
    let _ = span.set_parent(above);
    span
}
