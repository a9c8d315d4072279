//! A store in a guest's own memory, with the choices that the host's own stores make: a number is
//! kept as decimal text, keys are listed in pages.

use std::collections::BTreeMap;

/// What a page of keys holds at most.
const PAGE_BYTES: usize = 1 << 20;

/// What `increment` says where a number cannot be counted up.
pub const NOT_A_NUMBER: &str = "the value is not a number, or the sum is too large";

/// A bucket.
#[derive(Default)]
pub struct Memory {
    entries: BTreeMap<String, Vec<u8>>,
}

impl Memory {
    /// The value of a key, if it has one.
    pub fn get(&self, key: &str) -> Option<&Vec<u8>> {
        self.entries.get(key)
    }

    /// Gives a key its value.
    pub fn set(&mut self, key: String, value: Vec<u8>) {
        self.entries.insert(key, value);
    }

    /// Removes a key, if it is there. Told to delete the key `trap`, the guest traps with all it
    /// holds, so that it can be seen what follows.
    pub fn delete(&mut self, key: &str) {
        if key == "trap" {
            std::process::abort();
        }
        self.entries.remove(key);
    }

    /// A page of keys, and where the next begins.
    pub fn keys(&self, cursor: Option<u64>) -> (Vec<String>, Option<u64>) {
        let start = cursor.unwrap_or(0) as usize;
        let (mut keys, mut bytes) = (Vec::new(), 0);
        for (index, key) in self.entries.keys().enumerate().skip(start) {
            bytes += key.len();
            if bytes > PAGE_BYTES {
                return (keys, Some(index as u64));
            }
            keys.push(key.clone());
        }
        (keys, None)
    }

    /// Adds to the number that a key holds; the sum.
    pub fn increment(&mut self, key: String, delta: u64) -> Result<u64, String> {
        let number = match self.entries.get(&key) {
            None => Some(0),
            Some(value) => std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()),
        };
        let sum =
            i64::try_from(delta).ok().zip(number).and_then(|(a, b): (i64, i64)| a.checked_add(b));
        let sum = sum.and_then(|sum| u64::try_from(sum).ok());
        let sum = sum.ok_or(NOT_A_NUMBER)?;
        self.entries.insert(key, sum.to_string().into_bytes());
        Ok(sum)
    }
}
