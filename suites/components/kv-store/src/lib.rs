//! `kv-store`: is a wasi:keyvalue, in its own memory.
//!
//! What it holds ends with its instance. It must not import anything: what a call of it costs is
//! the crossing and a tree's lookup.

wit_bindgen::generate!({
    path: "../wit/keyvalue/deps/keyvalue",
    inline: "
        package arewefastyet:kv-store;
        world guest {
            export wasi:keyvalue/store@0.2.0-draft;
            export wasi:keyvalue/atomics@0.2.0-draft;
        }
    ",
    world: "arewefastyet:kv-store/guest",
    generate_all,
});

use exports::wasi::keyvalue::atomics;
use exports::wasi::keyvalue::store::{self, Error, KeyResponse};
use kv::Memory;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

thread_local! {
    static BUCKETS: RefCell<BTreeMap<String, Rc<RefCell<Memory>>>> = RefCell::default();
}

struct Store;

struct Bucket(Rc<RefCell<Memory>>);

impl store::Guest for Store {
    type Bucket = Bucket;

    fn open(identifier: String) -> Result<store::Bucket, Error> {
        let memory = BUCKETS.with_borrow_mut(|all| Rc::clone(all.entry(identifier).or_default()));
        Ok(store::Bucket::new(Bucket(memory)))
    }
}

impl store::GuestBucket for Bucket {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.borrow().get(&key).cloned())
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.0.borrow_mut().set(key, value);
        Ok(())
    }

    fn delete(&self, key: String) -> Result<(), Error> {
        self.0.borrow_mut().delete(&key);
        Ok(())
    }

    fn exists(&self, key: String) -> Result<bool, Error> {
        Ok(self.0.borrow().get(&key).is_some())
    }

    fn list_keys(&self, cursor: Option<u64>) -> Result<KeyResponse, Error> {
        let (keys, cursor) = self.0.borrow().keys(cursor);
        Ok(KeyResponse { keys, cursor })
    }
}

impl atomics::Guest for Store {
    fn increment(bucket: store::BucketBorrow<'_>, key: String, delta: u64) -> Result<u64, Error> {
        bucket.get::<Bucket>().0.borrow_mut().increment(key, delta).map_err(Error::Other)
    }
}

export!(Store);
