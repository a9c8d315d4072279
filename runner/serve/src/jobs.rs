//! `/api/v1/jobs`: what is to be measured, and the workers that do. The queue itself is
//! in the store; this says who may do what, and in which words.

mod arguments;
mod page;
mod wire;

use crate::access::Caller;
use crate::app::App;
use crate::booking::Attempt;
use crate::extract::{Asked, Named, Told};
use crate::page::Part;
use crate::problem::Problem;
use crate::secret::new_name;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use store::{Finished, JobKind, JobStatus, Lease, LeaseRequest, NewJob, Scope};

pub use arguments::check as check_arguments;
pub(crate) use page::{count, page};
pub use wire::{FinishIn, JobOut, LeaseIn, LeaseOut, RenewIn, RenewOut};
pub(crate) use wire::{JobIn, JobPage};

pub(crate) const NAME_DIGITS: usize = 16;
const LEASE_DIGITS: usize = 32;
const USUAL_ATTEMPTS: u32 = 3;
const MOST_ATTEMPTS: u32 = 10;
/// What a comparison of everything says, as JSON.
const MOST_TEXT_CHARS: usize = 2 << 20;
/// Of that in a list.
const SHOWN_TEXT_CHARS: usize = 300;
const NO_STORE: [(axum::http::HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// Jobs, the newest first.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(Part),
    responses((status = 200, description = "Jobs", body = JobPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    Asked(part): Asked<Part>,
) -> Result<Response, Problem> {
    let (below, limit) = (part.from()?, part.limit()?);
    let below = (below > 0).then(|| i64::try_from(below).unwrap_or(i64::MAX));
    let jobs = app.store.jobs(below, u32::try_from(limit).unwrap_or(u32::MAX)).await?;
    let last = jobs.last().filter(|_| jobs.len() == limit);
    let next = last.and_then(|job| usize::try_from(job.id).ok()).map(crate::page::cursor);
    let items = jobs.into_iter().map(|job| JobOut::from(job).shortened(SHOWN_TEXT_CHARS)).collect();
    Ok((NO_STORE, Json(JobPage { items, next })).into_response())
}

/// One job.
#[utoipa::path(get, path = "/api/v1/jobs/{job}", tag = "jobs",
    params(("job" = String, Path, description = "Its name")),
    responses((status = 200, description = "The job", body = JobOut)))]
pub(crate) async fn one(State(app): State<App>, Named(name): Named) -> Result<Response, Problem> {
    let job = app.store.job(&name).await?;
    let job = job.ok_or_else(|| Problem::missing(format!("there is no job `{name}`")))?;
    Ok((NO_STORE, Json(JobOut::from(job))).into_response())
}

/// Queues a job. Needs scope `jobs`.
#[utoipa::path(post, path = "/api/v1/jobs", tag = "jobs", security(("token" = [])), request_body = JobIn,
    responses((status = 201, description = "It was queued", body = JobOut),
        (status = 200, description = "It was asked for before", body = JobOut)))]
pub(crate) async fn submit(
    State(app): State<App>,
    caller: Caller,
    Told(asked): Told<JobIn>,
) -> Result<Response, Problem> {
    caller.must(&app, Scope::Jobs, "job.submit").await?;
    let attempt = Attempt::of("job.submit", &asked.kind).by(&caller.0.name);
    let new = match asked_for(asked, &caller.0.name) {
        Ok(new) => new,
        Err(problem) => return Err(attempt.refused(&app, problem).await),
    };
    let (job, is_new) = match app.store.submit_job(&new).await {
        Ok(submitted) => submitted,
        Err(error) => return Err(attempt.refused(&app, error.into()).await),
    };
    attempt.done(&app, &format!("job {}: {} {}", job.name, job.kind.word(), job.arguments)).await;
    app.jobs.send_replace(());
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, NO_STORE, Json(JobOut::from(job))).into_response())
}

fn asked_for(asked: JobIn, by: &str) -> Result<NewJob, Problem> {
    let refused = |text: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, text);
    let kind = JobKind::named(&asked.kind);
    let words = || JobKind::ALL.map(JobKind::word).join(", ");
    let kind =
        kind.ok_or_else(|| refused(format!("kind: `{}` is none of {}", asked.kind, words())))?;
    arguments::check(kind, &asked.arguments).map_err(refused)?;
    let most_attempts = asked.most_attempts.unwrap_or(USUAL_ATTEMPTS);
    if !(1..=MOST_ATTEMPTS).contains(&most_attempts) {
        return Err(refused(format!("most_attempts: {most_attempts}, give 1 to {MOST_ATTEMPTS}")));
    }
    let short =
        |text: &Option<String>| text.as_ref().is_none_or(|text| (1..=100).contains(&text.len()));
    if !short(&asked.once) || !short(&asked.testbed) || asked.parents.len() > 100 {
        return Err(refused(
            "once, testbed: give 1 to 100 characters; parents: at most 100".to_owned(),
        ));
    }
    let arguments =
        serde_json::to_string(&asked.arguments).map_err(|error| Problem::internal(&error))?;
    Ok(NewJob {
        name: new_name(NAME_DIGITS).map_err(|error| Problem::internal(&error))?,
        once: asked.once,
        kind,
        arguments,
        testbed: asked.testbed,
        priority: asked.priority.unwrap_or(0),
        parents: asked.parents,
        most_attempts,
        requested_by: by.to_owned(),
        requested_at: Timestamp::now(),
    })
}

