//! The two JSON lines, arguments and exit codes.

use crate::harness::{Files, Server, check_refused, host, native, prebuilt, run};
use serde_json::Value;
use std::process::Command;

#[track_caller]
fn check_capabilities(mut command: Command, name: &str, capabilities: &[&str]) {
    command.arg("--capabilities");
    let outcome = run(command);
    assert_eq!(outcome.code, Some(0));
    assert_eq!(outcome.stdout.lines().count(), 1);
    let line: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(line["name"], name);
    assert_eq!(line["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(line["capabilities"], Value::from(capabilities.to_vec()));
}

#[test]
fn capabilities() {
    let host_can = [
        "http-p2",
        "http-p3",
        "aot",
        "admin",
        "blobstore",
        "chaining",
        "compilers",
        "egress",
        "h2c",
        "keyvalue",
        "limits",
        "links",
        "logging",
        "multipath",
        "plugins",
        "pools",
        "schedules",
        "service-http",
        "service-run",
        "several-workloads",
        "sockets",
    ];
    check_capabilities(host(), "host-under-test", &host_can);
    check_capabilities(native(), "native", &["http-native"]);
}

#[track_caller]
fn check_ready(server: &Server, name: &str, phases: &[&str]) {
    let ready = &server.ready;
    assert_eq!(ready["event"], "ready");
    assert_eq!(ready["name"], name);
    assert!(ready["version"].is_string() && ready["capabilities"].is_array(), "{ready}");
    assert!(!server.addr.ends_with(":0"), "the real port is told: {ready}");
    let told = ready["phases_ns"].as_object().expect("phases_ns");
    let mut names: Vec<_> = told.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, phases);
    assert!(told.values().all(|ns| ns.as_u64().is_some_and(|ns| ns > 0)), "{ready}");
}

#[test]
fn ready_line() {
    let files = Files::new();
    let server = Server::of(&files, &prebuilt("hello-p3"), &[]);
    check_ready(&server, "host-under-test", &["compile", "engine", "link", "listen"]);
    let mut command = native();
    command.arg("serve");
    check_ready(&Server::start(command), "native", &["listen"]);
}

#[test]
fn bad_usage_exits_with_2() {
    let rows: [&[&str]; 4] = [
        &[],
        &["serve"],
        &["serve", "--workload", "w.yaml", "--addr", "nowhere"],
        &["serve", "--workload", "w.yaml", "--addr", "127.0.0.1:0", "--max-instances", "0"],
    ];
    for args in rows {
        let mut command = host();
        command.args(args);
        let outcome = run(command);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(!outcome.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn a_port_in_use_exits_with_1() {
    let files = Files::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("its address").to_string();
    let mut command = host();
    command.args(["serve", "--addr", &addr, "--workload"]);
    command.arg(files.workload(&prebuilt("hello-p2"), ""));
    check_refused(command, 1, &[&format!("listening on {addr}: ")]);
}
