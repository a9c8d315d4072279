//! Outgoing requests: to whom they may go, over which connections, and how often.

use crate::harness::{Files, Server, check_refused, host, native, prebuilt, workload_text};
use crate::http_client::Response;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Both generations, with the interface each sends requests through.
const GUESTS: [(&str, &str); 2] =
    [("egress-p2", "[incoming-handler, outgoing-handler]"), ("egress-p3", "[handler, client]")];

fn workload(guest: &str, interfaces: &str, resources: &str) -> String {
    workload_text(&prebuilt(guest), "").replace("[incoming-handler, handler]", interfaces)
        + &format!("          localResources: {resources}\n")
}

fn serve(guest: &str, interfaces: &str, resources: &str, more: &[&str]) -> (Files, Server) {
    let files = Files::new();
    let path = files.write("workload.yaml", workload(guest, interfaces, resources));
    let mut command = host();
    command.arg("serve").arg("--workload").arg(path).args(more);
    (files, Server::start(command))
}

fn call(server: &Server, url: &str, calls: u32) -> Response {
    server
        .connect()
        .exchange(&format!("GET / HTTP/1.1\r\nHost: a\r\nx-url: {url}\r\nx-calls: {calls}\r\n\r\n"))
}

/// A server that counts its connections and answers each request the same.
struct Counting {
    addr: String,
    connections: Arc<AtomicUsize>,
}

impl Counting {
    fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("an address").to_string();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                counter.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || answer_all(stream, answer));
            }
        });
        Self { addr, connections }
    }
}

fn answer_all(mut stream: std::net::TcpStream, answer: &str) {
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(bytes @ 1..) = stream.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..bytes]);
        while let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
            seen.drain(..end + 4);
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

#[test]
fn nothing_is_allowed_by_default() {
    let backend = Counting::start(HELLO);
    for (guest, interfaces) in GUESTS {
        let (_files, server) = serve(guest, interfaces, "{}", &[]);
        call(&server, &format!("http://{}/", backend.addr), 1).check(502, "HTTP-request-denied");
    }
    assert_eq!(backend.connections.load(Ordering::SeqCst), 0, "nothing reached a socket");
}

#[test]
fn allowed_requests_pass_through() {
    let mut command = native();
    command.arg("serve");
    let backend = Server::start(command);
    for (guest, interfaces) in GUESTS {
        let resources = format!("{{allowedHosts: ['{}']}}", backend.addr);
        let (_files, server) = serve(guest, interfaces, &resources, &[]);
        call(&server, &format!("http://{}/", backend.addr), 3).check(200, "hello");
    }
}

#[test]
fn addresses_and_redirects_cannot_get_around_the_list() {
    let inner = Counting::start(HELLO);
    let redirect: &'static str = Box::leak(
        format!(
            "HTTP/1.1 302 Found\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n",
            inner.addr
        )
        .into_boxed_str(),
    );
    let outer = Counting::start(redirect);
    let port = inner.addr.rsplit(':').next().expect("a port");
    for (guest, interfaces) in GUESTS {
        let resources = format!("{{allowedHosts: ['{}', 'example.com:*']}}", outer.addr);
        let (_files, server) = serve(guest, interfaces, &resources, &[]);
        // The redirect is the guest's to see; nobody follows it.
        call(&server, &format!("http://{}/", outer.addr), 1).check(302, "");
        for host in ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"] {
            let response = call(&server, &format!("http://{host}:{port}/"), 1);
            assert_eq!(response.head.status, 502, "{guest} {host}");
        }
    }
    assert_eq!(inner.connections.load(Ordering::SeqCst), 0, "nothing reached it");
}

#[test]
fn connections_are_kept_unless_told_otherwise() {
    for (guest, interfaces) in GUESTS {
        for (idle, connections) in [("64", 1), ("0", 5)] {
            let backend = Counting::start(HELLO);
            let resources = format!("{{allowedHosts: ['{}']}}", backend.addr);
            let more = ["--egress-idle-connections", idle];
            let (_files, server) = serve(guest, interfaces, &resources, &more);
            for _ in 0..5 {
                call(&server, &format!("http://{}/", backend.addr), 1).check(200, "hello");
            }
            assert_eq!(backend.connections.load(Ordering::SeqCst), connections, "{guest} {idle}");
        }
    }
}

#[test]
fn nobody_there_is_told() {
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    for (guest, interfaces) in GUESTS {
        let resources = format!("{{allowedHosts: ['{gone}']}}");
        let (_files, server) = serve(guest, interfaces, &resources, &[]);
        call(&server, &format!("http://{gone}/"), 1).check(502, "connection-refused");
    }
}

#[test]
fn what_the_workload_does_not_list_is_refused_at_start() {
    let files = Files::new();
    for (guest, interfaces) in GUESTS {
        let handler = interfaces.split([',', ']']).next().expect("a handler").to_owned() + "]";
        let path = files.write("workload.yaml", workload(guest, &handler, "{}"));
        let mut command = host();
        command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]).arg(path);
        check_refused(command, 2, &["imports wasi:http/", "hostInterfaces do not list"]);
    }
}

#[test]
fn a_wrong_entry_is_refused_with_its_place() {
    let files = Files::new();
    let text = workload("egress-p2", GUESTS[0].1, "{allowedHosts: ['ftp://x']}");
    let path = files.write("workload.yaml", text);
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]).arg(path);
    check_refused(command, 2, &["allowedHosts[0]", "`ftp://x` is not an allowed host"]);
}
