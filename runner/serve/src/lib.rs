//! The service: the site and an HTTP API, live from a store; uploads of bundles;
//! the queue of jobs and its workers.
//!
//! [`serve`] answers until it is told to stop. Reading order: `app` (which address is
//! answered by what), `snapshot` (what is answered from), `refresh` (how that follows
//! the store), `api` (the answers), `access` and `limits` (who may ask), `uploads`, `jobs`
//! and `hooks` (what comes in), `reports`, `regressions` and `notices` (what goes out).
//!
//! What must not be here: SQL (`store`), statistics and verdicts (`stats`), units
//! (`model::Metric`), the command line. What only a checkout knows comes through
//! [`Checkout`].

#![allow(unused_qualifications, reason = "the macros of utoipa write every path out")]

mod access;
mod api;
mod app;
mod body;
mod booking;
mod cached;
mod checkout;
mod errand;
mod events;
mod extract;
mod hooks;
mod jobs;
mod limits;
mod listen;
mod log;
mod notices;
mod openapi;
mod page;
mod problem;
mod refresh;
mod regressions;
mod reports;
mod secret;
mod settings;
mod snapshot;
mod telemetry;
mod uploads;

pub use checkout::{Checkout, Inputting};
pub use jobs::{FinishIn, JobOut, LeaseIn, LeaseOut, RenewIn, RenewOut, check_arguments};
pub use openapi::document;
pub use secret::{Secret, new_name};
pub use settings::{GitHub, Settings, Tell};

use std::future::Future;
use store::{Store, StoreError};
use tokio::net::TcpListener;

/// Why the service could not begin, or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What stands in the checkout could not be read.
    #[error("reading the checkout: {0}")]
    Checkout(String),
    /// The series could not be made.
    #[error(transparent)]
    Site(#[from] site::Error),
    /// Connections could not be accepted.
    #[error("accepting connections")]
    Listen(#[from] std::io::Error),
}

/// Answers requests on `listener` until `shutdown` completes; those under way are
/// answered still.
///
/// # Errors
/// When the store cannot be read at the beginning, or no connection be accepted.
pub async fn serve(
    listener: TcpListener,
    store: Store,
    checkout: impl Checkout + 'static,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let app = app::App::open(store, Box::new(checkout), settings).await?;
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let refreshing = tokio::spawn(refresh::follow(app.clone(), stopping.clone()));
    let showing = tokio::spawn(refresh::show(app.clone(), stopping.clone()));
    tokio::spawn(reports::follow(app.clone(), stopping.clone()));
    tokio::spawn(regressions::follow(app.clone(), stopping.clone()));
    tokio::spawn(async move {
        shutdown.await;
        // Nobody listens any more only when all have ended already.
        let _ = stop.send(true);
    });
    let allowed = listen::Allowed {
        header_timeout: app.settings.header_timeout,
        most_connections: app.settings.most_connections,
    };
    let router = app::router(app, stopping.clone());
    listen::until(listener, router, allowed, stopping).await;
    // They end by the same signal; what is being rendered is rendered still.
    let _ = tokio::join!(refreshing, showing);
    Ok(())
}
