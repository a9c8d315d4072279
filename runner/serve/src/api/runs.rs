//! `/api/v1/runs`: what was executed when, and each run as a bundle.

use crate::app::App;
use crate::extract::{Asked, Named};
use crate::page::{Page, Part, Row};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use model::{RunStatus, bundle};
use serde::Serialize;
use site::RunEntry;
use utoipa::ToSchema;

/// A run at a glance.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunOut {
    run: String,
    started_at: String,
    /// `running`, `complete` or `interrupted`.
    status: &'static str,
    /// Which rules chose the number of blocks.
    profile: String,
    /// What it measured, `target@label`.
    versions: Vec<String>,
    measured_blocks: u32,
    failed_blocks: u32,
    unsupported_blocks: u32,
    planned_blocks: u32,
}

impl Row for RunOut {
    const HEAD: &'static [&'static str] = &[
        "run",
        "started_at",
        "status",
        "profile",
        "versions",
        "measured_blocks",
        "failed_blocks",
        "unsupported_blocks",
        "planned_blocks",
    ];

    fn row(&self) -> Vec<String> {
        let mut row = vec![
            self.run.clone(),
            self.started_at.clone(),
            self.status.to_owned(),
            self.profile.clone(),
            self.versions.join(" "),
        ];
        let counts = [
            self.measured_blocks,
            self.failed_blocks,
            self.unsupported_blocks,
            self.planned_blocks,
        ];
        row.extend(counts.map(|count| count.to_string()));
        row
    }
}

fn out(run: &RunEntry) -> RunOut {
    RunOut {
        run: run.id.to_string(),
        started_at: run.started_at.to_string(),
        status: run.status.word(),
        profile: run.profile.clone(),
        versions: run.versions.clone(),
        measured_blocks: run.measured,
        failed_blocks: run.failed,
        unsupported_blocks: run.unsupported,
        planned_blocks: run.planned,
    }
}

/// Every run, the newest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs", params(Part),
    responses((status = 200, description = "Runs", body = Page<RunOut>)))]
pub(crate) async fn list(
    State(app): State<App>,
    Asked(part): Asked<Part>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let page = part.of(app.read().entries.iter().map(out))?;
    page.answer(&headers)
}

/// One run at a glance, also one that was stored this moment.
#[utoipa::path(get, path = "/api/v1/runs/{run}", tag = "runs",
    params(("run" = String, Path, description = "Its name, the first four digits of it or more, or `latest`")),
    responses((status = 200, description = "The run", body = RunOut)))]
pub(crate) async fn one(State(app): State<App>, Named(run): Named) -> Result<Response, Problem> {
    let id = app.store.run_id(&run).await?;
    let entries = site::entries(&app.store).await.map_err(|error| Problem::internal(&error))?;
    let entry = entries.iter().find(|entry| entry.id == id);
    let entry = entry.ok_or_else(|| Problem::missing(format!("there is no run `{run}`")))?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(out(entry))).into_response())
}

/// A run with all its samples, as `bench export` writes it.
#[utoipa::path(get, path = "/api/v1/runs/{run}/bundle", tag = "runs",
    params(("run" = String, Path, description = "Its name, the first four digits of it or more, or `latest`")),
    responses((status = 200, description = "JSON Lines", body = String, content_type = "application/x-ndjson")))]
pub(crate) async fn bundle(State(app): State<App>, Named(run): Named) -> Result<Response, Problem> {
    let run = app.store.run(&run).await?;
    if run.status == RunStatus::Running {
        let status = axum::http::StatusCode::CONFLICT;
        return Err(Problem::new(status, format!("run {} is still running", run.id)));
    }
    let writing = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        bundle::write(&mut bytes, [&run]).map(|()| bytes)
    });
    let bytes = writing.await.map_err(|error| Problem::internal(&error))?;
    let bytes = bytes.map_err(|error| Problem::internal(&error))?;
    let headers = [(CONTENT_TYPE, "application/x-ndjson"), (CACHE_CONTROL, "no-store")];
    Ok((headers, bytes).into_response())
}
