//! A provider's instances: which one answers a call, and what becomes of one that
//! traps.

use super::instance::{Ask, Instance, ProviderPre, Reply};
use crate::component::Linked;
use crate::error::{Error, Result, why};
use crate::guest::{Deadline, GuestState, Surroundings};
use crate::plugin::keyvalue::KeyValueError;
use crate::restart::Pauses;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Which instance answers a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instances {
    /// A new one for every call.
    Fresh,
    /// Kept ones; beyond so many, calls get new ones.
    Warm(NonZeroU32),
    /// The same for all: calls take turns, and what it holds lasts until it traps.
    One,
}

/// A provider that is ready to be called.
pub(crate) struct ProviderStore {
    /// Keeps the code shared.
    _linked: Arc<Linked>,
    provider: ProviderPre<GuestState>,
    around: Arc<Surroundings>,
    timeout: Duration,
    instances: Instances,
    idle: Mutex<Vec<Instance>>,
    /// For those that must not be two.
    turns: Arc<Semaphore>,
    traps: AtomicU64,
    restarts: AtomicU64,
    /// Workloads with their configurations, which an instance is told of.
    bound: Mutex<Vec<(String, BTreeMap<String, String>)>>,
}

/// Why there is no reply.
enum Failure {
    /// The component's own error.
    Refused(KeyValueError),
    /// The instance that was asked is no more.
    Gone,
    /// There is no instance.
    Down,
}

impl Failure {
    fn told(self) -> KeyValueError {
        match self {
            Self::Refused(error) => error,
            Self::Gone => KeyValueError::Other("the store's component trapped".to_owned()),
            Self::Down => {
                KeyValueError::Other("the store's component cannot be started again yet".to_owned())
            }
        }
    }
}

impl ProviderStore {
    /// Fails if the component exports no `wasi:keyvalue`.
    pub(crate) fn new(
        linked: &Arc<Linked>,
        around: Surroundings,
        timeout: Duration,
        instances: Instances,
        name: &str,
    ) -> Result<Self> {
        let provider = ProviderPre::new(linked.instance.clone()).map_err(|e| {
            Error::input(
                format_args!("{name} exports no store and atomics of wasi:keyvalue@0.2.0-draft"),
                &e,
            )
        })?;
        Ok(Self {
            _linked: Arc::clone(linked),
            provider,
            around: Arc::new(around),
            timeout,
            instances,
            idle: Mutex::default(),
            turns: Arc::new(Semaphore::new(1)),
            traps: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            bound: Mutex::default(),
        })
    }

    /// Makes an instance, so that what is wrong with it shows before it is needed.
    pub(crate) async fn warm_up(&self) -> Result<()> {
        let made = self.instantiate(Deadline::start(self.timeout));
        let instance = match tokio::time::timeout(self.timeout, made).await {
            Ok(instance) => instance.map_err(|e| Error::input("instantiating a provider", &e))?,
            Err(_) => {
                let what = format!("instantiating a provider took longer than {:?}", self.timeout);
                return Err(Error::Input(what));
            }
        };
        if self.instances != Instances::Fresh {
            self.idle().push(instance);
        }
        Ok(())
    }

    /// How often an instance trapped.
    pub(crate) fn traps(&self) -> u64 {
        self.traps.load(Relaxed)
    }

    /// How often an instance was made in the place of one that trapped.
    pub(crate) fn restarts(&self) -> u64 {
        self.restarts.load(Relaxed)
    }

