//! A connection.

use crate::wasi::io::streams::{InputStream, OutputStream, StreamError};
use crate::wasi::sockets::instance_network::instance_network;
use crate::wasi::sockets::network::IpAddressFamily;
use crate::wasi::sockets::tcp::TcpSocket;
use crate::wasi::sockets::tcp_create_socket::create_tcp_socket;
use crate::{Pollable, address, failed, finished};
use std::io::{self, BufRead, Read, Write};
use std::net::SocketAddrV4;

/// The most that is read at once.
const READ_BYTES: u64 = 64 * 1024;

/// A connection. What comes from the other side is read ahead.
pub struct Stream {
    // In this order: a host may refuse to drop what still has parts.
    readable: Pollable,
    writable: Pollable,
    input: InputStream,
    output: OutputStream,
    _socket: TcpSocket,
    ahead: Vec<u8>,
    consumed: usize,
}

impl Stream {
    /// Connects, and waits until that is done.
    pub fn connect(to: SocketAddrV4) -> io::Result<Self> {
        let socket = create_tcp_socket(IpAddressFamily::Ipv4).map_err(failed)?;
        socket.start_connect(&instance_network(), address(to)).map_err(failed)?;
        let pollable = socket.subscribe();
        let (input, output) = finished(&pollable, || socket.finish_connect())?;
        drop(pollable);
        Ok(Self::new(socket, input, output))
    }

    pub(crate) fn new(socket: TcpSocket, input: InputStream, output: OutputStream) -> Self {
        let (readable, writable) = (input.subscribe(), output.subscribe());
        let (ahead, consumed) = (Vec::new(), 0);
        Self { readable, writable, input, output, _socket: socket, ahead, consumed }
    }

    /// Is ready when there is something to read, or the end.
    pub fn readable(&self) -> &Pollable {
        &self.readable
    }

    /// Is ready when something can be written.
    pub fn writable(&self) -> &Pollable {
        &self.writable
    }

    /// Adds what there is to `to`, without waiting; whether the end has come.
    pub fn read_now(&mut self, to: &mut Vec<u8>) -> io::Result<bool> {
        match self.input.read(READ_BYTES) {
            Ok(bytes) => to.extend(bytes),
            Err(StreamError::Closed) => return Ok(true),
            Err(error) => return Err(broken(error)),
        }
        Ok(false)
    }

    /// Sends as much as can be, without waiting; how many bytes.
    pub fn write_now(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room =
            usize::try_from(self.output.check_write().map_err(broken)?).unwrap_or(usize::MAX);
        let part = &bytes[..bytes.len().min(room)];
        if !part.is_empty() {
            self.output.write(part).map_err(broken)?;
        }
        Ok(part.len())
    }
}

fn broken(error: StreamError) -> io::Error {
    match error {
        StreamError::Closed => io::ErrorKind::BrokenPipe.into(),
        StreamError::LastOperationFailed(error) => io::Error::other(error.to_debug_string()),
    }
}

impl BufRead for Stream {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.consumed == self.ahead.len() {
            self.consumed = 0;
            self.ahead = match self.input.blocking_read(READ_BYTES) {
                Ok(bytes) => bytes,
                Err(StreamError::Closed) => Vec::new(),
                Err(error) => return Err(broken(error)),
            };
        }
        Ok(&self.ahead[self.consumed..])
    }

    fn consume(&mut self, amount: usize) {
        self.consumed = self.ahead.len().min(self.consumed + amount);
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.write_now(bytes)? {
                0 if !bytes.is_empty() => self.writable.block(),
                written => return Ok(written),
            }
        }
    }

    /// The host sends what it was given without being asked.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
