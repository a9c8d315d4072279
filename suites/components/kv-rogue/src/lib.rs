//! `kv-rogue`: a wasi:keyvalue plugin that harms itself when told to, and tells what it knows.
//!
//! `get` of the key `caller` tells who is calling, of `bound` the workloads that are bound, of
//! `trap` traps, of `loop` never returns; of any other key there is nothing. Setting does nothing. It refuses
//! workloads whose config has the key `refuse`, with its value as the reason, and traps when the first
//! that it is told of has the key `never-first`. It must not hold anything but what it was told of by
//! the host: a new instance starts from there.

wit_bindgen::generate!({
    path: "../wit/keyvalue/deps/keyvalue",
    inline: "
        package arewefastyet:kv-rogue;

        package arewefastyet:plugin@0.1.0 {
            interface caller {
                record identity { workload: string, component: string }
                current: func() -> option<identity>;
            }
            interface binding {
                bind: func(workload: string, config: list<tuple<string, string>>)
                    -> result<_, string>;
                unbind: func(workload: string);
            }
        }

        world guest {
            import arewefastyet:plugin/caller@0.1.0;
            export arewefastyet:plugin/binding@0.1.0;
            export wasi:keyvalue/store@0.2.0-draft;
            export wasi:keyvalue/atomics@0.2.0-draft;
        }
    ",
    world: "arewefastyet:kv-rogue/guest",
    generate_all,
});

use arewefastyet::plugin::caller;
use exports::arewefastyet::plugin::binding;
use exports::wasi::keyvalue::atomics;
use exports::wasi::keyvalue::store::{self, Error, KeyResponse};
use std::cell::RefCell;
use std::collections::BTreeSet;

thread_local! {
    static BOUND: RefCell<BTreeSet<String>> = RefCell::default();
}

struct Rogue;

impl binding::Guest for Rogue {
    fn bind(workload: String, config: Vec<(String, String)>) -> Result<(), String> {
        let is_first = BOUND.with_borrow(BTreeSet::is_empty);
        if is_first && config.iter().any(|(key, _)| key == "never-first") {
            std::process::abort();
        }
        if let Some((_, reason)) = config.into_iter().find(|(key, _)| key == "refuse") {
            return Err(reason);
        }
        BOUND.with_borrow_mut(|bound| bound.insert(workload));
        Ok(())
    }

    fn unbind(workload: String) {
        BOUND.with_borrow_mut(|bound| bound.remove(&workload));
    }
}

struct Bucket;

impl store::Guest for Rogue {
    type Bucket = Bucket;

    fn open(_: String) -> Result<store::Bucket, Error> {
        Ok(store::Bucket::new(Bucket))
    }
}

impl store::GuestBucket for Bucket {
    fn get(&self, key: String) -> Result<Option<Vec<u8>>, Error> {
        let text = match key.as_str() {
            "caller" => caller::current().map(|it| format!("{}/{}", it.workload, it.component)),
            "bound" => Some(BOUND.with_borrow(|all| all.iter().cloned().collect::<Vec<_>>().join(" "))),
            "trap" => std::process::abort(),
            "loop" => loop {
                std::hint::black_box(());
            },
            _ => None,
        };
        Ok(text.map(String::into_bytes))
    }

    fn set(&self, _: String, _: Vec<u8>) -> Result<(), Error> {
        Ok(())
    }

    fn delete(&self, _: String) -> Result<(), Error> {
        Ok(())
    }

    fn exists(&self, _: String) -> Result<bool, Error> {
        Ok(false)
    }

    fn list_keys(&self, _: Option<u64>) -> Result<KeyResponse, Error> {
        Ok(KeyResponse { keys: Vec::new(), cursor: None })
    }
}

impl atomics::Guest for Rogue {
    fn increment(_: store::BucketBorrow<'_>, _: String, delta: u64) -> Result<u64, Error> {
        Ok(delta)
    }
}

export!(Rogue);
