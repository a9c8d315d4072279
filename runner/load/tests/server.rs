//! A raw TCP server in this process. It understands requests just enough to
//! find their end, and answers by a script, wrongly if told to.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use load::{Call, Expect, Mode, Plan, Request};

/// What to do about the n-th request (from 0) of a connection.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Send these bytes, in pieces of at most this many.
    Send(Vec<u8>, usize),
    /// Send these bytes after a pause.
    SendAfter(Duration, Vec<u8>),
    /// Send these bytes, then close.
    SendAndClose(Vec<u8>),
    /// Send nothing, keep the connection open.
    Nothing,
    /// Close without a byte.
    Close,
    /// Send these pieces with a pause after each but the last.
    Trickle(Duration, Vec<Vec<u8>>),
    /// Echo the body while it arrives; the argument is its length.
    Echo(usize),
    /// Likewise, in chunks as they come.
    EchoInChunks(usize),
    /// Read a body of this length, then say `hello`.
    Swallow(usize),
    /// Answer with the path that was asked for.
    EchoPath,
}

/// The right answer, `hello`.
pub(crate) const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/// Sends in one piece.
pub(crate) fn send(bytes: &[u8]) -> Act {
    Act::Send(bytes.to_vec(), usize::MAX)
}

/// Serves on a free port until the test process ends.
pub(crate) fn serve(script: impl Fn(usize) -> Act + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || serve_on(&listener, script));
    addr
}

/// Serves on a given listener.
pub(crate) fn serve_on(
    listener: &TcpListener,
    script: impl Fn(usize) -> Act + Clone + Send + 'static,
) {
    for stream in listener.incoming().flatten() {
        let script = script.clone();
        // A client that goes away ends its connection's thread.
        thread::spawn(move || drop(converse(stream, script)));
    }
}

/// `GET /hello`, and `hello` expected.
pub(crate) fn call(addr: SocketAddr) -> Call {
    Call { addr, request: Request::get("/hello", "test"), expect: Expect::ok("hello") }
}

/// A short closed-loop plan: 50 ms of warm-up, five slices of 20 ms.
pub(crate) fn plan(call: Call, connections: usize) -> Plan {
    Plan {
        warmup: Duration::from_millis(50),
        slices: 5,
        slice: Duration::from_millis(20),
        ..Plan::new(vec![call], Mode::Closed { connections })
    }
}

fn converse(mut stream: TcpStream, script: impl Fn(usize) -> Act) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    for request in 0.. {
        let head = read_head(&mut stream)?;
        match script(request) {
            Act::Send(bytes, piece) => {
                for piece in bytes.chunks(piece) {
                    stream.write_all(piece)?;
                }
            }
            Act::SendAfter(pause, bytes) => {
                thread::sleep(pause);
                stream.write_all(&bytes)?;
            }
            Act::SendAndClose(bytes) => return stream.write_all(&bytes),
            Act::Nothing => {}
            Act::Close => return Ok(()),
            Act::Trickle(pause, pieces) => {
                for (at, piece) in pieces.iter().enumerate() {
                    if at > 0 {
                        thread::sleep(pause);
                    }
                    stream.write_all(piece)?;
                }
            }
            Act::Echo(length) => {
                write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")?;
                let mut out = stream.try_clone()?;
                take_body(&mut stream, length, |piece| out.write_all(piece))?;
            }
            Act::EchoInChunks(length) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
                let mut out = stream.try_clone()?;
                take_body(&mut stream, length, |piece| {
                    write!(out, "{:x}\r\n", piece.len())?;
                    out.write_all(piece)?;
                    out.write_all(b"\r\n")
                })?;
                stream.write_all(b"0\r\n\r\n")?;
            }
            Act::Swallow(length) => {
                take_body(&mut stream, length, |_| Ok(()))?;
                stream.write_all(HELLO)?;
            }
            Act::EchoPath => {
                let path = head.split(' ').nth(1).unwrap_or_default();
                let length = path.len();
                write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{path}")?;
            }
        }
    }
    Ok(())
}

/// Reads to the empty line, byte by byte so as not to read past it.
fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Reads a body and hands it out as it comes.
fn take_body(
    stream: &mut TcpStream,
    length: usize,
    mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let (mut left, mut buffer) = (length, vec![0; 64 * 1024]);
    while left > 0 {
        let bytes = stream.read(&mut buffer)?;
        if bytes == 0 || bytes > left {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        take(&buffer[..bytes])?;
        left -= bytes;
    }
    Ok(())
}
