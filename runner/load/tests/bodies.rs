//! Long and generated bodies: right ones both ways, wrong ones found, bytes and
//! first bytes counted when they come.

use std::{sync::atomic::AtomicBool, time::Duration};

use load::{Call, Expect, ExpectBody, Plan, Request, RequestBody, run};

use crate::{
    measuring::{assert_consistent, measure},
    server::{Act, call, plan, send, serve},
};

/// More than the kernel buffers in both directions together (4 MiB to send and
/// 6 MiB to receive, each way, by default).
const LONG: usize = 24_000_000;

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

fn post(body: RequestBody) -> Request {
    Request { method: "POST".to_owned(), body, ..Request::get("/", "test") }
}

/// One connection, slices long enough for a few exchanges.
fn plan_of(act: Act, request: RequestBody, expected: ExpectBody) -> Plan {
    let addr = serve(move |_| act.clone());
    let expect = Expect { body: expected, ..Expect::ok("") };
    let mut plan = plan(Call { addr, request: post(request), expect }, 1);
    plan.slice = Duration::from_millis(200);
    plan
}

#[test]
fn long_bodies_both_ways_do_not_deadlock() {
    let (body, length) = (pattern(LONG), LONG as u64);
    let given = || RequestBody::Bytes(body.clone());
    let generated = || RequestBody::Pattern { length };
    for (act, request, expected) in [
        (Act::Echo(LONG), given(), ExpectBody::Exactly(body.clone())),
        (Act::Echo(LONG), given(), ExpectBody::sha256_of(&body)),
        (Act::Echo(LONG), generated(), ExpectBody::Pattern { length }),
        (Act::EchoInChunks(LONG), generated(), ExpectBody::Pattern { length }),
        (Act::Swallow(LONG), generated(), ExpectBody::Exactly(b"hello".to_vec())),
    ] {
        let reads = if matches!(act, Act::Swallow(_)) { 5 } else { length };
        let plan = plan_of(act, request, expected);
        let measured = measure(&plan);
        assert_consistent(&plan, &measured, 1);
        let sum = |bytes: fn(&load::Slice) -> u64| measured.slices.iter().map(bytes).sum::<u64>();
        // Up to an exchange at each end lies partly outside.
        let exchanges = measured.requests();
        for (moved, each) in [
            (sum(|slice| slice.body_bytes_read), reads),
            (sum(|slice| slice.body_bytes_written), length),
        ] {
            let whole = (exchanges.saturating_sub(1) * each)..=((exchanges + 2) * each);
            assert!(whole.contains(&moved), "{moved} bytes in {exchanges} exchanges of {each}");
        }
    }
}

#[test]
fn lengths_around_the_pattern_and_its_block() {
    for length in [0, 1, 250, 251, 252, 65_536, 65_762, 65_763, 131_525] {
        let bytes = length as u64;
        let body = ExpectBody::Pattern { length: bytes };
        let plan = plan_of(Act::Echo(length), RequestBody::Pattern { length: bytes }, body);
        let plan = Plan { slices: 1, ..plan };
        assert_consistent(&plan, &measure(&plan), 1);
    }
}

/// A chunk lost, doubled, changed at its edge; too little and too much.
#[test]
fn wrong_patterns_are_found() {
    let right = pattern(200_000);
    let doubled = [&right[..65_536], &right[..65_536], &right[..68_928]].concat();
    let lost = [&right[..16_384], &right[32_768..]].concat();
    let mut changed = right.clone();
    changed[199_999] ^= 0x80;
    let longer = [right.as_slice(), b"!"].concat();
    let rows: [(&[u8], &str); 5] = [
        (&doubled, "wrong body from byte 65536: expected \""),
        (&lost, "wrong body from byte 16384: expected \""),
        (&changed, "wrong body from byte 199999: expected \""),
        (&right[..199_999], "body too short: expected 200000 bytes, seen 199999: \"\\x00\\x01"),
        (&longer, "body too long: expected 200000 bytes, then seen \"!\""),
    ];
    for (body, expected) in rows {
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        let addr = serve({
            let answer = [head.as_bytes(), body].concat();
            move |_| send(&answer)
        });
        let expect = Expect { body: ExpectBody::Pattern { length: 200_000 }, ..Expect::ok("") };
        let plan = plan(Call { expect, ..call(addr) }, 1);
        let message = run(&plan, &AtomicBool::new(false), || ()).unwrap_err().failure.to_string();
        let expected = format!("GET /hello at {addr}: {expected}");
        assert!(message.starts_with(&expected), "{message} does not start with {expected}");
    }
}

/// An answer that takes longer than two slices: its bytes count where they
/// came, and its first one long before its last. Server-sent events look so.
#[test]
fn bytes_count_as_they_move() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let event = "6\r\nevent\n\r\n";
    let pieces = [&format!("{head}{event}"), event, event, event, &format!("{event}0\r\n\r\n")];
    let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
    let pause = Duration::from_millis(40);
    let addr = serve(move |_| Act::Trickle(pause, pieces.clone()));
    let mut plan = plan(Call { expect: Expect::ok("event\n".repeat(5)), ..call(addr) }, 1);
    plan.slice = Duration::from_millis(50);
    plan.slices = 20;
    let measured = measure(&plan);
    assert_consistent(&plan, &measured, 1);
    let without_an_end: Vec<_> =
        measured.slices.iter().filter(|slice| slice.requests == 0).collect();
    let moved = without_an_end.iter().filter(|slice| slice.body_bytes_read > 0).count();
    assert!(moved > 5, "{moved} slices with bytes of answers that end later");
    let p50_ns = |histogram: &load::Measured<u32>| {
        (histogram.first_byte.value_at_quantile(0.5), histogram.latency.value_at_quantile(0.5))
    };
    let (first_ns, last_ns) = p50_ns(&measured);
    assert!(last_ns >= 159_000_000, "{last_ns}");
    assert!(first_ns + 150_000_000 <= last_ns, "first {first_ns}, last {last_ns}");
    assert_eq!(measured.first_byte.len(), measured.latency.len());
}

#[test]
fn an_answer_without_a_body_has_no_first_byte() {
    let addr = serve(|_| send(b"HTTP/1.1 204 No\r\n\r\n"));
    let expect = Expect { status: 204, ..Expect::ok("") };
    let measured = measure(&plan(Call { expect, ..call(addr) }, 1));
    assert_eq!(measured.first_byte.len(), 0);
    assert!(!measured.latency.is_empty());
}
