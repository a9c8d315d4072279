//! Buckets in a folder: a folder for each bucket, a file for each key. What was
//! set outlives the host, and is there whole or not at all.

use super::{Answer, Bucket, KeyValue, KeyValueError, Keys, incremented};
use crate::plugin::Caller;
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

/// The name of a file for any text: a letter, then hexadecimal digits in parts
/// that file systems take (255 bytes a name; keys have at most 1,024).
fn name_of(text: &str) -> PathBuf {
    let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut path = PathBuf::new();
    let mut rest = digits.as_str();
    while rest.len() > 200 {
        let (part, after) = rest.split_at(200);
        path.push(format!("d{part}"));
        rest = after;
    }
    path.join(format!("k{rest}"))
}

fn text_of(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    for part in path {
        let digits = part.to_str()?.get(1..)?;
        for index in (0..digits.len()).step_by(2) {
            bytes.push(u8::from_str_radix(digits.get(index..index + 2)?, 16).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_file_of_its_own_and_back() {
        for key in ["a", "../../etc/passwd", "", "ä/ö", &"x".repeat(1024)] {
            let path = name_of(key);
            assert!(path.iter().all(|part| part.len() <= 201), "{path:?}");
            assert_eq!(text_of(&path).as_deref(), Some(key));
        }
    }
}
