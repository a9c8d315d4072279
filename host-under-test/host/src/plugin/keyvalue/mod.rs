//! `wasi:keyvalue`, whatever is behind it: what a provider must do, and which
//! provider a bucket's name leads to.
//!
//! Every provider gives the same answers. Where the interface leaves a choice,
//! it is made here: a number that `increment` counts is kept as decimal text (as
//! Redis does), keys are listed in pages of at most a megabyte, and what a key
//! may be is the same everywhere.

mod file;
mod guest;
mod memory;
mod native;
mod redis;

pub use file::FileStore;
pub(crate) use guest::{View, add_to_linker};
pub use memory::MemoryStore;
pub use native::NativeKeyValue;
pub use redis::RedisStore;

use super::Caller;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a page of keys holds at most, in bytes of keys.
const PAGE_BYTES: usize = 1 << 20;
/// The longest key.
const MAX_KEY_BYTES: usize = 1 << 10;
/// The longest value.
const MAX_VALUE_BYTES: usize = 16 << 20;

/// Why a call was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyValueError {
    /// There is no bucket of that name.
    NoSuchStore,
    /// The caller may not.
    AccessDenied,
    /// In words.
    Other(String),
}

impl fmt::Display for KeyValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchStore => f.write_str("there is no such store"),
            Self::AccessDenied => f.write_str("access denied"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// What a call comes to.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, KeyValueError>>;

/// A page of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// In no order that callers may rely on.
    pub keys: Vec<String>,
    /// Where the next page begins; `None` after the last.
    pub cursor: Option<u64>,
}

impl Keys {
    /// The page that begins at `cursor`, out of all keys in an order that lasts.
    fn page<'a>(all: impl Iterator<Item = &'a String>, cursor: Option<u64>) -> Self {
        let start = cursor.map_or(0, |at| usize::try_from(at).unwrap_or(usize::MAX));
        let mut page = Self::default();
        let mut bytes = 0;
        for (index, key) in all.enumerate().skip(start) {
            bytes += key.len();
            if bytes > PAGE_BYTES {
                page.cursor = Some(index as u64);
                break;
            }
            page.keys.push(key.clone());
        }
        page
    }
}

/// Something that has buckets.
pub trait KeyValue: Send + Sync + 'static {
    /// The bucket of that name, which is made at its first use.
    fn open<'a>(&'a self, caller: &'a Caller, bucket: &'a str) -> Answer<'a, Arc<dyn Bucket>>;
}

/// Keys with values. Keys and values were judged already.
pub trait Bucket: Send + Sync + 'static {
    /// The value of a key, if it has one.
    fn get(&self, key: String) -> Answer<'_, Option<Vec<u8>>>;
    /// Gives a key its value.
    fn set(&self, key: String, value: Vec<u8>) -> Answer<'_, ()>;
    /// Removes a key, if it is there.
    fn delete(&self, key: String) -> Answer<'_, ()>;
    /// Whether a key has a value.
    fn exists(&self, key: String) -> Answer<'_, bool>;
    /// A page of keys.
    fn list_keys(&self, cursor: Option<u64>) -> Answer<'_, Keys>;
    /// Adds to the number that a key holds, 0 if it has no value; the sum.
    fn increment(&self, key: String, delta: u64) -> Answer<'_, u64>;
}

/// The providers of one component: those it knows by name, and the one for all
/// other buckets.
#[derive(Clone, Default)]
pub struct Stores {
    pub(crate) unnamed: Option<Arc<dyn KeyValue>>,
    pub(crate) named: BTreeMap<String, Arc<dyn KeyValue>>,
}

impl Stores {
    /// Opens a bucket: that of a named interface if there is one of this name,
    /// else one of the unnamed interface.
    pub(crate) async fn open(
        &self,
        caller: &Caller,
        bucket: &str,
    ) -> Result<Arc<dyn Bucket>, KeyValueError> {
        match (self.named.get(bucket), &self.unnamed) {
            (Some(store), _) => store.open(caller, "").await,
            (None, Some(store)) => store.open(caller, bucket).await,
            (None, None) => Err(KeyValueError::NoSuchStore),
        }
    }
}

/// Refuses a key that some provider could not hold.
pub(crate) fn judge_key(key: &str) -> Result<(), KeyValueError> {
    match key.len() {
        1..=MAX_KEY_BYTES => Ok(()),
        0 => Err(KeyValueError::Other("a key must not be empty".to_owned())),
        _ => Err(KeyValueError::Other(format!("a key has at most {MAX_KEY_BYTES} bytes"))),
    }
}

/// Refuses a value that some provider could not hold.
pub(crate) fn judge_value(value: &[u8]) -> Result<(), KeyValueError> {
    if value.len() <= MAX_VALUE_BYTES {
        return Ok(());
    }
    Err(KeyValueError::Other(format!("a value has at most {MAX_VALUE_BYTES} bytes")))
}

/// The number that a value holds, plus `delta`.
fn incremented(value: Option<&[u8]>, delta: u64) -> Result<u64, KeyValueError> {
    let number = match value {
        None => Some(0),
        // Redis counts in 64 bits with a sign.
        Some(text) => std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok()),
    };
    let sum = i64::try_from(delta).ok().zip(number).and_then(|(a, b)| a.checked_add(b));
    sum.and_then(|sum| u64::try_from(sum).ok()).ok_or_else(not_a_number)
}

fn not_a_number() -> KeyValueError {
    KeyValueError::Other("the value is not a number, or the sum is too large".to_owned())
}
