//! Buckets in this process's memory, which end with it.

use super::{Answer, Bucket, KeyValue, KeyValueError, Keys, incremented};
use crate::plugin::Caller;
use futures_util::FutureExt;
use futures_util::future::ready;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All buckets of one entry of `hostInterfaces`.
pub struct MemoryStore {
    buckets: Mutex<HashMap<String, Arc<MemoryBucket>>>,
    room: Arc<Room>,
}

/// What all buckets may hold together.
struct Room {
    max_bytes: usize,
    used_bytes: AtomicUsize,
}

struct MemoryBucket {
    entries: Mutex<BTreeMap<String, Vec<u8>>>,
    room: Arc<Room>,
}

impl MemoryStore {
    /// Keys and values together take at most `max_bytes`.
    pub fn new(max_bytes: usize) -> Self {
        let room = Arc::new(Room { max_bytes, used_bytes: AtomicUsize::new(0) });
        Self { buckets: Mutex::default(), room }
    }

    fn bucket(&self, name: &str) -> Arc<MemoryBucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get(name) {
            return Arc::clone(bucket);
        }
        let bucket =
            Arc::new(MemoryBucket { entries: Mutex::default(), room: Arc::clone(&self.room) });
        buckets.insert(name.to_owned(), Arc::clone(&bucket));
        bucket
    }
}

impl KeyValue for MemoryStore {
    fn open<'a>(&'a self, _: &'a Caller, bucket: &'a str) -> Answer<'a, Arc<dyn Bucket>> {
        let bucket: Arc<dyn Bucket> = self.bucket(bucket);
        ready(Ok(bucket)).boxed()
    }
}

impl MemoryBucket {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(
        &self,
        entries: &mut BTreeMap<String, Vec<u8>>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), KeyValueError> {
        let old_bytes = entries.get(&key).map_or(0, |old| old.len() + key.len());
        let new_bytes = key.len() + value.len();
        let room = &self.room;
        let used_bytes = room.used_bytes.fetch_add(new_bytes, Relaxed) + new_bytes - old_bytes;
        if used_bytes > room.max_bytes {
            room.used_bytes.fetch_sub(new_bytes, Relaxed);
            let what = format!("the store is full: it holds {} bytes", room.max_bytes);
            return Err(KeyValueError::Other(what));
        }
        room.used_bytes.fetch_sub(old_bytes, Relaxed);
        entries.insert(key, value);
        Ok(())
    }
}

impl Bucket for MemoryBucket {
    fn get(&self, key: String) -> Answer<'_, Option<Vec<u8>>> {
        let value = self.entries().get(&key).cloned();
        ready(Ok(value)).boxed()
    }

    fn set(&self, key: String, value: Vec<u8>) -> Answer<'_, ()> {
        let set = self.put(&mut self.entries(), key, value);
        ready(set).boxed()
    }

    fn delete(&self, key: String) -> Answer<'_, ()> {
        if let Some(value) = self.entries().remove(&key) {
            self.room.used_bytes.fetch_sub(key.len() + value.len(), Relaxed);
        }
        ready(Ok(())).boxed()
    }

    fn exists(&self, key: String) -> Answer<'_, bool> {
        let exists = self.entries().contains_key(&key);
        ready(Ok(exists)).boxed()
    }

    fn list_keys(&self, cursor: Option<u64>) -> Answer<'_, Keys> {
        ready(Ok(Keys::page(self.entries().keys(), cursor))).boxed()
    }

    fn increment(&self, key: String, delta: u64) -> Answer<'_, u64> {
        let mut entries = self.entries();
        let sum = incremented(entries.get(&key).map(Vec::as_slice), delta);
        let sum = sum.and_then(|sum| {
            self.put(&mut entries, key, sum.to_string().into_bytes())?;
            Ok(sum)
        });
        ready(sum).boxed()
    }
}
