//! `/api/v1/jobs/{job}/events`: a job's progress as server-sent events, until it ends.

use crate::app::App;
use crate::extract::Named;
use crate::jobs::JobOut;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::PoisonError;
use std::time::Duration;
use tokio::sync::watch;

/// Looked at without being told, for jobs that another process changed.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Where a listener is.
struct Listener {
    app: App,
    job: String,
    /// The last event that was sent.
    after: i64,
    status: String,
    ready: VecDeque<Event>,
    changes: watch::Receiver<()>,
    stopping: Option<watch::Receiver<bool>>,
    is_over: bool,
}

/// What a job tells, as it tells it: `progress` events with a line each, `status` events
/// with the job as JSON. `Last-Event-ID` goes on where a listener was cut off.
#[utoipa::path(get, path = "/api/v1/jobs/{job}/events", tag = "jobs",
    params(("job" = String, Path, description = "Its name"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen")),
    responses((status = 200, description = "Events", body = String, content_type = "text/event-stream")))]
pub(crate) async fn follow(
    State(app): State<App>,
    Named(job): Named,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if app.store.job(&job).await?.is_none() {
        return Err(Problem::missing(format!("there is no job `{job}`")));
    }
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let stopping = app.stopping.read().unwrap_or_else(PoisonError::into_inner).clone();
    let listener = Listener {
        changes: app.jobs.subscribe(),
        app,
        job,
        after: seen.unwrap_or(0),
        status: String::new(),
        ready: VecDeque::new(),
        stopping,
        is_over: false,
    };
    Ok(Sse::new(events(listener)).keep_alive(KeepAlive::default()).into_response())
}

fn events(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(listener, |mut listener| async move {
        loop {
            if let Some(event) = listener.ready.pop_front() {
                return Some((Ok(event), listener));
            }
            if listener.is_over || !listener.look().await {
                return None;
            }
            if listener.ready.is_empty() && !listener.wait().await {
                return None;
            }
        }
    })
}

impl Listener {
    /// Reads what is new; false when that cannot be.
    async fn look(&mut self) -> bool {
        // The status first: what it told before it ended is then read, too.
        let Ok(Some(job)) = self.app.store.job(&self.job).await else { return false };
        let Ok(told) = self.app.store.job_events(&self.job, self.after).await else { return false };
        for event in told {
            self.after = event.id;
            let line = event.text.replace(['\r', '\n'], " ");
            self.ready
                .push_back(Event::default().event("progress").id(event.id.to_string()).data(line));
        }
        let is_end = job.status.is_end();
        let job = JobOut::from(job);
        let status = format!("{} {}", job.status, job.attempts);
        if status != self.status {
            self.status = status;
            let Ok(text) = serde_json::to_string(&job) else { return false };
            self.ready.push_back(Event::default().event("status").data(text));
        }
        self.is_over = is_end;
        true
    }

    /// Waits until something may be new; false when the service stops.
    async fn wait(&mut self) -> bool {
        let Self { changes, stopping, .. } = self;
        let stops = async {
            match stopping {
                Some(stopping) => drop(stopping.wait_for(|stopping| *stopping).await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = changes.changed() => true,
            () = tokio::time::sleep(LOOK_EVERY) => true,
            () = stops => false,
        }
    }
}
