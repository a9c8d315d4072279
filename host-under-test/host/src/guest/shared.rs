//! Warm instances that serve several requests at once, as WASI 0.3 lets guests
//! do. Each is driven by a task of its own, to which calls are handed over. A
//! request goes to the least busy instance; to a new one while there is room and
//! no instance is idle; else, when all are full, to a fresh one of its own.
//!
//! A trap ends the instance and the calls in it, no others. A call whose client
//! went away cannot be taken out of an instance: it retires, which means that it
//! gets no further calls and ends with the last one that somebody waits for.

use super::counters::count;
use super::limits::{Deadline, Metered};
use super::warm::instantiate;
use super::{Answer, Failure, Guest, RequestBody, failure, p3};
use crate::error::why;
use crate::workload::PoolSpec;
use futures_util::stream::{FuturesUnordered, StreamExt};
use http::Request;
use std::future::poll_fn;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use wasmtime::component::Accessor;
use wasmtime_wasi_http::p3::bindings::Service;

/// The shared instances of one component.
pub(super) struct SharedPool {
    size: usize,
    max_invocations: Option<NonZeroU32>,
    max_concurrency: u32,
    instances: Mutex<Vec<Arc<Instance>>>,
}

/// What callers know of an instance.
pub(super) struct Instance {
    calls: mpsc::UnboundedSender<Call>,
    in_flight: AtomicU32,
    accepted: AtomicU32,
    retiring: AtomicBool,
    trapped: AtomicBool,
    /// Told when it retires and when a call leaves.
    changed: Notify,
    /// Extended whenever a call in it makes progress: while one computes, no
    /// other can.
    deadline: Deadline,
    /// Dangling for a service.
    guest: Weak<Guest>,
    /// A service's instance, which no caller can end.
    is_pinned: bool,
}

/// What a call comes to.
pub(super) type Called = Result<Answer, Failure>;

pub(super) struct Call {
    request: Request<RequestBody>,
    sender: oneshot::Sender<Called>,
}

impl SharedPool {
    pub(super) fn new(spec: &PoolSpec) -> Self {
        Self {
            size: spec.size.get() as usize,
            max_invocations: spec.max_invocations,
            max_concurrency: spec.max_concurrency.get(),
            instances: Mutex::default(),
        }
    }

    /// A seat in an instance, or none when all are full.
    pub(super) fn join(&self, guest: &Arc<Guest>) -> Option<Seat> {
        let mut instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        instances.retain(|instance| !instance.retiring.load(Relaxed));
        let least_busy = instances
            .iter()
            .map(|instance| (instance.in_flight.load(Relaxed), instance))
            .min_by_key(|(in_flight, _)| *in_flight);
        let instance = match least_busy {
            Some((0, instance)) => Arc::clone(instance),
            _ if instances.len() < self.size => {
                let instance = start(guest);
                instances.push(Arc::clone(&instance));
                instance
            }
            Some((in_flight, instance)) if in_flight < self.max_concurrency => Arc::clone(instance),
            _ => return None,
        };
        let seat = Seat::take(Arc::clone(&instance));
        let accepted = instance.accepted.fetch_add(1, Relaxed) + 1;
        if accepted > 1 {
            count(&guest.counters.reused);
        }
        if self.max_invocations.is_some_and(|max| accepted >= max.get()) {
            count(&guest.counters.retired_worn);
            instance.retire();
        }
        Some(seat)
    }
}

impl Instance {
    /// A service's, and the calls that reach it.
    pub(super) fn pinned(timeout: Duration) -> (Arc<Self>, mpsc::UnboundedReceiver<Call>) {
        Self::new(timeout, Weak::new(), true)
    }

    fn new(
        timeout: Duration,
        guest: Weak<Guest>,
        is_pinned: bool,
    ) -> (Arc<Self>, mpsc::UnboundedReceiver<Call>) {
        let (calls, receiver) = mpsc::unbounded_channel();
        let instance = Self {
            calls,
            in_flight: AtomicU32::new(0),
            accepted: AtomicU32::new(0),
            retiring: AtomicBool::new(false),
            trapped: AtomicBool::new(false),
            changed: Notify::new(),
            deadline: Deadline::start(timeout),
            guest,
            is_pinned,
        };
        (Arc::new(instance), receiver)
    }

    /// It trapped: bodies that end now are cut off.
    pub(super) fn tear(&self) {
        self.trapped.store(true, Relaxed);
        self.retiring.store(true, Relaxed);
    }

