//! Bytes in and out of streams, one piece at a time. An error is text for whoever asked.

use crate::wasi::io::streams::{InputStream, OutputStream, StreamError};
use parts::pattern::CHUNK_BYTES;

fn told(error: StreamError) -> String {
    match error {
        StreamError::Closed => "the stream is closed".to_owned(),
        StreamError::LastOperationFailed(error) => error.to_debug_string(),
    }
}

/// Hands every piece of a stream over, until its end.
pub fn each(
    input: &InputStream,
    mut take: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), String> {
    loop {
        match input.blocking_read(CHUNK_BYTES as u64) {
            Ok(piece) => take(&piece)?,
            Err(StreamError::Closed) => return Ok(()),
            Err(error) => return Err(told(error)),
        }
    }
}

/// Moves a stream's bytes to another.
pub fn pass(input: &InputStream, output: &OutputStream) -> Result<(), String> {
    each(input, |piece| write_all(output, piece))
}

/// All bytes of a stream.
pub fn read_all(input: &InputStream) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    each(input, |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })?;
    Ok(bytes)
}

/// Writes all of `bytes`, in the pieces the host has room for.
pub fn write_all(output: &OutputStream, mut bytes: &[u8]) -> Result<(), String> {
    while !bytes.is_empty() {
        let room = output.check_write().map_err(told)?;
        if room == 0 {
            output.subscribe().block();
            continue;
        }
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let (piece, rest) = bytes.split_at(room.min(bytes.len()));
        output.write(piece).map_err(told)?;
        bytes = rest;
    }
    Ok(())
}
