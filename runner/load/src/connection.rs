//! One connection: sends the request, reads the answer to its last byte.
//!
//! The only module that reads and writes a socket under load. It tells when the
//! first byte of a body and the last of an answer came, and counts bytes of
//! bodies as they move; a right answer allocates nothing.

use std::{
    future::poll_fn,
    io::{self, IoSlice, Read},
    net::{self, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::{
    board::{Clock, Counters},
    checker::Checker,
    failure::{Excerpt, Failure, WrongAnswer},
    job::Job,
    response::{MAX_HEAD_BYTES, Malformed, Parser},
};

/// Always leaves room to read on behind an unfinished head.
const BUFFER_BYTES: usize = 2 * MAX_HEAD_BYTES;

/// Opens a connection as `Connection::new` wants it, once made tokio's.
pub(crate) fn open(addr: SocketAddr, within: Duration) -> io::Result<net::TcpStream> {
    let stream = net::TcpStream::connect_timeout(&addr, within)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// A right answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    /// Bytes received, head included.
    pub(crate) bytes: u64,
    /// When the first byte of its body was read; `None` without a body.
    pub(crate) first_byte_ns: Option<u64>,
    /// When its last byte was read and the request was sent.
    pub(crate) last_byte_ns: u64,
    /// Whether the server closes the connection after it.
    pub(crate) closes: bool,
}

/// A connection and everything it needs from one request to the next.
#[derive(Debug)]
pub(crate) struct Connection {
    jobs: Arc<[Job]>,
    stream: TcpStream,
    clock: Clock,
    counters: Arc<Counters>,
    buffer: Box<[u8]>,
    /// Bytes in the buffer that the parser has not taken.
    filled: usize,
    parser: Parser,
    checker: Checker,
    answers: u64,
    /// State of the exchange under way.
    at: usize,
    written: u64,
    received: u64,
    first_byte_ns: Option<u64>,
    send_error: Option<io::Error>,
}

impl Connection {
    /// For any of some jobs, of which there is at least one.
    pub(crate) fn new(
        jobs: Arc<[Job]>,
        stream: TcpStream,
        clock: Clock,
        counters: Arc<Counters>,
    ) -> Connection {
        Connection {
            parser: Parser::new(jobs[0].is_head),
            checker: Checker::new(Arc::clone(&jobs[0].expect)),
            jobs,
            stream,
            clock,
            counters,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            filled: 0,
            answers: 0,
            at: 0,
            written: 0,
            received: 0,
            first_byte_ns: None,
            send_error: None,
        }
    }

    /// Sends the request of a job and waits for the right answer.
    pub(crate) async fn exchange(&mut self, job: usize) -> Result<Answer, Failure> {
        self.at = job;
        self.parser.restart(self.jobs[job].is_head);
        self.checker.restart(&self.jobs[job].expect);
        self.written = 0;
        self.received = 0;
        self.first_byte_ns = None;
        poll_fn(|cx| self.poll_exchange(cx)).await?;
        self.answers += 1;
        let last_byte_ns = self.clock.now_ns();
        let has_body = self.checker.body_bytes() > 0;
        Ok(Answer {
            bytes: self.received,
            first_byte_ns: has_body.then(|| self.first_byte_ns.unwrap_or(last_byte_ns)),
            last_byte_ns,
            closes: self.parser.closes(),
        })
    }

    /// Replaces the stream of a connection that the server closes.
    pub(crate) async fn reconnect(&mut self) -> Result<(), Failure> {
        let addr = self.job().addr;
        let opened = TcpStream::connect(addr).await.and_then(|stream| {
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        let stream = opened.map_err(|source| Failure::Connect { addr, source })?;
        let old = std::mem::replace(&mut self.stream, stream);
        self.answers = 0;
        self.send_error = None;
        refuse_leftover(self.job(), old)
    }

    /// Ends a connection whose requests are all answered.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Connection { jobs, at, stream, .. } = self;
        refuse_leftover(&jobs[at], stream)
    }

    /// Reads while writing: a server that echoes a long body would otherwise
    /// wait for us as we wait for it.
    fn poll_exchange(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.counters.count_poll();
        let sent = self.poll_send(cx);
        while !self.parser.is_done() {
            let mut free = ReadBuf::new(&mut self.buffer[self.filled..]);
            match Pin::new(&mut self.stream).poll_read(cx, &mut free) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => match free.filled().len() {
                    0 => self.peer_closed()?,
                    bytes => {
                        self.bytes_arrived(bytes)?;
                        self.note_first_byte(sent.is_ready());
                    }
                },
                Poll::Ready(Err(source)) => {
                    let doing = "reading the answer";
                    return Poll::Ready(Err(self.io_failure(doing, source)));
                }
            }
        }
        sent.map(Ok)
    }

    /// Ready when the whole request is sent or cannot be. An answer may come
    /// all the same (a refusal of a long body), so an error is kept for later.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Connection { jobs, at, stream, .. } = self;
        let job = &jobs[*at];
        while self.written < job.length() && self.send_error.is_none() {
            let (head, body) = job.rest(self.written);
            let stream = Pin::new(&mut *stream);
            let sent = match (head, body) {
                (one, []) | ([], one) => stream.poll_write(cx, one),
                _ => stream.poll_write_vectored(cx, &[IoSlice::new(head), IoSlice::new(body)]),
            };
            match sent {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(bytes)) => {
                    let before = job.body_bytes(self.written);
                    self.written += bytes as u64;
                    self.counters.count_body_written(job.body_bytes(self.written) - before);
                }
                Poll::Ready(Err(error)) => self.send_error = Some(error),
            }
        }
        Poll::Ready(())
    }

    /// Reads the clock at the first byte of a body, unless the exchange is
    /// complete with it and the clock is about to be read anyway.
    fn note_first_byte(&mut self, is_sent: bool) {
        let is_complete = is_sent && self.parser.is_done();
        if self.first_byte_ns.is_none() && !is_complete && self.checker.body_bytes() > 0 {
            self.first_byte_ns = Some(self.clock.now_ns());
        }
    }

    fn bytes_arrived(&mut self, bytes: usize) -> Result<(), Failure> {
        self.filled += bytes;
        self.received += bytes as u64;
        let unread = &self.buffer[..self.filled];
        let before = self.checker.body_bytes();
        let advanced = self.parser.advance(unread, &mut self.checker);
        self.counters.count_body_read(self.checker.body_bytes() - before);
        let used = match advanced {
            Ok(used) => used,
            Err(Malformed { what, at }) => {
                let malformed =
                    || WrongAnswer::Malformed { what, seen: Excerpt::of(&unread[at..]) };
                return Err(self.wrong(self.checker.wrong().unwrap_or_else(malformed)));
            }
        };
        if self.parser.is_done() {
            self.checker.finish().map_err(|wrong| self.wrong(wrong))?;
            if used < self.filled {
                let seen = Excerpt::of(&unread[used..]);
                return Err(self.wrong(WrongAnswer::Unsolicited { seen }));
            }
        } else if self.checker.has_given_up() {
            self.checker.finish().map_err(|wrong| self.wrong(wrong))?;
        }
        self.buffer.copy_within(used..self.filled, 0);
        self.filled -= used;
        Ok(())
    }

    fn peer_closed(&mut self) -> Result<(), Failure> {
        if !self.parser.has_started() {
            if let Some(source) = self.send_error.take() {
                return Err(self.io_failure("sending the request", source));
            }
            let (asked, answers) = (self.job().asked.clone(), self.answers);
            return Err(Failure::Closed { asked, answers });
        }
        match self.parser.close() {
            Ok(()) => self.checker.finish().map_err(|wrong| self.wrong(wrong)),
            Err(place) => Err(self.wrong(self.checker.cut_off(place))),
        }
    }

    fn job(&self) -> &Job {
        &self.jobs[self.at]
    }

    fn wrong(&self, wrong: WrongAnswer) -> Failure {
        Failure::WrongAnswer { asked: self.job().asked.clone(), wrong }
    }

    fn io_failure(&self, doing: &'static str, source: io::Error) -> Failure {
        Failure::Io { asked: self.job().asked.clone(), doing, source }
    }
}

/// Bytes still waiting on a connection whose requests are all answered are
/// answers nobody asked for: one of them was taken for a real answer. Asks
/// the kernel, since tokio only knows what its last poll told it.
fn refuse_leftover(job: &Job, stream: TcpStream) -> Result<(), Failure> {
    let mut start = [0; Excerpt::MAX_BYTES];
    match stream.into_std().and_then(|mut stream| stream.read(&mut start)) {
        Ok(bytes) if bytes > 0 => {
            let seen = Excerpt::of(&start[..bytes]);
            let (asked, wrong) = (job.asked.clone(), WrongAnswer::Unsolicited { seen });
            Err(Failure::WrongAnswer { asked, wrong })
        }
        _ => Ok(()),
    }
}
