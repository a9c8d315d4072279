//! One connection: sends the request, reads the answer to its last byte.
//!
//! The only module that reads and writes a socket under load. It takes no
//! time and keeps no counts; a right answer allocates nothing.

use std::{
    future::poll_fn,
    io::{self, Read},
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
    checker::Checker,
    failure::{Excerpt, Failure, WrongAnswer},
    plan::Job,
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
    /// Whether the server closes the connection after it.
    pub(crate) closes: bool,
}

/// A connection and everything it needs from one request to the next.
#[derive(Debug)]
pub(crate) struct Connection {
    job: Arc<Job>,
    stream: TcpStream,
    buffer: Box<[u8]>,
    /// Bytes in the buffer that the parser has not taken.
    filled: usize,
    parser: Parser,
    checker: Checker,
    answers: u64,
    /// State of the exchange under way.
    written: usize,
    received: u64,
    send_error: Option<io::Error>,
}

impl Connection {
    pub(crate) fn new(job: Arc<Job>, stream: TcpStream) -> Connection {
        let parser = Parser::new(job.is_head);
        let checker = Checker::new(Arc::clone(&job.expect));
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        let (filled, answers, written, received, send_error) = (0, 0, 0, 0, None);
        Connection {
            job,
            stream,
            buffer,
            filled,
            parser,
            checker,
            answers,
            written,
            received,
            send_error,
        }
    }

    /// Sends the request and waits for the right answer.
    pub(crate) async fn exchange(&mut self) -> Result<Answer, Failure> {
        self.parser.restart();
        self.checker.restart();
        self.written = 0;
        self.received = 0;
        poll_fn(|cx| self.poll_exchange(cx)).await?;
        self.answers += 1;
        Ok(Answer { bytes: self.received, closes: self.parser.closes() })
    }

    /// Replaces the stream of a connection that the server closes.
    pub(crate) async fn reconnect(&mut self) -> Result<(), Failure> {
        let addr = self.job.addr;
        let opened = TcpStream::connect(addr).await.and_then(|stream| {
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        let stream = opened.map_err(|source| Failure::Connect { addr, source })?;
        let old = std::mem::replace(&mut self.stream, stream);
        self.answers = 0;
        self.send_error = None;
        refuse_leftover(&self.job, old)
    }

    /// Ends a connection whose requests are all answered.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Connection { job, stream, .. } = self;
        refuse_leftover(&job, stream)
    }

    /// Reads while writing: a server that echoes a long body would otherwise
    /// wait for us as we wait for it.
    fn poll_exchange(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let sent = self.poll_send(cx);
        while !self.parser.is_done() {
            let mut free = ReadBuf::new(&mut self.buffer[self.filled..]);
            match Pin::new(&mut self.stream).poll_read(cx, &mut free) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => match free.filled().len() {
                    0 => self.peer_closed()?,
                    bytes => self.bytes_arrived(bytes)?,
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
        while self.written < self.job.bytes.len() && self.send_error.is_none() {
            let rest = &self.job.bytes[self.written..];
            match Pin::new(&mut self.stream).poll_write(cx, rest) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(bytes)) => self.written += bytes,
                Poll::Ready(Err(error)) => self.send_error = Some(error),
            }
        }
        Poll::Ready(())
    }

    fn bytes_arrived(&mut self, bytes: usize) -> Result<(), Failure> {
        self.filled += bytes;
        self.received += bytes as u64;
        let unread = &self.buffer[..self.filled];
        let used = match self.parser.advance(unread, &mut self.checker) {
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
            let (asked, answers) = (self.job.asked.clone(), self.answers);
            return Err(Failure::Closed { asked, answers });
        }
        match self.parser.close() {
            Ok(()) => self.checker.finish().map_err(|wrong| self.wrong(wrong)),
            Err(place) => Err(self.wrong(self.checker.cut_off(place))),
        }
    }

    fn wrong(&self, wrong: WrongAnswer) -> Failure {
        Failure::WrongAnswer { asked: self.job.asked.clone(), wrong }
    }

    fn io_failure(&self, doing: &'static str, source: io::Error) -> Failure {
        Failure::Io { asked: self.job.asked.clone(), doing, source }
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
