//! One instance of a provider, and one call of it.

use super::binding::Binding;
use crate::guest::{Deadline, GuestState, Surroundings, new_store};
use crate::plugin::Caller;
use crate::plugin::keyvalue::{KeyValueError, Keys};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use wasmtime::Store;
use wasmtime::component::ResourceAny;

mod generated {
    wasmtime::component::bindgen!({
        path: "wit/keyvalue.wit",
        world: "wasi:keyvalue/provider",
        exports: { default: async },
    });
}

use generated::Provider;
pub(super) use generated::ProviderPre;
use generated::exports::wasi::keyvalue::store as wit;

/// One instance of a provider.
pub(super) struct Instance {
    pub(super) store: Store<GuestState>,
    provider: Provider,
    binding: Option<Binding>,
    buckets: HashMap<String, ResourceAny>,
}

/// What an instance is asked.
pub(super) enum Ask {
    /// By a component, of a bucket.
    Call(Arc<Caller>, Arc<str>, Call),
    /// By the host, for a workload that starts.
    Bind(String, BTreeMap<String, String>),
    /// For one that has ended.
    Unbind(String),
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

impl Instance {
    /// A new one, which knows of no workload.
    pub(super) async fn make(
        provider: &ProviderPre<GuestState>,
        around: &Arc<Surroundings>,
        deadline: Deadline,
    ) -> wasmtime::Result<Self> {
        let mut store = new_store(provider.engine(), around, deadline);
        let made = provider.instance_pre().instantiate_async(&mut store).await?;
        let binding = Binding::of(&mut store, &made)?;
        let provider = Provider::new(&mut store, &made)?;
        Ok(Self { store, provider, binding, buckets: HashMap::new() })
    }

    /// The outer error is a trap, the inner one the component's own.
    pub(super) async fn answer(
        &mut self,
        ask: &Ask,
    ) -> wasmtime::Result<Result<Reply, KeyValueError>> {
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

    pub(super) async fn bind(
        &mut self,
        workload: &str,
        config: &BTreeMap<String, String>,
    ) -> wasmtime::Result<Result<Reply, KeyValueError>> {
        let Some(binding) = &self.binding else { return Ok(Ok(Reply::Bound(false))) };
        let bound = binding.bind(&mut self.store, workload, config).await?;
        Ok(bound.map(|()| Reply::Bound(true)).map_err(KeyValueError::Other))
    }

    async fn call(
        &mut self,
        bucket: &str,
        call: &Call,
    ) -> wasmtime::Result<Result<Reply, KeyValueError>> {
        let bucket = match self.bucket(bucket).await? {
            Ok(bucket) => bucket,
            Err(error) => return Ok(Err(error.into())),
        };
        let store = &mut self.store;
        let of = self.provider.wasi_keyvalue_store().bucket();
        let reply = match call {
            Call::Get(key) => of.call_get(store, bucket, key).await?.map(Reply::Value),
            Call::Set(key, value) => {
                of.call_set(store, bucket, key, value).await?.map(|()| Reply::Done)
            }
            Call::Delete(key) => of.call_delete(store, bucket, key).await?.map(|()| Reply::Done),
            Call::Exists(key) => of.call_exists(store, bucket, key).await?.map(Reply::Exists),
            Call::ListKeys(cursor) => {
                let page = of.call_list_keys(store, bucket, *cursor).await?;
                page.map(|wit::KeyResponse { keys, cursor }| Reply::Keys(Keys { keys, cursor }))
            }
            Call::Increment(key, delta) => {
                let atomics = self.provider.wasi_keyvalue_atomics();
                atomics.call_increment(store, bucket, key, *delta).await?.map(Reply::Sum)
            }
        };
        Ok(reply.map_err(Into::into))
    }

    /// The bucket of that name, opened at its first use in this instance.
    async fn bucket(&mut self, name: &str) -> wasmtime::Result<Result<ResourceAny, wit::Error>> {
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
