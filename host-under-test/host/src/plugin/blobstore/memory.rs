//! Containers in this process's memory, which end with it.

use super::room::{Room, Share};
use super::{Answer, Blob, BlobError, Blobstore, Draft, Names, ObjectId, ObjectInfo, within};
use bytes::Bytes;
use futures_util::future::ready;
use futures_util::{FutureExt, StreamExt, stream};
use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// All containers of one entry of `hostInterfaces`.
pub struct MemoryBlobs(Arc<Shelf>);

/// What the store and its drafts share.
struct Shelf {
    containers: Mutex<BTreeMap<String, Container>>,
    room: Arc<Room>,
}

struct Container {
    created_at: SystemTime,
    objects: BTreeMap<String, Object>,
    _name: Share,
}

struct Object {
    created_at: SystemTime,
    /// Takes room until the last reader is done with it.
    bytes: Bytes,
    _name: Share,
}

struct MemoryDraft {
    shelf: Arc<Shelf>,
    id: ObjectId,
    name: Share,
    body: Body,
}

struct Body {
    bytes: Vec<u8>,
    share: Share,
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl MemoryBlobs {
    /// Names and objects together take at most `max_bytes`, those that are being
    /// written or still being read included.
    pub fn new(max_bytes: usize) -> Self {
        Self(Arc::new(Shelf { containers: Mutex::default(), room: Room::new(max_bytes) }))
    }
}

impl Shelf {
    fn containers(&self) -> MutexGuard<'_, BTreeMap<String, Container>> {
        self.containers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with a container that has to be there.
    fn with<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut Container) -> Result<T, BlobError>,
    ) -> Result<T, BlobError> {
        let mut containers = self.containers();
        work(containers.get_mut(name).ok_or_else(|| BlobError::no_container(name))?)
    }

    fn share(&self, by: usize) -> Result<Share, BlobError> {
        let mut share = Share::of(&self.room);
        grow(&mut share, by)?;
        Ok(share)
    }

    /// Puts a new entry for an object's bytes in its place.
    fn put(&self, id: ObjectId, bytes: Bytes, created_at: SystemTime) -> Result<(), BlobError> {
        let name = self.share(id.object.len())?;
        self.with(&id.container, |container| {
            container.objects.insert(id.object, Object { created_at, bytes, _name: name });
            Ok(())
        })
    }

    fn bytes(&self, id: &ObjectId) -> Result<(Bytes, SystemTime), BlobError> {
        self.with(&id.container, |container| {
            let found = container.objects.get(&id.object);
            let object = found.ok_or_else(|| BlobError::no_object(id))?;
            Ok((object.bytes.clone(), object.created_at))
        })
    }

    fn rename(&self, from: &ObjectId, to: ObjectId) -> Result<(), BlobError> {
        let name = self.share(to.object.len())?;
        let mut containers = self.containers();
        let no_container = |id: &ObjectId| BlobError::no_container(&id.container);
        let source = containers.get(&from.container).ok_or_else(|| no_container(from))?;
        let is_there = source.objects.contains_key(&from.object);
        let no_object = || BlobError::no_object(from);
        is_there.then_some(()).ok_or_else(no_object)?;
        containers.get(&to.container).ok_or_else(|| no_container(&to))?;
        let source = containers.get_mut(&from.container).ok_or_else(|| no_container(from))?;
        let object = source.objects.remove(&from.object).ok_or_else(no_object)?;
        let target = containers.get_mut(&to.container).ok_or_else(|| no_container(&to))?;
        target.objects.insert(to.object, Object { _name: name, ..object });
        Ok(())
    }
}

fn grow(share: &mut Share, by: usize) -> Result<(), BlobError> {
    match share.grow(by) {
        true => Ok(()),
        false => {
            let max = share.room().max();
            Err(BlobError(format!("the store is full: it holds {max} bytes")))
        }
    }
}

/// An answer that is there at once.
fn now<T: Send + 'static>(answer: Result<T, BlobError>) -> Answer<'static, T> {
    ready(answer).boxed()
}

