//! Containers as guests see them, and the names in them.

use super::guest::{Failure, View, container, types};
use super::output::Body;
use super::values::{Incoming, Outgoing};
use super::{BlobError, Blobstore, MAX_PAGE_NAMES, Names, ObjectId, judge_object};
use std::sync::Arc;
use std::time::SystemTime;
use wasmtime::component::Resource;

/// A container that a guest has opened.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Handle {
    pub(super) store: Arc<dyn Blobstore>,
    pub(super) name: String,
}

/// How far a guest has come in a container's names.
#[expect(unreachable_pub, reason = "the generated bindings export it again")]
pub struct Listing {
    store: Arc<dyn Blobstore>,
    container: String,
    after: Option<String>,
    is_end: bool,
}

impl Listing {
    /// The next names, a page of them at most.
    async fn next(&mut self, max: u64) -> Result<Names, BlobError> {
        if self.is_end {
            return Ok(Names { names: Vec::new(), is_end: true });
        }
        let max = usize::try_from(max).map_or(MAX_PAGE_NAMES, |max| max.min(MAX_PAGE_NAMES));
        let page = self.store.names(self.container.clone(), self.after.clone(), max).await?;
        if let Some(last) = page.names.last() {
            self.after = Some(last.clone());
        }
        self.is_end = page.is_end;
        Ok(page)
    }
}

impl View<'_> {
    /// The store behind a container, and the container's name.
    fn container(
        &self,
        handle: &Resource<Handle>,
    ) -> Result<(Arc<dyn Blobstore>, String), Failure> {
        let Handle { store, name } = self.table.get(handle)?;
        Ok((Arc::clone(store), name.clone()))
    }

    /// The store behind a container, and an object there.
    fn object(
        &self,
        handle: &Resource<Handle>,
        object: String,
    ) -> Result<(Arc<dyn Blobstore>, ObjectId), Failure> {
        judge_object(&object)?;
        let (store, container) = self.container(handle)?;
        Ok((store, ObjectId { container, object }))
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl container::Host for View<'_> {}

impl container::HostContainer for View<'_> {
    async fn name(&mut self, handle: Resource<Handle>) -> Result<String, Failure> {
        Ok(self.container(&handle)?.1)
    }

    async fn info(
        &mut self,
        handle: Resource<Handle>,
    ) -> Result<types::ContainerMetadata, Failure> {
        let (store, name) = self.container(&handle)?;
        let created_at = store.created_at(name.clone()).await?;
        let created_at = seconds(created_at.ok_or_else(|| BlobError::no_container(&name))?);
        Ok(types::ContainerMetadata { name, created_at })
    }

    async fn get_data(
        &mut self,
        handle: Resource<Handle>,
        name: String,
        start: u64,
        end: u64,
    ) -> Result<Resource<Incoming>, Failure> {
        let (store, id) = self.object(&handle, name)?;
        if start > end {
            let what = format!("the range begins at {start}, after its end at {end}");
            return Err(BlobError(what).into());
        }
        let place = self.limits.value()?;
        // The interface counts the last byte in.
        let blob = store.read(id, start..end.saturating_add(1)).await?;
        Ok(self.table.push(Incoming { blob, place })?)
    }

    async fn write_data(
        &mut self,
        handle: Resource<Handle>,
        name: String,
        value: Resource<Outgoing>,
    ) -> Result<(), Failure> {
        let (store, id) = self.object(&handle, name)?;
        let body = self.table.get(&value)?.body();
        Ok(Body::place(&body, &*store, id).await?)
    }

    async fn list_objects(
        &mut self,
        handle: Resource<Handle>,
    ) -> Result<Resource<Listing>, Failure> {
        let (store, container) = self.container(&handle)?;
        let found = store.created_at(container.clone()).await?;
        found.ok_or_else(|| BlobError::no_container(&container))?;
        Ok(self.table.push(Listing { store, container, after: None, is_end: false })?)
    }

    async fn delete_object(
        &mut self,
        handle: Resource<Handle>,
        name: String,
    ) -> Result<(), Failure> {
        self.delete_objects(handle, vec![name]).await
    }

    async fn delete_objects(
        &mut self,
        handle: Resource<Handle>,
        names: Vec<String>,
    ) -> Result<(), Failure> {
        names.iter().try_for_each(|name| judge_object(name))?;
        let (store, container) = self.container(&handle)?;
        Ok(store.remove(container, names).await?)
    }

    async fn has_object(
        &mut self,
        handle: Resource<Handle>,
        name: String,
    ) -> Result<bool, Failure> {
        let (store, id) = self.object(&handle, name)?;
        Ok(store.info(id).await?.is_some())
    }

    async fn object_info(
        &mut self,
        handle: Resource<Handle>,
        name: String,
    ) -> Result<types::ObjectMetadata, Failure> {
        let (store, id) = self.object(&handle, name)?;
        let info = store.info(id.clone()).await?.ok_or_else(|| BlobError::no_object(&id))?;
        Ok(types::ObjectMetadata {
            name: id.object,
            container: id.container,
            created_at: seconds(info.created_at),
            size: info.size_bytes,
        })
    }

    async fn clear(&mut self, handle: Resource<Handle>) -> Result<(), Failure> {
        let (store, container) = self.container(&handle)?;
        Ok(store.clear(container).await?)
    }

    async fn drop(&mut self, handle: Resource<Handle>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl container::HostStreamObjectNames for View<'_> {
    async fn read_stream_object_names(
        &mut self,
        listing: Resource<Listing>,
        max: u64,
    ) -> Result<(Vec<String>, bool), Failure> {
        let Names { names, is_end } = self.table.get_mut(&listing)?.next(max).await?;
        Ok((names, is_end))
    }

    async fn skip_stream_object_names(
        &mut self,
        listing: Resource<Listing>,
        count: u64,
    ) -> Result<(u64, bool), Failure> {
        let listing = self.table.get_mut(&listing)?;
        let mut skipped = 0;
        while skipped < count && !listing.is_end {
            skipped += listing.next(count - skipped).await?.names.len() as u64;
        }
        Ok((skipped, listing.is_end))
    }

    async fn drop(&mut self, listing: Resource<Listing>) -> wasmtime::Result<()> {
        self.table.delete(listing)?;
        Ok(())
    }
}
