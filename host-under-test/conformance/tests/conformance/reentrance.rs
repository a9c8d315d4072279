//! Calls that come back to who made them: they end, with an error or in time, and
//! nobody else notices.

use crate::chaining::{ask, serve_beside};
use crate::harness::Server;
use std::time::{Duration, Instant};

/// Few, so that a ring is full soon.
const FEW: [&str; 4] = ["--max-instances", "40", "--max-instances-per-component", "20"];

/// What may be needed for forty calls; far less than the time of one request.
const SOON: Duration = Duration::from_secs(10);

const OTHER: (&str, &str, &str) = ("other", "whoami-p3", "NAME: other");

/// Asks a ring 20 times, and somebody else in between.
fn check(server: &Server, what: &str) {
    let begin = Instant::now();
    for _ in 0..20 {
        let response = ask(server, "/ring");
        assert_eq!(response.head.status, 502, "{what}: {response:?}");
        ask(server, "/other").check(200, "other");
    }
    assert!(begin.elapsed() < SOON, "{what}: it took {:?}", begin.elapsed());
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
