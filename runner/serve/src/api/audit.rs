//! `/api/v1/audit`: who tried to write what.

use crate::access::Caller;
use crate::app::App;
use crate::extract::Asked;
use crate::page::Part;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use store::Scope;
use utoipa::ToSchema;

/// An attempt to write.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttemptOut {
    at: String,
    /// The name of a token, `nobody`, `github` or `command line`.
    actor: String,
    action: String,
    subject: String,
    /// `done`, `refused` or `failed`.
    outcome: &'static str,
    detail: String,
}

/// The newest attempts to write, newest first. Needs scope `admin`.
#[utoipa::path(get, path = "/api/v1/audit", tag = "access", params(Part), security(("token" = [])),
    responses((status = 200, description = "Attempts", body = Vec<AttemptOut>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(part): Asked<Part>,
) -> Result<Json<Vec<AttemptOut>>, Problem> {
    caller.must(&app, Scope::Admin, "audit.read").await?;
    let entries = app.store.audit_log(u32::try_from(part.limit()?).unwrap_or(u32::MAX)).await?;
    let out = |entry: store::AuditEntry| AttemptOut {
        at: entry.at.to_string(),
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        outcome: entry.outcome.word(),
        detail: entry.detail,
    };
    Ok(Json(entries.into_iter().map(out).collect()))
}
