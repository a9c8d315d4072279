//! Queries, paths and bodies, whose mistakes are told as problems.

use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// What stands after the `?`.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, state).await;
        let query = query.map_err(|error: QueryRejection| Problem::bad(error.body_text()))?;
        Ok(Self(query.0))
    }
}

/// A part of the path.
pub(crate) struct Named(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, state).await;
        let path = path.map_err(|error: PathRejection| Problem::bad(error.body_text()))?;
        Ok(Self(path.0))
    }
}

/// A body of JSON.
pub(crate) struct Told<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Json::from_request(request, state).await;
        let told = |error: JsonRejection| {
            let status = error.status();
            let status = if status.is_client_error() { status } else { StatusCode::BAD_REQUEST };
            Problem::new(status, error.body_text())
        };
        Ok(Self(body.map_err(told)?.0))
    }
}
