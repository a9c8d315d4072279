//! A key-value store in the Redis protocol (RESP2), from both sides. Its calls are commands that a
//! Redis server knows as well, so that either can stand in for the other. It must not know what
//! carries the bytes.

mod remote;
mod server;

pub use remote::{Connection, Remote};
pub use server::{Broken, answer};

use redis_protocol::resp2::encode::encode_borrowed;
use redis_protocol::resp2::types::BorrowedFrame;

/// Adds a frame to what is to be sent.
fn write(frame: &BorrowedFrame<'_>, output: &mut Vec<u8>) {
    let start = output.len();
    output.resize(start + frame.encode_len(false), 0);
    // There is room for all of it, which is the only thing that can be wrong.
    let _ = encode_borrowed(&mut output[start..], frame, false);
}

#[cfg(test)]
mod tests;
