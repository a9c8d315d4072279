//! The admin endpoint: workloads that come and go while the host runs.

use crate::harness::{Files, Server, check_refused, eventually, host, prebuilt, workload_text};
use crate::http_client::{Connection, Response};
use serde_json::Value;
use std::path::Path;

/// The endpoint of a running host.
pub(crate) struct Admin {
    addr: String,
}

impl Admin {
    /// Serves a workload file, with the endpoint.
    #[track_caller]
    pub(crate) fn start(workload: &Path, more: &[&str]) -> (Server, Self) {
        let mut command = host();
        command.arg("serve").arg("--workload").arg(workload).args(["--admin", "127.0.0.1:0"]);
        Self::of(Server::start({
            command.args(more);
            command
        }))
    }

    fn of(server: Server) -> (Server, Self) {
        let addr = server.ready["admin"].as_str().expect("an admin address").to_owned();
        (server, Self { addr })
    }

    pub(crate) fn status(&self, title: &str) -> Value {
        let text = self.text(&format!("/v1/workloads/{title}"));
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
    }

    pub(crate) fn text(&self, path: &str) -> String {
        String::from_utf8(self.ask("GET", path, "").body).expect("UTF-8")
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Response {
        let mut connection = Connection::open(&self.addr);
        let (addr, length) = (&self.addr, body.len());
        connection.exchange(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {addr}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }
}

/// A host without a workload.
fn empty() -> (Server, Admin) {
    let mut command = host();
    command.args(["serve", "--admin", "127.0.0.1:0"]);
    Admin::of(Server::start(command))
}

#[test]
fn a_workload_comes_and_goes() {
    let (server, admin) = empty();
    server.get().check(404, "no workload answers for this host");
    let text = workload_text(&prebuilt("hello-p3"), "");
    let started = admin.ask("POST", "/v1/workloads", &text);
    assert_eq!(started.head.status, 201, "{}", String::from_utf8_lossy(&started.body));
    server.get().check(200, "hello");
    let status = admin.status("test");
    assert_eq!(status["state"], "Running", "{status}");
    assert_eq!(status["components"][0]["handler"], "wasi:http/handler", "{status}");

    let twice = admin.ask("POST", "/v1/workloads", &text);
    assert_eq!(twice.head.status, 422);
    assert!(String::from_utf8_lossy(&twice.body).contains("a workload test is here already"));

    let stopped = admin.ask("DELETE", "/v1/workloads/test?grace_ms=5000", "");
    assert_eq!(String::from_utf8_lossy(&stopped.body), r#"{"drained":true}"#);
    server.get().check(404, "no workload answers for this host");
    assert_eq!(admin.ask("GET", "/v1/workloads/test", "").head.status, 404);
}

#[test]
fn stopping_waits_for_requests_under_way() {
    let files = Files::new();
    let path = files.write("workload.yaml", workload_text(&prebuilt("wait-p3"), ""));
    let (server, admin) = Admin::start(&path, &[]);
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            server
                .connect()
                .exchange("GET /?ms=700 HTTP/1.1\r\nHost: a\r\n\r\n")
                .check(200, "waited");
        });
        let in_flight = || admin.status("test")["components"][0]["in_flight"].as_u64();
        eventually("it is under way", || (in_flight() == Some(1)).then_some(()));
        let stopped = admin.ask("DELETE", "/v1/workloads/test?grace_ms=20000", "");
        assert_eq!(String::from_utf8_lossy(&stopped.body), r#"{"drained":true}"#);
        asked.join().expect("the request was answered");
    });
}

#[test]
fn what_cannot_start_is_listed_with_its_reason() {
    let (server, admin) = empty();
    let text = workload_text(Path::new("/nowhere.wasm"), "");
    let refused = admin.ask("POST", "/v1/workloads", &text);
    assert_eq!(refused.head.status, 422);
    let status = admin.status("test");
    assert_eq!(status["state"], "Error");
    assert!(status["message"].as_str().expect("a message").contains("/nowhere.wasm"), "{status}");
    // Its name is free for another try.
    let good = workload_text(&prebuilt("hello-p2"), "");
    assert_eq!(admin.ask("POST", "/v1/workloads", &good).head.status, 201);
    server.get().check(200, "hello");
}

#[test]
fn only_loopback_names_reach_it() {
    let (_server, admin) = empty();
    let mut connection = Connection::open(&admin.addr);
    let rebound = connection.exchange("GET /v1/workloads HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert_eq!(rebound.head.status, 403);
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--admin", "0.0.0.0:0"]);
    check_refused(command, 2, &["only a loopback address"]);
}

#[test]
fn malformed_requests_are_refused_in_words() {
    let (_server, admin) = empty();
    let refused = admin.ask("POST", "/v1/workloads", "kind: [");
    assert_eq!(refused.head.status, 422);
    assert!(String::from_utf8_lossy(&refused.body).contains("request:1:"));
    assert_eq!(admin.ask("DELETE", "/v1/workloads/none", "").head.status, 404);
    assert_eq!(admin.ask("DELETE", "/v1/workloads/none?grace=1", "").head.status, 400);
}
