//! Arrivals at a fixed rate. A busy machine makes the generator late, so the
//! limit on its lateness is lifted where it isn't the subject.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use load::{Failure, Measured, Mode, Placement, Plan, Stopped, run};
use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};

use crate::{
    measuring::measure,
    server::{Act, HELLO, call, plan, send, serve},
};

const STALL: Duration = Duration::from_millis(100);

/// Five slices of 100 ms at a rate, however late the generator.
fn open(addr: SocketAddr, connections: usize, rate_per_s: f64) -> Plan {
    Plan {
        mode: Mode::Open { connections, rate_per_s },
        slice: Duration::from_millis(100),
        lateness_limit: Duration::from_secs(60),
        ..plan(call(addr), connections)
    }
}

/// Repeats what the machine spoiled: the generator got too little CPU. Each
/// time with a plan, and perhaps a server, made anew.
fn settle(plan: impl Fn() -> Plan) -> Result<Measured<()>, Stopped> {
    for _ in 0..20 {
        match run(&plan(), &AtomicBool::new(false), || ()) {
            Err(Stopped { failure, .. })
                if matches!(
                    *failure,
                    Failure::BehindSchedule { .. } | Failure::Overloaded { .. }
                ) => {}
            settled => return settled,
        }
    }
    panic!("this machine is too busy to generate load");
}

/// Stops everything for 100 ms once a second.
fn stalling() -> impl Fn(usize) -> Act + Clone + Send + 'static {
    let started = Instant::now();
    move |_| {
        let into_second = started.elapsed().subsec_nanos();
        let stall = u64::from(STALL.subsec_nanos()).saturating_sub(u64::from(into_second));
        thread::sleep(Duration::from_nanos(stall));
        send(HELLO)
    }
}

/// Answers its 50th request late, whichever connection that comes over.
fn stalling_once(stall: Duration) -> SocketAddr {
    let count = Arc::new(AtomicUsize::new(0));
    serve(move |_| match count.fetch_add(1, Relaxed) {
        50 => Act::SendAfter(stall, HELLO.to_vec()),
        _ => send(HELLO),
    })
}

fn quantile_ms(measured: &Measured<impl Clone>, quantile: f64) -> u128 {
    Duration::from_nanos(measured.latency.value_at_quantile(quantile)).as_millis()
}

#[test]
fn every_arrival_is_sent_and_counted() {
    let addr = serve(|_| send(HELLO));
    for placement in [
        Placement::Floating { threads: 1 },
        Placement::Floating { threads: 2 },
        Placement::Pinned(vec![0]),
    ] {
        let plan = Plan { placement, ..open(addr, 4, 1000.0) };
        let measured = settle(|| plan.clone()).unwrap_or_else(|stopped| panic!("{stopped}"));
        let expected = measured.elapsed_ns() as f64 / 1e6;
        let counted = measured.latency.len() as f64;
        assert!((counted - expected).abs() < 0.02 * expected + 2.0, "{counted}, not {expected}");
        let open_loop = measured.open_loop.unwrap();
        assert_eq!(open_loop.offered_per_s, 1000.0);
        assert_eq!(open_loop.send_lateness.len(), measured.latency.len());
    }
}

/// The users who would have come during a stall are in the percentiles: two
/// connections alone would be four slow requests in a thousand. A closed loop
/// hardly notices.
#[test]
fn a_stall_shows_in_the_99th_percentile_and_not_only_in_the_maximum() {
    let addr = serve(stalling());
    let plan = Plan { slices: 20, ..open(addr, 2, 500.0) };
    let measured = settle(|| plan.clone()).unwrap_or_else(|stopped| panic!("{stopped}"));
    assert!(quantile_ms(&measured, 0.99) >= 80, "p99 {} ms", quantile_ms(&measured, 0.99));
    assert!(quantile_ms(&measured, 0.50) < 50, "p50 {} ms", quantile_ms(&measured, 0.50));
    // And it is told apart from a generator that stalls.
    let lateness_ns = measured.open_loop.unwrap().send_lateness.value_at_quantile(0.99);
    assert!(lateness_ns < 50_000_000, "{lateness_ns} ns");

    let mode = Mode::Closed { connections: 1 };
    let closed = measure(&Plan { mode, ..plan });
    assert!(quantile_ms(&closed, 1.0) >= 80, "max {} ms", quantile_ms(&closed, 1.0));
    assert!(quantile_ms(&closed, 0.99) < 80, "p99 {} ms", quantile_ms(&closed, 0.99));
}

