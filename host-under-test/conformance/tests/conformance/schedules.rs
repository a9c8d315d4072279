//! Components that the clock runs.

use crate::admin::Admin;
use crate::harness::{Files, eventually, prebuilt};
use serde_json::Value;

/// `clock-p3` with these fields of the component and this environment.
fn start(fields: &str, environment: &str) -> (crate::harness::Server, Admin) {
    let files = Files::new();
    let text = format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
         metadata: {{name: clock}}\nspec:\n  template:\n    spec:\n      hostInterfaces:\n        \
         - {{namespace: wasi, package: http, interfaces: [handler]}}\n        \
         - {{namespace: wasi, package: keyvalue, interfaces: [store, atomics]}}\n      \
         components:\n        - name: clock\n          file: {}\n          {fields}\n          \
         localResources: {{environment: {{{environment}}}}}\n",
        prebuilt("clock-p3").display()
    );
    Admin::start(&files.write("clock.yaml", text), &[])
}

fn schedule(admin: &Admin) -> Value {
    admin.status("clock")["components"][0]["schedule"].clone()
}

fn moments_ns(server: &crate::harness::Server) -> Vec<u64> {
    let body = String::from_utf8(server.get().body).expect("text");
    body.lines().map(|line| line.parse().expect("a number")).collect()
}

#[test]
fn a_component_is_run_at_every_interval() {
    let (server, admin) = start("schedule: '@every 20ms'", "A: b");
    let moments = eventually("it was run ten times", || {
        let moments = moments_ns(&server);
        (moments.len() >= 10).then_some(moments)
    });
    // However late single runs are, they do not drift from the schedule.
    let passed_ns = moments[9] - moments[0];
    assert!(passed_ns > 9 * 20_000_000 / 2, "{moments:?}");
    let status = schedule(&admin);
    assert!(status["fired"].as_u64().expect("a count") >= 10, "{status}");
    assert_eq!(status["failed"], 0, "{status}");
    let metrics = admin.text("/metrics");
    assert!(
        metrics.contains("schedule_fired_total{workload=\"clock\",component=\"clock\"}"),
        "{metrics}"
    );
}

#[test]
fn what_is_due_while_it_runs_is_missed() {
    let (server, admin) = start("schedule: '@every 10ms'", "HOLD_MS: '55'");
    eventually("three runs began", || (moments_ns(&server).len() >= 3).then_some(()));
    let status = schedule(&admin);
    let count = |name: &str| status[name].as_u64().expect("a count");
    assert!(count("missed") >= 5 * (count("fired") - 1), "{status}");
}

#[test]
fn a_calendar_in_seconds() {
    let (server, _admin) = start("schedule: '* * * * * *'", "A: b");
    eventually("two seconds began", || (moments_ns(&server).len() >= 2).then_some(()));
}

#[test]
fn a_run_that_takes_too_long_fails() {
    let files = Files::new();
    let text = format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
         metadata: {{name: slow}}\nspec:\n  template:\n    spec:\n      components:\n        \
         - name: slow\n          file: {}\n          schedule: '@every 10ms'\n          \
         localResources: {{environment: {{MODE: tick}}}}\n",
        prebuilt("service-p3").display()
    );
    let (_server, admin) =
        Admin::start(&files.write("slow.yaml", text), &["--request-timeout-ms", "50"]);
    let failed = || admin.status("slow")["components"][0]["schedule"]["failed"].as_u64();
    eventually("runs were ended", || failed().filter(|failed| *failed >= 2));
}
