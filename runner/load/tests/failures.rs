//! Each row: what the server does, and the whole message of the failure.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use load::{Call, Expect, ExpectBody, Failure, Mode, Placement, Request, run};

use crate::server::{Act, HELLO, call, plan, send, serve};

/// Runs against a server that does `act` from the fourth request of each
/// connection on, and returns the message, `ADDR` for the address.
fn failure_of(act: Act, expect: Expect) -> String {
    let addr = serve(move |request| if request < 3 { right_answer() } else { act.clone() });
    let mut plan = plan(Call { expect, ..call(addr) }, 2);
    plan.request_timeout = Duration::from_millis(300);
    let stopped = run(&plan, &AtomicBool::new(false), || ()).unwrap_err();
    assert!(stopped.answered >= 3, "the first answers were right: {stopped}");
    stopped.failure.to_string().replace(&addr.to_string(), "ADDR")
}

/// Right for every expectation below.
fn right_answer() -> Act {
    send(b"HTTP/1.1 200 OK\r\nx-kind: right\r\ncontent-length: 5\r\n\r\nhello")
}

#[track_caller]
fn check(act: Act, expected: &str) {
    assert_eq!(failure_of(act, Expect::ok("hello")), expected);
}

/// However the answer is cut into reads.
#[test]
fn wrong_answers() {
    let long = b"HTTP/1.1 200 OK\r\ncontent-length: 205\r\n\r\nhello".to_vec();
    let long = [long, b"!".repeat(200)].concat();
    let shown = "!".repeat(96);
    let rows: [(&[u8], &str); 6] = [
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhallo",
            r#"wrong body from byte 1: expected "hello", seen "hallo""#,
        ),
        (
            b"HTTP/1.1 500 Oh\r\ncontent-length: 9\r\n\r\ntrap: \"x\"",
            r#"expected status 200, seen 500 with body "trap: \"x\"""#,
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\n",
            r#"body too short: expected 5 bytes, seen 3: "hel""#,
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhello, w",
            r#"body too long: expected 5 bytes, then seen ", w""#,
        ),
        (&long, &format!(r#"body too long: expected 5 bytes, then seen "{shown}"..."#)),
        // A wrong status is told even when what follows makes no sense.
        (
            b"HTTP/1.1 404 No\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\nzz\r\n",
            r#"expected status 200, seen 404 with body "no""#,
        ),
    ];
    for (bytes, expected) in rows {
        for piece in [usize::MAX, 7] {
            check(Act::Send(bytes.to_vec(), piece), &format!("GET /hello at ADDR: {expected}"));
        }
    }
}

/// Sent at once, since the excerpt shows what had arrived.
#[test]
fn answers_that_are_not_http() {
    let rows: [(&[u8], &str); 4] = [
        (&[HELLO, b"HTTP"].concat(), r#"unsolicited bytes after the answer: "HTTP""#),
        (
            b"\x16\x03\x01 not HTTP",
            r#"malformed answer: not an HTTP/1 status line, at "\x16\x03\x01 not HTTP""#,
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nh\r\nzz\r\n",
            r#"malformed answer: bad chunk size, at "zz\r\n""#,
        ),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            r#"malformed answer: two different content-lengths, at "HTTP/1.1 200 OK\r\n"#,
        ),
    ];
    for (bytes, expected) in rows {
        let seen = failure_of(send(bytes), Expect::ok("hello"));
        let expected = format!("GET /hello at ADDR: {expected}");
        assert!(seen.starts_with(&expected), "{seen} does not start with {expected}");
    }
}

#[test]
fn connections_that_end() {
    let rows: [(Act, &str); 4] = [
        (
            Act::SendAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel".to_vec()),
            "GET /hello at ADDR: answer cut off before its content-length, after 3 body bytes: \
             \"hel\"",
        ),
        (
            Act::SendAndClose(b"HTTP/1.1 200 OK\r\ncont".to_vec()),
            r#"GET /hello at ADDR: answer cut off in its head, after 0 body bytes: """#,
        ),
        (
            Act::Close,
            "GET /hello at ADDR: connection closed without an answer, after 3 answers on it",
        ),
        (Act::Nothing, "GET /hello at ADDR: no answer within 300ms"),
    ];
    for (act, expected) in rows {
        check(act, expected);
    }
}

#[test]
fn headers_and_digests() {
    let rows: [(Expect, &[u8], &str); 4] = [
        (
            Expect { headers: vec![("X-Kind".into(), "right".into())], ..Expect::ok("hello") },
            HELLO,
            "expected header X-Kind: right, seen none",
        ),
        (
            Expect { headers: vec![("x-kind".into(), "right".into())], ..Expect::ok("hello") },
            b"HTTP/1.1 200 OK\r\nX-KIND: left\r\ncontent-length: 5\r\n\r\nhello",
            "expected header x-kind: right, seen left",
        ),
        (
            Expect { body: ExpectBody::sha256_of(b"hello"), ..Expect::ok("") },
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhallo",
            "expected a body with SHA-256 \
             2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824, seen \
             d3751d33f9cd5049c4af2b462735457e4d3baf130bcbb87f389e349fbaeb20b9 of 5 bytes: \
             \"hallo\"",
        ),
        (
            Expect { body: ExpectBody::sha256_of(b"hello"), ..Expect::ok("") },
            b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nhello!!",
            r#"body too long: expected 5 bytes, then seen "!!""#,
        ),
    ];
    for (expect, bytes, expected) in rows {
        let expected = format!("GET /hello at ADDR: {expected}");
        assert_eq!(failure_of(send(bytes), expect), expected);
    }
}

/// Answers that nobody asked for are caught although each is well-formed.
#[test]
fn answering_twice() {
    let twice = [HELLO, HELLO].concat();
    let addr = serve(move |_| Act::Send(twice.clone(), HELLO.len()));
    let stopped = run(&plan(call(addr), 1), &AtomicBool::new(false), || ()).unwrap_err();
    let message = stopped.failure.to_string();
    assert!(message.contains("unsolicited bytes after the answer"), "{message}");
}

#[test]
fn a_failure_is_counted_in_its_slice() {
    let addr = serve(|request| if request < 200 { send(HELLO) } else { Act::Nothing });
    let mut plan = plan(call(addr), 1);
    plan.warmup = Duration::ZERO;
    plan.slices = 1000;
    plan.request_timeout = Duration::from_millis(100);
    let stopped = run(&plan, &AtomicBool::new(false), || ()).unwrap_err();
    assert_eq!(stopped.answered, 200);
    assert_eq!(stopped.slices.iter().map(|slice| slice.requests).sum::<u64>(), 200);
    let (last, before) = stopped.slices.split_last().unwrap();
    assert_eq!(last.errors, 1);
    assert!(before.iter().all(|slice| slice.errors == 0));
    assert!(stopped.to_string().ends_with("no answer within 100ms (200 right answers before)"));
}

#[test]
fn plans_that_cannot_run() {
    let addr = serve(|_| send(HELLO));
    let good = plan(call(addr), 1);
    let connections = |connections| Mode::Closed { connections };
    let request = Request::get("no-slash", "h");
    let open = |rate_per_s| Mode::Open { connections: 1, rate_per_s };
    let elsewhere = call(serve(|_| send(HELLO)));
    let rows = [
        (load::Plan { calls: vec![], ..good.clone() }, "needs at least one call"),
        (
            load::Plan { calls: vec![call(addr), elsewhere], ..good.clone() },
            "all calls must go to one address",
        ),
        (
            load::Plan { mode: open(f64::NAN), ..good.clone() },
            "the rate must be between 0.1 and 10,000,000 per second",
        ),
        (
            load::Plan {
                mode: open(100.0),
                backlog_limit: Duration::from_secs(55),
                ..good.clone()
            },
            "the limit of the backlog and the request timeout exceed 60 s",
        ),
        (load::Plan { mode: connections(0), ..good.clone() }, "needs at least one connection"),
        (
            load::Plan { placement: Placement::Pinned(vec![]), ..good.clone() },
            "needs at least one generator thread",
        ),
        (load::Plan { slices: 0, ..good.clone() }, "needs between 1 and 1,000,000 slices"),
        (load::Plan { slice: Duration::ZERO, ..good.clone() }, "slices must last at least 1 ms"),
        (
            load::Plan { request_timeout: Duration::from_secs(61), ..good.clone() },
            "the request timeout must be above zero and at most 60 s",
        ),
        (
            load::Plan { calls: vec![Call { request, ..call(addr) }], ..good.clone() },
            r#"path "no-slash" is not an absolute path in ASCII"#,
        ),
    ];
    for (plan, expected) in rows {
        let stopped = run(&plan, &AtomicBool::new(false), || ()).unwrap_err();
        assert_eq!(stopped.failure.to_string(), format!("load plan: {expected}"));
    }
    let nowhere = load::Plan { placement: Placement::Pinned(vec![1000]), ..good };
    let stopped = run(&nowhere, &AtomicBool::new(false), || ()).unwrap_err();
    let message = stopped.failure.to_string();
    assert!(message.starts_with("pinning the load generator to CPU 1000: "), "{message}");
}

#[test]
fn cancellation_and_panicking_probes_end_a_run() {
    let addr = serve(|_| send(HELLO));
    let mut plan = plan(call(addr), 4);
    plan.slices = 100_000;
    plan.placement = Placement::Floating { threads: 2 };
    let (cancel, started) = (AtomicBool::new(false), Instant::now());
    let stopped = thread::scope(|scope| {
        let running = scope.spawn(|| run(&plan, &cancel, || ()).unwrap_err());
        thread::sleep(Duration::from_millis(200));
        cancel.store(true, Relaxed);
        running.join().unwrap()
    });
    assert!(matches!(*stopped.failure, Failure::Cancelled), "{stopped}");
    assert!(stopped.answered > 0);

    let stopped = run(&plan, &AtomicBool::new(false), || panic!("on purpose")).unwrap_err();
    assert!(matches!(*stopped.failure, Failure::Panicked), "{stopped}");
    assert!(started.elapsed() < Duration::from_secs(30), "ended by itself, long before its plan");
}
