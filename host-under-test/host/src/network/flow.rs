//! The two directions of a connection as guests use them, whether another guest
//! is at the other end or, through a forward, a real socket.

use super::pipe::{ReadEnd, WriteEnd};
use bytes::{Buf, Bytes, BytesMut};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

/// What is read from a socket at once, at most.
const READ_BYTES: usize = 64 << 10;

/// A connection before a guest has it.
pub(super) struct Flow {
    pub(super) source: Source,
    pub(super) sink: Sink,
}

/// Where a guest's bytes come from.
pub(super) enum Source {
    Guest(ReadEnd),
    Real(OwnedReadHalf),
}

/// Where a guest's bytes go.
pub(super) enum Sink {
    Guest(WriteEnd),
    Real(RealSink),
}

/// A real socket, and what it did not take yet.
pub(super) struct RealSink {
    /// Always there until it is dropped.
    socket: Option<OwnedWriteHalf>,
    left: BytesMut,
}

impl RealSink {
    pub(super) fn new(socket: OwnedWriteHalf) -> Self {
        Self { socket: Some(socket), left: BytesMut::new() }
    }

    /// Hands what is left to the socket, as much as it takes.
    fn push(&mut self) -> StreamResult<()> {
        let Some(socket) = &self.socket else { return Err(StreamError::Closed) };
        while !self.left.is_empty() {
            match socket.try_write(&self.left) {
                Ok(size_bytes) => self.left.advance(size_bytes),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(StreamError::LastOperationFailed(error.into())),
            }
        }
        Ok(())
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.socket {
            Some(socket) if !self.left.is_empty() => socket.as_ref().poll_write_ready(cx).map(drop),
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for RealSink {
    /// What a guest wrote before it closed is still sent.
    fn drop(&mut self) {
        let left = std::mem::take(&mut self.left);
        if let (Some(mut socket), false) = (self.socket.take(), left.is_empty()) {
            tokio::spawn(async move { socket.write_all(&left).await });
        }
    }
}

/// One direction, shared between its stream and the socket, which may shut it
/// down. Empty afterwards.
pub(super) type Shared<T> = Arc<Mutex<Option<T>>>;

pub(super) fn locked<T>(shared: &Shared<T>) -> MutexGuard<'_, Option<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stream a guest reads.
pub(super) struct Input(pub(super) Shared<Source>);

/// The stream a guest writes.
pub(super) struct Output(pub(super) Shared<Sink>);

impl Source {
    fn read(&mut self, max_bytes: usize) -> StreamResult<Bytes> {
        match self {
            Self::Guest(pipe) => pipe.read(max_bytes).ok_or(StreamError::Closed),
            Self::Real(socket) => {
                let mut buffer = BytesMut::zeroed(max_bytes.min(READ_BYTES));
                match socket.try_read(&mut buffer) {
                    Ok(0) if max_bytes > 0 => Err(StreamError::Closed),
                    Ok(size_bytes) => Ok(buffer.split_to(size_bytes).freeze()),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Bytes::new()),
                    Err(error) => Err(StreamError::LastOperationFailed(error.into())),
                }
            }
        }
    }
}

impl Sink {
    /// How much may be written now.
    fn room_bytes(&mut self) -> StreamResult<usize> {
        match self {
            Self::Guest(pipe) => pipe.room_bytes().ok_or(StreamError::Closed),
            Self::Real(sink) => {
                sink.push()?;
                Ok(if sink.left.is_empty() { READ_BYTES } else { 0 })
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> StreamResult<()> {
        if bytes.len() > self.room_bytes()? {
            return Err(StreamError::trap("more was written than the stream had room for"));
        }
        match self {
            Self::Guest(pipe) => pipe.write(bytes),
            Self::Real(sink) => {
                sink.left.extend_from_slice(bytes);
                sink.push()?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Pollable for Input {
    async fn ready(&mut self) {
        let source = &self.0;
        poll_fn(|cx| match &*locked(source) {
            None => Poll::Ready(()),
            Some(Source::Guest(pipe)) => pipe.poll_readable(cx),
            Some(Source::Real(socket)) => socket.as_ref().poll_read_ready(cx).map(drop),
        })
        .await;
    }
}

#[async_trait]
impl InputStream for Input {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        match &mut *locked(&self.0) {
            None => Err(StreamError::Closed),
            Some(source) => source.read(size),
        }
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {
        let sink = &self.0;
        poll_fn(|cx| match &*locked(sink) {
            None => Poll::Ready(()),
            Some(Sink::Guest(pipe)) => pipe.poll_writable(cx),
            Some(Sink::Real(sink)) => sink.poll_writable(cx),
        })
        .await;
    }
}

#[async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        match &mut *locked(&self.0) {
            None => Err(StreamError::Closed),
            Some(sink) => sink.write(&bytes),
        }
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.check_write().map(drop)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        match &mut *locked(&self.0) {
            None => Err(StreamError::Closed),
            Some(sink) => sink.room_bytes(),
        }
    }
}

impl Drop for Input {
    /// Nobody reads any more.
    fn drop(&mut self) {
        locked(&self.0).take();
    }
}

impl Drop for Output {
    /// The other side reads the end.
    fn drop(&mut self) {
        locked(&self.0).take();
    }
}