impl Blobstore for MemoryBlobs {
    fn create(&self, name: String) -> Answer<'_, ()> {
        now(self.0.share(name.len()).and_then(|share| {
            let mut containers = self.0.containers();
            if containers.contains_key(&name) {
                return Err(BlobError::is_container(&name));
            }
            let (created_at, objects) = (SystemTime::now(), BTreeMap::new());
            containers.insert(name, Container { created_at, objects, _name: share });
            Ok(())
        }))
    }

    fn created_at(&self, container: String) -> Answer<'_, Option<SystemTime>> {
        now(Ok(self.0.containers().get(&container).map(|container| container.created_at)))
    }

    fn delete(&self, name: String) -> Answer<'_, ()> {
        let removed = self.0.containers().remove(&name);
        now(removed.map(drop).ok_or_else(|| BlobError::no_container(&name)))
    }

    fn clear(&self, container: String) -> Answer<'_, ()> {
        now(self.0.with(&container, |container| {
            container.objects.clear();
            Ok(())
        }))
    }

    fn names(&self, container: String, after: Option<String>, max: usize) -> Answer<'_, Names> {
        now(self.0.with(&container, |container| {
            let start = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let names = container.objects.range::<str, _>((start, Bound::Unbounded));
            Ok(Names::page(names.take(max + 1).map(|(name, _)| name.clone()).collect(), max))
        }))
    }

    fn info(&self, id: ObjectId) -> Answer<'_, Option<ObjectInfo>> {
        now(self.0.with(&id.container, |container| {
            Ok(container.objects.get(&id.object).map(|object| ObjectInfo {
                created_at: object.created_at,
                size_bytes: object.bytes.len() as u64,
            }))
        }))
    }

    fn read(&self, id: ObjectId, range: Range<u64>) -> Answer<'_, Blob> {
        now(self.0.bytes(&id).map(|(bytes, _)| {
            let range = within(&range, bytes.len() as u64);
            // Within the object, whose length is a usize.
            let part = bytes.slice(range.start as usize..range.end as usize);
            let parts = stream::once(ready(Ok(part))).boxed();
            Blob { size_bytes: range.end - range.start, parts }
        }))
    }

    fn write(&self, id: ObjectId) -> Answer<'_, Box<dyn Draft>> {
        let begun = self.0.with(&id.container, |_| Ok(())).and_then(|()| {
            let body = Body { bytes: Vec::new(), share: Share::of(&self.0.room) };
            let name = self.0.share(id.object.len())?;
            let draft: Box<dyn Draft> =
                Box::new(MemoryDraft { shelf: Arc::clone(&self.0), id, name, body });
            Ok(draft)
        });
        now(begun)
    }

    fn remove(&self, container: String, objects: Vec<String>) -> Answer<'_, ()> {
        now(self.0.with(&container, |container| {
            for name in &objects {
                container.objects.remove(name);
            }
            Ok(())
        }))
    }

    fn copy(&self, from: ObjectId, to: ObjectId) -> Answer<'_, ()> {
        let copied = self.0.bytes(&from);
        now(copied.and_then(|(bytes, _)| self.0.put(to, bytes, SystemTime::now())))
    }

    fn rename(&self, from: ObjectId, to: ObjectId) -> Answer<'_, ()> {
        now(self.0.rename(&from, to))
    }
}

impl Draft for MemoryDraft {
    fn write(mut self: Box<Self>, part: Bytes) -> Answer<'static, Box<dyn Draft>> {
        now(grow(&mut self.body.share, part.len()).map(|()| {
            self.body.bytes.extend_from_slice(&part);
            let draft: Box<dyn Draft> = self;
            draft
        }))
    }

    fn finish(self: Box<Self>) -> Answer<'static, ()> {
        let Self { shelf, id, name, mut body } = *self;
        body.bytes.shrink_to_fit();
        let bytes = Bytes::from_owner(body);
        now(shelf.with(&id.container, |container| {
            let object = Object { created_at: SystemTime::now(), bytes, _name: name };
            container.objects.insert(id.object, object);
            Ok(())
        }))
    }
}
