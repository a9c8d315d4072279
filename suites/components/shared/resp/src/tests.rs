//! Both sides, with nothing but memory between them.

use super::*;
use kv::Memory;
use std::cell::{Cell, RefCell};
use std::io::{self, BufRead, Read, Write};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// A server at the other end, whose answers come a few bytes at a time.
struct Near<'a> {
    memory: &'a RefCell<Memory>,
    sent: Vec<u8>,
    answers: Vec<u8>,
    read: usize,
}

impl Write for Near<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = bytes.len().min(7);
        self.sent.extend(&bytes[..part]);
        let done = answer(&mut self.memory.borrow_mut(), &self.sent, &mut self.answers)
            .map_err(|_| io::ErrorKind::ConnectionReset)?;
        self.sent.drain(..done);
        Ok(part)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Near<'_> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        unreachable!("only the buffer is read")
    }
}

impl BufRead for Near<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let rest = &self.answers[self.read..];
        Ok(&rest[..rest.len().min(5)])
    }

    fn consume(&mut self, amount: usize) {
        self.read += amount;
    }
}

fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("memory does not wait"),
    }
}

const SESSION: &str = "get a\nset a 41\nincrement a 1\nget a\nexists a\nset b x\nlist\ndelete a\n\
                       exists a\nfill c 70000\nget c\nincrement c 1\nincrement d 9223372036854775807\n\
                       increment d 1\nset e -5\nincrement e 1\n";

const ANSWERS: &str = "none\nset\n42\nvalue 42\ntrue\nset\na b\ndeleted\nfalse\nset\n\
                       value of 70000 bytes, b58f98ef5dd3c800\n\
                       error the value is not a number, or the sum is too large\n\
                       9223372036854775807\n\
                       error the value is not a number, or the sum is too large\nset\n\
                       error the value is not a number, or the sum is too large\n";

#[test]
fn a_session_is_the_same_over_one_connection_and_over_many() {
    for (is_kept, connections) in [(true, 1), (false, 16)] {
        let (memory, opened) = (RefCell::new(Memory::default()), Cell::new(0));
        let connect = || {
            opened.set(opened.get() + 1);
            let (sent, answers) = (Vec::new(), Vec::new());
            Ok(Near { memory: &memory, sent, answers, read: 0 })
        };
        let mut remote =
            if is_kept { Remote::kept(connect, None) } else { Remote::per_call(connect) };
        assert_eq!(now(kv::script(&mut remote, SESSION)), ANSWERS);
        assert_eq!(opened.get(), connections);
        assert_eq!(remote.into_kept().is_some(), is_kept);
    }
}

#[test]
fn what_is_no_call_gets_an_error_or_ends_the_connection() {
    for (input, outcome, expected) in [
        ("PING\r\n", Err(Broken), ""),
        (":1\r\n", Err(Broken), ""),
        ("*1\r\n:1\r\n", Err(Broken), ""),
        ("*1\r\n$4\r\nping\r\n*1\r\n$4", Ok(14), "+PONG\r\n"),
        ("*1\r\n$3\r\nGET\r\n", Ok(13), "-ERR expected a command with a key of UTF-8\r\n"),
        (
            "*2\r\n$3\r\nSET\r\n$1\r\na\r\n",
            Ok(20),
            "-ERR unknown command, or a wrong number of words\r\n",
        ),
        ("*2\r\n$4\r\nscan\r\n$1\r\na\r\n", Ok(21), "-ERR invalid cursor\r\n"),
    ] {
        let mut output = Vec::new();
        assert_eq!(
            answer(&mut Memory::default(), input.as_bytes(), &mut output),
            outcome,
            "{input}"
        );
        assert_eq!(String::from_utf8_lossy(&output), expected, "{input}");
    }
}
