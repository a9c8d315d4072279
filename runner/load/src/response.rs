//! Where an HTTP/1.1 answer ends: a state machine over bytes.
//!
//! Pure: no I/O, no clock, no allocation, and no opinion about what a right
//! answer is (that is `checker`). The outcome depends on the byte stream
//! alone, never on how it was cut into reads. Framing follows RFC 9112,
//! section 6.3; what a correct server never sends is refused, not repaired.

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Response, Status};

/// Longest accepted head, and longest trailer section.
pub(crate) const MAX_HEAD_BYTES: usize = 32 * 1024;
/// Most headers in a head, and most trailers.
const MAX_HEADERS: usize = 64;
/// Longest accepted chunk-size line, extensions included.
const MAX_CHUNK_LINE_BYTES: usize = 1024;
/// Longest accepted body: far above any suite, so that a server which never
/// stops sending fails with this reason and not by a timeout.
pub(crate) const MAX_BODY_BYTES: u64 = 1 << 30;

/// Receives the parts of an answer as they are recognised.
pub(crate) trait Sink {
    /// The head of the final answer; interim ones (1xx) are not told.
    fn head(&mut self, status: u16, headers: &[Header<'_>]);
    /// A piece of the decoded body, never empty.
    fn body(&mut self, bytes: &[u8]);
}

/// Not an answer: what is wrong, and where in the bytes given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) what: &'static str,
    pub(crate) at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Sized { left: u64 },
    ChunkSize,
    Chunk { left: u64 },
    ChunkEnd,
    Trailers,
    UntilClose,
    Done,
}

/// Parses one answer after another on a connection.
#[derive(Debug)]
pub(crate) struct Parser {
    state: State,
    /// Whether the request was a `HEAD`, whose answers have no body.
    asked_head: bool,
    closes: bool,
    started: bool,
    body_bytes: u64,
}

impl Parser {
    pub(crate) fn new(asked_head: bool) -> Parser {
        let state = State::Head;
        Parser { state, asked_head, closes: false, started: false, body_bytes: 0 }
    }

    /// Gets ready for the answer to the next request.
    pub(crate) fn restart(&mut self, asked_head: bool) {
        *self = Parser::new(asked_head);
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether any byte of this answer has arrived.
    pub(crate) fn has_started(&self) -> bool {
        self.started
    }

    /// Whether the connection ends with this answer.
    pub(crate) fn closes(&self) -> bool {
        self.closes
    }

    /// Takes bytes off the front of `bytes` and returns how many; the caller
    /// keeps the rest and calls again with more behind it. Stops at the end
    /// of the answer.
    pub(crate) fn advance(
        &mut self,
        bytes: &[u8],
        sink: &mut impl Sink,
    ) -> Result<usize, Malformed> {
        self.started |= !bytes.is_empty();
        let mut at = 0;
        while self.state != State::Done {
            let used = self.step(&bytes[at..], sink).map_err(|what| Malformed { what, at })?;
            match used {
                Some(used) => at += used,
                None => break,
            }
        }
        Ok(at)
    }

    /// The peer closed the connection: either that ends the body, or the
    /// answer is cut off at the place returned.
    pub(crate) fn close(&mut self) -> Result<(), &'static str> {
        match self.state {
            State::UntilClose => self.state = State::Done,
            State::Done => {}
            State::Head => return Err("in its head"),
            State::Sized { .. } => return Err("before its content-length"),
            State::ChunkSize | State::Chunk { .. } | State::ChunkEnd | State::Trailers => {
                return Err("before its last chunk");
            }
        }
        Ok(())
    }

    /// One step; `None` means that it takes more bytes.
    fn step(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<Option<usize>, &'static str> {
        if bytes.is_empty() {
            return Ok(None);
        }
        match self.state {
            State::Head => self.head(bytes, sink),
            State::Sized { left } => {
                let (used, left) = self.body(bytes, left, sink)?;
                self.state = if left == 0 { State::Done } else { State::Sized { left } };
                Ok(Some(used))
            }
            State::ChunkSize => self.chunk_size(bytes),
            State::Chunk { left } => {
                let (used, left) = self.body(bytes, left, sink)?;
                self.state = if left == 0 { State::ChunkEnd } else { State::Chunk { left } };
                Ok(Some(used))
            }
            State::ChunkEnd => self.chunk_end(bytes),
            State::Trailers => self.trailers(bytes),
            State::UntilClose => Ok(Some(self.body(bytes, u64::MAX, sink)?.0)),
            State::Done => Ok(None),
        }
    }

