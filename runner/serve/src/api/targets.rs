//! `/api/v1/targets`: what can be measured.

use crate::app::App;
use crate::extract::Asked;
use crate::page::{Page, Part, Row};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

/// A target.
#[derive(Serialize, ToSchema)]
pub(crate) struct TargetOut {
    target: String,
    about: String,
    /// `default`, `anchor` or null.
    role: Option<&'static str>,
    /// Versions of it that were measured.
    versions: usize,
}

impl Row for TargetOut {
    const HEAD: &'static [&'static str] = &["target", "about", "role", "versions"];

    fn row(&self) -> Vec<String> {
        let Self { target, about, role, versions } = self;
        vec![
            target.clone(),
            about.clone(),
            role.unwrap_or_default().to_owned(),
            versions.to_string(),
        ]
    }
}

/// The targets that bench.toml declares.
#[utoipa::path(get, path = "/api/v1/targets", tag = "what is measured", params(Part),
    responses((status = 200, description = "Targets", body = Page<TargetOut>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Asked(part): Asked<Part>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let page = {
        let snapshot = app.read();
        let config = &snapshot.inputs()?.config;
        let role = |name: &String| match (
            name == &config.default_target,
            Some(name) == config.anchor.as_ref(),
        ) {
            (true, _) => Some("default"),
            (_, true) => Some("anchor"),
            _ => None,
        };
        part.of(config.targets.iter().map(|target| TargetOut {
            target: target.name.clone(),
            about: target.about.clone(),
            role: role(&target.name),
            versions: snapshot.versions.iter().filter(|it| it.target == target.name).count(),
        }))?
    };
    page.answer(&headers)
}
