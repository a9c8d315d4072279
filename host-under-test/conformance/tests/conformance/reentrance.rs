//! Calls that come back to who made them: they end, with an error or in time, and
//! nobody else notices.

use crate::chaining::{ask, serve_beside};
use crate::harness::{Server, prebuilt};
use std::time::{Duration, Instant};

/// Few, so that a ring is full soon.
const FEW: [&str; 4] = ["--max-instances", "40", "--max-instances-per-component", "20"];

/// Less than the time of a request (30 s): what ends then ends by itself.
const SOON: Duration = Duration::from_secs(20);

const OTHER: (&str, &str, &str) = ("other", "whoami-p3", "NAME: other");

/// Asks a ring 20 times, and somebody else in between.
fn check(server: &Server, what: &str) {
    for _ in 0..20 {
        let begin = Instant::now();
        let response = ask(server, "/ring");
        assert_eq!(response.head.status, 502, "{what}: {response:?}");
        assert!(begin.elapsed() < SOON, "{what}: it took {:?}", begin.elapsed());
        ask(server, "/other").check(200, "other");
    }
}

/// Each call of itself takes an instance, or a place in one, until there is none.
#[test]
fn a_component_that_calls_itself() {
    let shared = "          poolSize: 1\n          maxConcurrency: 8\n";
    for pool in ["", "          poolSize: 1\n", shared] {
        // The lines behind the components are still the last one's.
        let ring = ("ring", "egress-p3", "URL: 'http://ring/'");
        check(&serve_beside(pool, &[OTHER, ring], &FEW), pool);
    }
}

/// One instance for all calls, its own among them.
#[test]
fn a_service_that_calls_itself() {
    let server = serve_beside(&service("http://service/"), &[entry(), OTHER], &FEW);
    check(&server, "a service");
}

/// `ring -> service -> ring -> ...`
#[test]
fn a_component_and_a_service_that_call_each_other() {
    let server = serve_beside(&service("http://ring/"), &[entry(), OTHER], &FEW);
    check(&server, "both");
}

fn entry() -> (&'static str, &'static str, &'static str) {
    ("ring", "egress-p3", "URL: 'http://service/'")
}

/// A service is given the interfaces of the workload as a whole, which are in
/// front of the components.
fn service(url: &str) -> String {
    format!(
        "      hostInterfaces:\n        - {{namespace: wasi, package: http, interfaces: [handler, client]}}\n      \
         service:\n        file: {}\n        localResources: {{environment: {{URL: '{url}'}}}}\n",
        prebuilt("ring-p3").display()
    )
}