    fn head(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<Option<usize>, &'static str> {
        let within = &bytes[..bytes.len().min(MAX_HEAD_BYTES)];
        let mut slots = [const { MaybeUninit::<Header<'_>>::uninit() }; MAX_HEADERS];
        let mut response = Response::new(&mut []);
        let parsed = ParserConfig::default().parse_response_with_uninit_headers(
            &mut response,
            within,
            &mut slots,
        );
        let used = match parsed {
            Ok(Status::Complete(used)) => used,
            Ok(Status::Partial) if bytes.len() >= MAX_HEAD_BYTES => return Err("head too long"),
            Ok(Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err("too many headers"),
            Err(httparse::Error::Version) => return Err("not an HTTP/1 status line"),
            Err(httparse::Error::Status) => return Err("bad status line"),
            Err(_) => return Err("bad head"),
        };
        let status = response.code.unwrap_or(0);
        match status {
            101 => return Err("status 101, which nobody asked for"),
            100..=199 => return Ok(Some(used)),
            200..=999 => {}
            _ => return Err("bad status line"),
        }
        let framing = Framing::of(&response)?;
        self.closes = framing.closes;
        let bodiless = self.asked_head || status == 204 || status == 304;
        self.state = match framing.length {
            _ if bodiless => State::Done,
            Length::Known(0) => State::Done,
            Length::Known(left) => State::Sized { left },
            Length::Chunked => State::ChunkSize,
            Length::UntilClose => {
                self.closes = true;
                State::UntilClose
            }
        };
        sink.head(status, response.headers);
        Ok(Some(used))
    }

    /// Hands out at most `left` bytes; returns bytes used and left.
    fn body(
        &mut self,
        bytes: &[u8],
        left: u64,
        sink: &mut impl Sink,
    ) -> Result<(usize, u64), &'static str> {
        let used = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        self.body_bytes += used as u64;
        if self.body_bytes > MAX_BODY_BYTES {
            return Err("body longer than 1 GiB");
        }
        sink.body(&bytes[..used]);
        Ok((used, left - used as u64))
    }

    fn chunk_size(&mut self, bytes: &[u8]) -> Result<Option<usize>, &'static str> {
        // httparse reads an empty line as size zero.
        if !bytes[0].is_ascii_hexdigit() {
            return Err("bad chunk size");
        }
        let within = &bytes[..bytes.len().min(MAX_CHUNK_LINE_BYTES)];
        match httparse::parse_chunk_size(within) {
            Ok(Status::Complete((used, 0))) => {
                self.state = State::Trailers;
                Ok(Some(used))
            }
            Ok(Status::Complete((used, left))) => {
                self.state = State::Chunk { left };
                Ok(Some(used))
            }
            Ok(Status::Partial) if bytes.len() >= MAX_CHUNK_LINE_BYTES => {
                Err("chunk-size line too long")
            }
            Ok(Status::Partial) => Ok(None),
            Err(_) => Err("bad chunk size"),
        }
    }

    fn chunk_end(&mut self, bytes: &[u8]) -> Result<Option<usize>, &'static str> {
        match bytes {
            [b'\r', b'\n', ..] => {
                self.state = State::ChunkSize;
                Ok(Some(2))
            }
            [b'\r'] => Ok(None),
            _ => Err("chunk longer than its size"),
        }
    }

    fn trailers(&mut self, bytes: &[u8]) -> Result<Option<usize>, &'static str> {
        let within = &bytes[..bytes.len().min(MAX_HEAD_BYTES)];
        let mut slots = [httparse::EMPTY_HEADER; MAX_HEADERS];
        match httparse::parse_headers(within, &mut slots) {
            Ok(Status::Complete((used, _))) => {
                self.state = State::Done;
                Ok(Some(used))
            }
            Ok(Status::Partial) if bytes.len() >= MAX_HEAD_BYTES => Err("trailers too long"),
            Ok(Status::Partial) => Ok(None),
            Err(_) => Err("bad trailers"),
        }
    }
}

enum Length {
    Known(u64),
    Chunked,
    UntilClose,
}

/// What a head says about the message and the connection.
struct Framing {
    length: Length,
    closes: bool,
}

impl Framing {
    fn of(response: &Response<'_, '_>) -> Result<Framing, &'static str> {
        let mut closes = response.version == Some(0);
        let (mut length, mut chunked) = (None, false);
        for header in response.headers.iter() {
            if header.name.eq_ignore_ascii_case("content-length") {
                let bytes = content_length(header.value)?;
                if length.is_some_and(|other| other != bytes) {
                    return Err("two different content-lengths");
                }
                length = Some(bytes);
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                if chunked || !header.value.eq_ignore_ascii_case(b"chunked") {
                    return Err("a transfer-encoding other than chunked");
                }
                chunked = true;
            } else if header.name.eq_ignore_ascii_case("connection") {
                for token in header.value.split(|byte| *byte == b',') {
                    if token.trim_ascii().eq_ignore_ascii_case(b"close") {
                        closes = true;
                    } else if token.trim_ascii().eq_ignore_ascii_case(b"keep-alive") {
                        closes = false;
                    }
                }
            }
        }
        let length = match (length, chunked) {
            (Some(_), true) => return Err("both content-length and transfer-encoding"),
            (Some(bytes), false) => Length::Known(bytes),
            (None, true) => Length::Chunked,
            (None, false) => Length::UntilClose,
        };
        Ok(Framing { length, closes })
    }
}

fn content_length(value: &[u8]) -> Result<u64, &'static str> {
    let digits = std::str::from_utf8(value).ok().filter(|text| {
        // `parse` alone would take a leading plus sign.
        text.bytes().all(|byte| byte.is_ascii_digit())
    });
    digits.and_then(|text| text.parse().ok()).ok_or("bad content-length")
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