    /// Makes an instance in the place of the one that is gone.
    async fn start_again(&self) -> Result<()> {
        self.warm_up().await?;
        self.restarts.fetch_add(1, Relaxed);
        Ok(())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Instance>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn instantiate(&self, deadline: Deadline) -> wasmtime::Result<Instance> {
        let mut instance = Instance::make(&self.provider, &self.around, deadline).await?;
        let bound = self.bound().clone();
        for (workload, config) in &bound {
            let told = instance.bind(workload, config).await?;
            if let Err(error) = told {
                return Err(wasmtime::format_err!("binding {workload} again: {error}"));
            }
        }
        Ok(instance)
    }

    /// Tells the component that a workload starts. Whether it wants to know.
    pub(crate) async fn bind(
        self: &Arc<Self>,
        workload: &str,
        config: &BTreeMap<String, String>,
    ) -> std::result::Result<bool, KeyValueError> {
        match self.ask(Ask::Bind(workload.to_owned(), config.clone())).await? {
            Reply::Bound(wants) => Ok(wants),
            _ => confused(),
        }
    }

    /// Tells it that a workload has ended.
    pub(crate) async fn unbind(self: &Arc<Self>, workload: &str) {
        self.bound().retain(|(bound, _)| bound != workload);
        // What it answers changes nothing for anybody.
        let _ = self.ask(Ask::Unbind(workload.to_owned())).await;
    }

    fn bound(&self) -> MutexGuard<'_, Vec<(String, BTreeMap<String, String>)>> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An instance that traps, or whose caller goes away in the middle of a call,
    /// is gone; the next call has another one. What all callers share survives a
    /// caller that goes away.
    pub(super) async fn ask(
        self: &Arc<Self>,
        ask: Ask,
    ) -> std::result::Result<Reply, KeyValueError> {
        if self.instances != Instances::One {
            return self.answer(ask).await.map_err(|failure| failure.told());
        }
        let store = Arc::clone(self);
        let asked = tokio::spawn(async move {
            let turn = Arc::clone(&store.turns).acquire_owned().await;
            let answered = store.answer(ask).await;
            if let (Err(Failure::Gone), Ok(turn)) = (&answered, turn) {
                tokio::spawn(start_again(Arc::downgrade(&store), turn));
            }
            answered.map_err(|failure| failure.told())
        });
        let ending = || KeyValueError::Other("the host is ending".to_owned());
        asked.await.unwrap_or_else(|_| Err(ending()))
    }

    async fn answer(&self, ask: Ask) -> std::result::Result<Reply, Failure> {
        let deadline = Deadline::start(self.timeout);
        let idle = self.idle().pop();
        if idle.is_none() && self.instances == Instances::One {
            return Err(Failure::Down);
        }
        let answered = async {
            let mut instance = match idle {
                Some(mut instance) => {
                    instance.store.data_mut().deadline = deadline;
                    instance.store.set_epoch_deadline(1);
                    instance
                }
                None => self.instantiate(deadline).await?,
            };
            let reply = instance.answer(&ask).await?;
            wasmtime::error::Ok((instance, reply))
        };
        let gone = |what: String| {
            self.traps.fetch_add(1, Relaxed);
            eprintln!("host-under-test: a provider of wasi:keyvalue failed: {what}");
            Failure::Gone
        };
        let (instance, reply) = match tokio::time::timeout(self.timeout, answered).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(trap)) => return Err(gone(why(&trap))),
            Err(_) => return Err(gone("it did not answer in time".to_owned())),
        };
        // Before anybody else has a turn: the next instance has to know.
        if let (Ask::Bind(workload, config), Ok(Reply::Bound(true))) = (ask, &reply) {
            self.bound().push((workload, config));
        }
        self.give_back(instance);
        reply.map_err(Failure::Refused)
    }

    fn give_back(&self, instance: Instance) {
        let kept = match self.instances {
            Instances::Fresh => 0,
            Instances::Warm(size) => size.get() as usize,
            Instances::One => 1,
        };
        let mut idle = self.idle();
        if idle.len() < kept {
            idle.push(instance);
        }
    }
}

/// A reply of another kind than the call's.
pub(super) fn confused<T>() -> std::result::Result<T, KeyValueError> {
    Err(KeyValueError::Other("the store's component answered something else".to_owned()))
}

/// Starts the one instance again after it trapped: at once, for its callers have
/// done nothing wrong, and if that fails after ever longer waits, in which calls
/// fail at once.
async fn start_again(store: Weak<ProviderStore>, turn: OwnedSemaphorePermit) {
    let (mut turn, mut pauses) = (Some(turn), Pauses::new());
    while let Some(alive) = store.upgrade() {
        let Err(error) = alive.start_again().await else { return };
        eprintln!("host-under-test: a plugin cannot be started again: {error}");
        let turns = Arc::clone(&alive.turns);
        drop((turn.take(), alive));
        pauses.pass().await;
        turn = turns.acquire_owned().await.ok();
    }
}
