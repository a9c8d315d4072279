//! A host: workloads on an engine, reached through one table of routes.

mod assemble;
mod bind;
mod chain;
mod link;
mod outgoing;
mod schedule;
mod start;
mod status;
mod volumes;
mod workload;

pub use start::StartNs;
pub use status::{ComponentStatus, ScheduleStatus, ServiceStatus, State, WorkloadStatus};
pub use workload::Workload;

use crate::egress::{ClientConfig, OutgoingHandler, PooledClient};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::guest::Guest;
use crate::image::Images;
use crate::plugin::{self, HostPlugin};
use crate::route::Table;
use crate::serve::{ServeConfig, Server, answer_in_process, serve};
use crate::workload::WorkloadSpec;
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Makes the way out of each workload: one handler, with its connections, for
/// all its components.
pub type OutgoingHandlers = Arc<dyn Fn(&WorkloadSpec) -> Arc<dyn OutgoingHandler> + Send + Sync>;

/// What holds for every workload of a host.
#[derive(Clone)]
pub struct HostConfig {
    /// How long a guest may take for its answer, and for each further part of it.
    pub request_timeout: Duration,
    /// Requests that one component may have under way.
    pub max_instances_per_component: u32,
    /// Outgoing requests that one workload may have under way.
    pub max_outgoing_requests: usize,
    /// Where images are pulled from and kept.
    pub images: Arc<Images>,
    /// How outgoing requests are sent.
    pub outgoing: OutgoingHandlers,
    /// What is offered beyond the base; the first of a package is its default.
    pub plugins: Vec<Arc<dyn HostPlugin>>,
}

impl HostConfig {
    /// Everything but the images as most would want it.
    pub fn new(images: Images) -> Self {
        Self {
            request_timeout: Duration::from_secs(30),
            max_instances_per_component: 1000,
            max_outgoing_requests: 256,
            images: Arc::new(images),
            outgoing: pooled(ClientConfig::default()),
            plugins: plugin::all(),
        }
    }
}

impl HostConfig {
    /// Adds a plugin.
    ///
    /// # Errors
    /// When there is one of the same package with the same name.
    pub fn add_plugin(&mut self, plugin: Arc<dyn HostPlugin>) -> Result<()> {
        let key = |it: &Arc<dyn HostPlugin>| (it.package(), it.backend().map(str::to_owned));
        if let Some(taken) = self.plugins.iter().map(key).find(|other| *other == key(&plugin)) {
            let ((namespace, package), name) = taken;
            let name = name.unwrap_or_default();
            return Err(Error::Input(format!(
                "there is a plugin `{name}` of {namespace}:{package} already: choose another name"
            )));
        }
        self.plugins.push(plugin);
        Ok(())
    }
}

/// A pool of kept connections for each workload.
pub(crate) fn pooled(config: ClientConfig) -> OutgoingHandlers {
    Arc::new(move |_| Arc::new(PooledClient::new(config)))
}

/// Runs workloads. Cheap to clone: all clones are the same host.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    engine: Engine,
    config: HostConfig,
    table: Arc<Table<Arc<Guest>>>,
    workloads: Mutex<BTreeMap<String, Arc<Workload>>>,
}

impl Host {
    /// A host without workloads.
    pub fn new(engine: Engine, config: HostConfig) -> Self {
        let table = Arc::new(Table::new());
        Self { inner: Arc::new(Inner { engine, config, table, workloads: Mutex::default() }) }
    }

    /// Starts a workload: from here on it is listed, and once this returns it
    /// answers requests. `precompiled` is the output of `compile` for a workload
    /// whose components all run one file.
    ///
    /// # Errors
    /// What is wrong with the workload, or with its name, which must be free.
    /// After any other error it stays listed, in the state `Error`.
    pub async fn start(
        &self,
        spec: WorkloadSpec,
        precompiled: Option<&Path>,
    ) -> Result<(Arc<Workload>, StartNs)> {
        let title = spec.title();
        let workload = Arc::new(Workload::new(spec));
        {
            let mut workloads = self.workloads();
            match workloads.get(&title).map(|other| other.state()) {
                None | Some(State::Error | State::Completed) => {}
                Some(_) => {
                    return Err(Error::Input(format!(
                        "a workload {title} is here already: stop it first or give this one \
                         another name"
                    )));
                }
            }
            workloads.insert(title, Arc::clone(&workload));
        }
        let started = start::start(&self.inner, &workload, precompiled).await;
        if let Err(error) = &started {
            workload.fail(&error.to_string());
        }
        started.map(|took| (workload, took))
    }

    /// Stops a workload: it gets no further requests, those under way get
    /// `grace`, and then it is gone. False if they were cut short.
    ///
    /// # Errors
    /// When there is no such workload.
    pub async fn stop(&self, title: &str, grace: Duration) -> Result<bool> {
        let workload = self.find(title)?;
        let well = workload.stop(&self.inner.table, grace).await;
        let mut workloads = self.workloads();
        if workloads.get(title).is_some_and(|listed| Arc::ptr_eq(listed, &workload)) {
            workloads.remove(title);
        }
        Ok(well)
    }

    /// How a workload is.
    ///
    /// # Errors
    /// When there is no such workload.
    pub fn status(&self, title: &str) -> Result<WorkloadStatus> {
        Ok(self.find(title)?.status())
    }

    /// Every workload, by title.
    pub fn workloads_status(&self) -> Vec<WorkloadStatus> {
        self.workloads().values().map(|workload| workload.status()).collect()
    }

    /// How often each plugin that can fail was started again, by its name.
    pub fn plugin_restarts(&self) -> Vec<(String, u64)> {
        let plugins = self.inner.config.plugins.iter();
        let named = plugins.filter_map(|it| Some((it.backend()?.to_owned(), it.restarts()?)));
        named.collect()
    }

    /// Whether some component answers for this host and path.
    pub fn routes<B>(&self, request: &Request<B>) -> bool {
        self.inner.table.find(request).is_ok()
    }

    /// Answers one request that is made in this process, whole. What the host
    /// itself answers (404, 500, 503) looks the same as over a socket.
    ///
    /// # Errors
    /// When the guest stops in the middle of its response.
    pub async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        answer_in_process(&self.inner.table, request).await
    }

    /// Answers requests on a socket until `stop` turns true and those under way
    /// are answered. Whoever is not that patient drops this future.
    ///
    /// # Errors
    /// When the socket has no address.
    pub async fn serve(
        &self,
        listener: TcpListener,
        config: ServeConfig,
        stop: watch::Receiver<bool>,
    ) -> Result<()> {
        let failed = |e: &dyn std::fmt::Display| Error::Runtime(format!("serving: {e}"));
        let addr = listener.local_addr().map_err(|e| failed(&e))?;
        let default_host = HeaderValue::from_str(&addr.to_string()).map_err(|e| failed(&e))?;
        let server = Server { table: Arc::clone(&self.inner.table), config, default_host };
        serve(listener, server, stop).await;
        Ok(())
    }

    pub(crate) fn workloads(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Workload>>> {
        self.inner.workloads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, title: &str) -> Result<Arc<Workload>> {
        let found = self.workloads().get(title).cloned();
        found.ok_or_else(|| Error::Input(format!("there is no workload {title}")))
    }
}
