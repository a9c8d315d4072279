//! A request's body on its way to a guest, held to the size that is allowed.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use wasmtime_wasi_http::{Error, WasiBody};

/// What a client sends, at most so many bytes of it.
pub(crate) struct RequestBody {
    source: Source,
    left_bytes: u64,
    limit_bytes: u64,
}

enum Source {
    Connection(Incoming),
    Memory(Full<Bytes>),
    Guest(WasiBody),
}

impl RequestBody {
    /// None when the client announces more than is allowed.
    pub(crate) fn new(incoming: Incoming, limit_bytes: u64) -> Option<Self> {
        let announced_bytes = incoming.size_hint().lower();
        let source = Source::Connection(incoming);
        (announced_bytes <= limit_bytes).then_some(Self {
            source,
            left_bytes: limit_bytes,
            limit_bytes,
        })
    }

    /// Of a request that is made in this process.
    pub(crate) fn in_memory(body: Bytes) -> Self {
        let source = Source::Memory(Full::new(body));
        Self { source, left_bytes: u64::MAX, limit_bytes: u64::MAX }
    }
}

impl RequestBody {
    /// Of a request that another guest sends; how much that may be is bounded by
    /// what both may hold.
    pub(crate) fn of_guest(body: WasiBody) -> Self {
        Self { source: Source::Guest(body), left_bytes: u64::MAX, limit_bytes: u64::MAX }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let frame = match &mut this.source {
            Source::Connection(incoming) => {
                ready!(Pin::new(incoming).poll_frame(cx)).map(|frame| frame.map_err(Error::from))
            }
            Source::Memory(body) => ready!(Pin::new(body).poll_frame(cx))
                .map(|frame| frame.map_err(|never| match never {})),
            Source::Guest(body) => ready!(Pin::new(body).poll_frame(cx)),
        };
        let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
        let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
        Poll::Ready(Some(match this.left_bytes.checked_sub(bytes) {
            Some(left_bytes) => {
                this.left_bytes = left_bytes;
                Ok(frame)
            }
            None => Err(Error::HttpRequestBodySize(Some(this.limit_bytes))),
        }))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Connection(incoming) => incoming.is_end_stream(),
            Source::Memory(body) => body.is_end_stream(),
            Source::Guest(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Connection(incoming) => incoming.size_hint(),
            Source::Memory(body) => body.size_hint(),
            Source::Guest(body) => body.size_hint(),
        }
    }
}
