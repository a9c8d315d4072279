//! Containers in a folder: a folder for each, a file for each object. What was
//! written outlives the host, and is there whole or not at all. Neither a name nor
//! a link in the folder leads out of it.

use super::temporary::{Temporary, free_name, tidy};
use super::{
    Answer, Blob, BlobError, Blobstore, Draft, MAX_OBJECT_NAME_BYTES, Names, ObjectId, ObjectInfo,
    within,
};
use crate::error::{Error, Result as HostResult};
use crate::plugin::file_name::{name_of, text_of};
use bytes::{Bytes, BytesMut};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata};
use futures_util::future::ready;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, stream};
use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Up to here an object passes through memory and needs no open file meanwhile.
const SMALL_BYTES: usize = 64 << 10;
/// How much of a larger one is read at once.
const PART_BYTES: u64 = 256 << 10;
/// How many larger ones are open at a time.
const MAX_OPEN: usize = 256;
/// How many folders the longest name leads through.
const MAX_DEPTH: usize = 2 * MAX_OBJECT_NAME_BYTES / 200;

/// All containers of one entry of `hostInterfaces`.
pub struct FileBlobs(Arc<Root>);

struct Root {
    folder: Arc<Dir>,
    open: Arc<Semaphore>,
}

struct FileDraft {
    root: Arc<Root>,
    id: ObjectId,
    /// All of it, while it is small.
    small: Vec<u8>,
    large: Option<(Temporary, OwnedSemaphorePermit)>,
}

impl FileBlobs {
    /// Containers become folders in `folder`, which exists.
    ///
    /// # Errors
    /// When it cannot be opened, or tidied of what a host that was killed left.
    pub fn open(folder: &Path) -> HostResult<Self> {
        let opened = Dir::open_ambient_dir(folder, ambient_authority());
        let opened = opened.and_then(|folder| tidy(&folder).map(|()| folder)).map_err(|error| {
            let folder = folder.display();
            Error::Input(format!("config.folder of wasi:blobstore: opening {folder}: {error}"))
        })?;
        let open = Arc::new(Semaphore::new(MAX_OPEN));
        Ok(Self(Arc::new(Root { folder: Arc::new(opened), open })))
    }

    /// Files may take their time; the thread belongs to others meanwhile.
    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Root>) -> Result<T, BlobError> + Send + 'static,
    ) -> Answer<'static, T> {
        let root = Arc::clone(&self.0);
        blocking(move || work(&root))
    }
}

fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Answer<'static, T> {
    let work = tokio::task::spawn_blocking(work);
    async move { work.await.unwrap_or_else(|_| Err(BlobError("the host is ending".to_owned()))) }
        .boxed()
}

impl From<io::Error> for BlobError {
    /// Without the path, which is none of the guest's business.
    fn from(error: io::Error) -> Self {
        Self(format!("the store's folder: {}", error.kind()))
    }
}

/// What is not there is no failure.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

impl Root {
    fn container(&self, name: &str) -> Result<Dir, BlobError> {
        found(self.folder.open_dir(name_of(name)))?.ok_or_else(|| BlobError::no_container(name))
    }

