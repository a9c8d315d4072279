//! Requests from one component of a workload to another: answered in the
//! process, bodies streamed both ways, without a socket.
//!
//! Each is a task of its own, so that a chain of components is no chain of calls
//! on one stack, and one that calls itself runs out of instances, not of stack.

use crate::egress::{Neighbours, OutgoingHandler, OutgoingRequest, Sending};
use crate::guest::{Alive, Body, Failure, Guest, Pinned, RequestBody};
use bytes::Bytes;
use futures_util::stream;
use http::header::HOST;
use http::{HeaderValue, Request, Response};
use http_body::{Body as _, Frame};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, StreamBody};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::task::Poll;
use tokio::sync::{mpsc, oneshot};
use wasmtime_wasi_http::{Error, WasiBody};

/// The name under which components reach their workload's service.
pub(super) const SERVICE: &str = "service";

/// Parts of a body that may wait for their reader; two are the body and the
/// trailers of a short answer.
const PARTS_AHEAD: usize = 2;

/// The components of one workload by name, for each other. They are made with
/// it, so it learns of them afterwards.
pub(super) struct Chain {
    guests: OnceLock<BTreeMap<String, Weak<Guest>>>,
    /// The workload's service, if it answers requests.
    service: OnceLock<Arc<Pinned>>,
    alive: Alive,
}

impl Chain {
    pub(super) fn new() -> Self {
        let (alive, _nobody_waits) = mpsc::channel(1);
        Self { guests: OnceLock::new(), service: OnceLock::new(), alive }
    }

    /// Has requests to `SERVICE` answered by the service.
    pub(super) fn add_service(&self, service: Arc<Pinned>) {
        let _ = self.service.set(service);
    }

    /// Says who is there; once.
    pub(super) fn fill(&self, guests: BTreeMap<String, Weak<Guest>>) {
        // A second call would be a mistake of this crate; the first one holds.
        let _ = self.guests.set(guests);
    }
}

impl Neighbours for Chain {
    fn find(&self, name: &str) -> Option<Box<dyn OutgoingHandler>> {
        let target = match self.service.get() {
            Some(service) if name == SERVICE => Target::Service(Arc::clone(service)),
            _ => Target::Component(self.guests.get()?.get(name)?.upgrade()?),
        };
        Some(Box::new(Neighbour { target, alive: self.alive.clone() }))
    }
}

/// A component that was found.
struct Neighbour {
    target: Target,
    alive: Alive,
}

#[derive(Clone)]
enum Target {
    Component(Arc<Guest>),
    Service(Arc<Pinned>),
}

impl Target {
    async fn respond(
        &self,
        request: Request<RequestBody>,
        alive: &Alive,
    ) -> Result<Response<Body>, Failure> {
        match self {
            Self::Component(guest) => guest.respond(request, alive).await,
            Self::Service(service) => service.respond(request, alive).await,
        }
    }
}

impl OutgoingHandler for Neighbour {
    fn send(&self, mut request: OutgoingRequest) -> Sending {
        let authority = request.request.uri().authority();
        let authority = authority.map(|it| HeaderValue::from_str(it.as_str()));
        if let Some(Ok(authority)) = authority {
            request.request.headers_mut().insert(HOST, authority);
        }
        let (target, alive) = (self.target.clone(), self.alive.clone());
        let first_byte_timeout = request.first_byte_timeout;
        Box::pin(async move {
            let (sender, receiver) = oneshot::channel();
            tokio::spawn(answer(target, request.request, alive, sender));
            match tokio::time::timeout(first_byte_timeout, receiver).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => Err(Error::InternalError(None)),
                Err(_) => Err(Error::HttpResponseTimeout),
            }
        })
    }
}

type Answer = Result<Response<WasiBody>, Error>;

/// Has the guest answer, for as long as somebody waits for it.
async fn answer(
    target: Target,
    request: Request<WasiBody>,
    alive: Alive,
    mut sender: oneshot::Sender<Answer>,
) {
    let answered = tokio::select! {
        answered = target.respond(request.map(RequestBody::of_guest), &alive) => answered,
        () = sender.closed() => return,
    };
    let response = match answered {
        Err(failure) => return drop(sender.send(Err(code_of(&failure)))),
        Ok(response) => response,
    };
    let (parts, mut body) = response.into_parts();
    let Start { frames, is_whole } = start_of(&mut body).await;
    if is_whole {
        let body = StreamBody::new(stream::iter(frames)).boxed_unsync();
        drop(sender.send(Ok(Response::from_parts(parts, body))));
        return;
    }
    let (parts_of_body, channel) = Channel::new(PARTS_AHEAD);
    if sender.send(Ok(Response::from_parts(parts, channel.boxed_unsync()))).is_ok() {
        pass_on(frames, body, parts_of_body).await;
    }
}

type Frames = Vec<Result<Frame<Bytes>, Error>>;

/// What is there of a body before anybody waits for it.
struct Start {
    frames: Frames,
    is_whole: bool,
}

/// A short body is there as soon as its head is: passed on together, both cost
/// the caller one wake-up.
async fn start_of(body: &mut Body) -> Start {
    let mut frames = Frames::new();
    let is_whole = poll_fn(|cx| {
        while frames.len() <= PARTS_AHEAD {
            match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => frames.push(Ok(frame)),
                Poll::Ready(Some(Err(error))) => {
                    frames.push(Err(Error::InternalError(Some(error.to_string()))));
                    return Poll::Ready(true);
                }
                Poll::Ready(None) => return Poll::Ready(true),
                Poll::Pending => break,
            }
        }
        Poll::Ready(body.is_end_stream())
    })
    .await;
    Start { frames, is_whole }
}

/// Ends when the body does, or when nobody reads it any more.
async fn pass_on(first: Frames, mut body: Body, mut to: Sender<Bytes, Error>) {
    for frame in first.into_iter().flatten() {
        if to.send(frame).await.is_err() {
            return;
        }
    }
    while let Some(frame) = body.frame().await {
        let sent = match frame {
            Ok(frame) => to.send(frame).await,
            Err(error) => {
                to.abort(Error::InternalError(Some(error.to_string())));
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn code_of(failure: &Failure) -> Error {
    match failure {
        Failure::Busy => Error::ConnectionLimitReached,
        Failure::Late => Error::HttpResponseTimeout,
        Failure::Trap(_) | Failure::Torn | Failure::Silent | Failure::ErrorCode(_) => {
            Error::InternalError(Some("the component did not answer".to_owned()))
        }
    }
}
