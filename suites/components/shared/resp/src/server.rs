//! The side that is asked.

use crate::write;
use kv::Memory;
use redis_protocol::resp2::decode::decode;
use redis_protocol::resp2::types::{BorrowedFrame, OwnedFrame};

/// What came is no call, and what follows cannot be understood either.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken;

/// Answers the calls at the start of `input` to `output`; how many bytes of `input` are done with.
/// What is left is the beginning of a call.
pub fn answer(memory: &mut Memory, input: &[u8], output: &mut Vec<u8>) -> Result<usize, Broken> {
    let mut done = 0;
    while let Some((call, used)) = decode(&input[done..]).map_err(|_| Broken)? {
        let OwnedFrame::Array(words) = call else { return Err(Broken) };
        let words: Option<Vec<Vec<u8>>> = words.into_iter().map(word).collect();
        execute(memory, words.ok_or(Broken)?, output);
        done += used;
    }
    Ok(done)
}

fn word(frame: OwnedFrame) -> Option<Vec<u8>> {
    match frame {
        OwnedFrame::BulkString(word) => Some(word),
        _ => None,
    }
}

fn execute(memory: &mut Memory, mut words: Vec<Vec<u8>>, output: &mut Vec<u8>) {
    let command = words.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let is_set = command == b"SET" && words.len() == 3;
    let value = if is_set { words.pop().unwrap_or_default() } else { Vec::new() };
    let text = |index: usize| words.get(index).and_then(|word| std::str::from_utf8(word).ok());
    let Some(key) = text(1) else {
        let answer = match command.as_slice() {
            b"PING" => BorrowedFrame::SimpleString(b"PONG"),
            _ => BorrowedFrame::Error("ERR expected a command with a key of UTF-8"),
        };
        return write(&answer, output);
    };
    let answer = match (command.as_slice(), words.len()) {
        (b"GET", 2) => {
            memory.get(key).map_or(BorrowedFrame::Null, |value| BorrowedFrame::BulkString(value))
        }
        (b"SET", _) if is_set => {
            memory.set(key.to_owned(), value);
            BorrowedFrame::SimpleString(b"OK")
        }
        (b"DEL", 2) => {
            let was_there = memory.get(key).is_some();
            memory.delete(key);
            BorrowedFrame::Integer(was_there.into())
        }
        (b"EXISTS", 2) => BorrowedFrame::Integer(memory.get(key).is_some().into()),
        (b"INCRBY", 3) => increment(memory, key, text(2)),
        (b"SCAN", _) => return scan(memory, key, output),
        _ => BorrowedFrame::Error("ERR unknown command, or a wrong number of words"),
    };
    write(&answer, output);
}

fn increment(memory: &mut Memory, key: &str, by: Option<&str>) -> BorrowedFrame<'static> {
    let by = by.and_then(|by| by.parse().ok());
    let sum = by.and_then(|by| memory.increment(key.to_owned(), by).ok());
    let sum = sum.and_then(|sum| i64::try_from(sum).ok());
    sum.map_or(
        BorrowedFrame::Error("ERR value is not an integer or out of range"),
        BorrowedFrame::Integer,
    )
}

/// What else a client asks of a page (`COUNT`, `MATCH`), it has to do itself.
fn scan(memory: &Memory, cursor: &str, output: &mut Vec<u8>) {
    let Ok(cursor) = cursor.parse() else {
        return write(&BorrowedFrame::Error("ERR invalid cursor"), output);
    };
    let (keys, next) = memory.keys(Some(cursor));
    let keys: Vec<_> = keys.iter().map(|key| BorrowedFrame::BulkString(key.as_bytes())).collect();
    let next = next.unwrap_or(0).to_string();
    let page = [BorrowedFrame::BulkString(next.as_bytes()), BorrowedFrame::Array(&keys)];
    write(&BorrowedFrame::Array(&page), output);
}