    fn create(&self, name: &str) -> Result<(), BlobError> {
        let path = name_of(name);
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.folder.create_dir_all(parent)?;
        }
        self.folder.create_dir(&path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => BlobError::is_container(name),
            _ => error.into(),
        })
    }

    /// First out of everybody's sight, in one step.
    fn delete(&self, name: &str) -> Result<(), BlobError> {
        let aside = free_name();
        let renamed = self.folder.rename(name_of(name), &self.folder, &aside);
        found(renamed)?.ok_or_else(|| BlobError::no_container(name))?;
        // Somebody who had opened it may have put an object there meanwhile.
        let removed = self.folder.remove_dir_all(&aside);
        Ok(removed.or_else(|_| self.folder.remove_dir_all(&aside))?)
    }

    /// An object's file, and where it is.
    fn object(&self, id: &ObjectId) -> Result<(File, Metadata), BlobError> {
        let container = self.container(&id.container)?;
        let file = found(container.open(name_of(&id.object)))?;
        let file = file.ok_or_else(|| BlobError::no_object(id))?;
        let about = file.metadata()?;
        about.is_file().then_some((file, about)).ok_or_else(|| BlobError::no_object(id))
    }

    fn permit(&self) -> Result<OwnedSemaphorePermit, BlobError> {
        Arc::clone(&self.open).try_acquire_owned().map_err(|_| {
            BlobError(format!("{MAX_OPEN} large objects are being read or written: try again"))
        })
    }

    fn read(&self, id: &ObjectId, range: &Range<u64>) -> Result<Blob, BlobError> {
        let (mut file, about) = self.object(id)?;
        let range = within(range, about.len());
        let size_bytes = range.end - range.start;
        file.seek(SeekFrom::Start(range.start))?;
        let parts = if size_bytes <= SMALL_BYTES as u64 {
            stream::once(ready(read_part(&mut file, size_bytes))).boxed()
        } else {
            parts(file, size_bytes, self.permit()?)
        };
        Ok(Blob { size_bytes, parts })
    }

    fn copy(&self, from: &ObjectId, to: &ObjectId) -> Result<(), BlobError> {
        let (mut file, _) = self.object(from)?;
        let target = self.container(&to.container)?;
        let mut copy = Temporary::new(&self.folder)?;
        io::copy(&mut file, &mut copy.file)?;
        Ok(copy.persist(&target, &name_of(&to.object))?)
    }

    fn rename(&self, from: &ObjectId, to: &ObjectId) -> Result<(), BlobError> {
        self.object(from)?;
        let (source, target) = (self.container(&from.container)?, self.container(&to.container)?);
        let path = name_of(&to.object);
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            target.create_dir_all(parent)?;
        }
        let renamed = source.rename(name_of(&from.object), &target, path);
        found(renamed)?.ok_or_else(|| BlobError::no_object(from))
    }
}

/// The next bytes of a file. Nobody writes to an object's file, so that fewer are
/// a failure.
fn read_part(file: &mut File, size_bytes: u64) -> Result<Bytes, BlobError> {
    // At most PART_BYTES.
    let mut part = BytesMut::zeroed(size_bytes as usize);
    file.read_exact(&mut part)?;
    Ok(part.freeze())
}

/// A file's bytes, read as they are asked for.
fn parts(
    file: File,
    size_bytes: u64,
    permit: OwnedSemaphorePermit,
) -> BoxStream<'static, Result<Bytes, BlobError>> {
    let read = |(mut file, left_bytes, permit): (File, u64, OwnedSemaphorePermit)| async move {
        if left_bytes == 0 {
            return None;
        }
        let read = blocking(move || {
            let part = read_part(&mut file, left_bytes.min(PART_BYTES))?;
            Ok((file, part))
        });
        match read.await {
            Ok((file, part)) => {
                let left_bytes = left_bytes - part.len() as u64;
                Some((Ok(part), Some((file, left_bytes, permit))))
            }
            Err(error) => Some((Err(error), None)),
        }
    };
    let start = Some((file, size_bytes, permit));
    stream::unfold(start, move |state| async move { read(state?).await }).boxed()
}

/// Comes by every file in a container with its path there. A folder that no name
/// leads to, however deep, is nobody's object.
fn walk(
    folder: &Dir,
    path: &Path,
    visit: &mut impl FnMut(&Dir, &Path) -> io::Result<()>,
) -> io::Result<()> {
    for entry in folder.entries()? {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        let is_kind = |kind| name.as_os_str().as_encoded_bytes().first() == Some(&kind);
        if is_kind(b'k') {
            visit(folder, &path.join(&name))?;
        } else if is_kind(b'd') && path.iter().count() < MAX_DEPTH && entry.file_type()?.is_dir() {
            walk(&entry.open_dir()?, &path.join(&name), visit)?;
        }
    }
    Ok(())
}

/// The first names after this one, in no more memory than they take.
fn first_names(folder: &Dir, after: Option<&str>, max: usize) -> io::Result<Vec<String>> {
    let mut first = BTreeSet::new();
    walk(folder, Path::new(""), &mut |_, path| {
        let name = text_of(path).filter(|name| after.is_none_or(|after| name.as_str() > after));
        first.extend(name);
        if first.len() > max {
            first.pop_last();
        }
        Ok(())
    })?;
    Ok(first.into_iter().collect())
}

fn remove(folder: &Dir, path: &Path) -> io::Result<()> {
    found(folder.remove_file(path)).map(drop)
}

