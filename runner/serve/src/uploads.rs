//! `POST /api/v1/runs`: results from elsewhere. A bundle is hostile until every line of
//! it was read, and everything it claims was held against what is known here; then
//! all of it is stored, or nothing.

mod claims;
mod reading;

use crate::access::Caller;
use crate::app::App;
use crate::body;
use crate::booking::Attempt;
use crate::extract::Asked;
use crate::problem::Problem;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use model::{Digest, Run};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{Scope, UploadRequest};
use utoipa::{IntoParams, ToSchema};

/// The header that makes two uploads one.
const KEY: &str = "idempotency-key";
const MOST_KEY_CHARS: usize = 100;

/// What the sender vouches for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vouched {
    /// Full hashes of commits, with commas between: the bundle must not hold any other
    /// version. For whoever passes on what the code of a pull request wrote.
    commits: Option<String>,
}

/// What was stored.
#[derive(Serialize, ToSchema)]
pub(crate) struct UploadOut {
    /// The runs of the bundle.
    runs: Vec<String>,
    /// How many of them were new.
    stored: u32,
    /// How many were there already.
    already_there: u32,
    /// Digest of the body.
    bundle_sha256: String,
    /// Whether this upload was stored before, and only told again.
    repeated: bool,
}

/// Stores the runs of a bundle (JSON Lines, also compressed with gzip). Needs scope
/// `upload`. The same body again, or the same `Idempotency-Key`, changes nothing.
#[utoipa::path(post, path = "/api/v1/runs", tag = "runs", security(("token" = [])),
    params(Vouched, ("Idempotency-Key" = Option<String>, Header, description = "Makes two uploads one [default: the digest of the body]")),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 201, description = "It was stored", body = UploadOut),
        (status = 200, description = "It was there already", body = UploadOut)))]
pub(crate) async fn upload(
    State(app): State<App>,
    caller: Caller,
    Asked(vouched): Asked<Vouched>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.must(&app, Scope::Upload, "upload").await?;
    let attempt = |subject: &str| Attempt::of("upload", subject).by(&caller.0.name);
    let body = match whole(&app, &headers, body).await {
        Ok(body) => body,
        Err(problem) => return Err(refuse(&app, attempt("unread"), problem).await),
    };
    let digest = Digest::of(&body);
    match store(&app, &caller, &vouched, &headers, (body, digest)).await {
        Ok(response) => Ok(response),
        Err(problem) => Err(refuse(&app, attempt(&digest.to_string()), problem).await),
    }
}

async fn refuse(app: &App, attempt: Attempt, problem: Problem) -> Problem {
    let is_failure = problem.status().is_server_error();
    app.telemetry.upload(if is_failure { "failed" } else { "refused" });
    attempt.refused(app, problem).await
}

async fn whole(app: &App, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let whole = body::whole(headers, body, app.settings.most_upload_bytes).await;
    whole.map_err(|problem| match problem.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let detail = format!("{}; compress it, or send fewer runs at once", problem.detail());
            Problem::new(problem.status(), detail)
        }
        _ => problem,
    })
}

async fn store(
    app: &App,
    caller: &Caller,
    vouched: &Vouched,
    headers: &HeaderMap,
    (body, digest): (Bytes, Digest),
) -> Result<Response, Problem> {
    let once = key(headers, digest)?;
    let commits = vouched.commits.as_deref().map(claims::commits).transpose()?;
    let known = app.store.known_suites().await?;
    let permit = app.uploads.acquire().await.map_err(|error| Problem::internal(&error))?;
    let inputs = Arc::clone(app.read().inputs()?);
    let (most, token, now) = (app.settings.most_bundle_bytes, caller.0.clone(), Timestamp::now());
    let reading = tokio::task::spawn_blocking(move || {
        let runs = reading::runs(&body, most)?;
        let claims = claims::Claims { inputs: &inputs, known: &known, token: &token, commits, now };
        runs.iter().try_for_each(|run| claims.check(run))?;
        Ok::<Vec<Run>, Problem>(runs)
    });
    let runs = reading.await.map_err(|error| Problem::internal(&error))??;
    let request = UploadRequest {
        token: &caller.0,
        once: &once,
        bundle_sha256: digest,
        at: now,
        runs: &runs,
    };
    let upload = app.store.upload(&request).await?;
    drop(permit);
    if upload.bundle_sha256 != digest {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            format!(
                "Idempotency-Key: `{once}` came before with another bundle; each needs its own"
            ),
        ));
    }
    app.telemetry.upload(if upload.is_repeated { "repeated" } else { "stored" });
    app.nudge.notify_one();
    let status =
        if upload.stored > 0 && !upload.is_repeated { StatusCode::CREATED } else { StatusCode::OK };
    let runs: Vec<String> = upload.runs.iter().map(ToString::to_string).collect();
    let place = runs.first().map(|run| format!("/api/v1/runs/{run}")).unwrap_or_default();
    let out = UploadOut {
        runs,
        stored: upload.stored,
        already_there: upload.known,
        bundle_sha256: digest.to_string(),
        repeated: upload.is_repeated,
    };
    Ok((status, [(LOCATION, place)], Json(out)).into_response())
}

fn key(headers: &HeaderMap, digest: Digest) -> Result<String, Problem> {
    let Some(key) = headers.get(KEY) else { return Ok(digest.to_string()) };
    let key = key.to_str().ok().filter(|key| (1..=MOST_KEY_CHARS).contains(&key.len()));
    let key = key.map(str::to_owned);
    key.ok_or_else(|| {
        Problem::bad(format!("Idempotency-Key: give 1 to {MOST_KEY_CHARS} visible characters"))
    })
}
