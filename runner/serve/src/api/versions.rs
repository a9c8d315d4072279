//! `/api/v1/versions`: what was measured.

use crate::app::App;
use crate::extract::Asked;
use crate::page::{Page, Part, Row};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use site::LiveVersion;
use utoipa::{IntoParams, ToSchema};

/// Which versions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Of this target only.
    target: Option<String>,
    /// `next` of the part before.
    cursor: Option<String>,
    /// Items of the part, 1 to 2000 [default: 100].
    #[param(minimum = 1, maximum = 2000)]
    limit: Option<usize>,
}

/// A version.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionOut {
    target: String,
    /// A short name.
    label: String,
    /// The full one: a hash, a release, a digest.
    name: String,
    /// When it was committed, else first measured.
    time: String,
    subject: String,
    /// The tag, if it is a release.
    release: Option<String>,
}

impl Row for VersionOut {
    const HEAD: &'static [&'static str] =
        &["target", "label", "name", "time", "subject", "release"];

    fn row(&self) -> Vec<String> {
        let Self { target, label, name, time, subject, release } = self;
        let release = release.clone().unwrap_or_default();
        vec![target.clone(), label.clone(), name.clone(), time.clone(), subject.clone(), release]
    }
}

fn out(version: &LiveVersion) -> VersionOut {
    let LiveVersion { target, label, name, time, subject, release } = version.clone();
    VersionOut { target, label, name, time: time.to_string(), subject, release }
}

/// Every version that was measured, the newest first.
#[utoipa::path(get, path = "/api/v1/versions", tag = "what is measured", params(Filter),
    responses((status = 200, description = "Versions", body = Page<VersionOut>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Asked(filter): Asked<Filter>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Filter { target, cursor, limit } = filter;
    let is_asked = |version: &&LiveVersion| target.as_ref().is_none_or(|it| *it == version.target);
    let part = Part { cursor, limit };
    let page = part.of(app.read().versions.iter().rev().filter(is_asked).map(out))?;
    page.answer(&headers)
}
