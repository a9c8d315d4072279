//! A key-value store behind TCP that speaks the Redis protocol (RESP2): what a
//! process beside the host costs that does no more than it has to.
//!
//! It gives the same answers as the stores of the suites' guests. The code is
//! its own: the anchor is built from this folder alone.

use redis_protocol::resp2::decode::decode;
use redis_protocol::resp2::encode::encode_borrowed;
use redis_protocol::resp2::types::{BorrowedFrame, OwnedFrame};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What one page of `SCAN` holds at most.
const PAGE_BYTES: usize = 1 << 20;
/// What is read at once at least.
const READ_BYTES: usize = 64 * 1024;

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// What all connections share.
#[derive(Default)]
pub(crate) struct Store(Mutex<Entries>);

/// What came is no call, and what follows cannot be understood either.
#[derive(Debug, PartialEq, Eq)]
struct Broken;

/// Answers calls until the other side goes, or says what is no call.
pub(crate) async fn connection(mut stream: TcpStream, store: Arc<Store>) {
    // A socket that fails here is dead anyway.
    let _ = stream.set_nodelay(true);
    let (mut input, mut output) = (Vec::new(), Vec::new());
    loop {
        let answered = store.answer(&input, &mut output);
        if stream.write_all(&output).await.is_err() {
            return;
        }
        output.clear();
        let Ok(done) = answered else { return };
        input.drain(..done);
        input.reserve(READ_BYTES);
        if !matches!(stream.read_buf(&mut input).await, Ok(1..)) {
            return;
        }
    }
}

impl Store {
    /// Answers the calls at the start of `input`; how many bytes are done with.
    fn answer(&self, input: &[u8], output: &mut Vec<u8>) -> Result<usize, Broken> {
        let mut done = 0;
        while let Some((call, used)) = decode(&input[done..]).map_err(|_| Broken)? {
            let OwnedFrame::Array(words) = call else { return Err(Broken) };
            let words: Option<Vec<Vec<u8>>> = words.into_iter().map(word).collect();
            let words = words.ok_or(Broken)?;
            execute(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner), words, output);
            done += used;
        }
        Ok(done)
    }
}

fn word(frame: OwnedFrame) -> Option<Vec<u8>> {
    match frame {
        OwnedFrame::BulkString(word) => Some(word),
        _ => None,
    }
}

fn execute(entries: &mut Entries, words: Vec<Vec<u8>>, output: &mut Vec<u8>) {
    let mut words = words.into_iter();
    let command = words.next().unwrap_or_default().to_ascii_uppercase();
    let words: Vec<Vec<u8>> = words.collect();
    let answer = match (command.as_slice(), words.as_slice()) {
        (b"PING", []) => BorrowedFrame::SimpleString(b"PONG"),
        (b"GET", [key]) => {
            entries.get(key).map_or(BorrowedFrame::Null, |value| BorrowedFrame::BulkString(value))
        }
        (b"SET", [_, _]) => {
            let [key, value] = <[Vec<u8>; 2]>::try_from(words).unwrap_or_default();
            entries.insert(key, value);
            BorrowedFrame::SimpleString(b"OK")
        }
        (b"DEL", [key]) => BorrowedFrame::Integer(entries.remove(key).is_some().into()),
        (b"EXISTS", [key]) => BorrowedFrame::Integer(entries.contains_key(key).into()),
        (b"INCRBY", [key, by]) => increment(entries, key, by).map_or(
            BorrowedFrame::Error("ERR value is not an integer or out of range"),
            BorrowedFrame::Integer,
        ),
        (b"SCAN", [cursor, ..]) => return scan(entries, cursor, output),
        _ => BorrowedFrame::Error("ERR unknown command, or a wrong number of words"),
    };
    write(&answer, output);
}

fn increment(entries: &mut Entries, key: &[u8], by: &[u8]) -> Option<i64> {
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<i64>().ok();
    let before = entries.get(key).map_or(Some(0), |value| number(value))?;
    let sum = before.checked_add(number(by)?)?;
    entries.insert(key.to_owned(), sum.to_string().into_bytes());
    Some(sum)
}

/// What else a client asks of a page (`COUNT`, `MATCH`), it has to do itself.
fn scan(entries: &Entries, cursor: &[u8], output: &mut Vec<u8>) {
    let start = std::str::from_utf8(cursor).ok().and_then(|text| text.parse::<usize>().ok());
    let Some(start) = start else {
        return write(&BorrowedFrame::Error("ERR invalid cursor"), output);
    };
    let (mut keys, mut bytes, mut next) = (Vec::new(), 0, 0);
    for (index, key) in entries.keys().enumerate().skip(start) {
        bytes += key.len();
        if bytes > PAGE_BYTES {
            next = index;
            break;
        }
        keys.push(BorrowedFrame::BulkString(key));
    }
    let next = next.to_string();
    let page = [BorrowedFrame::BulkString(next.as_bytes()), BorrowedFrame::Array(&keys)];
    write(&BorrowedFrame::Array(&page), output);
}

fn write(frame: &BorrowedFrame<'_>, output: &mut Vec<u8>) {
    let start = output.len();
    output.resize(start + frame.encode_len(false), 0);
    // There is room for all of it, which is the only thing that can be wrong.
    let _ = encode_borrowed(&mut output[start..], frame, false);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_answered_in_turn_and_nonsense_ends_the_connection() {
        let store = Store::default();
        for (input, outcome, expected) in [
            ("*2\r\n$3\r\nget\r\n$1\r\na\r\n", Ok(20), "$-1\r\n"),
            (
                "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\n41\r\n*3\r\n$6\r\nINCRBY\r\n$1\r\na\r\n$1\r\n1\r\n*1",
                Ok(58),
                "+OK\r\n:42\r\n",
            ),
            ("*2\r\n$4\r\nSCAN\r\n$1\r\n0\r\n", Ok(21), "*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n"),
            ("*1\r\n$4\r\nPING\r\n", Ok(14), "+PONG\r\n"),
            ("PING\r\n", Err(Broken), ""),
        ] {
            let mut output = Vec::new();
            assert_eq!(store.answer(input.as_bytes(), &mut output), outcome, "{input}");
            assert_eq!(String::from_utf8_lossy(&output), expected, "{input}");
        }
    }
}
