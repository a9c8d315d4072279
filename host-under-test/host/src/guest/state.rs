//! What a store holds for its guest, and what the guest may reach through it:
//! clocks, randomness, stderr. No files, no network, no environment.

use http::HeaderName;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView,
    WasiHttpHooks, WasiHttpView,
};

/// The host's side of one guest instance.
pub(crate) struct GuestState {
    table: ResourceTable,
    /// Made at the first use: seeding its random generators costs more than the
    /// rest of this struct, and a plain HTTP handler never asks for them.
    wasi: Option<WasiCtx>,
    http: WasiHttpCtx,
    hooks: Hooks,
}

/// A store for one request.
pub(super) fn new_store(engine: &Engine) -> Store<GuestState> {
    Store::new(
        engine,
        GuestState {
            table: ResourceTable::new(),
            wasi: None,
            http: WasiHttpCtx::new(),
            hooks: Hooks,
        },
    )
}

/// What a guest prints goes to stderr: stdout carries the ready line only.
fn new_wasi() -> WasiCtx {
    WasiCtx::builder()
        .stdout(wasmtime_wasi::cli::stderr())
        .stderr(wasmtime_wasi::cli::stderr())
        .build()
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: self.wasi.get_or_insert_with(new_wasi), table: &mut self.table }
    }
}

impl WasiHttpView for GuestState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// Decisions of `wasi:http` that belong to the host.
struct Hooks;

/// What `send_request` answers: a response, and the rest of its transmission.
type Sent =
    Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for Hooks {
    /// Same answer as the default, which allocates for each header.
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }

    /// Outgoing requests are not linked, so no guest gets here.
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _transmitted: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        Box::new(std::future::ready(Err(Error::HttpRequestDenied)))
    }
}
