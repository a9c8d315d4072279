//! A provider's instances, and one call of them.

use super::binding::Binding;
use crate::component::Linked;
use crate::error::{Error, Result, why};
use crate::guest::{Deadline, GuestState, Surroundings, new_store};
use crate::plugin::Caller;
use crate::plugin::keyvalue::{KeyValueError, Keys};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime::Store;
use wasmtime::component::ResourceAny;

mod generated {
    wasmtime::component::bindgen!({
        path: "wit/keyvalue.wit",
        world: "wasi:keyvalue/provider",
        exports: { default: async },
    });
}

use generated::exports::wasi::keyvalue::store as wit;
use generated::{Provider, ProviderPre};

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
    pub(super) instances: Instances,
    idle: Mutex<Vec<Instance>>,
    /// For those that must not be two.
    turns: Semaphore,
    traps: AtomicU64,
    /// Workloads with their configurations, which an instance is told of.
    bound: Mutex<Vec<(String, BTreeMap<String, String>)>>,
}

struct Instance {
    store: Store<GuestState>,
    provider: Provider,
    binding: Option<Binding>,
    buckets: HashMap<String, ResourceAny>,
}

/// What an instance is asked.
pub(super) enum Ask<'a> {
    /// By a component, of a bucket.
    Call(&'a Arc<Caller>, &'a str, Call),
    /// By the host, for a workload that starts.
    Bind(&'a str, &'a BTreeMap<String, String>),
    /// For one that has ended.
    Unbind(&'a str),
}

pub(super) enum Call {
    Get(String),
    Set(String, Vec<u8>),
    Delete(String),
    Exists(String),
    ListKeys(Option<u64>),
    Increment(String, u64),
}

