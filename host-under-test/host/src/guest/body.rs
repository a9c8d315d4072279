//! The response's body, which also keeps its guest running: polling it polls the
//! guest first. So a guest works no faster than its client reads, and ends with
//! it. Nothing is buffered here.

use super::{Alive, Run};
use crate::error::one_line;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use wasmtime_wasi_http::WasiBody;

/// Everything the server answers with.
pub(crate) enum Body {
    /// A short text of the host's own.
    Text(Option<&'static str>),
    /// What a guest streams.
    Guest(GuestBody),
}

/// A guest's body, and the guest while it has work left.
pub(crate) struct GuestBody {
    body: WasiBody,
    run: Option<Run>,
    /// Bytes the client still expects, where that is known. At zero the server
    /// drops the body without asking for its end.
    left_bytes: Option<u64>,
    alive: Alive,
}

impl GuestBody {
    /// Puts the guest behind the body of its response.
    pub(super) fn attach(
        response: Response<WasiBody>,
        run: Option<Run>,
        is_head: bool,
        alive: &Alive,
    ) -> Response<Body> {
        let (parts, body) = response.into_parts();
        let has_no_body = is_head
            || parts.status == StatusCode::NO_CONTENT
            || parts.status == StatusCode::NOT_MODIFIED;
        let left_bytes = if has_no_body { Some(0) } else { content_length_bytes(&parts.headers) };
        let body = Body::Guest(Self { body, run, left_bytes, alive: alive.clone() });
        Response::from_parts(parts, body)
    }

    fn count(&mut self, frame: &Frame<Bytes>) {
        if let (Some(left_bytes), Some(data)) = (&mut self.left_bytes, frame.data_ref()) {
            *left_bytes = left_bytes.saturating_sub(data.len() as u64);
        }
    }
}

fn content_length_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let guest = match self.get_mut() {
            Self::Text(text) => {
                let text = text.take().map(|text| Bytes::from_static(text.as_bytes()));
                return Poll::Ready(text.map(|text| Ok(Frame::data(text))));
            }
            Self::Guest(guest) => guest,
        };
        if let Some(run) = &mut guest.run
            && let Poll::Ready(ended) = run.as_mut().poll(cx)
        {
            guest.run = None;
            match ended {
                Ok(()) => {}
                Err(error) => {
                    log_late_trap(&error);
                    // Ends the connection: a body that stops in the middle must
                    // not look complete.
                    return Poll::Ready(Some(Err(error.into())));
                }
            }
        }
        let frame = ready!(Pin::new(&mut guest.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => guest.count(frame),
            Some(Err(_)) => {}
            None => guest.left_bytes = Some(0),
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Text(text) => text.is_none(),
            Self::Guest(guest) => guest.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Text(text) => SizeHint::with_exact(text.map_or(0, str::len) as u64),
            Self::Guest(guest) => guest.body.size_hint(),
        }
    }
}

impl Drop for GuestBody {
    /// A guest whose response is complete may have work left, and goes on in a
    /// task of its own. One whose client went away ends here.
    fn drop(&mut self) {
        let is_complete = self.left_bytes == Some(0) || self.body.is_end_stream();
        let Some(run) = self.run.take() else { return };
        if !is_complete {
            return;
        }
        // A guest still writing to this body has to be told that nobody reads.
        drop(std::mem::take(&mut self.body));
        let alive = self.alive.clone();
        tokio::spawn(async move {
            if let Err(error) = run.await {
                log_late_trap(&error);
            }
            drop(alive);
        });
    }
}

fn log_late_trap(error: &wasmtime::Error) {
    let error = one_line(&format!("{error:#}"));
    eprintln!("host-under-test: a guest failed after its response began: {error}");
}
