//! Instances that stay: that they are really used again, when a fresh one is
//! made instead, and what retires them. Told by the host's own counters.

use crate::admin::Admin;
use crate::harness::{Files, Server, eventually, prebuilt, workload_text};
use serde_json::Value;

/// A host with the admin endpoint and one pooled component.
fn serve(component: &str, pool: &str, more: &[&str]) -> (Files, Server, Admin) {
    let files = Files::new();
    let text = workload_text(&prebuilt(component), "") + pool;
    let path = files.write("workload.yaml", text);
    let (server, admin) = Admin::start(&path, more);
    (files, server, admin)
}

fn counter(admin: &Admin, name: &str) -> u64 {
    let status = admin.status("test");
    status["components"][0][name].as_u64().unwrap_or_else(|| panic!("{name} in {status}"))
}

fn get(server: &Server, path: &str) -> crate::http_client::Response {
    server.connect().exchange(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"))
}

#[test]
fn one_instance_serves_one_request_after_the_other() {
    let pool = "          poolSize: 1\n";
    let (_files, server, admin) = serve("misbehave-p3", pool, &[]);
    for served in 1..=5 {
        get(&server, "/count").check(200, &served.to_string());
    }
    assert_eq!((counter(&admin, "instances"), counter(&admin, "reused")), (1, 4));
    assert_eq!(counter(&admin, "fell_through"), 0);
}

#[test]
fn an_instance_retires_after_its_invocations() {
    let pool = "          poolSize: 1\n          maxInvocations: 2\n";
    let (_files, server, admin) = serve("misbehave-p3", pool, &[]);
    for served in [1, 2, 1, 2, 1] {
        get(&server, "/count").check(200, &served.to_string());
    }
    assert_eq!((counter(&admin, "instances"), counter(&admin, "retired_worn")), (3, 2));
}

#[test]
fn without_a_pool_every_request_has_a_fresh_instance() {
    let (_files, server, admin) = serve("misbehave-p3", "", &[]);
    for _ in 0..3 {
        get(&server, "/count").check(200, "1");
    }
    assert_eq!((counter(&admin, "instances"), counter(&admin, "reused")), (3, 0));
}

#[test]
fn at_saturation_a_fresh_instance_and_no_queue() {
    for concurrency in [1, 2] {
        let pool = format!("          poolSize: 1\n          maxConcurrency: {concurrency}\n");
        let (_files, server, admin) = serve("wait-p3", &pool, &[]);
        std::thread::scope(|scope| {
            for _ in 0..=concurrency {
                scope.spawn(|| get(&server, "/?ms=500").check(200, "waited"));
            }
            eventually("all are under way", || {
                (counter(&admin, "in_flight") == concurrency + 1).then_some(())
            });
            assert_eq!(counter(&admin, "instances"), 2, "one shared, one of its own");
        });
        assert_eq!(counter(&admin, "fell_through"), 1, "{concurrency}");
    }
}

#[test]
fn a_shared_instance_holds_many_that_wait() {
    let pool = "          poolSize: 1\n          maxConcurrency: 64\n";
    let (_files, server, admin) = serve("wait-p3", pool, &[]);
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| get(&server, "/?ms=300").check(200, "waited"));
        }
    });
    assert_eq!((counter(&admin, "instances"), counter(&admin, "reused")), (1, 31));
}

#[test]
fn a_trap_ends_the_calls_in_its_instance_and_no_others() {
    let silent = "GET /silent HTTP/1.1\r\nHost: a\r\n\r\n";
    for (instances, is_torn) in [(1, true), (2, false)] {
        let pool = format!("          poolSize: {instances}\n          maxConcurrency: 8\n");
        let more = ["--request-timeout-ms", "60000"];
        let (_files, server, admin) = serve("misbehave-p3", &pool, &more);
        let mut waiting = server.connect();
        waiting.send(silent);
        eventually("it waits", || (counter(&admin, "in_flight") == 1).then_some(()));
        // Shares the instance where there is one, else goes to the idle one.
        get(&server, "/trap").check(500, "the component trapped");
        eventually("the instance retired", || {
            (counter(&admin, "retired_trapped") == 1).then_some(())
        });
        if is_torn {
            assert_eq!(waiting.head().status, 500);
        } else {
            assert_eq!(counter(&admin, "in_flight"), 1, "the other call goes on");
        }
        get(&server, "/ok").check(200, "ok");
    }
}

#[test]
fn a_pool_for_a_p2_component_is_refused() {
    let files = Files::new();
    let text = workload_text(&prebuilt("hello-p2"), "") + "          poolSize: 1\n";
    let path = files.write("workload.yaml", text);
    let mut command = crate::harness::host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]).arg(path);
    crate::harness::check_refused(command, 2, &["poolSize", "WASI 0.2"]);
}

#[test]
fn counters_are_metrics() {
    let (_files, server, admin) = serve("hello-p3", "          poolSize: 1\n", &[]);
    get(&server, "/").check(200, "hello");
    get(&server, "/").check(200, "hello");
    let text = admin.text("/metrics");
    for line in [
        "host_under_test_requests_total{workload=\"test\",component=\"guest\"} 2",
        "host_under_test_requests_reused_total{workload=\"test\",component=\"guest\"} 1",
        "host_under_test_workload{workload=\"test\",state=\"Running\"} 1",
    ] {
        assert!(text.lines().any(|own| own == line), "{line} is not in\n{text}");
    }
    let status: Value = admin.status("test");
    assert_eq!(status["state"], "Running");
}