pub(super) enum Reply {
    Value(Option<Vec<u8>>),
    Done,
    Exists(bool),
    Keys(Keys),
    Sum(u64),
    /// Whether the component knows of bindings at all.
    Bound(bool),
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
            turns: Semaphore::new(1),
            traps: AtomicU64::new(0),
            bound: Mutex::default(),
        })
    }

    /// Makes an instance, so that what is wrong with it shows before it is needed.
    pub(crate) async fn warm_up(&self) -> Result<()> {
        let deadline = Deadline::start(self.timeout);
        let instance = self.instantiate(deadline).await;
        let instance = instance.map_err(|e| Error::input("instantiating a provider", &e))?;
        if self.instances != Instances::Fresh {
            self.idle().push(instance);
        }
        Ok(())
    }

    /// How often an instance trapped.
    pub(crate) fn traps(&self) -> u64 {
        self.traps.load(Relaxed)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn instantiate(&self, deadline: Deadline) -> wasmtime::Result<Instance> {
        let mut store = new_store(self.provider.engine(), &self.around, deadline);
        let made = self.provider.instance_pre().instantiate_async(&mut store).await?;
        let binding = Binding::of(&mut store, &made)?;
        let provider = Provider::new(&mut store, &made)?;
        let mut instance = Instance { store, provider, binding, buckets: HashMap::new() };
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
        &self,
        workload: &str,
        config: &BTreeMap<String, String>,
    ) -> std::result::Result<bool, KeyValueError> {
        let Reply::Bound(wants) = self.ask(Ask::Bind(workload, config)).await? else {
            return confused();
        };
        if wants {
            self.bound().push((workload.to_owned(), config.clone()));
        }
        Ok(wants)
    }

    /// Tells it that a workload has ended.
    pub(crate) async fn unbind(&self, workload: &str) {
        self.bound().retain(|(bound, _)| bound != workload);
        // What it answers changes nothing for anybody.
        let _ = self.ask(Ask::Unbind(workload)).await;
    }

    fn bound(&self) -> std::sync::MutexGuard<'_, Vec<(String, BTreeMap<String, String>)>> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An instance that traps, or whose caller goes away in the middle of a call,
    /// is gone; the next call has another one.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> std::result::Result<Reply, KeyValueError> {
        let _turn = match self.instances {
            Instances::One => self.turns.acquire().await.ok(),
            Instances::Fresh | Instances::Warm(_) => None,
        };
        let deadline = Deadline::start(self.timeout);
        let idle = self.idle().pop();
        let answered = async {
            let mut instance = match idle {
                Some(mut instance) => {
                    instance.store.data_mut().deadline = deadline;
                    instance.store.set_epoch_deadline(1);
                    instance
                }
                None => self.instantiate(deadline).await?,
            };
            let reply = instance.answer(ask).await?;
            wasmtime::error::Ok((instance, reply))
        };
        let timed = tokio::time::timeout(self.timeout, answered).await;
        let gone = |what: String| {
            self.traps.fetch_add(1, Relaxed);
            eprintln!("host-under-test: a provider of wasi:keyvalue failed: {what}");
            KeyValueError::Other("the store's component trapped".to_owned())
        };
        match timed {
            Ok(Ok((instance, reply))) => {
                self.give_back(instance);
                reply
            }
            Ok(Err(trap)) => Err(gone(why(&trap))),
            Err(_) => Err(gone("it did not answer in time".to_owned())),
        }
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

impl Instance {
    async fn answer(
        &mut self,
        ask: Ask<'_>,
    ) -> wasmtime::Result<std::result::Result<Reply, KeyValueError>> {
        let (caller, bucket, call) = match ask {
            Ask::Call(caller, bucket, call) => (caller, bucket, call),
            Ask::Bind(workload, config) => return self.bind(workload, config).await,
            Ask::Unbind(workload) => {
                if let Some(binding) = &self.binding {
                    binding.unbind(&mut self.store, workload).await?;
                }
                return Ok(Ok(Reply::Done));
            }
        };
        self.store.data_mut().calling = Some(Arc::clone(caller));
        let answered = self.call(bucket, call).await;
        self.store.data_mut().calling = None;
        answered
    }

    async fn bind(
        &mut self,
        workload: &str,
        config: &BTreeMap<String, String>,
    ) -> wasmtime::Result<std::result::Result<Reply, KeyValueError>> {
        let Some(binding) = &self.binding else { return Ok(Ok(Reply::Bound(false))) };
        let bound = binding.bind(&mut self.store, workload, config).await?;
        Ok(bound.map(|()| Reply::Bound(true)).map_err(KeyValueError::Other))
    }

    async fn call(
        &mut self,
        bucket: &str,
        call: Call,
    ) -> wasmtime::Result<std::result::Result<Reply, KeyValueError>> {
        let bucket = match self.bucket(bucket).await? {
            Ok(bucket) => bucket,
            Err(error) => return Ok(Err(error.into())),
        };
        let store = &mut self.store;
        let of = self.provider.wasi_keyvalue_store().bucket();
        let reply = match call {
            Call::Get(key) => of.call_get(store, bucket, &key).await?.map(Reply::Value),
            Call::Set(key, value) => {
                of.call_set(store, bucket, &key, &value).await?.map(|()| Reply::Done)
            }
            Call::Delete(key) => of.call_delete(store, bucket, &key).await?.map(|()| Reply::Done),
            Call::Exists(key) => of.call_exists(store, bucket, &key).await?.map(Reply::Exists),
            Call::ListKeys(cursor) => {
                let page = of.call_list_keys(store, bucket, cursor).await?;
                page.map(|wit::KeyResponse { keys, cursor }| Reply::Keys(Keys { keys, cursor }))
            }
            Call::Increment(key, delta) => {
                let atomics = self.provider.wasi_keyvalue_atomics();
                atomics.call_increment(store, bucket, &key, delta).await?.map(Reply::Sum)
            }
        };
        Ok(reply.map_err(Into::into))
    }

    /// The bucket of that name, opened at its first use in this instance.
    async fn bucket(
        &mut self,
        name: &str,
    ) -> wasmtime::Result<std::result::Result<ResourceAny, wit::Error>> {
        if let Some(bucket) = self.buckets.get(name) {
            return Ok(Ok(*bucket));
        }
        let opened = self.provider.wasi_keyvalue_store().call_open(&mut self.store, name).await?;
        if let Ok(bucket) = &opened {
            self.buckets.insert(name.to_owned(), *bucket);
        }
        Ok(opened)
    }
}

impl From<wit::Error> for KeyValueError {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::NoSuchStore => Self::NoSuchStore,
            wit::Error::AccessDenied => Self::AccessDenied,
            wit::Error::Other(what) => Self::Other(what),
        }
    }
}

/// A reply of another kind than the call's.
pub(super) fn confused<T>() -> std::result::Result<T, KeyValueError> {
    Err(KeyValueError::Other("the store's component answered something else".to_owned()))
}