#[test]
fn a_stalled_connection_stops_only_its_own_arrival() {
    let measured = settle(|| open(stalling_once(Duration::from_millis(300)), 2, 200.0));
    let measured = measured.unwrap_or_else(|stopped| panic!("{stopped}"));
    let slow = measured.latency.count_between(290_000_000, u64::MAX);
    assert_eq!(slow, 1, "of {}", measured.latency.len());
}

/// With a single connection the next arrivals have to wait, each for as long
/// as is left: they count, evenly spread over the stall.
#[test]
fn waiting_for_a_connection_is_latency() {
    let measured = settle(|| open(stalling_once(Duration::from_millis(200)), 1, 200.0));
    let measured = measured.unwrap_or_else(|stopped| panic!("{stopped}"));
    let above = |ms: u64| measured.latency.count_between(ms * 1_000_000, u64::MAX);
    assert!((18..30).contains(&above(100)), "{} waited 100 ms or more", above(100));
    assert!((7..20).contains(&above(150)), "{} waited 150 ms or more", above(150));
}

#[test]
fn a_server_that_does_not_keep_up_is_saturated() {
    let addr = serve(|_| Act::SendAfter(Duration::from_millis(50), HELLO.to_vec()));
    let plan = Plan { backlog_limit: Duration::from_millis(200), ..open(addr, 1, 200.0) };
    let stopped = settle(|| plan.clone()).unwrap_err();
    assert_eq!(
        stopped.failure.to_string(),
        "saturated: a request that was due has waited 200ms for an idle connection; \
         offer a lower rate or more connections"
    );
}

/// The probe runs on the generator's thread: while it sleeps nothing is sent.
#[test]
fn a_generator_behind_its_schedule_invalidates_the_run() {
    let addr = serve(|_| send(HELLO));
    for placement in [Placement::Floating { threads: 1 }, Placement::Pinned(vec![0])] {
        // Two connections: what queues up behind the sleep is its fault too.
        let mut plan = Plan { placement, ..open(addr, 2, 1000.0) };
        plan.lateness_limit = Duration::from_millis(1);
        let sleep = || thread::sleep(Duration::from_millis(30));
        let stopped = run(&plan, &AtomicBool::new(false), sleep).unwrap_err();
        let Failure::BehindSchedule { lateness_p99, arrivals, .. } = *stopped.failure else {
            panic!("{stopped}");
        };
        assert!(lateness_p99 >= Duration::from_millis(25), "{stopped}");
        assert!(arrivals >= 450, "{stopped}");
    }
}

/// Others take the only CPU the generator may use.
#[test]
fn a_starved_generator_is_told() {
    let addr = serve(|_| send(HELLO));
    let stop = AtomicBool::new(false);
    let plan = Plan { placement: Placement::Pinned(vec![0]), ..plan(call(addr), 8) };
    let measured = thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut cpus = CpuSet::new();
                cpus.set(0).unwrap();
                sched_setaffinity(Pid::from_raw(0), &cpus).unwrap();
                while !stop.load(Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let measured = run(&plan, &AtomicBool::new(false), || ());
        stop.store(true, Relaxed);
        measured.unwrap_or_else(|stopped| panic!("{stopped}"))
    });
    let generator = &measured.generator;
    match &generator.run_queue_wait_ns {
        Ok(wait_ns) => assert!(generator.is_starved(), "waited {wait_ns} ns only"),
        // A kernel that does not count says so, and nothing is made of it.
        Err(reason) => assert!(!reason.is_empty() && !generator.is_starved()),
    }
}