    fn retire(&self) {
        self.retiring.store(true, Relaxed);
        self.changed.notify_one();
    }
}

/// A request's place in an instance, until its response is complete.
pub(super) struct Seat {
    instance: Arc<Instance>,
    is_done: bool,
}

impl Seat {
    pub(super) fn take(instance: Arc<Instance>) -> Self {
        instance.in_flight.fetch_add(1, Relaxed);
        Self { instance, is_done: false }
    }

    /// Hands the request over. The receiver fails if the instance traps.
    pub(super) fn call(&self, request: Request<RequestBody>) -> oneshot::Receiver<Called> {
        let (sender, receiver) = oneshot::channel();
        // An instance that is gone drops the call, which its receiver tells.
        let _ = self.instance.calls.send(Call { request, sender });
        receiver
    }

    /// Whether the instance trapped, so that a body that ends may be cut off.
    pub(super) fn has_trapped(&self) -> bool {
        self.instance.trapped.load(Relaxed)
    }

    /// By when something in the instance must have made progress.
    pub(super) fn deadline(&self) -> Deadline {
        self.instance.deadline.clone()
    }

    /// The response was sent whole.
    pub(super) fn done(&mut self) {
        self.is_done = true;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let instance = &self.instance;
        instance.in_flight.fetch_sub(1, Relaxed);
        if instance.is_pinned {
            return;
        }
        if !self.is_done && !instance.retiring.load(Relaxed) {
            if let Some(guest) = instance.guest.upgrade() {
                count(&guest.counters.retired_cancelled);
            }
            instance.retire();
        } else if instance.retiring.load(Relaxed) {
            instance.changed.notify_one();
        }
    }
}

fn start(guest: &Arc<Guest>) -> Arc<Instance> {
    let (instance, receiver) = Instance::new(guest.timeout, Arc::downgrade(guest), false);
    let work = Box::pin(work(Arc::clone(guest), Arc::clone(&instance), receiver));
    match &guest.around.processor {
        Some(share) => drop(tokio::spawn(Metered::new(work, Arc::clone(share)))),
        None => drop(tokio::spawn(work)),
    }
    instance
}

/// An instance's whole life.
async fn work(
    guest: Arc<Guest>,
    instance: Arc<Instance>,
    mut calls: mpsc::UnboundedReceiver<Call>,
) {
    let (mut store, service) = match instantiate(&guest, instance.deadline.clone()).await {
        Ok(made) => made,
        Err(error) => {
            instance.retiring.store(true, Relaxed);
            calls.close();
            if let Ok(call) = calls.try_recv() {
                let _ = call.sender.send(Err(failure(error)));
            }
            return;
        }
    };
    let ran = store
        .run_concurrent(async |accessor| serve(accessor, &service, &instance, &mut calls).await)
        .await
        .flatten();
    if let Err(error) = ran {
        instance.tear();
        count(&guest.counters.retired_trapped);
        let in_flight = instance.in_flight.load(Relaxed);
        let why = why(&error);
        eprintln!("host-under-test: a guest trapped with {in_flight} requests in it: {why}");
    }
}

/// Takes calls until the instance retires and the last one has left.
pub(super) async fn serve(
    accessor: &Accessor<super::GuestState>,
    service: &Service,
    instance: &Instance,
    calls: &mut mpsc::UnboundedReceiver<Call>,
) -> wasmtime::Result<()> {
    let mut under_way = FuturesUnordered::new();
    loop {
        let is_last = instance.retiring.load(Relaxed) && instance.in_flight.load(Relaxed) == 0;
        if is_last && under_way.is_empty() {
            break;
        }
        tokio::select! {
            Some(ended) = under_way.next(), if !under_way.is_empty() => ended?,
            Some(call) = calls.recv() => {
                instance.deadline.extend();
                under_way.push(answer(accessor, service, call));
            }
            () = instance.changed.notified() => {}
        }
    }
    // Work that goes on after the last response gets as long as a request.
    let rest = poll_fn(|cx| accessor.poll_no_interesting_tasks(cx));
    let _ = tokio::time::timeout(instance.deadline.timeout(), rest).await;
    Ok(())
}

async fn answer(
    accessor: &Accessor<super::GuestState>,
    service: &Service,
    call: Call,
) -> wasmtime::Result<()> {
    let Call { request, mut sender } = call;
    let answer = tokio::select! {
        answer = p3::handle(accessor, service, request) => answer?,
        () = sender.closed() => return Ok(()),
    };
    let _ = sender.send(Ok(answer));
    Ok(())
}