/// Takes a job back: one's own with scope `jobs`, any with scope `admin`.
#[utoipa::path(delete, path = "/api/v1/jobs/{job}", tag = "jobs", security(("token" = [])),
    params(("job" = String, Path, description = "Its name")),
    responses((status = 200, description = "It is cancelled", body = JobOut)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named,
) -> Result<Response, Problem> {
    let attempt = Attempt::of("job.cancel", &name).by(&caller.0.name);
    let Some(job) = app.store.job(&name).await? else {
        return Err(attempt
            .refused(&app, Problem::missing(format!("there is no job `{name}`")))
            .await);
    };
    let is_own = job.requested_by == caller.0.name && caller.0.permits(Scope::Jobs);
    if !is_own {
        caller.must(&app, Scope::Admin, "job.cancel").await?;
    }
    let why = format!("cancelled by {}", caller.0.name);
    let Some(job) = app.store.cancel_job(&name, &why, Timestamp::now()).await? else {
        let problem = Problem::new(StatusCode::CONFLICT, format!("job {name} has ended already"));
        return Err(attempt.refused(&app, problem).await);
    };
    attempt.done(&app, "").await;
    app.jobs.send_replace(());
    Ok((NO_STORE, Json(JobOut::from(job))).into_response())
}

/// Gives a worker the next job. Needs scope `jobs`.
#[utoipa::path(post, path = "/api/v1/jobs/lease", tag = "workers", security(("token" = [])), request_body = LeaseIn,
    responses((status = 200, description = "A job", body = LeaseOut),
        (status = 204, description = "There is nothing to do")))]
pub(crate) async fn lease(
    State(app): State<App>,
    caller: Caller,
    Told(asked): Told<LeaseIn>,
) -> Result<Response, Problem> {
    caller.must(&app, Scope::Jobs, "job.lease").await?;
    let bound = caller.0.testbed.as_ref();
    if bound.is_some_and(|bound| *bound != asked.testbed) {
        let text = format!(
            "the token is for testbed {}, not {}",
            bound.map_or("", |it| it),
            asked.testbed
        );
        let problem = Problem::new(StatusCode::FORBIDDEN, text);
        return Err(Attempt::of("job.lease", "").by(&caller.0.name).refused(&app, problem).await);
    }
    let is_name = |text: &str| (1..=100).contains(&text.len());
    if !is_name(&asked.worker) || !is_name(&asked.testbed) {
        return Err(Problem::bad("worker, testbed: give 1 to 100 characters"));
    }
    let lease = new_name(LEASE_DIGITS).map_err(|error| Problem::internal(&error))?;
    let worker = format!("{} on {}", caller.0.name, asked.worker);
    let request = LeaseRequest {
        lease: &lease,
        worker: &worker,
        testbed: &asked.testbed,
        now: Timestamp::now(),
        length: lease_length(&app),
    };
    let Some(job) = app.store.lease_job(&request).await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    Attempt::of("job.lease", &job.name).by(&caller.0.name).done(&app, &worker).await;
    app.jobs.send_replace(());
    let renew_within_s = app.settings.lease.as_secs_f64() / 3.0;
    Ok((NO_STORE, Json(LeaseOut { job: job.into(), lease, renew_within_s })).into_response())
}

/// A worker is at it still, and tells what is going on. Needs scope `jobs`.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/renew", tag = "workers", security(("token" = [])), request_body = RenewIn,
    params(("job" = String, Path, description = "Its name")),
    responses((status = 200, description = "Whether to go on", body = RenewOut)))]
pub(crate) async fn renew(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named,
    Told(told): Told<RenewIn>,
) -> Result<Response, Problem> {
    caller.must(&app, Scope::Jobs, "job.renew").await?;
    let now = Timestamp::now();
    let until = now.checked_add(lease_length(&app)).unwrap_or(Timestamp::MAX);
    let lines: Vec<String> =
        told.told.iter().take(1000).map(|line| line.chars().take(2000).collect()).collect();
    let renewed = app.store.renew_lease(&name, &told.lease, until, now, &lines).await?;
    app.jobs.send_replace(());
    match renewed {
        Lease::Held(until) => {
            Ok(Json(RenewOut { go_on: true, until: Some(until.to_string()) }).into_response())
        }
        Lease::Cancelled => Ok(Json(RenewOut { go_on: false, until: None }).into_response()),
        Lease::Lost => Err(lost(&name)),
    }
}

/// A worker's command has ended. Needs scope `jobs`.
#[utoipa::path(post, path = "/api/v1/jobs/{job}/finish", tag = "workers", security(("token" = [])), request_body = FinishIn,
    params(("job" = String, Path, description = "Its name")),
    responses((status = 200, description = "How the job stands now", body = JobOut)))]
pub(crate) async fn finish(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named,
    Told(told): Told<FinishIn>,
) -> Result<Response, Problem> {
    caller.must(&app, Scope::Jobs, "job.finish").await?;
    let outcome: String = told.outcome.chars().take(MOST_TEXT_CHARS).collect();
    let finished =
        Finished { exit_code: told.exit_code, outcome: &outcome, is_worth_a_retry: told.retry };
    let ended = app.store.finish_job(&name, &told.lease, finished, Timestamp::now()).await?;
    let attempt = Attempt::of("job.finish", &name).by(&caller.0.name);
    let Some(job) = ended else { return Err(attempt.refused(&app, lost(&name)).await) };
    attempt.done(&app, job.status.word()).await;
    app.jobs.send_replace(());
    if job.status == JobStatus::Done {
        app.nudge.notify_one();
    }
    Ok((NO_STORE, Json(JobOut::from(job))).into_response())
}

fn lease_length(app: &App) -> SignedDuration {
    SignedDuration::try_from(app.settings.lease).unwrap_or(SignedDuration::from_mins(1))
}

fn lost(name: &str) -> Problem {
    let text = format!("job {name} is not this worker's any more; stop, and ask for another");
    Problem::new(StatusCode::CONFLICT, text)
}
