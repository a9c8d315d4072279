//! `wasi:keyvalue` as guests see it: their calls go to the provider that the
//! bucket's name leads to.

use super::{Bucket, KeyValueError, Keys, Stores, judge_key, judge_value};
use crate::plugin::Caller;
use std::sync::Arc;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable, ResourceTableError};

mod generated {
    wasmtime::component::bindgen!({
        path: "wit/keyvalue.wit",
        world: "wasi:keyvalue/consumer",
        imports: { default: async | trappable },
        with: { "wasi:keyvalue/store.bucket": super::Handle },
        trappable_error_type: { "wasi:keyvalue/store.error" => super::Failure },
    });
}

use generated::wasi::keyvalue::{atomics, store};

/// A bucket that a guest has opened.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Handle(Arc<dyn Bucket>);

/// An error for the guest, or one that traps it.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub enum Failure {
    Guest(KeyValueError),
    Trap(ResourceTableError),
}

impl From<KeyValueError> for Failure {
    fn from(error: KeyValueError) -> Self {
        Self::Guest(error)
    }
}

impl From<ResourceTableError> for Failure {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(error)
    }
}

/// What the calls of one instance need.
pub(crate) struct View<'a> {
    pub(crate) stores: &'a Stores,
    pub(crate) caller: &'a Caller,
    pub(crate) table: &'a mut ResourceTable,
}

struct HasView;

impl HasData for HasView {
    type Data<'a> = View<'a>;
}

/// Offers `store` and `atomics`.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> View<'_>,
) -> wasmtime::Result<()> {
    store::add_to_linker::<_, HasView>(linker, view)?;
    atomics::add_to_linker::<_, HasView>(linker, view)
}

impl View<'_> {
    fn bucket(&self, handle: &Resource<Handle>) -> Result<Arc<dyn Bucket>, Failure> {
        Ok(Arc::clone(&self.table.get(handle)?.0))
    }

    /// The bucket, for a key that may be one.
    fn bucket_for(&self, handle: &Resource<Handle>, key: &str) -> Result<Arc<dyn Bucket>, Failure> {
        judge_key(key)?;
        self.bucket(handle)
    }
}

impl store::Host for View<'_> {
    async fn open(&mut self, identifier: String) -> Result<Resource<Handle>, Failure> {
        let bucket = self.stores.open(self.caller, &identifier).await?;
        Ok(self.table.push(Handle(bucket))?)
    }

    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<store::Error> {
        match failure {
            Failure::Guest(KeyValueError::NoSuchStore) => Ok(store::Error::NoSuchStore),
            Failure::Guest(KeyValueError::AccessDenied) => Ok(store::Error::AccessDenied),
            Failure::Guest(KeyValueError::Other(what)) => Ok(store::Error::Other(what)),
            Failure::Trap(error) => Err(error.into()),
        }
    }
}

impl store::HostBucket for View<'_> {
    async fn get(
        &mut self,
        bucket: Resource<Handle>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.bucket_for(&bucket, &key)?.get(key).await?)
    }

    async fn set(
        &mut self,
        bucket: Resource<Handle>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Failure> {
        judge_value(&value)?;
        Ok(self.bucket_for(&bucket, &key)?.set(key, value).await?)
    }

    async fn delete(&mut self, bucket: Resource<Handle>, key: String) -> Result<(), Failure> {
        Ok(self.bucket_for(&bucket, &key)?.delete(key).await?)
    }

    async fn exists(&mut self, bucket: Resource<Handle>, key: String) -> Result<bool, Failure> {
        Ok(self.bucket_for(&bucket, &key)?.exists(key).await?)
    }

    async fn list_keys(
        &mut self,
        bucket: Resource<Handle>,
        cursor: Option<u64>,
    ) -> Result<store::KeyResponse, Failure> {
        let Keys { keys, cursor } = self.bucket(&bucket)?.list_keys(cursor).await?;
        Ok(store::KeyResponse { keys, cursor })
    }

    async fn drop(&mut self, bucket: Resource<Handle>) -> wasmtime::Result<()> {
        self.table.delete(bucket)?;
        Ok(())
    }
}

impl atomics::Host for View<'_> {
    async fn increment(
        &mut self,
        bucket: Resource<Handle>,
        key: String,
        delta: u64,
    ) -> Result<u64, Failure> {
        Ok(self.bucket_for(&bucket, &key)?.increment(key, delta).await?)
    }
}
