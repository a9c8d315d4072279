//! Signals and what happens to requests under way.

use crate::guests::p2_guest;
use crate::harness::{Files, Server, eventually, native, prebuilt};
use std::net::TcpStream;

#[test]
fn an_idle_server_stops_with_0() {
    for signal in ["TERM", "INT"] {
        let files = Files::new();
        let server = Server::of(&files, &prebuilt("hello-p2"), &[]);
        let mut idle = server.connect();
        idle.get("a").check(200, "hello");
        server.signal(signal);
        assert!(idle.is_closed());
        assert_eq!(server.wait().code(), Some(0), "{signal}");

        let mut command = native();
        command.arg("serve");
        let server = Server::start(command);
        server.signal(signal);
        let (status, rest) = server.wait_and_read();
        assert_eq!(status.code(), Some(0), "{signal}");
        assert_eq!(rest, "{\"metric\":\"connections_accepted\",\"value\":0}\n");
    }
}

#[test]
fn requests_under_way_are_finished() {
    for guest in ["echo-p2", "echo-p3"] {
        let files = Files::new();
        let server = Server::of(&files, &prebuilt(guest), &[]);
        let mut busy = server.connect();
        busy.start_post("a");
        busy.send_chunk("before");
        assert_eq!(busy.head().status, 200, "{guest}");
        assert_eq!(busy.chunk(), b"before", "{guest}");
        server.signal("TERM");
        let refused = || TcpStream::connect(&server.addr).is_err().then_some(());
        eventually("no new connection is accepted", refused);
        busy.send_chunk("after");
        assert_eq!(busy.chunk(), b"after", "{guest}");
        busy.end_chunks();
        assert_eq!(busy.chunk(), b"", "{guest}");
        assert!(busy.is_closed(), "{guest}");
        assert_eq!(server.wait().code(), Some(0), "{guest}");
    }
}

#[test]
fn the_grace_is_bounded() {
    let files = Files::new();
    let server = Server::of(&files, &prebuilt("echo-p3"), &["--grace-ms", "100"]);
    let mut stuck = server.connect();
    stuck.start_post("a");
    stuck.send_chunk("before");
    assert_eq!(stuck.head().status, 200);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_guest_that_never_yields_cannot_prevent_it() {
    let files = Files::new();
    let spinning = files.write("spin.wasm", p2_guest("(loop (br 0))", ""));
    let server = Server::of(&files, &spinning, &["--grace-ms", "100"]);
    let mut clients: Vec<_> = (0..16).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}
