//! A request handled through `wasi:http/incoming-handler@0.2.x`.

use super::counters::{Place, count};
use super::limits::Deadline;
use super::state::new_store;
use super::{Answer, Guest, Handler, RequestBody};
use http::Request;
use std::sync::Arc;
use tokio::sync::oneshot;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;

/// Instantiates, calls, and ends when the guest has nothing left to do.
pub(super) async fn run(
    guest: Arc<Guest>,
    request: Request<RequestBody>,
    deadline: Deadline,
    sender: oneshot::Sender<Answer>,
    _place: Place,
) -> wasmtime::Result<()> {
    let Handler::P2(linked) = &guest.handler else {
        unreachable!("the caller matched the version");
    };
    let mut store = new_store(linked.engine(), &guest.around, deadline);
    let proxy = linked.instantiate_async(&mut store).await?;
    count(&guest.counters.instances);
    let mut view = store.data_mut().http();
    let request = view.new_incoming_request(Scheme::Http, request)?;
    let outparam = view.new_response_outparam_from_callback(move |answer| {
        // Nobody receives when the client has gone away; no harm then.
        let _ = sender.send(answer.map_err(|code| format!("{code:?}")));
    })?;
    proxy.wasi_http_incoming_handler().call_handle(&mut store, request, outparam).await?;
    Ok(())
}
