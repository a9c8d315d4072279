//! Rows of byte streams and what they mean, and two properties: how a stream
//! is cut never matters, and nothing panics.

use std::fmt::Write as _;

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

#[derive(Debug, Default)]
struct Recorder {
    heads: Vec<u16>,
    body: Vec<u8>,
}

impl Sink for Recorder {
    fn head(&mut self, status: u16, _headers: &[Header<'_>]) {
        self.heads.push(status);
    }

    fn body(&mut self, bytes: &[u8]) {
        assert!(!bytes.is_empty(), "told an empty piece of body");
        self.body.extend_from_slice(bytes);
    }
}

/// Feeds the pieces as reads would, then closes; tells all in one line:
/// `STATUS "BODY" end`, with `+N` for bytes left over.
fn parse(pieces: &[&[u8]], asked_head: bool) -> String {
    let (mut parser, mut seen) = (Parser::new(asked_head), Recorder::default());
    let (mut buffer, mut after) = (Vec::new(), 0);
    let mut end = None;
    for piece in pieces {
        if parser.is_done() {
            after += piece.len();
            continue;
        }
        buffer.extend_from_slice(piece);
        match parser.advance(&buffer, &mut seen) {
            Ok(used) => drop(buffer.drain(..used)),
            Err(malformed) => {
                end = Some(malformed.what);
                break;
            }
        }
    }
    let mut line = String::new();
    for status in &seen.heads {
        let _ = write!(line, "{status} ");
    }
    let kept_alive = parser.is_done() && !parser.closes();
    let end = end.or_else(|| parser.close().err());
    let end = end.unwrap_or(if kept_alive { "keeps alive" } else { "closes" });
    let _ = write!(line, "\"{}\" {end}", seen.body.escape_ascii());
    if parser.is_done() && after + buffer.len() > 0 {
        let _ = write!(line, " +{}", after + buffer.len());
    }
    line
}

/// Byte streams, each followed by the end of the connection.
const STREAMS: [(&str, &str); 35] = [
    // How long the body is.
    ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", r#"200 "hello" keeps alive"#),
    ("HTTP/1.1 200 OK\r\nCONTENT-LENGTH:  5 \r\n\r\nhello", r#"200 "hello" keeps alive"#),
    ("HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", r#"200 "" keeps alive"#),
    ("HTTP/1.1 200 OK\r\n\r\nuntil the end", r#"200 "until the end" closes"#),
    ("HTTP/1.1 204 No\r\n\r\n", r#"204 "" keeps alive"#),
    ("HTTP/1.1 304 Not\r\ncontent-length: 9\r\n\r\n", r#"304 "" keeps alive"#),
    (
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nContent-Length: 2\r\n\r\nhi",
        r#"200 "hi" keeps alive"#,
    ),
    ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi more", r#"200 "hi" keeps alive +5"#),
    // Chunks.
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n\
         3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n",
        r#"200 "abc0123456789" keeps alive"#,
    ),
    (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
         1;a=\"b\"\r\nx\r\n0;end\r\nt: 1\r\nu: 2\r\n\r\n!",
        r#"200 "x" keeps alive +1"#,
    ),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", r#"200 "" keeps alive"#),
    // Interim answers.
    (
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\n\
         HTTP/1.1 201 Made\r\ncontent-length: 1\r\n\r\nx",
        r#"201 "x" keeps alive"#,
    ),
    ("HTTP/1.1 101 Switching\r\n\r\n", r#""" status 101, which nobody asked for"#),
    // Whether the connection stays.
    (
        "HTTP/1.1 200 OK\r\nconnection: x, CLOSE\r\ncontent-length: 2\r\n\r\nhi",
        r#"200 "hi" closes"#,
    ),
    ("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi", r#"200 "hi" closes"#),
    (
        "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nhi",
        r#"200 "hi" keeps alive"#,
    ),
    // Cut off.
    ("", r#""" in its head"#),
    ("HTTP/1.1 200 OK\r\ncontent-le", r#""" in its head"#),
    ("HTTP/1.1 100 Continue\r\n\r\n", r#""" in its head"#),
    (
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello",
        r#"200 "hello" before its content-length"#,
    ),
    (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        r#"200 "hel" before its last chunk"#,
    ),
    (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
        r#"200 "x" before its last chunk"#,
    ),
    // Malformed.
    ("hello world, I am no HTTP\r\n\r\n", r#""" not an HTTP/1 status line"#),
    ("HTTP/2 200 OK\r\n\r\n", r#""" not an HTTP/1 status line"#),
    ("HTTP/1.1 2x0 OK\r\n\r\n", r#""" bad status line"#),
    ("HTTP/1.1 042 OK\r\n\r\n", r#""" bad status line"#),
    ("HTTP/1.1 200 OK\r\na b: c\r\n\r\n", r#""" bad head"#),
    ("HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n", r#""" bad content-length"#),
    ("HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n", r#""" bad content-length"#),
    (
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        r#""" two different content-lengths"#,
    ),
    (
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        r#""" both content-length and transfer-encoding"#,
    ),
    (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        r#""" a transfer-encoding other than chunked"#,
    ),
    ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n", r#"200 "" bad chunk size"#),
    (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxyz\r\n",
        r#"200 "x" chunk longer than its size"#,
    ),
    (
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n11111111111111111\r\n",
        r#"200 "" bad chunk size"#,
    ),
];

/// Each stream, given whole, byte by byte and in threes.
#[test]
fn framing() {
    for (stream, expected) in STREAMS {
        for size in [stream.len().max(1), 1, 3] {
            let pieces: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
            assert_eq!(parse(&pieces, false), expected, "in pieces of {size}: {stream:?}");
        }
    }
}

#[test]
fn answers_to_head_have_no_body() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    assert_eq!(parse(&[answer], true), r#"200 "" keeps alive"#);
}

#[test]
fn limits() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let filler = "x".repeat(MAX_HEAD_BYTES);
    let rows = [
        (format!("HTTP/1.1 200 OK\r\na: {filler}\r\n\r\n"), r#""" head too long"#),
        (format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(65)), r#""" too many headers"#),
        (format!("{chunked}5;{filler}\r\n"), r#"200 "" chunk-size line too long"#),
        (format!("{chunked}0\r\na: {filler}\r\n\r\n"), r#"200 "" trailers too long"#),
        (format!("{chunked}40000001\r\n{filler}"), "before its last chunk"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n".into(),
            "bad content-length",
        ),
    ];
    for (stream, expected) in rows {
        for size in [stream.len(), 1000] {
            let pieces: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
            assert!(parse(&pieces, false).ends_with(expected), "in pieces of {size}: {expected}");
        }
    }
}

/// Streams made of plausible fragments, since random bytes get nowhere.
fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let fragments: Vec<&[u8]> = vec![
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 404 Not Found\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"content-length: 7\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"connection: close\r\n",
        b"\r\n",
        b"\n",
        b"3\r\nabc\r\n",
        b"A;x=y\r\n0123456789\r\n",
        b"0\r\n",
        b"trailer: x\r\n\r\n",
        b"payload",
        b"\x00\xff",
    ];
    vec(select(fragments), 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn cuts_do_not_matter(
        stream in any_stream(),
        cuts in vec(1..20_usize, 1..40),
        asked_head: bool,
    ) {
        let (mut pieces, mut rest) = (Vec::new(), stream.as_slice());
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        prop_assert_eq!(parse(&pieces, asked_head), parse(&[&stream], asked_head));
    }

    #[test]
    fn nothing_panics(pieces in vec(vec(any::<u8>(), 0..200), 0..5), known_head: bool) {
        let chunked: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let start = if known_head { chunked } else { b"" };
        let pieces: Vec<&[u8]> =
            std::iter::once(start).chain(pieces.iter().map(Vec::as_slice)).collect();
        parse(&pieces, false);
    }
}
