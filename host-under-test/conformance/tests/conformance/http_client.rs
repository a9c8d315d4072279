//! The client side of HTTP/1.1, simple enough to be trusted: what is sent is
//! written by hand, and what comes back is taken apart strictly.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A hanging host must fail the test, not block it.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// One connection, kept alive.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

/// A response's head.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// Checks status and body.
    #[track_caller]
    pub(crate) fn check(&self, status: u16, body: &str) {
        let got = String::from_utf8_lossy(&self.body);
        assert_eq!((self.head.status, got.trim_end()), (status, body), "{:?}", self.head);
    }
}

impl Connection {
    pub(crate) fn open(addr: &str) -> Self {
        let stream = TcpStream::connect(addr).expect("connecting");
        stream.set_nodelay(true).expect("TCP_NODELAY");
        stream.set_read_timeout(Some(READ_TIMEOUT)).expect("a read timeout");
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).expect("sending");
    }

    /// A second handle, to send from another thread.
    pub(crate) fn sender(&self) -> TcpStream {
        self.stream.get_ref().try_clone().expect("cloning the socket")
    }

    pub(crate) fn get(&mut self, host: &str) -> Response {
        self.exchange(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"))
    }

    /// Sends a request without a body, and takes the whole response.
    pub(crate) fn exchange(&mut self, request: &str) -> Response {
        self.send(request);
        let head = self.head();
        let body = if request.starts_with("HEAD") { Vec::new() } else { self.body(&head) };
        Response { head, body }
    }

    /// Sends the head of a POST whose body follows in chunks.
    pub(crate) fn start_post(&mut self, host: &str) {
        self.send(format!("POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"));
    }

    pub(crate) fn send_chunk(&mut self, data: &str) {
        self.send(format!("{:x}\r\n{data}\r\n", data.len()));
    }

    pub(crate) fn end_chunks(&mut self) {
        self.send("0\r\n\r\n");
    }

    pub(crate) fn head(&mut self) -> Head {
        let status_line = self.line();
        let status = status_line
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.get(2..5))
            .and_then(|code| code.parse().ok())
            .unwrap_or_else(|| panic!("a status line, not {status_line:?}"));
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            if line.is_empty() {
                return Head { status, headers };
            }
            let (name, value) = line.split_once(':').expect("a header");
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    /// One chunk of a body; empty at its end.
    pub(crate) fn chunk(&mut self) -> Vec<u8> {
        let line = self.line();
        let size = usize::from_str_radix(&line, 16)
            .unwrap_or_else(|_| panic!("a chunk's size, not {line:?}"));
        let mut data = vec![0; size];
        self.stream.read_exact(&mut data).expect("a chunk's data");
        assert_eq!(self.line(), "", "after a chunk's data");
        data
    }

    /// The rest of a body.
    pub(crate) fn body(&mut self, head: &Head) -> Vec<u8> {
        let mut body = Vec::new();
        if head.header("transfer-encoding") == Some("chunked") {
            loop {
                let chunk = self.chunk();
                if chunk.is_empty() {
                    return body;
                }
                body.extend(chunk);
            }
        }
        match head.header("content-length") {
            Some(length) => {
                body.resize(length.parse().expect("a content-length"), 0);
                self.stream.read_exact(&mut body).expect("a body");
            }
            // HTTP/1.0: the body ends with the connection.
            None => drop(self.stream.read_to_end(&mut body).expect("a body")),
        }
        body
    }

    /// Whether the other side has closed.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.stream.fill_buf(), Ok([]))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line");
        line.strip_suffix("\r\n").unwrap_or_else(|| panic!("a whole line, not {line:?}")).to_owned()
    }
}
