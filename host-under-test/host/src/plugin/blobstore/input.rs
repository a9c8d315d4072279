//! The stream that a guest reads an object from: the store's parts, cut to what
//! the guest asks for.

use super::room::Share;
use super::{Blob, BlobError};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream::{BoxStream, Fuse, StreamExt};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};

pub(super) struct Input {
    parts: Fuse<BoxStream<'static, Result<Bytes, BlobError>>>,
    /// What was read and not taken yet; `None` at the end.
    part: Option<Result<Bytes, BlobError>>,
    _place: Share,
}

impl Input {
    pub(super) fn new(blob: Blob, place: Share) -> Self {
        Self { parts: blob.parts.fuse(), part: Some(Ok(Bytes::new())), _place: place }
    }

    fn is_hungry(&self) -> bool {
        matches!(&self.part, Some(Ok(part)) if part.is_empty())
    }
}

#[async_trait]
impl Pollable for Input {
    async fn ready(&mut self) {
        while self.is_hungry() {
            self.part = self.parts.next().await;
        }
    }
}

#[async_trait]
impl InputStream for Input {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        // Memory has the next part at once.
        if self.is_hungry()
            && let Some(next) = self.parts.next().now_or_never()
        {
            self.part = next;
        }
        match &mut self.part {
            None => Err(StreamError::Closed),
            Some(Ok(part)) => Ok(part.split_to(size.min(part.len()))),
            Some(Err(error)) => {
                let error = error.clone();
                self.part = None;
                Err(StreamError::LastOperationFailed(error.into()))
            }
        }
    }
}
