//! A request handled through `wasi:http/handler@0.3.x`.

use super::counters::Place;
use super::limits::Deadline;
use super::state::GuestState;
use super::warm::Lease;
use super::{Answer, Guest, RequestBody};
use http::header::HOST;
use http::uri::{Authority, Scheme};
use std::future::poll_fn;
use std::sync::Arc;
use tokio::sync::oneshot;
use wasmtime::component::Accessor;
use wasmtime_wasi_http::p3::Request;
use wasmtime_wasi_http::p3::bindings::Service;
use wasmtime_wasi_http::{Error, FieldMap, WasiHttpView};

/// Takes an instance, calls it, and ends when the guest has nothing left to do,
/// which for a streamed body is long after the response was sent.
pub(super) async fn run(
    guest: Arc<Guest>,
    request: http::Request<RequestBody>,
    deadline: Deadline,
    sender: oneshot::Sender<Answer>,
    _place: Place,
) -> wasmtime::Result<()> {
    let mut lease = Lease::take(guest, deadline).await?;
    let (store, service) = lease.instance();
    let ran = store
        .run_concurrent(async |accessor| {
            let answer = handle(accessor, service, request).await?;
            // Nobody receives when the client has gone away; no harm then.
            let _ = sender.send(answer);
            poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
            wasmtime::error::Ok(())
        })
        .await
        .flatten();
    lease.end(ran.is_ok());
    ran
}

/// One call of the handler. An error is a trap, which ends the instance.
pub(super) async fn handle(
    accessor: &Accessor<GuestState>,
    service: &Service,
    request: http::Request<RequestBody>,
) -> wasmtime::Result<Answer> {
    let (request, transmitted) =
        accessor.with(|mut access| guest_request(access.data_mut(), request));
    match service.handle(accessor, request).await? {
        Ok(response) => {
            let response = accessor.with(|access| response.into_http(access, transmitted))?;
            Ok(Ok(response))
        }
        Err(code) => Ok(Err(format!("{code:?}"))),
    }
}

/// The request as the guest sees it. The `Host` header is hidden from guests, so
/// its value becomes the authority, as it does in 0.2.
fn guest_request(
    state: &mut GuestState,
    request: http::Request<RequestBody>,
) -> (Request, impl Future<Output = Result<(), Error>> + Send + use<>) {
    let (parts, body) = request.into_parts();
    let uri = parts.uri.into_parts();
    let authority = uri.authority.or_else(|| {
        let host = parts.headers.get(HOST)?;
        Authority::try_from(host.as_bytes()).ok()
    });
    let headers = FieldMap::new_immutable(state.http().hooks, parts.headers);
    Request::new(
        parts.method,
        Some(Scheme::HTTP),
        authority,
        uri.path_and_query,
        headers,
        None,
        body,
    )
}
