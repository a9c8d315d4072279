//! Warm instances that serve one request after the other. A request takes an
//! idle one, the most recently used first (its memory is in the caches); else a
//! new one while there is room; else a fresh one that is thrown away: nobody
//! waits for an instance.

use super::counters::count;
use super::limits::Deadline;
use super::state::{GuestState, new_store};
use super::{Guest, Handler, Reuse};
use crate::workload::PoolSpec;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use wasmtime::Store;
use wasmtime_wasi_http::p3::bindings::Service;

/// The warm instances of one component.
pub(super) struct WarmPool {
    size: u32,
    max_invocations: Option<NonZeroU32>,
    idle: Mutex<Vec<Instance>>,
    /// Idle and working.
    live: AtomicU32,
}

/// An instance between two requests.
struct Instance {
    store: Store<GuestState>,
    service: Service,
    served: u32,
}

impl WarmPool {
    pub(super) fn new(spec: &PoolSpec) -> Self {
        Self {
            size: spec.size.get(),
            max_invocations: spec.max_invocations,
            idle: Mutex::default(),
            live: AtomicU32::new(0),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is room for another instance; then it is taken.
    fn take_room(&self) -> bool {
        let taken = self.live.fetch_add(1, Relaxed) < self.size;
        if !taken {
            self.live.fetch_sub(1, Relaxed);
        }
        taken
    }
}

/// An instance at work. Dropped before it ended, it is retired.
pub(super) struct Lease {
    guest: Arc<Guest>,
    instance: Option<Instance>,
    /// Whether it is one of the pool's.
    pooled: bool,
}

impl Lease {
    /// An instance for one request.
    pub(super) async fn take(guest: Arc<Guest>, deadline: Deadline) -> wasmtime::Result<Self> {
        let mut lease = Self { guest, instance: None, pooled: false };
        let guest = &*lease.guest;
        if let Reuse::OneByOne(pool) = &guest.reuse {
            let idle = pool.idle().pop();
            if let Some(mut instance) = idle {
                count(&guest.counters.reused);
                instance.store.data_mut().deadline = deadline;
                instance.store.set_epoch_deadline(1);
                lease.pooled = true;
                lease.instance = Some(instance);
                return Ok(lease);
            }
            lease.pooled = pool.take_room();
            if !lease.pooled {
                count(&guest.counters.fell_through);
            }
        } else if let Reuse::Shared(_) = &guest.reuse {
            count(&guest.counters.fell_through);
        }
        let (store, service) = instantiate(guest, deadline).await?;
        lease.instance = Some(Instance { store, service, served: 0 });
        Ok(lease)
    }

    /// The instance itself.
    pub(super) fn instance(&mut self) -> (&mut Store<GuestState>, &Service) {
        match &mut self.instance {
            Some(instance) => (&mut instance.store, &instance.service),
            None => unreachable!("a lease has its instance until it ends"),
        }
    }

    /// The request is done, and the guest has nothing left to do or trapped.
    pub(super) fn end(mut self, well: bool) {
        let (Some(mut instance), true) = (self.instance.take(), self.pooled) else { return };
        let Reuse::OneByOne(pool) = &self.guest.reuse else { return };
        instance.served += 1;
        let worn = pool.max_invocations.is_some_and(|max| instance.served >= max.get());
        if well && !worn {
            self.pooled = false;
            pool.idle().push(instance);
            return;
        }
        let counters = &self.guest.counters;
        count(if well { &counters.retired_worn } else { &counters.retired_trapped });
        self.leave();
    }

    /// Makes room in the pool.
    fn leave(&mut self) {
        if let (Reuse::OneByOne(pool), true) = (&self.guest.reuse, self.pooled) {
            pool.live.fetch_sub(1, Relaxed);
        }
        self.pooled = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.pooled {
            count(&self.guest.counters.retired_cancelled);
            self.leave();
        }
    }
}

/// A new instance of a P3 component.
pub(super) async fn instantiate(
    guest: &Guest,
    deadline: Deadline,
) -> wasmtime::Result<(Store<GuestState>, Service)> {
    let Handler::P3(linked) = &guest.handler else {
        unreachable!("only P3 components get here");
    };
    let mut store = new_store(linked.engine(), &guest.around, deadline);
    let service = linked.instantiate_async(&mut store).await?;
    count(&guest.counters.instances);
    Ok((store, service))
}
