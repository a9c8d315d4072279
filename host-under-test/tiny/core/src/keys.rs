//! A few small values that outlive an instance, and not a boot.

use alloc::vec::Vec;

/// As many keys as there is room for.
pub const MAX_KEYS: usize = 8;
/// Of a key and of a value.
pub const MAX_BYTES: usize = 32;

/// The values, by key.
#[derive(Debug, Default)]
pub struct Keys {
    entries: Vec<(Vec<u8>, Vec<u8>)>,
}

/// There is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Keys {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        let found = self.entries.iter().find(|(known, _)| known == key.as_bytes());
        found.map(|(_, value)| value.as_slice())
    }

    /// Sets it.
    ///
    /// # Errors
    /// When there is no room; the old value stays.
    pub fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Full> {
        let is_full = self.entries.len() >= MAX_KEYS;
        if key.len() > MAX_BYTES || value.len() > MAX_BYTES {
            return Err(Full);
        }
        match self.entries.iter_mut().find(|(known, _)| known == key.as_bytes()) {
            Some((_, old)) => {
                old.clear();
                old.extend_from_slice(value);
            }
            None if is_full => return Err(Full),
            None => self.entries.push((key.as_bytes().to_vec(), value.to_vec())),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_until_there_is_no_room() {
        let mut keys = Keys::default();
        for number in 0..MAX_KEYS {
            assert_eq!(keys.set(&number.to_string(), &[1, 2]), Ok(()));
        }
        assert_eq!(keys.set("one more", &[]), Err(Full));
        assert_eq!(keys.set("0", &[9]), Ok(()));
        assert_eq!(keys.get("0"), Some(&[9][..]));
        assert_eq!(keys.set("0", &[0; MAX_BYTES + 1]), Err(Full));
        assert_eq!(keys.set(&"k".repeat(MAX_BYTES + 1), &[]), Err(Full));
        assert_eq!(keys.get("0"), Some(&[9][..]));
        assert_eq!(keys.get("none"), None);
    }
}
