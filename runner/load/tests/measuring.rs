//! What a run reports when every answer is right.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use load::{Call, Expect, Measured, Placement, Plan, Request, Stopped, Turn, run};

use crate::server::{Act, HELLO, call, plan, send, serve};

pub(crate) fn measure(plan: &Plan) -> Measured<u32> {
    let mut readings = 0;
    run(plan, &AtomicBool::new(false), || {
        readings += 1;
        readings
    })
    .unwrap_or_else(|stopped| panic!("{stopped}"))
}

/// What holds of every finished measurement.
pub(crate) fn assert_consistent(plan: &Plan, measured: &Measured<u32>, connections: u64) {
    assert_eq!(measured.slices.len(), plan.slices);
    let boundaries: Vec<u32> = (1..=plan.slices as u32 + 1).collect();
    assert_eq!(measured.readings, boundaries);
    for slice in &measured.slices {
        assert!(u128::from(slice.elapsed_ns) >= plan.slice.as_nanos());
        assert_eq!(slice.errors, 0);
    }
    let difference = measured.latency.len().abs_diff(measured.requests());
    assert!(difference <= connections, "{difference} latencies without a request");
    assert!(measured.requests() > 0);
    assert!((0.0..=1.0).contains(&measured.generator.cpu_share));
    assert!(measured.generator.cpu_ns_per_request > 0.0);
}

#[test]
fn right_answers_in_every_framing() {
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
        2;ext\r\nhe\r\n3\r\nllo\r\n0\r\nx: y\r\n\r\n";
    let interim = [b"HTTP/1.1 100 Continue\r\n\r\n", HELLO].concat();
    for answer in [HELLO, chunked, &interim] {
        for piece in [usize::MAX, 5] {
            let bytes = answer.to_vec();
            let addr = serve(move |_| Act::Send(bytes.clone(), piece));
            let plan = plan(call(addr), 3);
            let measured = measure(&plan);
            assert_consistent(&plan, &measured, 3);
            assert_eq!(measured.reconnects, 0);
            assert_eq!(measured.bytes_read, measured.requests() * answer.len() as u64);
        }
    }
}

#[test]
fn closing_servers_are_reconnected_to() {
    let announced = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
    let until_close = b"HTTP/1.1 200 OK\r\n\r\nhello";
    for bytes in [announced.as_slice(), until_close] {
        let addr = serve(move |_| Act::SendAndClose(bytes.to_vec()));
        let plan = plan(call(addr), 2);
        let measured = measure(&plan);
        assert_consistent(&plan, &measured, 2);
        assert!(measured.reconnects.abs_diff(measured.requests()) <= 2);
    }
}

#[test]
fn stalls_show_in_the_histogram_by_their_share() {
    // Every 40th answer of a connection takes 100 ms more: 2.5 % of them.
    let stall = Duration::from_millis(100);
    let addr = serve(move |request| match request % 40 {
        39 => Act::SendAfter(stall, HELLO.to_vec()),
        _ => send(HELLO),
    });
    let mut plan = plan(call(addr), 4);
    plan.slices = 50;
    let measured = measure(&plan);
    assert_consistent(&plan, &measured, 4);
    let stall_ns = stall.as_nanos() as u64;
    assert!(measured.latency.value_at_quantile(0.99) >= stall_ns * 999 / 1000);
    assert!(measured.latency.value_at_quantile(0.90) < stall_ns);
    let slow = measured.latency.count_between(stall_ns * 999 / 1000, u64::MAX);
    let share = slow as f64 / measured.latency.len() as f64;
    assert!((0.015..0.06).contains(&share), "{share} of the answers stalled, not 0.025");
}

#[test]
fn a_stall_at_the_end_is_awaited_and_recorded() {
    let addr = serve(|request| match request {
        0 => send(HELLO),
        _ => Act::SendAfter(Duration::from_millis(400), HELLO.to_vec()),
    });
    let mut plan = plan(call(addr), 1);
    plan.warmup = Duration::ZERO;
    let measured = measure(&Plan { slices: 1, ..plan });
    assert!(measured.latency.max() >= 399_000_000, "{} ns", measured.latency.max());
    assert!(measured.requests() <= 1);
}

