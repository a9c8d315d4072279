//! Tells what came of jobs. To GitHub, of those it asked for: a check run (or a status,
//! without an App) that says it is being measured and then the verdict, and one comment
//! on a pull request. To people, of every gate. What could not be told is told later.

mod reading;

use crate::app::App;
use crate::errand::Errand;
use crate::notices::{self, Notice};
use crate::problem;
use crate::settings::GitHub;
use github::{Failure, Said};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use store::{Job, JobKind, JobStatus, StoreError};
use tokio::sync::watch;

/// In the store: what was told.
const TOLD: &str = "github-report";
/// Jobs that are looked through.
const LOOKED_AT: u32 = 200;
/// Again after that, also without a change: what failed is tried again.
const EVERY: Duration = Duration::from_secs(60);
/// Gates that ended earlier are no news.
const NEWS: SignedDuration = SignedDuration::from_hours(24);

/// Tells until the service stops.
pub(crate) async fn follow(app: App, mut stopping: watch::Receiver<bool>) {
    if app.settings.is_silent() {
        return;
    }
    let mut changes = app.jobs.subscribe();
    loop {
        let told = tell_all(&app).await;
        let wait = told.unwrap_or_else(|error| {
            tracing::error!(error = %problem::chain(&error), "what is to be told cannot be read");
            None
        });
        tokio::select! {
            // Who asks to be left alone is, whatever happens.
            _ = changes.changed(), if wait.is_none() => {}
            () = tokio::time::sleep(wait.unwrap_or(EVERY).max(EVERY)) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
    }
}

/// Gives how long GitHub asks to be left alone, if it does.
async fn tell_all(app: &App) -> Result<Option<Duration>, StoreError> {
    let mut wait = None;
    for job in app.store.jobs(None, LOOKED_AT).await?.into_iter().rev() {
        let report = || reading::report(&job, app.settings.url.as_deref());
        let is_news = job.finished_at.is_some_and(|at| Timestamp::now() - NEWS < at);
        if job.kind == JobKind::Gate && is_news && job.status != JobStatus::Cancelled {
            notices::send(app, &Notice::of_gate(&job, &report())).await;
        }
        let (Some(github), Some(errand)) = (&app.settings.github, Errand::of(&job)) else {
            continue;
        };
        let once = format!("{} {}", job.name, if job.status.is_end() { "ended" } else { "begun" });
        if wait.is_some() || app.store.was_noted(TOLD, &once).await? {
            continue;
        }
        match tell(app, github, &job, errand).await {
            Ok(()) => drop(app.store.first_time(TOLD, &once, Timestamp::now()).await?),
            Err(failure) => {
                tracing::warn!(job = job.name, error = %problem::chain(&failure), "GitHub was not told");
                if let Failure::Passing { wait: Some(asked), .. } = failure {
                    wait = Some(asked);
                }
            }
        }
    }
    Ok(wait)
}

async fn tell(app: &App, github: &Arc<GitHub>, job: &Job, errand: Errand) -> Result<(), Failure> {
    let report = job.status.is_end().then(|| reading::report(job, app.settings.url.as_deref()));
    let (github, job) = (Arc::clone(github), job.clone());
    let telling = tokio::task::spawn_blocking(move || {
        let Errand { place, pull, sha } = errand;
        let (client, name) = (&github.client, format!("arewefastyet / {}", job.kind.word()));
        // Check runs are for Apps; a token gets a status, which can be required as well.
        if client.is_app() {
            client.check(&place, (&sha, &name, &job.name), report.as_ref())?;
        } else {
            client.status(&place, (&sha, &name), report.as_ref())?;
        }
        match report {
            Some(report) if pull > 0 && job.status != JobStatus::Cancelled => {
                client.comment(&place, pull, Said::Report, &report.markdown())
            }
            _ => Ok(()),
        }
    });
    let told = telling.await;
    told.unwrap_or_else(|error| Err(Failure::Unusable(format!("telling ended: {error}"))))
}
