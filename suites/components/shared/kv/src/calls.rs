//! A number of calls of one kind, each answer checked.

use crate::Store;

/// Makes `count` calls of the kind `op` with values of `bytes` bytes, on the key `key`. The text
/// is the same for the same arguments, so that it can be expected.
///
/// `get` reads what one call before sets, `increment` counts up, `list` asks for keys that together
/// have `bytes` bytes: one call before looks for the last of them, and sets them all if it is not there.
pub async fn calls(
    store: &mut impl Store,
    key: &str,
    op: &str,
    count: u64,
    bytes: usize,
) -> Result<String, String> {
    let value = value(bytes);
    match op {
        "get" => {
            store.set(key, &value).await?;
            for _ in 0..count {
                let got = store.get(key).await?;
                if got.as_ref() != Some(&value) {
                    return Err(format!("get gave {:?} bytes", got.map(|got| got.len())));
                }
            }
        }
        "set" => {
            for _ in 0..count {
                store.set(key, &value).await?;
            }
        }
        "increment" => {
            store.delete(key).await?;
            for expected in 1..=count {
                let got = store.increment(key, 1).await?;
                if got != expected {
                    return Err(format!("increment gave {got} in place of {expected}"));
                }
            }
        }
        "list" => {
            let keys = (0..bytes.div_ceil(KEY_BYTES)).map(|index| format!("{key}-{index:059}"));
            let last = keys.clone().next_back().unwrap_or_else(|| key.to_owned());
            if !store.exists(&last).await? {
                for key in keys.clone() {
                    store.set(&key, b"").await?;
                }
            }
            let prefix = format!("{key}-");
            for _ in 0..count {
                let all = store.keys().await?;
                let mine = all.iter().filter(|key| key.starts_with(&prefix)).count();
                if mine != keys.len() {
                    return Err(format!("list gave {mine} keys in place of {}", keys.len()));
                }
            }
        }
        _ => return Err(format!("op {op}: expected get, set, increment or list")),
    }
    Ok(format!("{count} x {op} {bytes}"))
}

/// The length of a listed key, with a `key` of four letters.
const KEY_BYTES: usize = 64;

fn value(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|index| (index % 251) as u8).collect()
}
