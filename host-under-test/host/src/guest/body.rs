//! The response's body, which also keeps its guest running: polling it polls the
//! guest first. So a guest works no faster than its client reads, and ends with
//! it. Nothing is buffered here.

use super::counters::Place;
use super::limits::{Deadline, Patience};
use super::shared::Seat;
use super::{Alive, Run};
use crate::error::why;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi_http::WasiBody;

type BoxError = Box<dyn Error + Send + Sync>;

/// Everything the server answers with.
pub(crate) enum Body {
    /// All there is: a text of the host's own, or what a guest wrote before its
    /// answer was looked at.
    Whole(Bytes),
    /// What a guest streams.
    Guest(GuestBody),
}

/// What makes a body go on.
pub(super) enum Driver {
    /// The guest itself, while it has work left.
    Own(Option<Run>),
    /// The task of an instance that others use as well.
    Shared(Seat, #[expect(dead_code, reason = "held until the response is complete")] Held),
}

/// A place among the requests under way.
pub(super) enum Held {
    Place(#[expect(dead_code, reason = "held until the response is complete")] Place),
    Permit(
        #[expect(dead_code, reason = "held until the response is complete")] OwnedSemaphorePermit,
    ),
}

/// A guest's body, and what drives it.
pub(crate) struct GuestBody {
    body: WasiBody,
    /// What was taken from it before, the first last.
    early: Vec<Result<Frame<Bytes>, BoxError>>,
    driver: Driver,
    deadline: Deadline,
    patience: Patience,
    /// Bytes the client still expects, where that is known. At zero the server
    /// drops the body without asking for its end.
    left_bytes: Option<u64>,
    alive: Alive,
}

impl GuestBody {
    /// Puts the guest behind the body of its response.
    pub(super) fn attach(
        response: Response<WasiBody>,
        driver: Driver,
        is_head: bool,
        deadline: Deadline,
        alive: &Alive,
    ) -> Response<Body> {
        let (parts, mut body) = response.into_parts();
        let has_no_body = is_head
            || parts.status == StatusCode::NO_CONTENT
            || parts.status == StatusCode::NOT_MODIFIED;
        let announced_bytes = content_length_bytes(&parts.headers);
        let mut early = Vec::new();
        if matches!(driver, Driver::Own(None)) && !has_no_body {
            match look_ahead(&mut body) {
                // The server trusts a body's length more than the announced one.
                Ahead::All(bytes)
                    if announced_bytes.is_none_or(|announced| announced == bytes.len() as u64) =>
                {
                    return Response::from_parts(parts, Body::Whole(bytes));
                }
                Ahead::All(bytes) => early = vec![Ok(Frame::data(bytes))],
                Ahead::Some(frames) => early = frames,
            }
        }
        let left_bytes = if has_no_body { Some(0) } else { announced_bytes };
        let (patience, alive) = (Patience::default(), alive.clone());
        let body = Self { body, early, driver, deadline, patience, left_bytes, alive };
        Response::from_parts(parts, Body::Guest(body))
    }

    /// Polls the guest, then what it wrote.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Driver::Own(own) = &mut self.driver
            && let Some(run) = own
            && let Poll::Ready(ended) = run.as_mut().poll(cx)
        {
            *own = None;
            if let Err(error) = ended {
                log_late_trap(&error);
                // Ends the connection: a body that stops in the middle must not
                // look complete.
                return Poll::Ready(Some(Err(error.into())));
            }
        }
        let frame = match self.early.pop() {
            Some(frame) => Poll::Ready(Some(frame)),
            None => Pin::new(&mut self.body).poll_frame(cx).map_err(Into::into),
        };
        let Poll::Ready(frame) = frame else {
            return self.patience.poll_expired(&self.deadline, cx).map(|()| {
                eprintln!("host-under-test: a guest stopped in the middle of its response");
                Some(Err("the guest stopped in the middle of its response".into()))
            });
        };
        self.patience.renew();
        match &frame {
            Some(Ok(frame)) => self.count(frame),
            Some(Err(_)) => {}
            None => {
                if let Driver::Shared(seat, _) = &self.driver
                    && seat.has_trapped()
                {
                    return Poll::Ready(Some(Err("the guest's instance trapped".into())));
                }
                self.left_bytes = Some(0);
            }
        }
        Poll::Ready(frame)
    }

    fn count(&mut self, frame: &Frame<Bytes>) {
        if let (Some(left_bytes), Some(data)) = (&mut self.left_bytes, frame.data_ref()) {
            *left_bytes = left_bytes.saturating_sub(data.len() as u64);
        }
    }
}

/// What is there of a body whose guest has ended.
enum Ahead {
    /// It is complete, and has no trailers.
    All(Bytes),
    /// The first frames, the first last; more may follow.
    Some(Vec<Result<Frame<Bytes>, BoxError>>),
}

/// Most answers are one piece, written before anybody asked for it: sent with
/// its length, it costs the client and the kernel less than in chunks.
fn look_ahead(body: &mut WasiBody) -> Ahead {
    let mut poll = || Pin::new(&mut *body).poll_frame(&mut Context::from_waker(Waker::noop()));
    let first = match poll() {
        Poll::Pending => return Ahead::Some(Vec::new()),
        Poll::Ready(None) => return Ahead::All(Bytes::new()),
        Poll::Ready(Some(first)) => first,
    };
    let first = match first.map(Frame::into_data) {
        Ok(Ok(data)) => data,
        Ok(Err(trailers)) => return Ahead::Some(vec![Ok(trailers)]),
        Err(error) => return Ahead::Some(vec![Err(error.into())]),
    };
    match poll() {
        Poll::Ready(None) => Ahead::All(first),
        Poll::Ready(Some(second)) => {
            Ahead::Some(vec![second.map_err(Into::into), Ok(Frame::data(first))])
        }
        Poll::Pending => Ahead::Some(vec![Ok(Frame::data(first))]),
    }
}

fn content_length_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let guest = match self.get_mut() {
            Self::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                return Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))));
            }
            Self::Guest(guest) => guest,
        };
        guest.patience.begin(&guest.deadline);
        guest.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Guest(guest) => guest.early.is_empty() && guest.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            // Of what was not taken from it yet.
            Self::Guest(guest) if guest.early.is_empty() => guest.body.size_hint(),
            Self::Guest(_) => SizeHint::default(),
        }
    }
}

impl Drop for GuestBody {
    /// A guest whose response is complete may have work left, and goes on in a
    /// task of its own, as long as a request may take. One whose client went
    /// away ends here.
    fn drop(&mut self) {
        let is_complete = self.left_bytes == Some(0) || self.body.is_end_stream();
        let run = match &mut self.driver {
            Driver::Own(run) => run.take(),
            Driver::Shared(seat, _) => {
                if is_complete {
                    seat.done();
                }
                None
            }
        };
        let Some(run) = run else { return };
        if !is_complete {
            return;
        }
        // A guest still writing to this body has to be told that nobody reads.
        drop(std::mem::take(&mut self.body));
        let (deadline, alive) = (self.deadline.clone(), self.alive.clone());
        deadline.extend();
        tokio::spawn(async move {
            match tokio::time::timeout(deadline.timeout(), run).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => log_late_trap(&error),
                Err(_) => {
                    eprintln!("host-under-test: a guest worked on for too long after its response");
                }
            }
            drop(alive);
        });
    }
}

fn log_late_trap(error: &wasmtime::Error) {
    eprintln!("host-under-test: a guest failed after its response began: {}", why(error));
}
