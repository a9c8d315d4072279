//! A service that also answers requests: one instance runs and handles at the
//! same time. Only components of its workload reach it, in the process.
//!
//! While it starts again after a trap, requests wait for it; when it has ended
//! for good, they fail at once.

use super::body::{Driver, GuestBody, Held};
use super::limits::{Deadline, Patience};
use super::shared::{Call, Instance, Seat};
use super::{Alive, Body, Failure, RequestBody};
use http::{Method, Request, Response};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};

/// The way to a service's handler.
pub(crate) struct Pinned {
    state: watch::Sender<State>,
    timeout: Duration,
    /// Requests that may be under way.
    places: Arc<Semaphore>,
}

#[derive(Clone)]
enum State {
    Starting,
    Up(Arc<Instance>),
    Gone,
}

impl Pinned {
    /// `timeout` is for an answer, and for each further part of its body.
    pub(crate) fn new(timeout: Duration, max_requests: u32) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(max_requests as usize));
        Arc::new(Self { state: watch::Sender::new(State::Starting), timeout, places })
    }

    /// An instance is there.
    pub(super) fn up(&self) -> (Arc<Instance>, mpsc::UnboundedReceiver<Call>) {
        let (instance, calls) = Instance::pinned(self.timeout);
        self.state.send_replace(State::Up(Arc::clone(&instance)));
        (instance, calls)
    }

    /// It has ended, and another one may follow.
    pub(super) fn down(&self) {
        self.state.send_replace(State::Starting);
    }

    /// No other will follow.
    pub(super) fn gone(&self) {
        self.state.send_replace(State::Gone);
    }

    /// The instance, as soon as there is one.
    async fn instance(&self) -> Result<Arc<Instance>, Failure> {
        let mut states = self.state.subscribe();
        let settled = states.wait_for(|state| !matches!(state, State::Starting));
        match tokio::time::timeout(self.timeout, settled).await {
            Err(_) => Err(Failure::Late),
            Ok(Ok(state)) => match &*state {
                State::Up(instance) => Ok(Arc::clone(instance)),
                State::Starting | State::Gone => Err(Failure::Torn),
            },
            Ok(Err(_)) => Err(Failure::Torn),
        }
    }

    /// Answers one request.
    pub(crate) async fn respond(
        &self,
        request: Request<RequestBody>,
        alive: &Alive,
    ) -> Result<Response<Body>, Failure> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Failure::Busy)?;
        let is_head = request.method() == Method::HEAD;
        let seat = Seat::take(self.instance().await?);
        let deadline = Deadline::start(self.timeout);
        let mut receiver = seat.call(request);
        let mut patience = Patience::default();
        let answer = poll_fn(|cx| match Pin::new(&mut receiver).poll(cx) {
            Poll::Ready(Ok(answer)) => Poll::Ready(answer),
            Poll::Ready(Err(_)) => Poll::Ready(Err(Failure::Torn)),
            Poll::Pending => patience.poll_expired(&deadline, cx).map(|()| Err(Failure::Late)),
        })
        .await?;
        let response = answer.map_err(Failure::ErrorCode)?;
        let driver = Driver::Shared(seat, Held::Permit(place));
        Ok(GuestBody::attach(response, driver, is_head, deadline, alive))
    }
}
