//! Regressions that somebody or a second measurement has confirmed: an issue each, and
//! word to people. It follows what is found; it must not find.

use crate::api;
use crate::app::App;
use crate::notices::{self, Notice};
use crate::problem;
use crate::snapshot;
use github::{Failure, Issue, Place};
use site::LiveChange;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What failed is tried again after that.
const LATER: Duration = Duration::from_secs(60);
/// And what GitHub was told is looked at again after that: people touch issues.
const LOOK_AGAIN: Duration = Duration::from_secs(3600);

/// Tells until the service stops.
pub(crate) async fn follow(app: App, mut stopping: watch::Receiver<bool>) {
    if app.settings.is_silent() {
        return;
    }
    let mut told: Option<(u64, Instant)> = None;
    loop {
        let generation = app.generation();
        let is_told = told.is_some_and(|(of, at)| of == generation && at.elapsed() < LOOK_AGAIN);
        let mut wait = app.settings.render_every;
        if !is_told {
            match tell_all(&app).await {
                Ok(()) => told = Some((generation, Instant::now())),
                Err(Some(Failure::Passing { wait: Some(asked), .. })) => wait = asked.max(LATER),
                Err(_) => wait = LATER,
            }
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
    }
}

/// Gives what GitHub said if it was not told; `None` if there was nothing to tell yet.
async fn tell_all(app: &App) -> Result<(), Option<Failure>> {
    let changes = api::changes::found(app).await.map_err(|_| None)?;
    let confirmed: Vec<&LiveChange> = changes.iter().filter(|it| is_confirmed(it)).collect();
    let url = app.settings.url.as_deref();
    notify(app, &confirmed, url).await;
    let Some(github) = app.settings.github.clone() else { return Ok(()) };
    let issues: Vec<Issue> = confirmed.iter().map(|change| issue(change, url)).collect();
    let telling = tokio::task::spawn_blocking(move || {
        let place = Place { repository: github.repository.clone(), installation: None };
        github.client.issues(&place, &issues)
    });
    let told = telling.await.map_err(|_| None)?;
    match told {
        Ok(0) => {}
        Ok(changed) => tracing::info!(changed, "issues of regressions were brought up to date"),
        Err(failure) => {
            tracing::warn!(error = %problem::chain(&failure), "GitHub was not told of regressions");
            return Err(Some(failure));
        }
    }
    Ok(())
}

fn is_confirmed(change: &LiveChange) -> bool {
    change.verdict == "regressed" && change.state == "confirmed"
}

/// One notice for all that are new.
async fn notify(app: &App, confirmed: &[&LiveChange], url: Option<&str>) {
    let mut new = Vec::new();
    for change in confirmed {
        // A way that was not there yet is told with the next one.
        let once = format!("regression {}", key(change));
        let is_new = |noted: Result<bool, store::StoreError>| noted.is_ok_and(|noted| !noted);
        let tell = &app.settings.tell;
        let by_slack = tell.slack.is_some() && is_new(app.store.was_noted("slack", &once).await);
        let by_mail = tell.mail.is_some() && is_new(app.store.was_noted("mail", &once).await);
        if by_slack || by_mail {
            new.push((once, line(change)));
        }
    }
    if new.is_empty() {
        return;
    }
    let (once, lines): (Vec<String>, Vec<String>) = new.into_iter().unzip();
    let title = match lines.as_slice() {
        [one] => format!("Regression: {one}"),
        many => format!("{} regressions", many.len()),
    };
    let link = url.map(|url| format!("{url}/"));
    notices::send(app, &Notice::new(once, title, lines, link)).await;
}

fn key(change: &LiveChange) -> String {
    // A mark in the text of an issue ends with two of these.
    let first = change.first_name.replace("--", "-").replace(' ', "_");
    format!("{} {} {first}", snapshot::id(&change.series), change.epoch)
}

fn effect(change: &LiveChange) -> String {
    change.effect.map_or_else(
        || "by an unknown amount".to_owned(),
        |effect| format!("by {:+.1} %", effect * 100.0),
    )
}

fn line(change: &LiveChange) -> String {
    let site::SeriesName { suite, benchmark, target, arm, metric } = &change.series;
    let by = effect(change);
    format!("{target} {suite}/{benchmark} {arm} {metric} {by} since {}", change.first)
}

fn issue(change: &LiveChange, url: Option<&str>) -> Issue {
    let site::SeriesName { suite, benchmark, target, arm, metric } = &change.series;
    let plain = |text: &str| github::plain(text);
    let mut text = format!(
        "`{}` of {} got worse {}.\n\n| | |\n|---|---|\n",
        metric,
        plain(&format!("{target}, {suite}/{benchmark} {arm}")),
        effect(change),
    );
    for (name, value) in [
        ("last version before", &change.after),
        ("first version with it", &change.first_name),
        ("testbed", &change.epoch),
        ("remark", &change.note),
    ] {
        if !value.is_empty() {
            text += &format!("| {name} | {} |\n", plain(value));
        }
    }
    text += "\nIt is `confirmed` in `data/alerts.toml`. This issue follows that file: it is closed when \
        the state is another, or the change is not found any more.\n";
    if let Some(url) = url {
        text += &format!("\n[All alerts]({url}/api/v1/alerts?suite={suite})\n");
    }
    let title = format!("Regression: {suite}/{benchmark} {metric} {}", effect(change));
    Issue { key: key(change), title, text }
}
