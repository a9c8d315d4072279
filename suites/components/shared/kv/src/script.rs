//! A session: many calls, told in lines, each answered by a line.

use crate::Store;
use std::fmt::Write;

/// Does what each line says (`get K`, `set K V`, `fill K BYTES`, `delete K`, `exists K`,
/// `increment K N`, `list`) and answers it with a line. An error is a line too: whether it is the
/// right one is for whoever compares.
pub async fn script(store: &mut impl Store, text: &str) -> String {
    let mut answers = String::new();
    for line in text.lines() {
        let answer = step(store, line).await.unwrap_or_else(|error| format!("error {error}"));
        // Text is written to memory, which does not fail.
        let _ = writeln!(answers, "{answer}");
    }
    answers
}

async fn step(store: &mut impl Store, line: &str) -> Result<String, String> {
    let mut words = line.splitn(3, ' ');
    let op = words.next().unwrap_or_default();
    let key = words.next().unwrap_or_default();
    let rest = words.next().unwrap_or_default();
    let number = || rest.parse::<u64>().map_err(|_| format!("{line}: expected a number"));
    Ok(match op {
        "get" => store.get(key).await?.map_or("none".to_owned(), |value| summary(&value)),
        "set" => store.set(key, rest.as_bytes()).await.map(|()| "set".to_owned())?,
        "fill" => {
            let value = vec![b'x'; number()? as usize];
            store.set(key, &value).await.map(|()| "set".to_owned())?
        }
        "delete" => store.delete(key).await.map(|()| "deleted".to_owned())?,
        "exists" => store.exists(key).await?.to_string(),
        "increment" => store.increment(key, number()?).await?.to_string(),
        "list" => {
            let mut keys = store.keys().await?;
            keys.sort();
            keys.join(" ")
        }
        _ => return Err(format!("{line}: unknown")),
    })
}

/// Short values as they are, others by their length and a sum of their bytes.
fn summary(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if text.len() <= 64 => format!("value {text}"),
        _ => {
            let sum = value
                .iter()
                .fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
            format!("value of {} bytes, {sum:016x}", value.len())
        }
    }
}
