//! A provider's instances, and one call of them.

use crate::component::Linked;
use crate::error::{Error, Result, why};
use crate::guest::{Deadline, GuestState, Surroundings, new_store};
use crate::plugin::Caller;
use crate::plugin::keyvalue::{Answer, Bucket, KeyValue, KeyValueError, Keys};
use futures_util::FutureExt;
use std::collections::HashMap;
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
    instances: Instances,
    idle: Mutex<Vec<Instance>>,
    /// For those that must not be two.
    turns: Semaphore,
    traps: AtomicU64,
}

struct Instance {
    store: Store<GuestState>,
    provider: Provider,
    buckets: HashMap<String, ResourceAny>,
}

enum Call {
    Get(String),
    Set(String, Vec<u8>),
    Delete(String),
    Exists(String),
    ListKeys(Option<u64>),
    Increment(String, u64),
}

enum Reply {
    Value(Option<Vec<u8>>),
    Done,
    Exists(bool),
    Keys(Keys),
    Sum(u64),
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
        let provider = self.provider.instantiate_async(&mut store).await?;
        Ok(Instance { store, provider, buckets: HashMap::new() })
    }

    /// An instance that traps, or whose caller goes away in the middle of a call,
    /// is gone; the next call has another one.
    async fn call(&self, bucket: &str, call: Call) -> std::result::Result<Reply, KeyValueError> {
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
            let reply = instance.answer(bucket, call).await?;
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

/// A provider as its callers know it.
pub(crate) struct Provided(pub(crate) Arc<ProviderStore>);

impl KeyValue for Provided {
    fn open<'a>(&'a self, _: &'a Caller, bucket: &'a str) -> Answer<'a, Arc<dyn Bucket>> {
        let bucket: Arc<dyn Bucket> =
            Arc::new(ProvidedBucket { store: Arc::clone(&self.0), name: bucket.to_owned() });
        std::future::ready(Ok(bucket)).boxed()
    }
}

struct ProvidedBucket {
    store: Arc<ProviderStore>,
    name: String,
}

impl ProvidedBucket {
    async fn call(&self, call: Call) -> std::result::Result<Reply, KeyValueError> {
        if self.store.instances != Instances::One {
            return self.store.call(&self.name, call).await;
        }
        // What all callers share must survive one that is cut off.
        let (store, name) = (Arc::clone(&self.store), self.name.clone());
        let called = tokio::spawn(async move { store.call(&name, call).await });
        let ending = || KeyValueError::Other("the host is ending".to_owned());
        called.await.unwrap_or_else(|_| Err(ending()))
    }
}

/// A reply of another kind than the call's.
fn confused<T>() -> std::result::Result<T, KeyValueError> {
    Err(KeyValueError::Other("the store's component answered something else".to_owned()))
}

impl Bucket for ProvidedBucket {
    fn get(&self, key: String) -> Answer<'_, Option<Vec<u8>>> {
        async {
            match self.call(Call::Get(key)).await? {
                Reply::Value(value) => Ok(value),
                _ => confused(),
            }
        }
        .boxed()
    }

    fn set(&self, key: String, value: Vec<u8>) -> Answer<'_, ()> {
        async { self.call(Call::Set(key, value)).await.map(drop) }.boxed()
    }

    fn delete(&self, key: String) -> Answer<'_, ()> {
        async { self.call(Call::Delete(key)).await.map(drop) }.boxed()
    }

    fn exists(&self, key: String) -> Answer<'_, bool> {
        async {
            match self.call(Call::Exists(key)).await? {
                Reply::Exists(exists) => Ok(exists),
                _ => confused(),
            }
        }
        .boxed()
    }

    fn list_keys(&self, cursor: Option<u64>) -> Answer<'_, Keys> {
        async move {
            match self.call(Call::ListKeys(cursor)).await? {
                Reply::Keys(keys) => Ok(keys),
                _ => confused(),
            }
        }
        .boxed()
    }

    fn increment(&self, key: String, delta: u64) -> Answer<'_, u64> {
        async move {
            match self.call(Call::Increment(key, delta)).await? {
                Reply::Sum(sum) => Ok(sum),
                _ => confused(),
            }
        }
        .boxed()
    }
}
