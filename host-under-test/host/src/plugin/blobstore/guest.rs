//! `wasi:blobstore` as guests see it: their calls go to the store that the
//! container's name leads to, within what one instance may hold.

use super::room::{Room, Share};
use super::{BlobError, Blobstores, ObjectId};
use std::sync::Arc;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable, ResourceTableError};

mod generated {
    wasmtime::component::bindgen!({
        path: "wit/blobstore.wit",
        world: "wasi:blobstore/consumer",
        imports: { default: async | trappable },
        with: {
            "wasi:io/streams": wasmtime_wasi::p2::bindings::io::streams,
            "wasi:blobstore/container.container": super::super::container::Handle,
            "wasi:blobstore/container.stream-object-names": super::super::container::Listing,
            "wasi:blobstore/types.incoming-value": super::super::values::Incoming,
            "wasi:blobstore/types.outgoing-value": super::super::values::Outgoing,
        },
        trappable_error_type: { "wasi:blobstore/types.error" => super::Failure },
    });
}

use super::container::Handle;
use generated::wasi::blobstore::blobstore;
pub(super) use generated::wasi::blobstore::{container, types};

/// What an instance's values hold in memory at most: the host must not pay for
/// what the guest's own memory is limited for.
pub(super) const MAX_BUFFERED_BYTES: usize = 16 << 20;
/// How many values, of either direction, an instance has at most.
const MAX_VALUES: usize = 256;

/// An error for the guest, or one that traps it.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub enum Failure {
    Guest(BlobError),
    Trap(ResourceTableError),
}

impl From<BlobError> for Failure {
    fn from(error: BlobError) -> Self {
        Self::Guest(error)
    }
}

impl From<ResourceTableError> for Failure {
    fn from(error: ResourceTableError) -> Self {
        match error {
            ResourceTableError::Full => {
                Self::Guest(BlobError("this instance holds too many resources".to_owned()))
            }
            error => Self::Trap(error),
        }
    }
}

/// What the values of one instance share. Made at the first use: most instances
/// have none.
#[derive(Default)]
pub(crate) struct Limits(Option<(Arc<Room>, Arc<Room>)>);

impl Limits {
    fn rooms(&mut self) -> &(Arc<Room>, Arc<Room>) {
        self.0.get_or_insert_with(|| (Room::new(MAX_VALUES), Room::new(MAX_BUFFERED_BYTES)))
    }

    /// A place among the values.
    pub(super) fn value(&mut self) -> Result<Share, BlobError> {
        let mut share = Share::of(&self.rooms().0);
        match share.grow(1) {
            true => Ok(share),
            false => Err(BlobError(format!("an instance has at most {MAX_VALUES} values open"))),
        }
    }

    /// Memory for what is written before it is known where to.
    pub(super) fn buffer(&mut self) -> Share {
        Share::of(&self.rooms().1)
    }
}

/// What the calls of one instance need.
pub(crate) struct View<'a> {
    pub(crate) stores: &'a Blobstores,
    pub(crate) limits: &'a mut Limits,
    pub(crate) table: &'a mut ResourceTable,
}

struct HasView;

impl HasData for HasView {
    type Data<'a> = View<'a>;
}

/// Offers `blobstore`, `container` and `types`.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> View<'_>,
) -> wasmtime::Result<()> {
    types::add_to_linker::<_, HasView>(linker, view)?;
    container::add_to_linker::<_, HasView>(linker, view)?;
    blobstore::add_to_linker::<_, HasView>(linker, view)
}

impl From<types::ObjectId> for ObjectId {
    fn from(id: types::ObjectId) -> Self {
        Self { container: id.container, object: id.object }
    }
}

impl blobstore::Host for View<'_> {
    async fn create_container(&mut self, name: String) -> Result<Resource<Handle>, Failure> {
        let store = Arc::clone(self.stores.of(&name)?);
        store.create(name.clone()).await?;
        Ok(self.table.push(Handle { store, name })?)
    }

    async fn get_container(&mut self, name: String) -> Result<Resource<Handle>, Failure> {
        let store = Arc::clone(self.stores.of(&name)?);
        let found = store.created_at(name.clone()).await?;
        found.ok_or_else(|| BlobError::no_container(&name))?;
        Ok(self.table.push(Handle { store, name })?)
    }

    async fn delete_container(&mut self, name: String) -> Result<(), Failure> {
        Ok(self.stores.of(&name)?.delete(name).await?)
    }

    async fn container_exists(&mut self, name: String) -> Result<bool, Failure> {
        Ok(self.stores.of(&name)?.created_at(name).await?.is_some())
    }

    async fn copy_object(
        &mut self,
        from: types::ObjectId,
        to: types::ObjectId,
    ) -> Result<(), Failure> {
        Ok(self.stores.transfer(from.into(), to.into(), false).await?)
    }

    async fn move_object(
        &mut self,
        from: types::ObjectId,
        to: types::ObjectId,
    ) -> Result<(), Failure> {
        Ok(self.stores.transfer(from.into(), to.into(), true).await?)
    }
}
