//! The host on Linux, asked over its serial line as a board is: by both engines,
//! with and without concurrency support, with the answers that the suite expects
//! of boards.

#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]

use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// What came back: the frames' payloads, and the text between them.
struct Heard {
    answers: Vec<String>,
    text: String,
}

/// Asks a fresh host, in order, and lets it end.
fn ask(arguments: &[&str], frames: &[Vec<u8>]) -> Heard {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tiny"))
        .arg("serve")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for frame in frames {
        input.write_all(frame).unwrap();
    }
    drop(input);
    let mut output = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut output).unwrap();
    assert!(child.wait().unwrap().success());
    hear(&output)
}

fn hear(mut bytes: &[u8]) -> Heard {
    let mut heard = Heard { answers: Vec::new(), text: String::new() };
    while let Some(&first) = bytes.first() {
        let taken = if first == 2 {
            let length = usize::from(u16::from_be_bytes([bytes[1], bytes[2]]));
            heard.answers.push(String::from_utf8_lossy(&bytes[3..3 + length]).into_owned());
            length + 5
        } else {
            let length = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            heard.text += &String::from_utf8_lossy(&bytes[..length]);
            length
        };
        bytes = &bytes[taken..];
    }
    heard
}

/// CRC-16 (CCITT-FALSE), bit by bit, so that nothing is shared with what is tested.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum: u16, _| {
            if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 }
        })
    })
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[2][..], &length, payload, &checksum(payload).to_be_bytes()].concat()
}

fn request(method: &str, path: &str, body: &str) -> Vec<u8> {
    framed(format!("{method} {path} HTTP/1.1\r\n\r\n{body}").as_bytes())
}

/// One host for each way of running guests; every answer has to be the same.
fn check(ways: &[[&str; 4]], asked: &[(Vec<u8>, u16, &str)]) {
    for way in ways {
        let frames: Vec<Vec<u8>> = asked.iter().map(|(frame, ..)| frame.clone()).collect();
        let heard = ask(way, &frames);
        let expected: Vec<String> = asked
            .iter()
            .map(|(_, status, body)| {
                format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
            })
            .collect();
        assert_eq!(heard.answers, expected, "{way:?}:\n{}", heard.text);
    }
}

const SYNC: [[&str; 4]; 4] = [
    ["--engine", "pulley", "--concurrency", "off"],
    ["--engine", "pulley", "--concurrency", "on"],
    ["--engine", "cranelift", "--concurrency", "off"],
    ["--engine", "cranelift", "--concurrency", "on"],
];
const ASYNC: [[&str; 4]; 2] = [SYNC[1], SYNC[3]];

#[test]
fn the_handler_answers_and_keeps_what_it_was_told() {
    check(
        &SYNC,
        &[
            (request("GET", "/reading", ""), 200, "37"),
            (request("GET", "/nothing", ""), 404, "not found"),
            (request("PUT", "/led", "1"), 204, ""),
            (request("PUT", "/led", "10"), 400, ""),
            (request("GET", "/count", ""), 200, "1"),
            (request("GET", "/count", ""), 200, "2"),
            (request("POST", "/echo", "0123456789abcdef"), 200, "0123456789abcdef"),
            // As much as a frame holds.
            (request("POST", "/echo", &"x".repeat(480)), 200, &"x".repeat(480)),
            (request("GET", "/count", ""), 200, "3"),
            (request("GET", "/reading", ""), 200, "74"),
        ],
    );
}

#[test]
fn what_is_no_request_is_refused_and_the_line_goes_on() {
    let mut damaged = request("GET", "/reading", "");
    damaged[6] ^= 1;
    check(
        &SYNC[..1],
        &[
            (damaged, 400, ""),
            (framed(b"GET /reading"), 400, ""),
            (framed(b"GET reading HTTP/1.1\r\n\r\n"), 400, ""),
            (framed(&[0xFF; 20]), 400, ""),
            (framed(&[b'x'; 600]), 413, ""),
            (request("GET", "/host/nothing", ""), 404, "not found"),
            (request("GET", "/host/survive/many", ""), 404, "not found"),
            ([b"noise".to_vec(), request("GET", "/reading", "")].concat(), 200, "37"),
        ],
    );
}

#[test]
fn probes_answer_what_the_suite_expects_of_boards() {
    let expected = "first=37 second=74 steady=111 plain=2 one=185 two=230 turns=4 recovered=45";
    for guest in ["core", "component"] {
        check(&SYNC, &[(request("GET", &format!("/host/measure/{guest}"), ""), 200, expected)]);
    }
    let path = "/host/measure/async-component";
    let expected = "first=37 second=74 steady=111 plain=2 sum=4950 watched=555 recovered=8";
    check(&ASYNC, &[(request("GET", path, ""), 200, expected)]);
    check(&SYNC[..1], &[(request("GET", path, ""), 404, "not found")]);
}

#[test]
fn a_sensor_loop_logs_and_remembers() {
    let heard = ask(&SYNC[1], &[request("GET", "/host/watch/20", "")]);
    assert_eq!(heard.text.matches("warn sensor: above 200\n").count(), 4, "{}", heard.text);
    check(&SYNC, &[(request("GET", "/host/watch/20", ""), 200, "sum=2499 logged=4 largest=238")]);
}

#[test]
fn guests_that_trap_loop_and_eat_are_survived() {
    let expected = "good=10 trapped=10 out-of-fuel=10 out-of-memory=10 leaked=0";
    check(
        &SYNC,
        &[
            (request("GET", "/host/survive/40", ""), 200, expected),
            (request("GET", "/count", ""), 200, "1"),
        ],
    );
}
