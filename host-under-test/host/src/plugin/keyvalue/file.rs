//! Buckets in a folder: a folder for each bucket, a file for each key. What was
//! set outlives the host, and is there whole or not at all.

use super::{Answer, Bucket, KeyValue, KeyValueError, Keys, incremented};
use crate::plugin::Caller;
use crate::plugin::file_name::{name_of, text_of};
use futures_util::FutureExt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::NamedTempFile;

/// All buckets of one entry of `hostInterfaces`.
pub struct FileStore {
    folder: PathBuf,
    /// Held while a number is counted: no two callers may read the same one.
    counting: Arc<Mutex<()>>,
}

struct FileBucket {
    folder: PathBuf,
    counting: Arc<Mutex<()>>,
}

impl FileStore {
    /// Buckets become folders in `folder`, which exists.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, counting: Arc::default() }
    }
}

impl KeyValue for FileStore {
    fn open<'a>(&'a self, _: &'a Caller, bucket: &'a str) -> Answer<'a, Arc<dyn Bucket>> {
        let folder = self.folder.join(name_of(bucket));
        let counting = Arc::clone(&self.counting);
        blocking(move || {
            fs::create_dir_all(&folder)?;
            let bucket: Arc<dyn Bucket> = Arc::new(FileBucket { folder, counting });
            Ok(bucket)
        })
    }
}

impl FileBucket {
    fn file(&self, key: &str) -> PathBuf {
        self.folder.join(name_of(key))
    }
}

impl Bucket for FileBucket {
    fn get(&self, key: String) -> Answer<'_, Option<Vec<u8>>> {
        let file = self.file(&key);
        blocking(move || read(&file))
    }

    fn set(&self, key: String, value: Vec<u8>) -> Answer<'_, ()> {
        let file = self.file(&key);
        blocking(move || write(&file, &value))
    }

    fn delete(&self, key: String) -> Answer<'_, ()> {
        let file = self.file(&key);
        blocking(move || match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        })
    }

    fn exists(&self, key: String) -> Answer<'_, bool> {
        let file = self.file(&key);
        blocking(move || Ok(file.try_exists()?))
    }

    fn list_keys(&self, cursor: Option<u64>) -> Answer<'_, Keys> {
        let folder = self.folder.clone();
        blocking(move || {
            let mut keys = Vec::new();
            collect(&folder, &folder, &mut keys)?;
            keys.sort();
            Ok(Keys::page(keys.iter(), cursor))
        })
    }

    fn increment(&self, key: String, delta: u64) -> Answer<'_, u64> {
        let (file, counting) = (self.file(&key), Arc::clone(&self.counting));
        blocking(move || {
            let _alone = counting.lock().unwrap_or_else(PoisonError::into_inner);
            let sum = incremented(read(&file)?.as_deref(), delta)?;
            write(&file, sum.to_string().as_bytes())?;
            Ok(sum)
        })
    }
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, KeyValueError> {
    match fs::read(file) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn write(file: &Path, value: &[u8]) -> Result<(), KeyValueError> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut aside = NamedTempFile::new_in(folder)?;
    aside.write_all(value)?;
    aside.persist(file).map_err(|error| error.error)?;
    Ok(())
}

fn collect(root: &Path, folder: &Path, keys: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('d') && path.is_dir() {
            collect(root, &path, keys)?;
        } else if name.starts_with('k') {
            keys.extend(path.strip_prefix(root).ok().and_then(text_of));
        }
    }
    Ok(())
}

impl From<io::Error> for KeyValueError {
    /// Without the path, which is none of the guest's business.
    fn from(error: io::Error) -> Self {
        Self::Other(format!("the store's folder: {}", error.kind()))
    }
}

/// Files may take their time; the thread belongs to others meanwhile.
fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyValueError> + Send + 'static,
) -> Answer<'static, T> {
    let work = tokio::task::spawn_blocking(work);
    async move {
        work.await.unwrap_or_else(|_| Err(KeyValueError::Other("the host is ending".to_owned())))
    }
    .boxed()
}
