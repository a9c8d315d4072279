//! Single requests, and a counted number of them.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use load::{Call, Caller, Expect, ask_once, first_answer};

use crate::server::{Act, HELLO, call, send, serve, serve_on};

const WITHIN: Duration = Duration::from_secs(10);

#[test]
fn the_right_answer_takes_time() {
    let pause = Duration::from_millis(50);
    let addr = serve(move |_| Act::SendAfter(pause, HELLO.to_vec()));
    for took in [ask_once(&call(addr), WITHIN), first_answer(&call(addr), WITHIN)] {
        let took = took.unwrap();
        assert!(took >= pause && took < WITHIN, "{took:?}");
    }
}

#[test]
fn a_server_is_waited_for() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = free.local_addr().unwrap();
    drop(free);
    let refused = first_answer(&call(addr), Duration::from_millis(30)).unwrap_err();
    assert_eq!(refused.to_string(), format!("connecting to {addr}: still refused after 30ms"));

    let started = Instant::now();
    let listening = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        let listener = TcpListener::bind(addr).unwrap();
        thread::spawn(move || serve_on(&listener, |_| send(HELLO)));
        Instant::now()
    });
    let took = first_answer(&call(addr), WITHIN).unwrap();
    let listened = listening.join().unwrap() - started;
    assert!(took >= listened.min(Duration::from_millis(100)), "{took:?}");
}

#[test]
fn anything_else_is_a_failure() {
    let rows = [
        (
            send(b"HTTP/1.1 503 Not yet\r\ncontent-length: 0\r\n\r\n"),
            r#"expected status 200, seen 503 with body """#,
        ),
        (Act::Close, "connection closed without an answer, after 0 answers on it"),
        (Act::Nothing, "no answer within 200ms"),
    ];
    for (act, expected) in rows {
        let addr = serve(move |_| act.clone());
        let within = Duration::from_millis(200);
        let expected = format!("GET /hello at {addr}: {expected}");
        for once in [ask_once, first_answer] {
            assert_eq!(once(&call(addr), within).unwrap_err().to_string(), expected);
        }
    }
    let expect = Expect { status: 201, ..Expect::ok("hello") };
    let failed = ask_once(&Call { expect, ..call(serve(|_| send(HELLO))) }, WITHIN).unwrap_err();
    assert!(failed.to_string().ends_with(r#"expected status 201, seen 200 with body "hello""#));
}

#[test]
fn a_caller_asks_as_often_as_told_and_checks_each_answer() {
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let addr = serve(move |_| {
        let wrong = count.fetch_add(1, Ordering::Relaxed) == 30;
        send(if wrong { b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n" } else { HELLO })
    });
    let go_on = AtomicBool::new(false);
    let mut caller = Caller::new(&call(addr), WITHIN).unwrap();
    caller.ask(10, &go_on).unwrap();
    caller.ask(15, &go_on).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 25);
    let stopped = caller.ask(10, &go_on).unwrap_err();
    assert_eq!(stopped.answered, 5);
    assert!(stopped.to_string().contains("expected status 200, seen 500"), "{stopped}");
    assert!(caller.ask(1, &AtomicBool::new(true)).unwrap_err().to_string().contains("cancelled"));
}
