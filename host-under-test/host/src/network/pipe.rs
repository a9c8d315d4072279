//! One direction of a connection between two guests: bytes in memory, up to a
//! bound, with one reader and one writer.

use bytes::{Bytes, BytesMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What may wait for the reader: what Linux gives a loopback socket to start with.
const CAPACITY_BYTES: usize = 64 << 10;

/// The end that is read.
pub(super) struct ReadEnd(Arc<Mutex<Pipe>>);

/// The end that is written.
pub(super) struct WriteEnd(Arc<Mutex<Pipe>>);

#[derive(Default)]
struct Pipe {
    bytes: BytesMut,
    is_read: End,
    is_written: End,
}

/// What one side knows of the other.
#[derive(Default)]
struct End {
    gone: bool,
    waiting: Option<Waker>,
}

impl End {
    fn wake(&mut self) {
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

pub(super) fn pipe() -> (ReadEnd, WriteEnd) {
    let pipe = Arc::new(Mutex::new(Pipe::default()));
    (ReadEnd(Arc::clone(&pipe)), WriteEnd(pipe))
}

fn locked(pipe: &Mutex<Pipe>) -> MutexGuard<'_, Pipe> {
    pipe.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ReadEnd {
    /// Up to `max_bytes` of what is there; `None` after the end.
    pub(super) fn read(&self, max_bytes: usize) -> Option<Bytes> {
        let mut pipe = locked(&self.0);
        let size_bytes = pipe.bytes.len().min(max_bytes);
        if pipe.bytes.is_empty() && pipe.is_written.gone {
            return None;
        }
        let read = pipe.bytes.split_to(size_bytes).freeze();
        pipe.is_written.wake();
        Some(read)
    }

    /// Ready when there are bytes or the end.
    pub(super) fn poll_readable(&self, cx: &Context<'_>) -> Poll<()> {
        let mut pipe = locked(&self.0);
        if !pipe.bytes.is_empty() || pipe.is_written.gone {
            return Poll::Ready(());
        }
        pipe.is_read.waiting = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl WriteEnd {
    /// How much may be written now; `None` when nobody will read it.
    pub(super) fn room_bytes(&self) -> Option<usize> {
        let pipe = locked(&self.0);
        (!pipe.is_read.gone).then(|| CAPACITY_BYTES.saturating_sub(pipe.bytes.len()))
    }

    /// Writes all of it, whether there is room or not.
    pub(super) fn write(&self, bytes: &[u8]) {
        let mut pipe = locked(&self.0);
        pipe.bytes.extend_from_slice(bytes);
        pipe.is_read.wake();
    }

    /// Ready when there is room or no reader.
    pub(super) fn poll_writable(&self, cx: &Context<'_>) -> Poll<()> {
        let mut pipe = locked(&self.0);
        if pipe.bytes.len() < CAPACITY_BYTES || pipe.is_read.gone {
            return Poll::Ready(());
        }
        pipe.is_written.waiting = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for ReadEnd {
    fn drop(&mut self) {
        let mut pipe = locked(&self.0);
        pipe.is_read.gone = true;
        pipe.bytes = BytesMut::new();
        pipe.is_written.wake();
    }
}

impl Drop for WriteEnd {
    fn drop(&mut self) {
        let mut pipe = locked(&self.0);
        pipe.is_written.gone = true;
        pipe.is_read.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_to_its_end() {
        let (read, write) = pipe();
        write.write(b"hello");
        assert_eq!(read.read(2).as_deref(), Some(&b"he"[..]));
        drop(write);
        assert_eq!(read.read(9).as_deref(), Some(&b"llo"[..]));
        assert_eq!(read.read(9), None);
    }

    #[test]
    fn a_full_pipe_waits_for_its_reader() {
        let (read, write) = pipe();
        let cx = Context::from_waker(Waker::noop());
        write.write(&[0; CAPACITY_BYTES]);
        assert_eq!(write.room_bytes(), Some(0));
        assert!(write.poll_writable(&cx).is_pending());
        read.read(1);
        assert_eq!(write.room_bytes(), Some(1));
        assert!(write.poll_writable(&cx).is_ready());
        drop(read);
        assert_eq!(write.room_bytes(), None);
    }
}
