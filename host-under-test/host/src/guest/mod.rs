//! One component answering requests, for both generations of WASI: in a fresh
//! instance each, in a warm one that serves one request after the other, or in
//! one that serves several at once.
//!
//! A guest with an instance of its own runs inside its connection's task: polled
//! by the service until the response's head is there, then by the response's
//! body, so that no task is spawned and no channel wakes another thread on the
//! way. When the client goes away both are dropped, and the instance with them.
//! Nothing here knows hosts, routes, sockets or workload files.

mod body;
mod counters;
mod limits;
mod p2;
mod p3;
mod pinned;
mod request;
mod service;
mod shared;
mod state;
mod warm;

pub(crate) use body::Body;
pub(crate) use counters::Counters;
pub(crate) use limits::ProcessorShare;
pub(crate) use pinned::Pinned;
pub(crate) use request::RequestBody;
pub(crate) use service::{Ended, ServiceRun};
pub(crate) use state::{GuestState, Mount, Plugins, Surroundings, bare_store, new_store};

use crate::component::Linked;
use crate::error::{Error, Result};
use crate::workload::{PoolSpec, WasiVersion};
use body::{GuestBody, Held};
use counters::Place;
use http::{Method, Request, Response};
pub(crate) use limits::Deadline;
use limits::{DeadlineExceeded, Metered, Patience};
use shared::SharedPool;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use warm::WarmPool;
use wasmtime::PoolConcurrencyLimitError;
use wasmtime_wasi_http::{WasiBody, p2 as http_p2, p3 as http_p3};

/// Keeps the process from ending while it exists: one for each connection, and
/// one for each guest that works on after its response.
pub(crate) type Alive = mpsc::Sender<std::convert::Infallible>;

/// A guest at work. Ends, and gives its instance back, when it has nothing left
/// to do.
type Run = Pin<Box<dyn Future<Output = wasmtime::Result<()>> + Send>>;

/// What a guest answers: a response, or the error code it chose instead.
type Answer = std::result::Result<Response<WasiBody>, String>;

/// Why there is no response of the guest's own.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Every instance slot is taken.
    Busy,
    /// It trapped, or could not be instantiated.
    Trap(wasmtime::Error),
    /// Another call trapped the instance it was in.
    Torn,
    /// It did not answer in time.
    Late,
    /// It answered with an error code of `wasi:http`.
    ErrorCode(String),
    /// It ended without a response.
    Silent,
}

/// A component that answers requests.
pub(crate) struct Guest {
    /// Keeps the code shared: as long as one workload runs a component, the next
    /// one finds it compiled and linked.
    _linked: Arc<Linked>,
    handler: Handler,
    around: Arc<Surroundings>,
    reuse: Reuse,
    timeout: Duration,
    pub(crate) counters: Counters,
}

enum Handler {
    P2(http_p2::bindings::ProxyPre<GuestState>),
    P3(http_p3::bindings::ServicePre<GuestState>),
}

enum Reuse {
    Never,
    OneByOne(WarmPool),
    Shared(SharedPool),
}

/// How a guest is run.
pub(crate) struct GuestConfig {
    pub(crate) version: WasiVersion,
    pub(crate) pool: Option<PoolSpec>,
    pub(crate) around: Surroundings,
    /// For an answer, and for each further part of its body.
    pub(crate) timeout: Duration,
    /// Requests that this component may have under way.
    pub(crate) max_instances: u32,
}

impl Guest {
    /// Fails if the component's handler does not have the type WASI gives it.
    pub(crate) fn new(linked: &Arc<Linked>, config: GuestConfig, name: &str) -> Result<Self> {
        let GuestConfig { version, pool, around, timeout, max_instances } = config;
        let instance = linked.instance.clone();
        let handler = match version {
            WasiVersion::P2 => http_p2::bindings::ProxyPre::new(instance).map(Handler::P2),
            WasiVersion::P3 => http_p3::bindings::ServicePre::new(instance).map(Handler::P3),
        };
        let handler = handler.map_err(|e| {
            let export = version.handler();
            Error::input(format_args!("{name} exports a wasi:http/{export} of the wrong type"), &e)
        })?;
        let reuse = match pool {
            None => Reuse::Never,
            Some(pool) if pool.max_concurrency.get() == 1 => Reuse::OneByOne(WarmPool::new(&pool)),
            Some(pool) => Reuse::Shared(SharedPool::new(&pool)),
        };
        let counters = Counters::new(max_instances);
        let (linked, around) = (Arc::clone(linked), Arc::new(around));
        Ok(Self { _linked: linked, handler, around, reuse, timeout, counters })
    }

