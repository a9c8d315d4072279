//! The side that asks.

use crate::write;
use kv::Store;
use redis_protocol::resp2::decode::decode;
use redis_protocol::resp2::types::{BorrowedFrame, OwnedFrame};
use std::io::{self, BufRead, Write};

/// How many keys a page should have; a server may give more or fewer.
const PAGE_KEYS: &[u8] = b"10000";

/// A connection, and what came over it too early.
pub struct Connection<S> {
    stream: S,
    unread: Vec<u8>,
}

/// A store behind connections that `connect` opens.
pub struct Remote<S, F> {
    connect: F,
    kept: Option<Connection<S>>,
    is_kept: bool,
}

impl<S: BufRead + Write> Connection<S> {
    /// Nothing has been said over it yet.
    pub fn new(stream: S) -> Self {
        Self { stream, unread: Vec::new() }
    }

    fn call(&mut self, words: &[&[u8]]) -> io::Result<OwnedFrame> {
        let words: Vec<_> = words.iter().map(|word| BorrowedFrame::BulkString(word)).collect();
        let mut call = Vec::new();
        write(&BorrowedFrame::Array(&words), &mut call);
        self.stream.write_all(&call)?;
        self.stream.flush()?;
        loop {
            if let Some((frame, used)) = decode(&self.unread).map_err(io::Error::other)? {
                self.unread.drain(..used);
                return Ok(frame);
            }
            let more = self.stream.fill_buf()?;
            let length = more.len();
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.unread.extend_from_slice(more);
            self.stream.consume(length);
        }
    }
}

impl<S: BufRead + Write, F: FnMut() -> io::Result<S>> Remote<S, F> {
    /// A connection for every call.
    pub fn per_call(connect: F) -> Self {
        Self { connect, kept: None, is_kept: false }
    }

    /// One connection for all calls: this one if there is one already.
    pub fn kept(connect: F, kept: Option<Connection<S>>) -> Self {
        Self { connect, kept, is_kept: true }
    }

    /// The connection, if there is one to be kept.
    pub fn into_kept(self) -> Option<Connection<S>> {
        self.kept
    }

    fn call(&mut self, words: &[&[u8]]) -> Result<OwnedFrame, String> {
        let mut connection = match self.kept.take() {
            Some(kept) => kept,
            None => {
                let stream = (self.connect)().map_err(|error| format!("connecting: {error}"))?;
                Connection::new(stream)
            }
        };
        // One that broke is not used again.
        let answer = connection.call(words).map_err(|error| format!("the connection: {error}"))?;
        self.kept = self.is_kept.then_some(connection);
        Ok(answer)
    }
}

fn unexpected(answer: &OwnedFrame) -> String {
    match answer {
        OwnedFrame::Error(what) => what.clone(),
        other => format!("the store answered with {other:?}"),
    }
}

impl<S: BufRead + Write, F: FnMut() -> io::Result<S>> Store for Remote<S, F> {
    async fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, String> {
        match self.call(&[b"GET", key.as_bytes()])? {
            OwnedFrame::BulkString(value) => Ok(Some(value)),
            OwnedFrame::Null => Ok(None),
            other => Err(unexpected(&other)),
        }
    }

    async fn set(&mut self, key: &str, value: &[u8]) -> Result<(), String> {
        match self.call(&[b"SET", key.as_bytes(), value])? {
            OwnedFrame::SimpleString(_) => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    async fn delete(&mut self, key: &str) -> Result<(), String> {
        match self.call(&[b"DEL", key.as_bytes()])? {
            OwnedFrame::Integer(_) => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    async fn exists(&mut self, key: &str) -> Result<bool, String> {
        match self.call(&[b"EXISTS", key.as_bytes()])? {
            OwnedFrame::Integer(count) => Ok(count > 0),
            other => Err(unexpected(&other)),
        }
    }

    async fn keys(&mut self) -> Result<Vec<String>, String> {
        let (mut keys, mut cursor) = (Vec::new(), b"0".to_vec());
        loop {
            let answer = self.call(&[b"SCAN", &cursor, b"COUNT", PAGE_KEYS])?;
            cursor = page(answer, &mut keys)?;
            if cursor == b"0" {
                // A server may tell a key twice while it grows.
                keys.sort();
                keys.dedup();
                return Ok(keys);
            }
        }
    }

    async fn increment(&mut self, key: &str, delta: u64) -> Result<u64, String> {
        let by = delta.to_string();
        let sum = match self.call(&[b"INCRBY", key.as_bytes(), by.as_bytes()])? {
            OwnedFrame::Integer(sum) => u64::try_from(sum).ok(),
            // Servers have words of their own for it.
            OwnedFrame::Error(_) => None,
            other => return Err(unexpected(&other)),
        };
        sum.ok_or_else(|| kv::NOT_A_NUMBER.to_owned())
    }
}

/// Adds the keys of a page; where the next one begins.
fn page(answer: OwnedFrame, keys: &mut Vec<String>) -> Result<Vec<u8>, String> {
    let OwnedFrame::Array(mut parts) = answer else { return Err(unexpected(&answer)) };
    let (Some(OwnedFrame::Array(found)), Some(OwnedFrame::BulkString(cursor)), None) =
        (parts.pop(), parts.pop(), parts.pop())
    else {
        return Err("the store answered SCAN with something else than a page".to_owned());
    };
    for key in found {
        let OwnedFrame::BulkString(key) = key else { return Err(unexpected(&key)) };
        keys.push(String::from_utf8(key).map_err(|_| "a key is not UTF-8")?);
    }
    Ok(cursor)
}
