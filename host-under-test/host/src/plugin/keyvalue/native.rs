//! The plugin that provides `wasi:keyvalue` out of the host itself: from memory,
//! a folder, or a Redis server.

use super::{FileStore, KeyValue, MemoryStore, RedisStore};
use crate::error::Result;
use crate::plugin::{HostPlugin, Provided, Wanted};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// One of the host's own backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NativeKeyValue {
    /// In memory, for one workload; gone when it ends.
    Memory,
    /// In a folder, as long as that is there.
    Filesystem,
    /// In a Redis server.
    Redis,
}

impl HostPlugin for NativeKeyValue {
    fn package(&self) -> (&'static str, &'static str) {
        ("wasi", "keyvalue")
    }

    fn backend(&self) -> Option<&str> {
        Some(match self {
            Self::Memory => "memory",
            Self::Filesystem => "filesystem",
            Self::Redis => "redis",
        })
    }

    fn bind<'a>(&'a self, wanted: Wanted<'a>) -> BoxFuture<'a, Result<Provided>> {
        async move {
            wanted.only(match self {
                Self::Memory => &["maxBytes"],
                Self::Filesystem => &["folder"],
                Self::Redis => &["url"],
            })?;
            let store: Arc<dyn KeyValue> = match self {
                Self::Memory => Arc::new(MemoryStore::new(wanted.max_bytes()?)),
                Self::Filesystem => Arc::new(FileStore::new(wanted.folder()?)),
                Self::Redis => Arc::new(RedisStore::connect(wanted.required("url")?).await?),
            };
            Ok(Provided::KeyValue(store))
        }
        .boxed()
    }

    /// Nothing is kept for a workload beyond what it was given.
    fn unbind(&self, _: &str) {}
}
