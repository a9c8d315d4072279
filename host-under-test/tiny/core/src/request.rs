//! Requests and answers shaped like those of HTTP/1.1, as far as a frame holds
//! one whole: a request line, headers that are skipped, an empty line, a body.

use alloc::vec::Vec;

/// A request, in the frame that brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'f> {
    /// `GET`.
    pub method: &'f str,
    /// Path and query.
    pub path: &'f str,
    /// Everything after the headers.
    pub body: &'f [u8],
}

impl<'f> Request<'f> {
    /// Reads one; `None` if that is none.
    pub fn parse(frame: &'f [u8]) -> Option<Self> {
        let end = frame.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = core::str::from_utf8(&frame[..end]).ok()?;
        let mut words = head.split("\r\n").next()?.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        let is_http = words.next() == Some("HTTP/1.1") && words.next().is_none();
        let is_whole = !method.is_empty() && path.starts_with('/') && is_http;
        is_whole.then_some(Self { method, path, body: &frame[end + 4..] })
    }
}

/// Writes an answer into `frame`, over what was in it.
pub fn answer(frame: &mut Vec<u8>, status: u16, body: &[u8]) {
    frame.clear();
    frame.extend_from_slice(b"HTTP/1.1 ");
    decimal(frame, usize::from(status));
    frame.extend_from_slice(b"\r\ncontent-length: ");
    decimal(frame, body.len());
    frame.extend_from_slice(b"\r\n\r\n");
    frame.extend_from_slice(body);
}

/// Appends a number in decimal.
pub fn decimal(text: &mut Vec<u8>, mut number: usize) {
    let begin = text.len();
    loop {
        text.push(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text[begin..].reverse();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn requests_are_read_or_refused() {
        let check = |frame: &str, expected: Option<(&str, &str, &str)>| {
            let request = Request::parse(frame.as_bytes());
            let seen = request.map(|it| (it.method, it.path, it.body));
            assert_eq!(seen, expected.map(|(m, p, b)| (m, p, b.as_bytes())), "{frame:?}");
        };
        check("GET / HTTP/1.1\r\n\r\n", Some(("GET", "/", "")));
        check("PUT /led HTTP/1.1\r\nhost: x\r\n\r\n1", Some(("PUT", "/led", "1")));
        check("PUT /a HTTP/1.1\r\n\r\n\r\n\r\n", Some(("PUT", "/a", "\r\n\r\n")));
        for refused in [
            "",
            "GET / HTTP/1.1\r\n",
            "GET / HTTP/1.0\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1 x\r\n\r\n",
            " / HTTP/1.1\r\n\r\n",
            "GET reading HTTP/1.1\r\n\r\n",
            "\r\n\r\n",
        ] {
            check(refused, None);
        }
    }

    proptest! {
        #[test]
        fn no_frame_breaks_it(frame: Vec<u8>) {
            let _ = Request::parse(&frame);
        }

        #[test]
        fn a_number_reads_as_it_should(number: usize) {
            let mut text = b"n=".to_vec();
            decimal(&mut text, number);
            prop_assert_eq!(text, format!("n={number}").into_bytes());
        }
    }
}