#[test]
fn answers_to_head_have_no_body() {
    let addr = serve(|_| send(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"));
    let request = Request { method: "HEAD".to_owned(), ..Request::get("/hello", "test") };
    let plan = plan(Call { request, expect: Expect::ok(""), ..call(addr) }, 1);
    assert_consistent(&plan, &measure(&plan), 1);
}

/// Each answer is compared with what its own request asks for, so a run that
/// ends well has not mixed them up.
#[test]
fn several_calls_take_turns() {
    let addr = serve(|_| Act::EchoPath);
    let call =
        |path: &str| Call { addr, request: Request::get(path, "test"), expect: Expect::ok(path) };
    let paths: Vec<String> = (0..5).map(|at| format!("/{}", "x".repeat(at * 100))).collect();
    let calls: Vec<Call> = paths.iter().map(|path| call(path)).collect();
    for connections in [1, 3, 12] {
        let mut plan = plan(calls[0].clone(), connections);
        plan.calls = calls.clone();
        let measured = measure(&plan);
        assert_consistent(&plan, &measured, connections as u64);
        // Every call as often as the others, give or take a round: the mean
        // length tells.
        let bytes: u64 = measured.slices.iter().map(|slice| slice.body_bytes_read).sum();
        let mean = bytes as f64 / measured.requests() as f64;
        let slack = 400.0 * (connections + 5) as f64 / measured.requests() as f64;
        assert!((mean - 201.0).abs() < slack, "{mean} bytes on average, not 201 +- {slack}");
    }
    let mut wrong = calls;
    wrong[3].expect = Expect::ok("/other");
    let plan = Plan { calls: wrong, ..plan(call("/"), 2) };
    let stopped = run(&plan, &AtomicBool::new(false), || ()).unwrap_err();
    let expected = format!("GET {} at {addr}: wrong body from byte 1", paths[3]);
    assert!(stopped.failure.to_string().starts_with(&expected), "{stopped}");
}

#[test]
fn several_threads_are_merged() {
    // In no hurry: one thread goes on while the other counts and then begins or ends.
    let addr = serve(|_| Act::SendAfter(Duration::from_millis(2), HELLO.to_vec()));
    let mut plan = plan(call(addr), 5);
    plan.placement = Placement::Floating { threads: 2 };
    let measured = measure(&plan);
    assert_consistent(&plan, &measured, 5);
    assert_eq!(measured.generator.threads, 2);
    // Never more threads than connections.
    let pinned =
        Plan { placement: Placement::Pinned(vec![0, 1]), ..crate::server::plan(call(addr), 1) };
    let generator = measure(&pinned).generator;
    assert_eq!((generator.threads, generator.cpus), (1, vec![0]));
}

/// Runs in turns, one for each server, each with so many connections.
fn measure_in_turns(servers: &[Call], connections: usize) -> Vec<Result<Measured<()>, Stopped>> {
    let cancel = AtomicBool::new(false);
    thread::scope(|scope| {
        let runs: Vec<_> = servers
            .iter()
            .zip(Turn::places(servers.len(), 3))
            .map(|(call, turn)| {
                let mut plan = plan(call.clone(), connections);
                (plan.turn, plan.slices, plan.slice) = (Some(turn), 10, Duration::from_millis(5));
                let cancel = &cancel;
                scope.spawn(move || run(&plan, cancel, || ()))
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

#[test]
fn only_one_of_those_who_take_turns_is_asked_at_a_time() {
    // Who was asked, and when.
    let log = Arc::new(Mutex::new(Vec::new()));
    let clock = Instant::now();
    let asked: Vec<Arc<AtomicU64>> = (0..3).map(|_| Arc::default()).collect();
    let servers: Vec<Call> = asked
        .iter()
        .enumerate()
        .map(|(server, asked)| {
            let (log, asked) = (Arc::clone(&log), Arc::clone(asked));
            call(serve(move |_| {
                asked.fetch_add(1, SeqCst);
                log.lock().unwrap().push((clock.elapsed(), server));
                send(HELLO)
            }))
        })
        .collect();
    let measured = measure_in_turns(&servers, 2);
    for (asked, measured) in asked.iter().zip(measured) {
        let measured = measured.unwrap_or_else(|stopped| panic!("{stopped}"));
        assert!(measured.elapsed_ns() >= 50_000_000);
        assert_eq!(measured.readings.len(), 2 * measured.slices.len());
        assert_eq!(measured.spans().count(), measured.slices.len());
        assert!(measured.slices.iter().all(|slice| slice.requests >= 10));
        // The warm-up and what leads up to a turn are not among them.
        assert!(measured.requests() < asked.load(SeqCst));
        assert!(measured.latency.len() >= measured.requests());
        assert!((0.0..=1.0).contains(&measured.generator.cpu_share));
    }
    let mut log = log.lock().unwrap().clone();
    log.sort_unstable();
    let turns = log.chunk_by(|(_, a), (_, b)| a == b);
    // A turn of 5 ms is not interrupted: none has a single answer.
    let shortest = turns.map(|turn| turn.len()).min().unwrap_or(0);
    assert!(shortest >= 10, "a turn of {shortest} answers");
}

#[test]
fn who_fails_leaves_the_turns_to_the_others() {
    let good = call(serve(|_| send(HELLO)));
    let bad = call(serve(|request| match request {
        0..50 => send(HELLO),
        _ => send(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"),
    }));
    let measured = measure_in_turns(&[bad, good], 1);
    assert!(measured[0].as_ref().is_err_and(|stopped| stopped.to_string().contains("500")));
    assert!(measured[1].as_ref().is_ok_and(|measured| measured.elapsed_ns() >= 50_000_000));
}
