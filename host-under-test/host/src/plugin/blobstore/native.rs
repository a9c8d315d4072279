//! The plugin that provides `wasi:blobstore` out of the host itself: from memory
//! or a folder.

use super::{Blobstore, FileBlobs, MemoryBlobs};
use crate::error::Result;
use crate::plugin::{HostPlugin, Provided, Wanted};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use std::sync::Arc;

/// One of the host's own backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NativeBlobstore {
    /// In memory, for one workload; gone when it ends.
    Memory,
    /// In a folder, as long as that is there.
    Filesystem,
}

impl NativeBlobstore {
    fn store(self, wanted: Wanted<'_>) -> Result<Arc<dyn Blobstore>> {
        Ok(match self {
            Self::Memory => {
                wanted.only(&["maxBytes"])?;
                Arc::new(MemoryBlobs::new(wanted.max_bytes()?))
            }
            Self::Filesystem => {
                wanted.only(&["folder"])?;
                Arc::new(FileBlobs::open(&wanted.folder()?)?)
            }
        })
    }
}

impl HostPlugin for NativeBlobstore {
    fn package(&self) -> (&'static str, &'static str) {
        ("wasi", "blobstore")
    }

    fn backend(&self) -> Option<&str> {
        Some(match self {
            Self::Memory => "memory",
            Self::Filesystem => "filesystem",
        })
    }

    fn bind<'a>(&'a self, wanted: Wanted<'a>) -> BoxFuture<'a, Result<Provided>> {
        ready(self.store(wanted).map(Provided::Blobstore)).boxed()
    }

    /// Nothing is kept for a workload beyond what it was given.
    fn unbind(&self, _: &str) {}
}
