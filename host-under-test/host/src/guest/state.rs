//! What a store holds for its guest, and what the guest may reach through it:
//! clocks, randomness, stderr, and what its component was given (environment,
//! volumes, configuration, outgoing requests).

use super::limits::{Deadline, MemoryLimit, ProcessorShare, at_epoch};
use crate::egress::{Egress, OutgoingRequest};
use crate::network::{Network, NetworkView};
use crate::plugin::blobstore::{self, Blobstores};
use crate::plugin::{Caller, Log, StderrLog, Stores, keyvalue, logging};
use crate::provider::caller::CallerView;
use http::HeaderName;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_config::WasiConfigVariables;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView,
    WasiHttpHooks, WasiHttpView,
};

/// Resources (requests, bodies, streams, files) that one instance may hold. A
/// guest that leaks them is stopped here, not by the host's memory.
const MAX_RESOURCES: usize = 10_000;

/// What every instance of a component gets.
pub(crate) struct Surroundings {
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) config: WasiConfigVariables,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) egress: Option<Arc<Egress>>,
    pub(crate) plugins: Plugins,
    pub(crate) network: Arc<Network>,
    pub(crate) memory_limit_bytes: Option<u64>,
    pub(crate) processor: Option<Arc<ProcessorShare>>,
}

/// What plugins provide for a component.
pub(crate) struct Plugins {
    /// Who the component is to them.
    pub(crate) caller: Caller,
    pub(crate) stores: Stores,
    pub(crate) blobs: Blobstores,
    pub(crate) log: Option<Arc<dyn Log>>,
}

impl Plugins {
    /// Nothing, for a component that nobody else sees.
    pub(crate) fn none() -> Self {
        let caller = Caller { workload: String::new(), component: String::new() };
        Self { caller, stores: Stores::default(), blobs: Blobstores::default(), log: None }
    }
}

/// A folder that a guest sees.
pub(crate) struct Mount {
    pub(crate) folder: PathBuf,
    pub(crate) guest_path: String,
    pub(crate) read_only: bool,
}

impl Surroundings {
    /// Nothing beyond the base.
    pub(crate) fn nothing() -> Self {
        Self {
            environment: Vec::new(),
            config: WasiConfigVariables::new(),
            mounts: Vec::new(),
            egress: None,
            plugins: Plugins::none(),
            network: Arc::default(),
            memory_limit_bytes: None,
            processor: None,
        }
    }

    /// What a guest prints goes to stderr: stdout carries the ready line only.
    fn new_wasi(&self) -> WasiCtx {
        let mut wasi = WasiCtx::builder();
        wasi.stdout(wasmtime_wasi::cli::stderr()).stderr(wasmtime_wasi::cli::stderr());
        wasi.envs(&self.environment);
        for Mount { folder, guest_path, read_only } in &self.mounts {
            let allowed = if *read_only { FsPerms::ReadOnly } else { FsPerms::ReadWrite };
            // Opened anew for each instance: gone since the start, it is as
            // absent for this guest as for any other program.
            if let Err(error) = wasi.preopened_dir(folder, guest_path, allowed) {
                eprintln!("host-under-test: opening the volume {}: {error:#}", folder.display());
            }
        }
        wasi.build()
    }
}

/// The host's side of one guest instance.
pub(crate) struct GuestState {
    table: ResourceTable,
    /// Made at the first use: seeding its random generators costs more than the
    /// rest of this struct, and a plain HTTP handler never asks for them.
    wasi: Option<WasiCtx>,
    http: WasiHttpCtx,
    hooks: Hooks,
    memory: MemoryLimit,
    blob_limits: blobstore::Limits,
    pub(crate) deadline: Deadline,
    /// Who is calling, if it provides for others.
    pub(crate) calling: Option<Arc<Caller>>,
}

impl GuestState {
    pub(crate) fn config(&self) -> &WasiConfigVariables {
        &self.hooks.around.config
    }

    pub(crate) fn keyvalue(&mut self) -> keyvalue::View<'_> {
        let Plugins { caller, stores, .. } = &self.hooks.around.plugins;
        keyvalue::View { stores, caller, table: &mut self.table }
    }

    pub(crate) fn blobstore(&mut self) -> blobstore::View<'_> {
        let stores = &self.hooks.around.plugins.blobs;
        blobstore::View { stores, limits: &mut self.blob_limits, table: &mut self.table }
    }

    pub(crate) fn network(&mut self) -> NetworkView<'_> {
        NetworkView { network: &self.hooks.around.network, table: &mut self.table }
    }

    pub(crate) fn calling(&mut self) -> CallerView<'_> {
        CallerView(self.calling.as_deref())
    }

    pub(crate) fn log(&mut self) -> logging::LogView<'_> {
        let Plugins { caller, log, .. } = &self.hooks.around.plugins;
        let log = log.as_deref().unwrap_or(&StderrLog { least: None });
        logging::LogView { log, caller }
    }
}

/// A store for one instance, with its limits in force.
pub(crate) fn new_store(
    engine: &Engine,
    around: &Arc<Surroundings>,
    deadline: Deadline,
) -> Store<GuestState> {
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_RESOURCES);
    let mut store = Store::new(
        engine,
        GuestState {
            table,
            wasi: None,
            http: WasiHttpCtx::new(),
            hooks: Hooks { around: Arc::clone(around) },
            memory: MemoryLimit::new(around.memory_limit_bytes),
            blob_limits: blobstore::Limits::default(),
            deadline,
            calling: None,
        },
    );
    store.limiter(|state| &mut state.memory);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|store| {
        let state = store.data();
        at_epoch(&state.deadline, state.hooks.around.processor.as_deref())
    });
    store
}

/// A store for an instance that nobody calls.
pub(crate) fn bare_store(engine: &Engine) -> Store<GuestState> {
    new_store(engine, &Arc::new(Surroundings::nothing()), Deadline::start(Duration::MAX))
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let around = &self.hooks.around;
        WasiCtxView {
            ctx: self.wasi.get_or_insert_with(|| around.new_wasi()),
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for GuestState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Decisions of `wasi:http` that belong to the host.
struct Hooks {
    around: Arc<Surroundings>,
}

/// What `send_request` answers: a response, and the rest of its transmission.
type Sent =
    Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for Hooks {
    /// Same answer as the default, which allocates for each header.
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _transmitted: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let Some(egress) = self.around.egress.clone() else {
            return Box::new(std::future::ready(Err(Error::HttpRequestDenied)));
        };
        let timeouts = options.unwrap_or(RequestOptions {
            connect_timeout: None,
            first_byte_timeout: None,
            between_bytes_timeout: None,
        });
        let request = OutgoingRequest {
            request,
            connect_timeout: timeouts.connect_timeout.unwrap_or(DEFAULT_TIMEOUT),
            first_byte_timeout: timeouts.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT),
            between_bytes_timeout: timeouts.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT),
        };
        Box::new(async move {
            let response = egress.send(request).await?;
            let transmitted: Box<dyn Future<Output = _> + Send> =
                Box::new(std::future::ready(Ok(())));
            Ok((response, transmitted))
        })
    }
}

/// What a guest that sets no timeout waits for an outgoing request.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
