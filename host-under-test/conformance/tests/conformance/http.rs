//! Requests and answers: bodies, hosts, overload, traps, clients that leave.

use crate::guests::p2_guest;
use crate::harness::{Files, Server, eventually, native, prebuilt};
use std::io::Write;

const HELLOS: [&str; 2] = ["hello-p2", "hello-p3"];
const ECHOS: [&str; 2] = ["echo-p2", "echo-p3"];

#[test]
fn both_hellos_answer_like_native() {
    let mut command = native();
    command.arg("serve");
    let native = Server::start(command).get();
    native.check(200, "hello");
    for guest in HELLOS {
        let files = Files::new();
        let server = Server::of(&files, &prebuilt(guest), &[]);
        let mut connection = server.connect();
        // Several on one connection: each gets a fresh instance.
        for _ in 0..5 {
            let response = connection.get("any.localhost");
            assert_eq!(response.body, native.body, "{guest}");
            assert_eq!(response.head.status, native.head.status, "{guest}");
            let content_type = response.head.header("content-type");
            assert_eq!(content_type, native.head.header("content-type"), "{guest}");
        }
    }
}

#[test]
fn many_clients_at_once() {
    for guest in HELLOS {
        let files = Files::new();
        let server = Server::of(&files, &prebuilt(guest), &[]);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut connection = server.connect();
                    for _ in 0..50 {
                        connection.get("any.localhost").check(200, "hello");
                    }
                });
            }
        });
    }
}

#[test]
fn head_has_no_body_and_keeps_the_connection() {
    for guest in HELLOS {
        let files = Files::new();
        let server = Server::of(&files, &prebuilt(guest), &[]);
        let mut connection = server.connect();
        let head = connection.exchange("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").head;
        assert_eq!(head.status, 200, "{guest}");
        connection.get("a").check(200, "hello");
    }
}

#[test]
fn an_answer_that_is_all_there_is_sent_with_its_length() {
    let files = Files::new();
    let server = Server::of(&files, &prebuilt("hello-p3"), &[]);
    let mut connection = server.connect();
    for method in ["GET", "POST"] {
        let answer = connection.exchange(&format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n"));
        answer.check(200, "hello");
        assert_eq!(answer.head.header("content-length"), Some("5"), "{method}");
    }
}

#[test]
fn bodies_stream_both_ways() {
    for guest in ECHOS {
        let files = Files::new();
        let server = Server::of(&files, &prebuilt(guest), &[]);
        let mut connection = server.connect();
        connection.start_post("any.localhost");
        connection.send_chunk("one");
        // The first part comes back while the request is still being sent.
        let head = connection.head();
        assert_eq!(head.status, 200, "{guest}");
        assert_eq!(connection.chunk(), b"one", "{guest}");
        connection.send_chunk("two");
        assert_eq!(connection.chunk(), b"two", "{guest}");
        connection.end_chunks();
        assert_eq!(connection.chunk(), b"", "{guest}");
        // And the connection is good for another request.
        connection.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").check(200, "");
    }
}

#[test]
fn a_large_body_comes_back_whole() {
    let sent: Vec<u8> = (0..8_000_000_u32).map(|i| (i % 251) as u8).collect();
    for guest in ECHOS {
        let files = Files::new();
        let server = Server::of(&files, &prebuilt(guest), &[]);
        let mut connection = server.connect();
        let length = sent.len();
        connection.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
        let mut sender = connection.sender();
        let body = sent.clone();
        let sending = std::thread::spawn(move || sender.write_all(&body));
        let head = connection.head();
        assert!(connection.body(&head) == sent, "{guest}: the body changed on its way");
        sending.join().expect("the sender").expect("sending");
    }
}

#[test]
fn routing_by_host() {
    let files = Files::new();
    let config = "{host: hello.localhost}";
    let server = Server::with_config(&files, &prebuilt("hello-p3"), config, &[]);
    let rows = [
        ("GET / HTTP/1.1\r\nHost: hello.localhost\r\n\r\n", 200, "hello"),
        ("GET / HTTP/1.1\r\nHost: HELLO.localhost:8080\r\n\r\n", 200, "hello"),
        ("GET http://hello.localhost/ HTTP/1.1\r\nHost: x\r\n\r\n", 200, "hello"),
        ("GET / HTTP/1.1\r\nHost: other\r\n\r\n", 404, "no workload answers for this host"),
        ("GET / HTTP/1.1\r\n\r\n", 400, "missing or malformed Host"),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "missing or malformed Host"),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "missing or malformed Host"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "missing or malformed Host"),
        ("GET / HTTP/1.0\r\n\r\n", 404, "no workload answers for this host"),
    ];
    for (request, status, body) in rows {
        println!("{request:?}");
        server.connect().exchange(request).check(status, body);
    }
}

#[test]
fn http_1_0_needs_no_host() {
    for guest in HELLOS {
        let files = Files::new();
        let server = Server::of(&files, &prebuilt(guest), &[]);
        server.connect().exchange("GET / HTTP/1.0\r\n\r\n").check(200, "hello");
    }
}

#[test]
fn garbage_closes_its_own_connection_only() {
    let files = Files::new();
    let server = Server::of(&files, &prebuilt("hello-p2"), &[]);
    let mut garbage = server.connect();
    garbage.send("\u{1}\u{2}\r\n\r\n");
    assert_eq!(garbage.head().status, 400);
    assert!(garbage.is_closed());
    server.get().check(200, "hello");
}

#[test]
fn overload_is_answered_503_and_passes() {
    for guest in ECHOS {
        let files = Files::new();
        let server = Server::of(&files, &prebuilt(guest), &["--max-instances", "1"]);
        let mut first = server.connect();
        first.start_post("a");
        first.send_chunk("one");
        assert_eq!(first.head().status, 200, "{guest}");
        let mut second = server.connect();
        let busy = second.get("a");
        busy.check(503, "every instance is busy");
        assert_eq!(busy.head.header("retry-after"), Some("1"), "{guest}");
        // The slot is free again once the first is through.
        first.end_chunks();
        assert_eq!(first.chunk(), b"one", "{guest}");
        assert_eq!(first.chunk(), b"", "{guest}");
        let free = |c: &mut crate::http_client::Connection| c.get("a").head.status == 200;
        eventually("the slot is free", || free(&mut second).then_some(()));
    }
}

#[test]
fn a_client_that_leaves_frees_its_instance() {
    for guest in ECHOS {
        let files = Files::new();
        let server = Server::of(&files, &prebuilt(guest), &["--max-instances", "1"]);
        let start_request = || {
            let mut leaving = server.connect();
            leaving.start_post("a");
            leaving.send_chunk("one");
            leaving
        };
        for _ in 0..10 {
            // One leaves before it is answered, the other in the middle of it.
            drop(start_request());
            let answered = || {
                let mut leaving = start_request();
                (leaving.head().status == 200).then_some(leaving)
            };
            drop(eventually("the slot is free", answered));
        }
        eventually("the slot is free", || (server.get().head.status == 200).then_some(()));
    }
}

#[test]
fn a_trap_is_answered_500_and_passes() {
    let files = Files::new();
    let trapping = files.write("trap.wasm", p2_guest("unreachable", ""));
    let server = Server::of(&files, &trapping, &["--max-instances", "1"]);
    let mut connection = server.connect();
    for _ in 0..10 {
        connection.get("a").check(500, "the component trapped");
    }
}

#[test]
fn no_response_is_answered_500() {
    let files = Files::new();
    let silent = files.write("silent.wasm", p2_guest("", ""));
    let server = Server::of(&files, &silent, &[]);
    server.get().check(500, "the component gave no response");
}
