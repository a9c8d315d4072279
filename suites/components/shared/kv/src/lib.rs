//! What guests do with a key-value store, whatever way leads to it: the same calls, checked the
//! same way, so that only the way differs. Knows no WASI and no transport.

mod calls;
mod memory;
mod script;

pub use calls::calls;
pub use memory::{Memory, NOT_A_NUMBER};
pub use script::script;

/// A bucket. An error is text for whoever asked.
#[expect(async_fn_in_trait, reason = "guests have one thread")]
pub trait Store {
    /// The value of a key, if it has one.
    async fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, String>;
    /// Gives a key its value.
    async fn set(&mut self, key: &str, value: &[u8]) -> Result<(), String>;
    /// Removes a key, if it is there.
    async fn delete(&mut self, key: &str) -> Result<(), String>;
    /// Whether a key has a value.
    async fn exists(&mut self, key: &str) -> Result<bool, String>;
    /// All keys, in any order.
    async fn keys(&mut self) -> Result<Vec<String>, String>;
    /// Adds to the number that a key holds; the sum.
    async fn increment(&mut self, key: &str, delta: u64) -> Result<u64, String>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    impl Store for Memory {
        async fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, String> {
            Ok(Memory::get(self, key).cloned())
        }

        async fn set(&mut self, key: &str, value: &[u8]) -> Result<(), String> {
            Memory::set(self, key.to_owned(), value.to_owned());
            Ok(())
        }

        async fn delete(&mut self, key: &str) -> Result<(), String> {
            Memory::delete(self, key);
            Ok(())
        }

        async fn exists(&mut self, key: &str) -> Result<bool, String> {
            Ok(Memory::get(self, key).is_some())
        }

        async fn keys(&mut self) -> Result<Vec<String>, String> {
            Ok(Memory::keys(self, None).0)
        }

        async fn increment(&mut self, key: &str, delta: u64) -> Result<u64, String> {
            Memory::increment(self, key.to_owned(), delta)
        }
    }

    /// Nothing here waits.
    fn now<T>(work: impl Future<Output = T>) -> T {
        match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => unreachable!("memory does not wait"),
        }
    }

    #[test]
    fn calls_are_made_and_checked() {
        let mut store = Memory::default();
        for op in ["get", "set", "increment", "list"] {
            assert_eq!(now(calls(&mut store, "key0", op, 3, 130)), Ok(format!("3 x {op} 130")));
        }
        assert_eq!(Memory::keys(&store, None).0.len(), 1 + 3);
        assert!(now(calls(&mut store, "key0", "sell", 1, 1)).is_err());
    }

    #[test]
    fn a_session_is_answered_line_by_line() {
        let text = "get a\nset a 41\nincrement a 1\nget a\nexists a\nlist\ndelete a\nexists a\n\
                    fill b 100\nget b\nincrement b 1\n";
        let answers = now(script(&mut Memory::default(), text));
        let want = "none\nset\n42\nvalue 42\ntrue\na\ndeleted\nfalse\nset\n\
                    value of 100 bytes, 61561341642d2e00\n\
                    error the value is not a number, or the sum is too large\n";
        assert_eq!(answers, want);
    }
}
