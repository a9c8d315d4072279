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
    /// Echo the body while it arrives; the argument is its length.
    Echo(usize),
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
        ..Plan::new(call, Mode::Closed { connections })
    }
}

fn converse(mut stream: TcpStream, script: impl Fn(usize) -> Act) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    for request in 0.. {
        read_head(&mut stream)?;
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
            Act::Echo(length) => echo(&mut stream, length)?,
        }
    }
    Ok(())
}

/// Reads to the empty line, byte by byte so as not to read past it.
fn read_head(stream: &mut TcpStream) -> std::io::Result<()> {
    let (mut tail, mut byte) = ([0; 4], [0]);
    while tail != *b"\r\n\r\n" {
        stream.read_exact(&mut byte)?;
        tail = [tail[1], tail[2], tail[3], byte[0]];
    }
    Ok(())
}

fn echo(stream: &mut TcpStream, length: usize) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n")?;
    let (mut left, mut buffer) = (length, [0; 16 * 1024]);
    while left > 0 {
        let bytes = stream.read(&mut buffer)?.min(left);
        stream.write_all(&buffer[..bytes])?;
        left -= bytes;
    }
    Ok(())
}