    /// Answers one request.
    pub(crate) async fn respond(
        self: &Arc<Self>,
        request: Request<RequestBody>,
        alive: &Alive,
    ) -> std::result::Result<Response<Body>, Failure> {
        let place = Place::take(self).ok_or(Failure::Busy)?;
        if let Reuse::Shared(pool) = &self.reuse
            && let Some(seat) = pool.join(self)
        {
            return self.respond_shared(request, seat, place, alive).await;
        }
        self.respond_alone(request, place, alive).await
    }

    /// With an instance of its own, driven right here.
    async fn respond_alone(
        self: &Arc<Self>,
        request: Request<RequestBody>,
        place: Place,
        alive: &Alive,
    ) -> std::result::Result<Response<Body>, Failure> {
        let is_head = request.method() == Method::HEAD;
        let deadline = Deadline::start(self.timeout);
        let (sender, mut receiver) = oneshot::channel();
        let (guest, its_deadline) = (Arc::clone(self), deadline.clone());
        let mut run: Run = match self.handler {
            Handler::P2(_) => Box::pin(p2::run(guest, request, its_deadline, sender, place)),
            Handler::P3(_) => Box::pin(p3::run(guest, request, its_deadline, sender, place)),
        };
        if let Some(share) = &self.around.processor {
            run = Box::pin(Metered::new(run, Arc::clone(share)));
        }
        let mut patience = Patience::default();
        let (answer, ended) = poll_fn(|cx| {
            let ended = match run.as_mut().poll(cx) {
                Poll::Ready(Ok(())) => true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(failure(error))),
                Poll::Pending => false,
            };
            // Only the guest sends, and it was just polled: asking once is enough.
            match receiver.try_recv() {
                Ok(answer) if ended => Poll::Ready(Ok((answer, true))),
                // What a guest has to say after its answer it mostly says at once,
                // and then the body is there as a whole.
                Ok(answer) => Poll::Ready(match run.as_mut().poll(cx) {
                    Poll::Ready(Ok(())) => Ok((answer, true)),
                    Poll::Ready(Err(error)) => Err(failure(error)),
                    Poll::Pending => Ok((answer, false)),
                }),
                Err(_) if ended => Poll::Ready(Err(Failure::Silent)),
                Err(_) => patience.poll_expired(&deadline, cx).map(|()| Err(Failure::Late)),
            }
        })
        .await?;
        let response = answer.map_err(Failure::ErrorCode)?;
        let run = (!ended).then_some(run);
        Ok(GuestBody::attach(response, body::Driver::Own(run), is_head, deadline, alive))
    }

    /// In an instance that others use as well, driven by a task of its own.
    async fn respond_shared(
        self: &Arc<Self>,
        request: Request<RequestBody>,
        seat: shared::Seat,
        place: Place,
        alive: &Alive,
    ) -> std::result::Result<Response<Body>, Failure> {
        let is_head = request.method() == Method::HEAD;
        let deadline = Deadline::start(self.timeout);
        let mut receiver = seat.call(request);
        let mut patience = Patience::default();
        let answer = poll_fn(|cx: &mut Context<'_>| match Pin::new(&mut receiver).poll(cx) {
            Poll::Ready(Ok(answer)) => Poll::Ready(answer),
            Poll::Ready(Err(_)) => Poll::Ready(Err(Failure::Torn)),
            Poll::Pending => patience.poll_expired(&deadline, cx).map(|()| Err(Failure::Late)),
        })
        .await?;
        let response = answer.map_err(Failure::ErrorCode)?;
        let deadline = seat.deadline();
        Ok(GuestBody::attach(
            response,
            body::Driver::Shared(seat, Held::Place(place)),
            is_head,
            deadline,
            alive,
        ))
    }
}

fn failure(error: wasmtime::Error) -> Failure {
    if error.is::<PoolConcurrencyLimitError>() {
        Failure::Busy
    } else if error.is::<DeadlineExceeded>() {
        Failure::Late
    } else {
        Failure::Trap(error)
    }
}
