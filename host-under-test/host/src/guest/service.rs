//! A component that runs for long instead of answering requests: its
//! `wasi:cli/run` is called once, in an instance that lives as long as the call.

use super::limits::{Deadline, Metered};
use super::shared::serve;
use super::state::new_store;
use super::{GuestState, Pinned, Surroundings};
use crate::component::Linked;
use crate::error::{Error, Result, why};
use std::sync::Arc;
use std::time::Duration;
use wasmtime_wasi::p2::bindings as p2;
use wasmtime_wasi::p3::bindings as p3;
use wasmtime_wasi_http::p3::bindings::{Service, ServicePre};

/// A linked service.
pub(crate) struct ServiceRun {
    /// Keeps the code shared with other workloads of the same component.
    _linked: Arc<Linked>,
    run: Run,
    around: Arc<Surroundings>,
    /// For one run; a service has all the time there is.
    timeout: Option<Duration>,
    /// If it also answers requests.
    pinned: Option<(ServicePre<GuestState>, Arc<Pinned>)>,
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
        Ok(Self {
            _linked: Arc::clone(linked),
            run,
            around: Arc::new(around),
            timeout: None,
            pinned: None,
        })
    }

    /// Ends a run that takes longer.
    pub(crate) fn within(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Has its instance answer requests as well.
    pub(crate) fn answering(mut self, pinned: Arc<Pinned>, name: &str) -> Result<Self> {
        let Run::P3(_) = self.run else {
            return Err(Error::Input(format!(
                "{name} exports wasi:http/handler@0.3 but wasi:cli/run of 0.2: one instance can \
                 only do both if both are of 0.3"
            )));
        };
        let handler = ServicePre::new(self._linked.instance.clone())
            .map_err(|e| Error::input(format_args!("{name} exports no wasi:http/handler"), &e))?;
        self.pinned = Some((handler, pinned));
        Ok(self)
    }

    /// Runs it once, to its end.
    pub(crate) async fn once(&self) -> Ended {
        let call = Box::pin(self.call());
        let call = async {
            match &self.around.processor {
                Some(share) => Metered::new(call, Arc::clone(share)).await,
                None => call.await,
            }
        };
        let ended = match self.timeout {
            None => call.await,
            Some(timeout) => match tokio::time::timeout(timeout, call).await {
                Ok(ended) => ended,
                Err(_) => return Ended::Badly(format!("it took longer than {timeout:?}")),
            },
        };
        match ended {
            Ok(Ok(())) => Ended::Well,
            Ok(Err(())) => Ended::Badly("it returned an error".to_owned()),
            Err(trap) => Ended::Badly(why(&trap)),
        }
    }

    async fn call(&self) -> wasmtime::Result<std::result::Result<(), ()>> {
        // Whatever its time, it yields at every epoch.
        let deadline = Deadline::start(self.timeout.unwrap_or(Duration::MAX));
        match &self.run {
            Run::P2(linked) => {
                let mut store = new_store(linked.engine(), &self.around, deadline);
                let command = linked.instantiate_async(&mut store).await?;
                command.wasi_cli_run().call_run(&mut store).await
            }
            Run::P3(linked) => {
                let mut store = new_store(linked.engine(), &self.around, deadline);
                let instance = linked.instance_pre().instantiate_async(&mut store).await?;
                let command = p3::Command::new(&mut store, &instance)?;
                let Some((_, pinned)) = &self.pinned else {
                    return store
                        .run_concurrent(async |accessor| {
                            command.wasi_cli_run().call_run(accessor).await
                        })
                        .await
                        .flatten();
                };
                let handler = Service::new(&mut store, &instance)?;
                let (instance, mut calls) = pinned.up();
                let ran = store
                    .run_concurrent(async |accessor| {
                        tokio::select! {
                            ran = command.wasi_cli_run().call_run(accessor) => ran,
                            served = serve(accessor, &handler, &instance, &mut calls) => {
                                served.map(|()| Err(()))
                            }
                        }
                    })
                    .await
                    .flatten();
                instance.tear();
                pinned.down();
                ran
            }
        }
    }
}

impl Drop for ServiceRun {
    fn drop(&mut self) {
        if let Some((_, pinned)) = &self.pinned {
            pinned.gone();
        }
    }
}
