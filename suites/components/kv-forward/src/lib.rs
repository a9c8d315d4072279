//! `kv-forward`: is a wasi:keyvalue that hands every call on to the one it imports.
//!
//! The least that a component between two others can do. It must not keep anything: any instance of
//! it gives the same answers.

wit_bindgen::generate!({
    path: "../wit/keyvalue/deps/keyvalue",
    inline: "
        package arewefastyet:kv-forward;
        world guest {
            import wasi:keyvalue/store@0.2.0-draft;
            import wasi:keyvalue/atomics@0.2.0-draft;
            export wasi:keyvalue/store@0.2.0-draft;
            export wasi:keyvalue/atomics@0.2.0-draft;
        }
    ",
    world: "arewefastyet:kv-forward/guest",
    generate_all,
});

use exports::wasi::keyvalue::atomics;
use exports::wasi::keyvalue::store::{self, Error, KeyResponse};
use wasi::keyvalue::atomics as behind_atomics;
use wasi::keyvalue::store as behind;

struct Store;

struct Bucket(behind::Bucket);

fn told(error: behind::Error) -> Error {
    match error {
        behind::Error::NoSuchStore => Error::NoSuchStore,
        behind::Error::AccessDenied => Error::AccessDenied,
        behind::Error::Other(what) => Error::Other(what),
    }
}

impl store::Guest for Store {
    type Bucket = Bucket;

    fn open(identifier: String) -> Result<store::Bucket, Error> {
        let bucket = behind::open(&identifier).map_err(told)?;
        Ok(store::Bucket::new(Bucket(bucket)))
    }
}

impl store::GuestBucket for Bucket {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.0.get(&key).map_err(told)
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.0.set(&key, &value).map_err(told)
    }

    fn delete(&self, key: String) -> Result<(), Error> {
        self.0.delete(&key).map_err(told)
    }

    fn exists(&self, key: String) -> Result<bool, Error> {
        self.0.exists(&key).map_err(told)
    }

    fn list_keys(&self, cursor: Option<u64>) -> Result<KeyResponse, Error> {
        let page = self.0.list_keys(cursor).map_err(told)?;
        Ok(KeyResponse { keys: page.keys, cursor: page.cursor })
    }
}

impl atomics::Guest for Store {
    fn increment(bucket: store::BucketBorrow<'_>, key: String, delta: u64) -> Result<u64, Error> {
        behind_atomics::increment(&bucket.get::<Bucket>().0, &key, delta).map_err(told)
    }
}

export!(Store);
