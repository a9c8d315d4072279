//! One request in one fresh instance, for both generations of WASI.
//!
//! A guest runs inside its connection's task: polled by the service until the
//! response's head is there, then by the response's body, so that no task is
//! spawned and no channel wakes another thread on the way. When the client goes
//! away both are dropped, and the instance with them. Nothing here knows hosts,
//! sockets or workload files.

mod body;
mod p2;
mod p3;
mod state;

pub(crate) use body::Body;
pub(crate) use state::GuestState;

use crate::workload::WasiVersion;
use body::GuestBody;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::{mpsc, oneshot};
use wasmtime::PoolConcurrencyLimitError;
use wasmtime::component::InstancePre;
use wasmtime_wasi_http::{WasiBody, p2 as http_p2, p3 as http_p3};

/// Keeps the process from ending while it exists: one for each connection, and
/// one for each guest that works on after its response.
pub(crate) type Alive = mpsc::Sender<std::convert::Infallible>;

/// A guest at work. Ends, and gives its instance back, when it has nothing left
/// to do.
type Run = Pin<Box<dyn Future<Output = wasmtime::Result<()>> + Send>>;

/// What a guest answers: a response, or the error code it chose instead.
type Answer = Result<Response<WasiBody>, String>;

/// Why there is no response of the guest's own.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Every instance slot is taken.
    Busy,
    /// It trapped, or could not be instantiated.
    Trap(wasmtime::Error),
    /// It answered with an error code of `wasi:http`.
    ErrorCode(String),
    /// It ended without a response.
    Silent,
}

/// A linked component, ready to be instantiated for each request.
#[derive(Clone)]
pub(crate) struct Guest {
    linked: Arc<Linked>,
}

enum Linked {
    P2(http_p2::bindings::ProxyPre<GuestState>),
    P3(http_p3::bindings::ServicePre<GuestState>),
}

impl Guest {
    /// Fails if the component's handler does not have the type WASI gives it.
    pub(crate) fn new(
        version: WasiVersion,
        component: InstancePre<GuestState>,
    ) -> wasmtime::Result<Self> {
        let linked = match version {
            WasiVersion::P2 => Linked::P2(http_p2::bindings::ProxyPre::new(component)?),
            WasiVersion::P3 => Linked::P3(http_p3::bindings::ServicePre::new(component)?),
        };
        Ok(Self { linked: Arc::new(linked) })
    }

    /// Answers one request.
    pub(crate) async fn respond(
        &self,
        request: Request<Incoming>,
        alive: &Alive,
    ) -> Result<Response<Body>, Failure> {
        let is_head = request.method() == Method::HEAD;
        let (sender, mut receiver) = oneshot::channel();
        let linked = self.linked.clone();
        let mut run: Run = match *linked {
            Linked::P2(_) => Box::pin(p2::run(linked, request, sender)),
            Linked::P3(_) => Box::pin(p3::run(linked, request, sender)),
        };
        let (answer, ended) = poll_fn(|cx| {
            let ended = match run.as_mut().poll(cx) {
                Poll::Ready(Ok(())) => true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(failure(error))),
                Poll::Pending => false,
            };
            // Only the guest sends, and it was just polled: asking once is enough.
            match receiver.try_recv() {
                Ok(answer) => Poll::Ready(Ok((answer, ended))),
                Err(_) if ended => Poll::Ready(Err(Failure::Silent)),
                Err(_) => Poll::Pending,
            }
        })
        .await?;
        let response = answer.map_err(Failure::ErrorCode)?;
        let run = (!ended).then_some(run);
        Ok(GuestBody::attach(response, run, is_head, alive))
    }
}

fn failure(error: wasmtime::Error) -> Failure {
    if error.is::<PoolConcurrencyLimitError>() { Failure::Busy } else { Failure::Trap(error) }
}
