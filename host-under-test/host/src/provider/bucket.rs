//! A provider as its callers know it: buckets whose calls go to its instances.

use super::instance::{Ask, Call, Reply};
use super::store::{ProviderStore, confused};
use crate::plugin::Caller;
use crate::plugin::keyvalue::{Answer, Bucket, KeyValue, KeyValueError, Keys};
use futures_util::FutureExt;
use std::sync::Arc;

/// A provider as its callers know it.
pub(crate) struct Provided(pub(crate) Arc<ProviderStore>);

impl KeyValue for Provided {
    fn open<'a>(&'a self, caller: &'a Caller, bucket: &'a str) -> Answer<'a, Arc<dyn Bucket>> {
        let bucket: Arc<dyn Bucket> = Arc::new(ProvidedBucket {
            store: Arc::clone(&self.0),
            caller: Arc::new(caller.clone()),
            name: bucket.into(),
        });
        std::future::ready(Ok(bucket)).boxed()
    }
}

struct ProvidedBucket {
    store: Arc<ProviderStore>,
    caller: Arc<Caller>,
    name: Arc<str>,
}

impl ProvidedBucket {
    async fn call(&self, call: Call) -> Result<Reply, KeyValueError> {
        let (caller, name) = (Arc::clone(&self.caller), Arc::clone(&self.name));
        self.store.ask(Ask::Call(caller, name, call)).await
    }
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
