//! `bench serve`: the site and the HTTP API of a database, until it is told to stop.

mod watched;

use super::site;
use crate::cli::Serve;
use crate::exit::Exit;
use crate::output::note;
use crate::project::Project;
use crate::service_settings;
use anyhow::{Context, Result};
use model::Digest;
use serve::{Checkout, Inputting, Settings};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{Store, StoreError};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};

/// How long after a database could only be read it is tried again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

pub(super) fn run(project: Project, arguments: &Serve) -> Result<Exit> {
    let watched = watched::begin(arguments.log)?;
    // Nothing is measured here, so there may be as many threads as there are CPUs.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(answer(project, arguments));
    // What waits for GitHub or a mail server is told again after the next start.
    runtime.shutdown_timeout(Duration::from_secs(5));
    drop(watched);
    exit
}

async fn answer(project: Project, arguments: &Serve) -> Result<Exit> {
    let (mut store, mut may_write) = open(&project).await?;
    let name = std::path::absolute(&project.database)?;
    let own = Digest::of(name.as_os_str().as_encoded_bytes()).short();
    let site = arguments.site.clone();
    let site = site.unwrap_or_else(|| project.cache.join("serve").join(own).join("site"));
    let service = &project.config.service;
    let github = service_settings::github(service)?;
    if let (Some(config), None) = (&service.github, &github) {
        note(&format!(
            "nothing is heard of {} or told to it: no secret of it is set (operation/README.md)",
            config.repository
        ));
    }
    let settings = Settings {
        is_private: arguments.private,
        is_behind_proxy: arguments.behind_proxy,
        rate_per_s: arguments.rate,
        render_every: Duration::from_secs(arguments.render_every),
        lease: Duration::from_secs(arguments.lease),
        url: service.url.clone(),
        tell: Arc::new(service_settings::tell(service)?),
        github: github.map(Arc::new),
        ..Settings::of(site, project.cache.join("site"))
    };
    let listener = TcpListener::bind(arguments.listen).await;
    let listener = listener.with_context(|| format!("listening on {}", arguments.listen))?;
    note(&format!("http://{}/ (Ctrl-C ends it)", listener.local_addr()?));
    let (told, stopping) = watch::channel(false);
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        let _ = told.send(true);
    });
    let here = Here(Arc::new(project));
    let listener = listener.into_std()?;
    loop {
        let listener = TcpListener::from_std(listener.try_clone()?)?;
        let (mut stopping, (writable, found)) = (stopping.clone(), oneshot::channel());
        let path = here.0.database.clone();
        let shutdown = async move {
            tokio::select! {
                _ = stopping.wait_for(|told| *told) => {}
                store = writable_again(&path), if !may_write => drop(writable.send(store)),
            }
        };
        serve::serve(listener, store.clone(), here.clone(), settings.clone(), shutdown).await?;
        store.close().await;
        match found.await {
            Ok(opened) => (store, may_write) = (opened, true),
            Err(_) => return Ok(Exit::Fine),
        }
    }
}

/// For writing if that can be, and whether it can: a database that may only be read is
/// served all the same, and says so to those who write.
async fn open(project: &Project) -> Result<(Store, bool)> {
    match Store::open(&project.database).await {
        Err(StoreError::ReadOnly { .. }) => {
            tracing::warn!("the database may only be read; whoever writes is told to come again");
            Ok((Store::open_read_only(&project.database).await?, false))
        }
        opened => Ok((opened?, true)),
    }
}

/// Waits until a database that might only be read may be written.
async fn writable_again(path: &Path) -> Store {
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        if let Ok(store) = Store::open(path).await {
            tracing::info!("the database may be written again");
            return store;
        }
    }
}

/// This checkout.
#[derive(Clone)]
struct Here(Arc<Project>);

impl Checkout for Here {
    fn inputs<'a>(&'a self, store: &'a Store) -> Inputting<'a> {
        let (project, store) = (Arc::clone(&self.0), store.clone());
        Box::pin(async move {
            let handle = Handle::current();
            // Reads files and git.
            let reading = tokio::task::spawn_blocking(move || {
                handle.block_on(site::everything(&project, &store))
            });
            let read = reading.await.map_err(|error| error.to_string())?;
            read.map_err(|error| format!("{error:#}"))
        })
    }
}
