//! What is told when a request cannot be answered: problem details of RFC 9457.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Problem details (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong, and what to do.
    detail: String,
    #[serde(skip)]
    retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem of that status.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Unknown").to_owned();
        let (status, detail) = (status.as_u16(), detail.into());
        Self { kind: "about:blank", title, status, detail, retry_after_s: None }
    }

    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn later(status: StatusCode, detail: impl Into<String>, seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds), ..Self::new(status, detail) }
    }

    /// Something that the caller cannot do anything about; the log says more.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %chain(error), "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "something is wrong here; the log says what")
    }

    /// Nothing was read yet.
    pub(crate) fn starting() -> Self {
        Self::later(StatusCode::SERVICE_UNAVAILABLE, "the service is still reading the runs", 2)
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        // What the database is called is nobody's business.
        let known = match &error {
            StoreError::Invalid(invalid) => {
                Some((StatusCode::UNPROCESSABLE_ENTITY, format!("not stored: {invalid}")))
            }
            StoreError::Conflict { .. } | StoreError::Unfinished { .. } => {
                Some((StatusCode::CONFLICT, error.to_string()))
            }
            StoreError::UnknownRun { asked, .. } => {
                Some((StatusCode::NOT_FOUND, format!("there is no run `{asked}`")))
            }
            StoreError::NoRuns { .. } => {
                Some((StatusCode::NOT_FOUND, "no complete run yet".to_owned()))
            }
            StoreError::BadRunName { asked } => Some((
                StatusCode::BAD_REQUEST,
                format!("`{asked}` names no run: give `latest`, or 4 to 16 hexadecimal digits"),
            )),
            StoreError::AmbiguousRun { .. } => Some((StatusCode::BAD_REQUEST, error.to_string())),
            _ => None,
        };
        if let Some((status, detail)) = known {
            return Self::new(status, detail);
        }
        tracing::error!(error = %chain(&error), "the store refused");
        match error {
            StoreError::DiskFull { .. } => Self::later(
                StatusCode::INSUFFICIENT_STORAGE,
                "the disk is full, so nothing was stored; try again when there is space",
                60,
            ),
            StoreError::ReadOnly { .. } | StoreError::CannotOpen { .. } => Self::later(
                StatusCode::SERVICE_UNAVAILABLE,
                "the database cannot be written at present, so nothing was stored",
                60,
            ),
            StoreError::Busy { .. } => Self::later(
                StatusCode::SERVICE_UNAVAILABLE,
                "the database is busy, so nothing was stored",
                5,
            ),
            _ => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "something is wrong here; the log says what",
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, wait) = (self.status(), self.retry_after_s);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(seconds) = wait {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What the framework itself refuses (a wrong method, a body that is too long) is told
/// as a problem, too.
pub(crate) async fn in_words(
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let response = next.run(request).await;
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    let is_told = |text: &HeaderValue| {
        text.to_str().is_ok_and(|text| text == MEDIA_TYPE || text.starts_with("text/html"))
    };
    if !is_error || response.headers().get(CONTENT_TYPE).is_some_and(is_told) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let detail = match parts.status {
        StatusCode::METHOD_NOT_ALLOWED => "this address does not answer that method",
        StatusCode::PAYLOAD_TOO_LARGE => "the body is too long",
        StatusCode::REQUEST_TIMEOUT => "it took too long",
        _ => "the request cannot be answered",
    };
    let mut told = Problem::new(parts.status, detail).into_response();
    parts.headers.remove(CONTENT_TYPE);
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    told.headers_mut().extend(parts.headers);
    told
}
