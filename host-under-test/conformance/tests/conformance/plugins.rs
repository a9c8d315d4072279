//! Component plugins: they know who calls and who is bound, and what happens to
//! them happens to nobody else.

use crate::admin::Admin;
use crate::harness::{Files, Server, check_refused, host, prebuilt};
use std::fmt::Write;

/// A workload that asks the plugin `rogue`, with this `config` besides.
fn document(name: &str, config: &str) -> String {
    format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
         metadata: {{name: {name}}}\nspec:\n  template:\n    spec:\n      hostInterfaces:\n        \
         - {{namespace: wasi, package: http, interfaces: [handler], config: {{host: {name}.localhost}}}}\n        \
         - {{namespace: wasi, package: keyvalue, interfaces: [store, atomics], config: {{backend: rogue{config}}}}}\n      \
         components:\n        - {{name: consumer, file: {}}}\n",
        prebuilt("kv-p3").display()
    )
}

fn bystander() -> String {
    format!(
        "---\napiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
         metadata: {{name: bystander}}\nspec:\n  template:\n    spec:\n      hostInterfaces:\n        \
         - {{namespace: wasi, package: http, interfaces: [handler], config: {{host: other.localhost}}}}\n      \
         components:\n        - {{name: hello, file: {}}}\n",
        prebuilt("hello-p3").display()
    )
}

fn arguments() -> [String; 2] {
    ["--plugin".to_owned(), format!("rogue={}", prebuilt("kv-rogue").display())]
}

fn get(server: &Server, workload: &str, key: &str) -> String {
    let text = format!("get {key}\n");
    let response = server.connect().exchange(&format!(
        "POST /script HTTP/1.1\r\nHost: {workload}.localhost\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    ));
    assert_eq!(response.head.status, 200, "{response:?}");
    String::from_utf8(response.body).expect("text").trim_end().to_owned()
}

#[test]
fn a_plugin_knows_its_callers_and_its_workloads() {
    let files = Files::new();
    let path = files.write("w.yaml", format!("{}---\n{}", document("a", ""), document("b", "")));
    let [flag, plugin] = arguments();
    let (server, admin) = Admin::start(&path, &[&flag, &plugin]);
    assert_eq!(get(&server, "a", "caller"), "value a/consumer");
    assert_eq!(get(&server, "b", "caller"), "value b/consumer");
    assert_eq!(get(&server, "b", "bound"), "value a b");
    // A new instance is told again.
    assert_eq!(get(&server, "a", "trap"), "error the store's component trapped");
    assert_eq!(get(&server, "a", "bound"), "value a b");
    admin.ask("DELETE", "/v1/workloads/a?grace_ms=5000", "");
    crate::harness::eventually("it is told of the end", || {
        (get(&server, "b", "bound") == "value b").then_some(())
    });
}

#[test]
fn a_plugin_may_refuse_a_workload() {
    let files = Files::new();
    let path = files.write("w.yaml", document("a", ", refuse: no room"));
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]).arg(path).args(arguments());
    check_refused(command, 2, &["the plugin rogue refuses a: no room"]);
}

/// A thousand traps of a plugin: each costs one call its answer.
#[test]
fn a_plugin_that_traps_harms_nobody() {
    let files = Files::new();
    let text = format!("{}---\n{}{}", document("a", ""), document("b", ""), bystander());
    let mut command = host();
    command.arg("serve").arg("--workload").arg(files.write("w.yaml", text)).args(arguments());
    let server = Server::start(command);
    let mut text = String::new();
    for _ in 0..100 {
        let _ = writeln!(text, "get trap\nget caller");
    }
    let want = "error the store's component trapped\nvalue a/consumer\n".repeat(100);
    for _ in 0..10 {
        let response = server.connect().exchange(&format!(
            "POST /script HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        ));
        response.check(200, want.trim_end());
        assert_eq!(get(&server, "b", "caller"), "value b/consumer");
        server.connect().get("other.localhost").check(200, "hello");
    }
}

#[test]
fn a_plugin_that_loops_is_ended() {
    let files = Files::new();
    let text = format!("{}{}", document("a", ""), bystander());
    let mut command = host();
    command.arg("serve").arg("--workload").arg(files.write("w.yaml", text)).args(arguments());
    command.args(["--request-timeout-ms", "400"]);
    let server = Server::start(command);
    std::thread::scope(|scope| {
        let looping = scope.spawn(|| {
            let text = "get loop\n";
            server.connect().exchange(&format!(
                "POST /script HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: {}\r\n\r\n{text}",
                text.len()
            ))
        });
        for _ in 0..20 {
            server.connect().get("other.localhost").check(200, "hello");
        }
        // The caller's own time may end first.
        let response = looping.join().expect("it was answered");
        assert!([200, 504].contains(&response.head.status), "{response:?}");
    });
    crate::harness::eventually("the next call has a new instance", || {
        (get(&server, "a", "caller") == "value a/consumer").then_some(())
    });
}

/// A plugin whose next instance traps while it is told who is bound: calls fail
/// at once, it is tried with growing pauses, and comes back as soon as it can.
#[test]
fn a_plugin_that_cannot_start_again_is_tried_again() {
    let files = Files::new();
    let text = format!(
        "{}---\n{}{}",
        document("a", ""),
        document("b", ", never-first: sure"),
        bystander()
    );
    let [flag, plugin] = arguments();
    let (server, admin) = Admin::start(&files.write("w.yaml", text), &[&flag, &plugin]);
    admin.ask("DELETE", "/v1/workloads/a?grace_ms=5000", "");
    crate::harness::eventually("it is told of the end", || {
        (get(&server, "b", "bound") == "value b").then_some(())
    });
    assert_eq!(get(&server, "b", "trap"), "error the store's component trapped");
    for _ in 0..20 {
        let down = get(&server, "b", "caller");
        assert_eq!(down, "error the store's component cannot be started again yet");
        server.connect().get("other.localhost").check(200, "hello");
    }
    assert!(admin.text("/metrics").contains("plugin_restarts_total{plugin=\"rogue\"} 0"));
    admin.ask("DELETE", "/v1/workloads/b?grace_ms=5000", "");
    crate::harness::eventually("it is there again", || {
        let restarts = "plugin_restarts_total{plugin=\"rogue\"} 1";
        admin.text("/metrics").contains(restarts).then_some(())
    });
    admin.ask("POST", "/v1/workloads", &document("a", ""));
    assert_eq!(get(&server, "a", "bound"), "value a");
}
