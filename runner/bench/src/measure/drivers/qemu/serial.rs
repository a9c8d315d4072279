//! The serial line of an emulated board: lines of text, and frames (start byte,
//! length, payload, CRC-16) with requests and answers shaped like those of HTTP.
//! It must not know what is measured.

use crc::{CRC_16_IBM_3740, Crc};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// The start of a frame; never that of a line.
const START: u8 = 0x02;
const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_3740);
/// A line that never ends is cut.
const MAX_LINE: usize = 64 * 1024;
const POLL: Duration = Duration::from_millis(2);
/// Until the emulator must have connected.
const TO_CONNECT: Duration = Duration::from_secs(10);

/// One end of the line.
pub(super) struct Serial {
    stream: TcpStream,
    read: Vec<u8>,
    at: usize,
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A line, without its end.
    Line(String),
    /// The payload of a frame.
    Frame(Vec<u8>),
}

/// An answer to a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Where the emulator is to connect its serial line.
pub(super) fn listen() -> Result<(TcpListener, String), String> {
    let failed = |error: std::io::Error| format!("cannot listen for the emulator: {error}");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, format!("tcp:{address}")))
}

impl Serial {
    /// Waits for the emulator, unless it is given up.
    pub(super) fn accept(
        listener: &TcpListener,
        mut is_given_up: impl FnMut() -> bool,
    ) -> Result<Self, String> {
        let deadline = Instant::now() + TO_CONNECT;
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    let failed = |error| format!("cannot use the serial line: {error}");
                    stream.set_nonblocking(false).map_err(failed)?;
                    stream.set_nodelay(true).map_err(failed)?;
                    stream.set_read_timeout(Some(super::patience())).map_err(failed)?;
                    return Ok(Self { stream, read: Vec::new(), at: 0 });
                }
                Err(error) if error.kind() != ErrorKind::WouldBlock => {
                    return Err(format!("cannot accept the serial line: {error}"));
                }
                Err(_) if Instant::now() > deadline || is_given_up() => {
                    return Err("did not connect its serial line".to_owned());
                }
                Err(_) => thread::sleep(POLL),
            }
        }
    }

    /// Sends a request.
    pub(super) fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> Result<(), String> {
        let mut payload = format!("{method} {path} HTTP/1.1\r\n\r\n").into_bytes();
        payload.extend_from_slice(body);
        let frame = frame(&payload)?;
        self.stream.write_all(&frame).map_err(|error| format!("cannot ask the board: {error}"))
    }

    /// The next line or frame.
    pub(super) fn next(&mut self) -> Result<Item, String> {
        let first = self.byte()?;
        if first != START {
            return self.line(first).map(Item::Line);
        }
        let length = usize::from(u16::from_be_bytes([self.byte()?, self.byte()?]));
        let mut payload = Vec::with_capacity(length);
        for _ in 0..length {
            payload.push(self.byte()?);
        }
        let sum = u16::from_be_bytes([self.byte()?, self.byte()?]);
        if sum != CRC.checksum(&payload) {
            return Err("sent a damaged frame".to_owned());
        }
        Ok(Item::Frame(payload))
    }

    fn line(&mut self, first: u8) -> Result<String, String> {
        let mut line = vec![first];
        while line.last() != Some(&b'\n') && line.len() < MAX_LINE {
            line.push(self.byte()?);
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    fn byte(&mut self) -> Result<u8, String> {
        if self.at == self.read.len() {
            self.read.resize(4096, 0);
            self.at = 0;
            let got = self.stream.read(&mut self.read);
            self.read.truncate(*got.as_ref().unwrap_or(&0));
            match got {
                Ok(0) => return Err("closed its serial line".to_owned()),
                Ok(_) => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Err(format!("was silent for {:?}", super::patience()));
                }
                Err(error) => return Err(format!("lost its serial line: {error}")),
            }
        }
        let byte = self.read[self.at];
        self.at += 1;
        Ok(byte)
    }
}

fn frame(payload: &[u8]) -> Result<Vec<u8>, String> {
    let length = u16::try_from(payload.len()).map_err(|_| "a request too long for a frame")?;
    let mut frame = vec![START];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&CRC.checksum(payload).to_be_bytes());
    Ok(frame)
}

impl Answer {
    /// Reads one.
    pub(super) fn parse(frame: &[u8]) -> Option<Self> {
        let end = frame.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&frame[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.parse().ok()?;
        let length = lines.find_map(|line| line.strip_prefix("content-length: "))?;
        let body = frame[end + 4..].to_vec();
        (length.parse() == Ok(body.len())).then_some(Self { status, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(bytes: &[u8]) -> Serial {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut board = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        board.write_all(bytes).unwrap();
        Serial { stream: listener.accept().unwrap().0, read: Vec::new(), at: 0 }
    }

    #[test]
    fn lines_and_frames_are_told_apart() {
        let mut bytes = b"warn sensor: hot\r\n".to_vec();
        bytes.extend(frame(b"a\nb").unwrap());
        bytes.extend(b"{\"event\":\"ready\"}\n");
        let mut line = line_of(&bytes);
        assert_eq!(line.next(), Ok(Item::Line("warn sensor: hot".to_owned())));
        assert_eq!(line.next(), Ok(Item::Frame(b"a\nb".to_vec())));
        assert_eq!(line.next(), Ok(Item::Line("{\"event\":\"ready\"}".to_owned())));
        assert_eq!(line.next(), Err("closed its serial line".to_owned()));
    }

    #[test]
    fn a_damaged_frame_is_no_answer() {
        let mut bytes = frame(b"HTTP/1.1 200\r\ncontent-length: 1\r\n\r\n7").unwrap();
        bytes[5] ^= 1;
        assert_eq!(line_of(&bytes).next(), Err("sent a damaged frame".to_owned()));
    }

    #[test]
    fn an_answer_is_whole_or_none() {
        let parse = |text: &str| Answer::parse(text.as_bytes());
        let right = Answer { status: 200, body: b"7".to_vec() };
        assert_eq!(parse("HTTP/1.1 200\r\ncontent-length: 1\r\n\r\n7"), Some(right));
        for wrong in [
            "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\n7",
            "HTTP/1.1 200\r\n\r\n7",
            "HTTP/1.1 many\r\ncontent-length: 1\r\n\r\n7",
            "200\r\ncontent-length: 1\r\n\r\n7",
            "HTTP/1.1 200\r\ncontent-length: 1",
        ] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_checksum_is_the_boards() {
        // The check value of the algorithm's catalogue entry.
        assert_eq!(CRC.checksum(b"123456789"), 0x29B1);
    }
}
