//! A component that runs for long instead of answering requests: its
//! `wasi:cli/run` is called once, in an instance that lives as long as the call.

use super::limits::{Deadline, Metered};
use super::state::new_store;
use super::{GuestState, Surroundings};
use crate::component::Linked;
use crate::error::{Error, Result, why};
use std::sync::Arc;
use std::time::Duration;
use wasmtime_wasi::p2::bindings as p2;
use wasmtime_wasi::p3::bindings as p3;

/// A linked service.
pub(crate) struct ServiceRun {
    /// Keeps the code shared with other workloads of the same component.
    _linked: Arc<Linked>,
    run: Run,
    around: Arc<Surroundings>,
}

enum Run {
    P2(p2::CommandPre<GuestState>),
    P3(p3::CommandPre<GuestState>),
}

/// How a service ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It returned, and said that all was well.
    Well,
    /// It returned an error, or trapped.
    Badly(String),
}

impl ServiceRun {
    /// Fails if the component exports no `wasi:cli/run`.
    pub(crate) fn new(linked: &Arc<Linked>, around: Surroundings, name: &str) -> Result<Self> {
        let instance = || linked.instance.clone();
        let run = p3::CommandPre::new(instance())
            .map(Run::P3)
            .or_else(|_| p2::CommandPre::new(instance()).map(Run::P2))
            .map_err(|e| {
                Error::input(
                    format_args!("{name} is no service: it exports no wasi:cli/run of 0.2 or 0.3"),
                    &e,
                )
            })?;
        Ok(Self { _linked: Arc::clone(linked), run, around: Arc::new(around) })
    }

    /// Runs it once, to its end.
    pub(crate) async fn once(&self) -> Ended {
        let call = Box::pin(self.call());
        let ended = match &self.around.processor {
            Some(share) => Metered::new(call, Arc::clone(share)).await,
            None => call.await,
        };
        match ended {
            Ok(Ok(())) => Ended::Well,
            Ok(Err(())) => Ended::Badly("it returned an error".to_owned()),
            Err(trap) => Ended::Badly(why(&trap)),
        }
    }

    async fn call(&self) -> wasmtime::Result<std::result::Result<(), ()>> {
        // A service has all the time there is; it still yields at every epoch.
        let deadline = Deadline::start(Duration::MAX);
        match &self.run {
            Run::P2(linked) => {
                let mut store = new_store(linked.engine(), &self.around, deadline);
                let command = linked.instantiate_async(&mut store).await?;
                command.wasi_cli_run().call_run(&mut store).await
            }
            Run::P3(linked) => {
                let mut store = new_store(linked.engine(), &self.around, deadline);
                let command = linked.instantiate_async(&mut store).await?;
                store
                    .run_concurrent(async |accessor| {
                        command.wasi_cli_run().call_run(accessor).await
                    })
                    .await
                    .flatten()
            }
        }
    }
}
