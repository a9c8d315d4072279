//! What a guest writes an object with: a value and its stream, which share a body.
//! The body waits in memory until it is known which object it is for, and then
//! becomes a draft of that.

use super::room::Share;
use super::{Answer, BlobError, Blobstore, Draft, MAX_OBJECT_BYTES, ObjectId};
use bytes::Bytes;
use futures_util::FutureExt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// How much a guest may write at once.
const PART_BYTES: usize = 256 << 10;

pub(super) struct Body {
    state: State,
    written_bytes: u64,
}

enum State {
    /// `write-data` was not called yet.
    Unplaced(Vec<u8>, Share),
    /// Ready for the next part.
    Idle(Box<dyn Draft>),
    /// The store is taking a part.
    Busy(Answer<'static, Box<dyn Draft>>),
    Failed(BlobError),
    /// Finished, dropped, or in somebody's hands.
    Closed,
}

impl Body {
    pub(super) fn new(buffer: Share) -> Self {
        Self { state: State::Unplaced(Vec::new(), buffer), written_bytes: 0 }
    }

    /// One that nothing can be written to.
    pub(super) fn failed(error: BlobError) -> Self {
        Self { state: State::Failed(error), written_bytes: 0 }
    }

    /// Makes it an object's draft, with what was written so far.
    pub(super) async fn place(
        body: &Mutex<Self>,
        store: &dyn Blobstore,
        id: ObjectId,
    ) -> Result<(), BlobError> {
        match &locked(body).state {
            State::Unplaced(..) => {}
            State::Failed(error) => return Err(error.clone()),
            State::Idle(_) | State::Busy(_) | State::Closed => {
                return Err(BlobError("the value is for an object already".to_owned()));
            }
        }
        let draft = store.write(id).await?;
        let mut body = locked(body);
        let written = match std::mem::replace(&mut body.state, State::Closed) {
            State::Unplaced(written, _) => written,
            _ => Vec::new(),
        };
        body.state = match written.is_empty() {
            true => State::Idle(draft),
            false => State::Busy(draft.write(Bytes::from(written))),
        };
        Ok(())
    }

    /// From now on others see the object.
    pub(super) async fn finish(body: &Mutex<Self>) -> Result<(), BlobError> {
        let state = std::mem::replace(&mut locked(body).state, State::Closed);
        let draft = match state {
            State::Idle(draft) => draft,
            State::Busy(busy) => busy.await?,
            State::Failed(error) => return Err(error),
            State::Unplaced(..) | State::Closed => {
                let what = "the value is for no object: call write-data before finish";
                return Err(BlobError(what.to_owned()));
            }
        };
        draft.finish().await
    }

    /// Nobody will ever see it.
    pub(super) fn close(body: &Mutex<Self>) {
        locked(body).state = State::Closed;
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let State::Busy(busy) = &mut self.state {
            self.state = match std::task::ready!(busy.poll_unpin(cx)) {
                Ok(draft) => State::Idle(draft),
                Err(error) => State::Failed(error),
            };
        }
        Poll::Ready(())
    }

    /// How much may be written now.
    fn room_bytes(&mut self) -> StreamResult<usize> {
        // Memory takes a part at once.
        let _ = poll_fn(|cx| self.poll_idle(cx)).now_or_never();
        match &self.state {
            State::Unplaced(..) | State::Idle(_) => Ok(PART_BYTES),
            State::Busy(_) => Ok(0),
            State::Failed(error) => Err(StreamError::LastOperationFailed(error.clone().into())),
            State::Closed => Err(StreamError::Closed),
        }
    }

    fn write(&mut self, part: Bytes) -> StreamResult<()> {
        if part.len() > self.room_bytes()? {
            return Err(StreamError::trap("more was written than the stream had room for"));
        }
        self.written_bytes += part.len() as u64;
        let state = std::mem::replace(&mut self.state, State::Closed);
        self.state = match state {
            _ if self.written_bytes > MAX_OBJECT_BYTES => {
                State::Failed(BlobError(format!("an object has at most {MAX_OBJECT_BYTES} bytes")))
            }
            State::Unplaced(mut written, mut buffer) => match buffer.grow(part.len()) {
                true => {
                    written.extend_from_slice(&part);
                    State::Unplaced(written, buffer)
                }
                false => State::Failed(BlobError(format!(
                    "{} bytes were written before it was known where to: call write-data first",
                    buffer.room().max()
                ))),
            },
            State::Idle(draft) if !part.is_empty() => State::Busy(draft.write(part)),
            state => state,
        };
        self.room_bytes().map(drop)
    }
}

fn locked(body: &Mutex<Body>) -> MutexGuard<'_, Body> {
    body.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stream that a guest writes to.
pub(super) struct Output(pub(super) Arc<Mutex<Body>>);

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {
        poll_fn(|cx| locked(&self.0).poll_idle(cx)).await;
    }
}

#[async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        locked(&self.0).write(bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        locked(&self.0).room_bytes().map(drop)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        locked(&self.0).room_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::room::Room;
    use super::*;
    use futures_util::future::ready;

    /// Takes anything and keeps nothing.
    struct Nowhere;

    impl Draft for Nowhere {
        fn write(self: Box<Self>, _: Bytes) -> Answer<'static, Box<dyn Draft>> {
            let draft: Box<dyn Draft> = self;
            ready(Ok(draft)).boxed()
        }

        fn finish(self: Box<Self>) -> Answer<'static, ()> {
            ready(Ok(())).boxed()
        }
    }

    #[test]
    fn an_object_is_refused_when_it_gets_too_large() {
        let part = Bytes::from(vec![0; PART_BYTES]);
        let mut body = Body::new(Share::of(&Room::new(0)));
        body.state = State::Idle(Box::new(Nowhere));
        let parts = MAX_OBJECT_BYTES / PART_BYTES as u64;
        for _ in 0..parts {
            body.write(part.clone()).unwrap();
        }
        assert!(body.write(Bytes::new()).is_ok() && body.write(part.slice(..1)).is_err());
        let finished = Body::finish(&Mutex::new(body)).now_or_never();
        let what = format!("an object has at most {MAX_OBJECT_BYTES} bytes");
        assert_eq!(finished, Some(Err(BlobError(what))));
    }
}
