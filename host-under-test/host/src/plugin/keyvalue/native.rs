//! The plugin that provides `wasi:keyvalue` out of the host itself: from memory,
//! a folder, or a Redis server.

use super::{FileStore, KeyValue, MemoryStore, RedisStore};
use crate::error::{Error, Result};
use crate::plugin::{HostPlugin, Provided, Wanted};
use crate::workload::InterfaceSpec;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::path::PathBuf;
use std::sync::Arc;

const DEFAULT_MAX_BYTES: usize = 256 << 20;

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
            let of = wanted.interface;
            wanted.only(match self {
                Self::Memory => &["maxBytes"],
                Self::Filesystem => &["folder"],
                Self::Redis => &["url"],
            })?;
            let store: Arc<dyn KeyValue> = match self {
                Self::Memory => Arc::new(MemoryStore::new(max_bytes(of)?)),
                Self::Filesystem => Arc::new(FileStore::new(folder(of)?)),
                Self::Redis => Arc::new(RedisStore::connect(required(of, "url")?).await?),
            };
            Ok(Provided::KeyValue(store))
        }
        .boxed()
    }

    /// Nothing is kept for a workload beyond what it was given.
    fn unbind(&self, _: &str) {}
}

fn required<'a>(of: &'a InterfaceSpec, key: &str) -> Result<&'a str> {
    let text = of.config.get(key).map(String::as_str);
    text.ok_or_else(|| Error::Input(format!("wasi:keyvalue needs `config.{key}`")))
}

fn max_bytes(of: &InterfaceSpec) -> Result<usize> {
    let Some(text) = of.config.get("maxBytes") else { return Ok(DEFAULT_MAX_BYTES) };
    text.parse().map_err(|_| {
        Error::Input(format!("config.maxBytes of wasi:keyvalue: `{text}` is not a number of bytes"))
    })
}

fn folder(of: &InterfaceSpec) -> Result<PathBuf> {
    let folder = PathBuf::from(required(of, "folder")?);
    if folder.is_absolute() && folder.is_dir() {
        return Ok(folder);
    }
    Err(Error::Input(format!(
        "config.folder of wasi:keyvalue: {} is not a folder by its absolute path: make it first",
        folder.display()
    )))
}
