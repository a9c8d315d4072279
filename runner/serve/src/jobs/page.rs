//! `/queue`: the jobs, and when those that wait may be expected, for people.

use super::JobOut;
use crate::app::App;
use crate::problem::Problem;
use askama::Template;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use stats::summary;
use std::collections::BTreeMap;
use store::{Job, JobKind, JobStatus};

/// As many are looked at.
const SHOWN: u32 = 200;
/// Of what a command said.
const SHOWN_CHARS: usize = 4000;

#[derive(Template)]
#[template(path = "queue.html")]
struct Queue {
    rows: Vec<Row>,
    waiting: usize,
    working: usize,
}

struct Row {
    job: JobOut,
    words: String,
    /// When it may be expected to end, or how long it took.
    time: String,
}

/// The page.
pub(crate) async fn page(State(app): State<App>) -> Result<Response, Problem> {
    app.store.tidy_queue(Timestamp::now()).await?;
    let jobs = app.store.jobs(None, SHOWN).await?;
    let typical = typical(&jobs);
    let now = Timestamp::now();
    let mut before_s: BTreeMap<Option<String>, f64> = BTreeMap::new();
    let mut times: BTreeMap<i64, String> = BTreeMap::new();
    // In the order in which workers take them, at work first.
    let mut open: Vec<&Job> = jobs.iter().filter(|job| !job.status.is_end()).collect();
    open.sort_by_key(|job| (job.status != JobStatus::Leased, -i64::from(job.priority), job.id));
    for job in open {
        let spent_s = job
            .started_at
            .filter(|_| job.status == JobStatus::Leased)
            .map_or(0.0, |at| now.duration_since(at).as_secs_f64());
        let own_s = typical.get(job.kind.word()).map(|typical| (typical - spent_s).max(0.0));
        let queue = before_s.entry(job.testbed.clone()).or_default();
        *queue += own_s.unwrap_or(0.0);
        times.insert(
            job.id,
            own_s.map_or_else(
                || "not known yet".to_owned(),
                |_| format!("in about {}", length(*queue)),
            ),
        );
    }
    let count = |status| jobs.iter().filter(|job| job.status == status).count();
    let (waiting, working) = (count(JobStatus::Queued), count(JobStatus::Leased));
    let row = |job: Job| {
        let took = took_s(&job).map_or_else(String::new, |s| format!("took {}", length(s)));
        let time = times.remove(&job.id).unwrap_or(took);
        let job = JobOut::from(job).shortened(SHOWN_CHARS);
        Row { words: format!("{} {}", job.kind, job.arguments.join(" ")), job, time }
    };
    let rows = jobs.into_iter().map(row).collect();
    let page =
        Queue { rows, waiting, working }.render().map_err(|error| Problem::internal(&error))?;
    Ok(([(CACHE_CONTROL, "no-store")], Html(page)).into_response())
}

fn took_s(job: &Job) -> Option<f64> {
    Some(job.finished_at?.duration_since(job.started_at?).as_secs_f64())
}

/// How long jobs of each kind take: the median of those that are done.
fn typical(jobs: &[Job]) -> BTreeMap<&'static str, f64> {
    let of_kind = |kind: JobKind| {
        let done = jobs.iter().filter(|job| job.kind == kind && job.status == JobStatus::Done);
        let took: Vec<f64> = done.filter_map(took_s).collect();
        Some((kind.word(), summary::median(&took).ok()?))
    };
    JobKind::ALL.into_iter().filter_map(of_kind).collect()
}

fn length(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    match minutes {
        0 => format!("{} s", seconds.round()),
        1..120 => format!("{minutes} min"),
        _ => format!("{} h", (seconds / 3600.0).round()),
    }
}

/// Counts jobs for `/metrics`.
pub(crate) async fn count(app: &App) -> Result<(), Problem> {
    for (status, jobs) in app.store.count_jobs().await? {
        app.telemetry.jobs(status.word(), jobs as usize);
    }
    Ok(())
}