impl Blobstore for FileBlobs {
    fn create(&self, container: String) -> Answer<'_, ()> {
        self.blocking(move |root| root.create(&container))
    }

    fn created_at(&self, container: String) -> Answer<'_, Option<SystemTime>> {
        self.blocking(move |root| {
            let Some(folder) = found(root.folder.open_dir(name_of(&container)))? else {
                return Ok(None);
            };
            let about = folder.dir_metadata()?;
            // Not every file system knows when a folder was made.
            Ok(Some(about.created().or_else(|_| about.modified())?.into_std()))
        })
    }

    fn delete(&self, container: String) -> Answer<'_, ()> {
        self.blocking(move |root| root.delete(&container))
    }

    fn clear(&self, container: String) -> Answer<'_, ()> {
        self.blocking(move |root| {
            let folder = root.container(&container)?;
            let mut remove_it = |folder: &Dir, path: &Path| {
                remove(folder, Path::new(path.file_name().unwrap_or_default()))
            };
            Ok(walk(&folder, Path::new(""), &mut remove_it)?)
        })
    }

    fn names(&self, container: String, after: Option<String>, max: usize) -> Answer<'_, Names> {
        self.blocking(move |root| {
            let folder = root.container(&container)?;
            Ok(Names::page(first_names(&folder, after.as_deref(), max + 1)?, max))
        })
    }

    fn info(&self, id: ObjectId) -> Answer<'_, Option<ObjectInfo>> {
        self.blocking(move |root| {
            let container = root.container(&id.container)?;
            let about = found(container.metadata(name_of(&id.object)))?;
            let Some(about) = about.filter(Metadata::is_file) else { return Ok(None) };
            let created_at = about.modified()?.into_std();
            Ok(Some(ObjectInfo { created_at, size_bytes: about.len() }))
        })
    }

    fn read(&self, id: ObjectId, range: Range<u64>) -> Answer<'_, Blob> {
        self.blocking(move |root| root.read(&id, &range))
    }

    fn write(&self, id: ObjectId) -> Answer<'_, Box<dyn Draft>> {
        self.blocking(move |root| {
            root.container(&id.container)?;
            let root = Arc::clone(root);
            let draft: Box<dyn Draft> =
                Box::new(FileDraft { root, id, small: Vec::new(), large: None });
            Ok(draft)
        })
    }

    fn remove(&self, container: String, objects: Vec<String>) -> Answer<'_, ()> {
        self.blocking(move |root| {
            let folder = root.container(&container)?;
            objects.iter().try_for_each(|name| Ok(remove(&folder, &name_of(name))?))
        })
    }

    fn copy(&self, from: ObjectId, to: ObjectId) -> Answer<'_, ()> {
        self.blocking(move |root| root.copy(&from, &to))
    }

    fn rename(&self, from: ObjectId, to: ObjectId) -> Answer<'_, ()> {
        self.blocking(move |root| root.rename(&from, &to))
    }
}

impl FileDraft {
    /// Moves to a file what is too much for memory.
    fn append(&mut self, part: &[u8]) -> Result<(), BlobError> {
        if self.large.is_none() {
            let permit = self.root.permit()?;
            let mut file = Temporary::new(&self.root.folder)?;
            file.write(&std::mem::take(&mut self.small))?;
            self.large = Some((file, permit));
        }
        if let Some((file, _)) = &mut self.large {
            file.write(part)?;
        }
        Ok(())
    }

    fn persist(self) -> Result<(), BlobError> {
        let Self { root, id, small, large } = self;
        let container = root.container(&id.container)?;
        let file = match large {
            Some((file, _permit)) => file,
            None => {
                let mut file = Temporary::new(&root.folder)?;
                file.write(&small)?;
                file
            }
        };
        Ok(file.persist(&container, &name_of(&id.object))?)
    }
}

impl Draft for FileDraft {
    fn write(mut self: Box<Self>, part: Bytes) -> Answer<'static, Box<dyn Draft>> {
        if self.large.is_none() && self.small.len() + part.len() <= SMALL_BYTES {
            self.small.extend_from_slice(&part);
            let draft: Box<dyn Draft> = self;
            return ready(Ok(draft)).boxed();
        }
        blocking(move || {
            self.append(&part)?;
            let draft: Box<dyn Draft> = self;
            Ok(draft)
        })
    }

    fn finish(self: Box<Self>) -> Answer<'static, ()> {
        blocking(move || self.persist())
    }
}
