//! `wasi:blobstore`, whatever is behind it: what a store must do, and which store
//! a container's name leads to.
//!
//! Every store gives the same answers. Where the interface leaves a choice, it is
//! made here: an object is seen once its value is finished, a range beyond the
//! object's end is cut, names are listed in their order, in pages, and what a
//! name may be is the same everywhere.

mod container;
mod file;
mod guest;
mod input;
mod memory;
mod native;
mod output;
mod room;
mod temporary;
mod values;

pub use file::FileBlobs;
pub(crate) use guest::{Limits, View, add_to_linker};
pub use memory::MemoryBlobs;
pub use native::NativeBlobstore;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

/// The longest name of a container. Together with an object's it has to be a path.
const MAX_CONTAINER_NAME_BYTES: usize = 255;
/// The longest name of an object.
const MAX_OBJECT_NAME_BYTES: usize = 1 << 10;
/// The largest object.
const MAX_OBJECT_BYTES: u64 = 1 << 30;
/// How many names a page has at most.
const MAX_PAGE_NAMES: usize = 1_000;

/// Why a call was not answered, in words: the interface knows nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobError(pub String);

impl fmt::Display for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BlobError {}

impl BlobError {
    fn no_container(name: &str) -> Self {
        Self(format!("there is no container {name}"))
    }

    fn is_container(name: &str) -> Self {
        Self(format!("there is a container {name} already"))
    }

    fn no_object(id: &ObjectId) -> Self {
        Self(format!("there is no object {} in container {}", id.object, id.container))
    }
}

/// What a call comes to.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, BlobError>>;

/// Where an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectId {
    /// The container's name.
    pub container: String,
    /// The object's name in it.
    pub object: String,
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectInfo {
    /// When it was written.
    pub created_at: SystemTime,
    /// How large it is.
    pub size_bytes: u64,
}

/// What an object held when it was asked for, whatever happens to it since.
pub struct Blob {
    /// The sum of all parts.
    pub size_bytes: u64,
    /// Its bytes, in pieces of any size.
    pub parts: BoxStream<'static, Result<Bytes, BlobError>>,
}

/// A page of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// In their order.
    pub names: Vec<String>,
    /// Whether there are no further ones.
    pub is_end: bool,
}

impl Names {
    /// A page out of the first `max + 1` names, or fewer if there are no more.
    fn page(mut names: Vec<String>, max: usize) -> Self {
        let is_end = names.len() <= max;
        names.truncate(max);
        Self { names, is_end }
    }
}

/// Something that has containers. Names were judged already. What needs a
/// container that is not there is refused.
pub trait Blobstore: Send + Sync + 'static {
    /// Makes a container, unless there is one of this name.
    fn create(&self, container: String) -> Answer<'_, ()>;
    /// When a container was made; `None` if there is none of this name.
    fn created_at(&self, container: String) -> Answer<'_, Option<SystemTime>>;
    /// Removes a container with all that is in it.
    fn delete(&self, container: String) -> Answer<'_, ()>;
    /// Removes all that is in a container.
    fn clear(&self, container: String) -> Answer<'_, ()>;
    /// The first `max` names that come after this one.
    fn names(&self, container: String, after: Option<String>, max: usize) -> Answer<'_, Names>;
    /// What is known of an object, if it is there.
    fn info(&self, id: ObjectId) -> Answer<'_, Option<ObjectInfo>>;
    /// A part of an object, as much of the range as there is.
    fn read(&self, id: ObjectId, range: Range<u64>) -> Answer<'_, Blob>;
    /// Begins an object, which nobody sees yet.
    fn write(&self, id: ObjectId) -> Answer<'_, Box<dyn Draft>>;
    /// Removes those of the objects that are there.
    fn remove(&self, container: String, objects: Vec<String>) -> Answer<'_, ()>;
    /// Makes `to` what `from` is.
    fn copy(&self, from: ObjectId, to: ObjectId) -> Answer<'_, ()>;
    /// The same, and `from` is gone.
    fn rename(&self, from: ObjectId, to: ObjectId) -> Answer<'_, ()>;
}

/// An object that is being written. Dropped before it is finished, it leaves
/// nothing behind.
pub trait Draft: Send + 'static {
    /// Takes the next part; the draft is gone if there is no place for it.
    fn write(self: Box<Self>, part: Bytes) -> Answer<'static, Box<dyn Draft>>;
    /// From now on it is the object, all of it at once.
    fn finish(self: Box<Self>) -> Answer<'static, ()>;
}

/// The stores of one component: those it knows by name, and the one for all other
/// containers.
#[derive(Clone, Default)]
pub(crate) struct Blobstores {
    unnamed: Option<Arc<dyn Blobstore>>,
    named: BTreeMap<String, Arc<dyn Blobstore>>,
}

impl Blobstores {
    pub(crate) fn add(&mut self, name: Option<&str>, store: Arc<dyn Blobstore>) {
        match name {
            None => self.unnamed = Some(store),
            Some(name) => drop(self.named.insert(name.to_owned(), store)),
        }
    }

    /// The store that a container is in, or would be.
    fn of(&self, container: &str) -> Result<&Arc<dyn Blobstore>, BlobError> {
        judge_name("container", container, MAX_CONTAINER_NAME_BYTES)?;
        self.named.get(container).or(self.unnamed.as_ref()).ok_or_else(|| {
            BlobError(format!(
                "no entry of wasi:blobstore is called {container}, and none is without a name"
            ))
        })
    }

    /// Copies or moves an object, from one store to another if need be.
    async fn transfer(&self, from: ObjectId, to: ObjectId, moves: bool) -> Result<(), BlobError> {
        let (source, target) = (self.of(&from.container)?, self.of(&to.container)?);
        judge_object(&from.object)?;
        judge_object(&to.object)?;
        match (Arc::ptr_eq(source, target), moves) {
            (true, false) => return source.copy(from, to).await,
            (true, true) => return source.rename(from, to).await,
            (false, _) => {}
        }
        let mut blob = source.read(from.clone(), 0..u64::MAX).await?;
        let mut draft = target.write(to).await?;
        while let Some(part) = blob.parts.next().await {
            draft = draft.write(part?).await?;
        }
        draft.finish().await?;
        match moves {
            true => source.remove(from.container, vec![from.object]).await,
            false => Ok(()),
        }
    }
}

fn judge_object(name: &str) -> Result<(), BlobError> {
    judge_name("object", name, MAX_OBJECT_NAME_BYTES)
}

fn judge_name(of: &str, name: &str, max_bytes: usize) -> Result<(), BlobError> {
    match name.len() {
        0 => Err(BlobError(format!("the name of the {of} must not be empty"))),
        size if size > max_bytes => {
            Err(BlobError(format!("the name of the {of} has more than {max_bytes} bytes")))
        }
        _ => Ok(()),
    }
}

/// As much of a range as an object of this size has.
fn within(range: &Range<u64>, size_bytes: u64) -> Range<u64> {
    let start = range.start.min(size_bytes);
    start..range.end.clamp(start, size_bytes)
}
