//! What the host offers workloads beyond the base, by plugins: each provides one
//! package, and is bound to every entry of `hostInterfaces` that asks for it.
//! Knows nothing of HTTP, routes or instances.

pub mod blobstore;
mod file_name;
pub mod keyvalue;
pub(crate) mod logging;

use crate::error::{Error, Result};
use crate::workload::InterfaceSpec;
pub use blobstore::Blobstore;
use futures_util::future::BoxFuture;
pub use keyvalue::{Bucket, KeyValue, Stores};
pub use logging::{Level, Log, StderrLog, StderrLogging};
use std::path::PathBuf;
use std::sync::Arc;

/// What a store in memory holds unless its entry says otherwise.
const DEFAULT_MAX_BYTES: usize = 256 << 20;

/// The plugins that this host has.
pub fn all() -> Vec<Arc<dyn HostPlugin>> {
    use blobstore::NativeBlobstore;
    use keyvalue::NativeKeyValue::{Filesystem, Memory, Redis};
    vec![
        Arc::new(Memory),
        Arc::new(Filesystem),
        Arc::new(Redis),
        Arc::new(NativeBlobstore::Memory),
        Arc::new(NativeBlobstore::Filesystem),
        Arc::new(StderrLogging),
    ]
}

/// Who calls a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The workload's title.
    pub workload: String,
    /// The component's name.
    pub component: String,
}

/// An entry of `hostInterfaces` that wants to be provided for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The title of the workload that asks.
    pub workload: &'a str,
    /// What it asks for.
    pub interface: &'a InterfaceSpec,
}

impl Wanted<'_> {
    /// Refuses what `config` holds beside `backend` and these keys: other backends
    /// may know it, this one would ignore it.
    pub(crate) fn only(&self, known: &[&str]) -> Result<()> {
        let InterfaceSpec { namespace, package, config, .. } = self.interface;
        let is_known = |key: &str| key == "backend" || known.contains(&key);
        let Some(key) = config.keys().find(|key| !is_known(key)) else { return Ok(()) };
        let backend = config.get("backend").map_or("the default", String::as_str);
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Err(Error::Input(format!(
            "config.{key} of {namespace}:{package} means nothing to the backend ({backend}): it \
             knows {known}"
        )))
    }

    /// What `config` has to say about `key`.
    pub(crate) fn required(&self, key: &str) -> Result<&str> {
        let InterfaceSpec { namespace, package, config, .. } = self.interface;
        let text = config.get(key).map(String::as_str);
        text.ok_or_else(|| Error::Input(format!("{namespace}:{package} needs `config.{key}`")))
    }

    /// `config.maxBytes`, or what is usual.
    pub(crate) fn max_bytes(&self) -> Result<usize> {
        let InterfaceSpec { namespace, package, config, .. } = self.interface;
        let Some(text) = config.get("maxBytes") else { return Ok(DEFAULT_MAX_BYTES) };
        text.parse().map_err(|_| {
            Error::Input(format!(
                "config.maxBytes of {namespace}:{package}: `{text}` is not a number of bytes"
            ))
        })
    }

    /// `config.folder`, which exists.
    pub(crate) fn folder(&self) -> Result<PathBuf> {
        let folder = PathBuf::from(self.required("folder")?);
        if folder.is_absolute() && folder.is_dir() {
            return Ok(folder);
        }
        let InterfaceSpec { namespace, package, .. } = self.interface;
        Err(Error::Input(format!(
            "config.folder of {namespace}:{package}: {} is not a folder by its absolute path: make \
             it first",
            folder.display()
        )))
    }
}

/// What a plugin provides for one entry.
#[derive(Clone)]
pub enum Provided {
    /// `wasi:keyvalue`
    KeyValue(Arc<dyn KeyValue>),
    /// `wasi:blobstore`
    Blobstore(Arc<dyn Blobstore>),
    /// `wasi:logging`
    Log(Arc<dyn Log>),
}

/// Something compiled into the host that provides a package to workloads.
pub trait HostPlugin: Send + Sync + 'static {
    /// Namespace and name of the package: `("wasi", "keyvalue")`.
    fn package(&self) -> (&'static str, &'static str);

    /// The value of `config.backend` that chooses it; `None` if its package has
    /// only one.
    fn backend(&self) -> Option<&str>;

    /// Provides for an entry of a workload that starts.
    ///
    /// # Errors
    /// What is wrong with the entry, or with what is behind the plugin; the
    /// workload does not start then.
    fn bind<'a>(&'a self, wanted: Wanted<'a>) -> BoxFuture<'a, Result<Provided>>;

    /// A workload that was bound has ended.
    fn unbind(&self, workload: &str);

    /// How often what is behind it was started again after it failed; `None` if
    /// nothing is that could.
    fn restarts(&self) -> Option<u64> {
        None
    }
}
