//! How the snapshot and the site follow the store: whoever wrote to it, a run that is
//! complete is answered about a moment later, and shown after the next rendering.

use crate::app::App;
use crate::{Error, problem};
use jiff::Timestamp;
use model::{Run, RunId};
use site::{Inputs, LiveRun};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;
use tracing::Instrument as _;

/// Runs that are read before they are folded: their samples are in memory together.
const BATCH: usize = 16;

/// Reads what is new, until the service stops.
pub(crate) async fn follow(app: App, mut stopping: watch::Receiver<bool>) {
    let mut watch = None;
    let mut is_behind = false;
    loop {
        if watch.is_none() {
            watch = app.store.watch().await.ok();
        }
        is_behind |= match &mut watch {
            Some(watch) => watch.changed().await.unwrap_or(true),
            None => true,
        };
        if is_behind {
            let span = tracing::info_span!("read new runs");
            match catch_up(&app).instrument(span).await {
                Ok(()) => is_behind = false,
                Err(error) => {
                    tracing::error!(error = %problem::chain(&error), "reading new runs failed");
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(app.settings.look_every) => {}
            () = app.nudge.notified() => is_behind = true,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
    }
}

/// Renders what is new, until the service stops.
pub(crate) async fn show(app: App, mut stopping: watch::Receiver<bool>) {
    let mut shown = None;
    loop {
        let generation = app.generation();
        if shown != Some(generation) {
            render(&app).instrument(tracing::info_span!("render the site")).await;
            shown = Some(generation);
        }
        tokio::select! {
            () = tokio::time::sleep(app.settings.render_every) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
    }
}

/// Adds the runs that are not known yet.
///
/// # Errors
/// When the store or the checkout cannot be read.
pub(crate) async fn catch_up(app: &App) -> Result<(), Error> {
    let _one_at_a_time = app.catching_up.lock().await;
    let visible = app.store.visible_runs().await?;
    let known: HashSet<RunId> = app.known.lock().await.clone();
    let new: Vec<RunId> = visible.into_iter().filter(|id| !known.contains(id)).collect();
    if new.is_empty() && !known.is_empty() {
        return Ok(());
    }
    let inputs = app.checkout.inputs(&app.store).await.map_err(Error::Checkout)?;
    let inputs = Arc::new(inputs);
    let (new, folded) = if known.is_empty() {
        everything(app, &inputs).await?
    } else {
        let mut folded = Vec::new();
        for batch in new.chunks(BATCH) {
            let mut runs = Vec::new();
            for id in batch {
                runs.push(app.store.run(id.as_str()).await?);
            }
            folded.extend(fold(runs, &inputs).await?);
        }
        (new, folded)
    };
    let entries = site::entries(&app.store).await?;
    let count = new.len();
    app.known.lock().await.extend(new);
    let held = app.clone();
    let settling = tokio::task::spawn_blocking(move || {
        let next = held.read().next(folded, inputs, entries);
        let generation = next.generation;
        held.replace(next);
        generation
    });
    let generation = settling.await.map_err(std::io::Error::other)?;
    app.telemetry.runs(app.known.lock().await.len());
    tracing::info!(runs = count, generation, "runs were read");
    Ok(())
}

/// Every complete run, in one sweep.
async fn everything(app: &App, inputs: &Arc<Inputs>) -> Result<(Vec<RunId>, Vec<LiveRun>), Error> {
    let mut history = app.store.history().await?;
    let (mut ids, mut folded) = (Vec::new(), Vec::new());
    loop {
        let mut runs = Vec::new();
        while runs.len() < BATCH
            && let Some(run) = history.next_run().await?
        {
            runs.push(run);
        }
        if runs.is_empty() {
            return Ok((ids, folded));
        }
        ids.extend(runs.iter().map(|run| run.id.clone()));
        folded.extend(fold(runs, inputs).await?);
    }
}

/// Folding takes a while, and so is not for the threads that answer.
async fn fold(runs: Vec<Run>, inputs: &Arc<Inputs>) -> Result<Vec<LiveRun>, Error> {
    let inputs = Arc::clone(inputs);
    let folding = tokio::task::spawn_blocking(move || {
        runs.iter().filter_map(|run| site::fold_live(&inputs, run)).collect()
    });
    Ok(folding.await.map_err(std::io::Error::other)?)
}

/// Renders the site; the one before stays if that fails.
async fn render(app: &App) {
    let began = Instant::now();
    let Some(inputs) = app.read().inputs.clone() else { return };
    let (app, handle) = (app.clone(), tokio::runtime::Handle::current());
    let building = tokio::task::spawn_blocking(move || {
        handle.block_on(build(&app, &inputs)).map(|built| (app, built))
    });
    match building.await {
        Ok(Ok((app, built))) => {
            app.telemetry.rendered(began.elapsed());
            tracing::info!(
                files = built.files,
                runs = built.runs,
                read = built.read,
                seconds = began.elapsed().as_secs_f64(),
                "the site was rendered"
            );
        }
        Ok(Err(error)) => {
            tracing::error!(error = %problem::chain(&error), "rendering the site failed");
        }
        Err(error) => tracing::error!(%error, "rendering the site failed"),
    }
}

async fn build(app: &App, inputs: &Inputs) -> Result<site::Built, site::Error> {
    let (out, cache) = (&app.settings.site, &app.settings.cache);
    site::build(&app.store, inputs, out, Some(cache), Timestamp::now()).await
}
