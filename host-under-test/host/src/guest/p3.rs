//! A request handled through `wasi:http/handler@0.3.x`.

use super::state::{GuestState, new_store};
use super::{Answer, Linked};
use http::header::HOST;
use http::uri::{Authority, Scheme};
use hyper::body::Incoming;
use std::future::poll_fn;
use std::sync::Arc;
use tokio::sync::oneshot;
use wasmtime_wasi_http::p3::Request;
use wasmtime_wasi_http::{Error, FieldMap, WasiHttpView};

/// Instantiates, calls, and ends when the guest has nothing left to do, which
/// for a streamed body is long after the response was sent.
pub(super) async fn run(
    linked: Arc<Linked>,
    request: http::Request<Incoming>,
    sender: oneshot::Sender<Answer>,
) -> wasmtime::Result<()> {
    let Linked::P3(linked) = &*linked else {
        unreachable!("the caller matched the version");
    };
    let mut store = new_store(linked.engine());
    let service = linked.instantiate_async(&mut store).await?;
    let (request, transmitted) = guest_request(store.data_mut(), request);
    store
        .run_concurrent(async |accessor| {
            let answer = match service.handle(accessor, request).await? {
                Ok(response) => {
                    Ok(accessor.with(|access| response.into_http(access, transmitted))?)
                }
                Err(code) => Err(format!("{code:?}")),
            };
            // Nobody receives when the client has gone away; no harm then.
            let _ = sender.send(answer);
            poll_fn(|cx| accessor.poll_no_interesting_tasks(cx)).await;
            wasmtime::error::Ok(())
        })
        .await??;
    Ok(())
}

/// The request as the guest sees it. The `Host` header is hidden from guests, so
/// its value becomes the authority, as it does in 0.2.
fn guest_request(
    state: &mut GuestState,
    request: http::Request<Incoming>,
) -> (Request, impl Future<Output = Result<(), Error>> + Send + 'static) {
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
