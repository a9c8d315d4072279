//! Components that loop, trap, eat memory, never answer, stream for ever and lie
//! about lengths, and clients that send too much: each harms itself only.

use crate::admin::Admin;
use crate::harness::{Files, Server, eventually, prebuilt, workload_text};
use crate::http_client::{Connection, Response};
use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

const GUESTS: [&str; 2] = ["misbehave-p2", "misbehave-p3"];

fn serve(guest: &str, resources: &str, more: &[&str]) -> (Files, Server) {
    let files = Files::new();
    let mut text = workload_text(&prebuilt(guest), "");
    if !resources.is_empty() {
        text += &format!("          localResources: {resources}\n");
    }
    let path = files.write("workload.yaml", text);
    let mut command = crate::harness::host();
    command.arg("serve").arg("--workload").arg(path).args(more);
    let server = Server::start(command);
    (files, server)
}

fn ask(connection: &mut Connection, path: &str) -> Response {
    connection.exchange(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"))
}

/// Everything that comes back until the connection ends.
fn ask_raw(server: &Server, path: &str) -> Vec<u8> {
    let mut connection = server.connect();
    connection.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    let mut stream: TcpStream = connection.sender();
    let mut bytes = Vec::new();
    // A connection that is reset has ended as well.
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

#[test]
fn loops_and_silence_end_at_their_deadline() {
    for guest in GUESTS {
        let (_files, server) = serve(guest, "", &["--request-timeout-ms", "300"]);
        for path in ["/loop", "/silent"] {
            println!("{guest} {path}");
            let start = Instant::now();
            ask(&mut server.connect(), path).check(504, "the component did not answer in time");
            assert!(start.elapsed() >= Duration::from_millis(300));
        }
        ask(&mut server.connect(), "/ok").check(200, "ok");
    }
}

#[test]
fn what_stops_in_the_middle_does_not_look_complete() {
    for guest in GUESTS {
        let (_files, server) = serve(guest, "", &["--request-timeout-ms", "300"]);
        for path in ["/loop-after", "/trap-mid", "/liar-short"] {
            let bytes = ask_raw(&server, path);
            let text = String::from_utf8_lossy(&bytes);
            println!("{guest} {path}: {text:?}");
            let is_refused = text.starts_with("HTTP/1.1 500");
            let is_cut = !text.ends_with("0\r\n\r\n") && !text.contains("content-length: 10\r\n");
            assert!(is_refused || is_cut, "{guest} {path}: {text:?}");
        }
        ask(&mut server.connect(), "/ok").check(200, "ok");
    }
}

#[test]
fn a_longer_body_than_was_announced_never_reaches_the_client() {
    for guest in GUESTS {
        let (_files, server) = serve(guest, "", &[]);
        let text = String::from_utf8_lossy(&ask_raw(&server, "/liar-long")).into_owned();
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        assert!(body.len() <= 10 || text.starts_with("HTTP/1.1 500"), "{guest}: {text:?}");
        ask(&mut server.connect(), "/ok").check(200, "ok");
    }
}

#[test]
fn traps_and_full_stacks_are_answered() {
    for guest in GUESTS {
        let (_files, server) = serve(guest, "", &[]);
        let mut connection = server.connect();
        for path in ["/trap", "/deep"] {
            ask(&mut connection, path).check(500, "the component trapped");
        }
        ask(&mut connection, "/ok").check(200, "ok");
    }
}

#[test]
fn memory_ends_at_its_limit() {
    for guest in GUESTS {
        let (_files, server) = serve(guest, "{memoryLimitMb: 32}", &[]);
        let mut connection = server.connect();
        let refused = ask(&mut connection, "/eat");
        let text = String::from_utf8_lossy(&refused.body).into_owned();
        let mib: u32 = text
            .strip_prefix("refused after ")
            .and_then(|rest| rest.strip_suffix(" MiB"))
            .and_then(|mib| mib.parse().ok())
            .unwrap_or_else(|| panic!("{guest}: {text:?}"));
        assert!((16..32).contains(&mib), "{guest}: {mib} MiB of 32");
        ask(&mut connection, "/eat-trap").check(500, "the component trapped");
        ask(&mut connection, "/ok").check(200, "ok");
    }
}

#[test]
fn processor_time_is_held_to_its_share() {
    for guest in GUESTS {
        // A tenth of a processor, for what would take at least a second of one.
        let (_files, server) = serve(guest, "{cpuLimit: 100}", &[]);
        let before = cpu_ms(&server);
        let start = Instant::now();
        let mut connection = server.connect();
        while start.elapsed() < Duration::from_secs(2) {
            ask(&mut connection, "/spin?us=20000").check(200, "ok");
        }
        let used = cpu_ms(&server) - before;
        let passed = start.elapsed().as_millis() as u64;
        // The share, the burst that may precede it, and the host's own work.
        assert!(used < passed / 10 + passed / 5, "{guest}: {used} ms of {passed} ms");
    }
}

/// User and system time of the host so far.
fn cpu_ms(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).expect("its stat");
    let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<u64>().expect("ticks");
    (ticks(11) + ticks(12)) * 10
}

#[test]
fn loopers_leave_others_their_turn() {
    for guest in GUESTS {
        let (_files, server) = serve(guest, "", &["--request-timeout-ms", "20000"]);
        let loopers: Vec<Connection> = (0..8)
            .map(|_| {
                let mut looper = server.connect();
                looper.send("GET /loop HTTP/1.1\r\nHost: a\r\n\r\n");
                looper
            })
            .collect();
        let mut connection = server.connect();
        for _ in 0..20 {
            ask(&mut connection, "/ok").check(200, "ok");
        }
        // A client that leaves takes its looper with it.
        drop(loopers);
        eventually("the processor is idle", || {
            let before = cpu_ms(&server);
            std::thread::sleep(Duration::from_millis(200));
            (cpu_ms(&server) - before < 100).then_some(())
        });
    }
}

#[test]
fn a_client_that_leaves_ends_an_endless_body() {
    for (guest, pool) in [
        ("misbehave-p2", ""),
        ("misbehave-p3", ""),
        ("misbehave-p3", "          poolSize: 1\n"),
        ("misbehave-p3", "          poolSize: 1\n          maxConcurrency: 4\n"),
    ] {
        let files = Files::new();
        let text = workload_text(&prebuilt(guest), "") + pool;
        let path = files.write("workload.yaml", text);
        let (server, admin) = Admin::start(&path, &[]);
        let mut leaving = server.connect();
        leaving.send("GET /forever HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(leaving.head().status, 200);
        drop(leaving);
        let in_flight = || admin.status("test")["components"][0]["in_flight"].as_u64();
        eventually("its instance is free", || (in_flight() == Some(0)).then_some(()));
        ask(&mut server.connect(), "/ok").check(200, "ok");
    }
}

#[test]
fn clients_are_held_to_sizes() {
    let more = ["--max-body-bytes", "1000", "--max-header-bytes", "8192"];
    for guest in ["echo-p2", "echo-p3"] {
        let (_files, server) = serve(guest, "", &more);
        let announced = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n";
        let mut connection = server.connect();
        connection.send(announced);
        assert_eq!(connection.head().status, 413, "{guest}");
        // What was not announced is cut off where it exceeds the limit.
        let mut connection = server.connect();
        connection.start_post("a");
        for _ in 0..3 {
            connection.send_chunk(&"x".repeat(400));
        }
        connection.end_chunks();
        let mut bytes = Vec::new();
        let _ = connection.sender().read_to_end(&mut bytes);
        assert!(bytes.iter().filter(|byte| **byte == b'x').count() <= 1000, "{guest}");
        let mut connection = server.connect();
        connection.send(format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(20_000)));
        assert_eq!(connection.head().status, 431, "{guest}");
    }
}

#[test]
fn clients_are_held_to_the_time_for_a_head() {
    let (_files, server) = serve("hello-p3", "", &["--header-timeout-ms", "600"]);
    for (what, head) in
        [("a head without its end", "GET / HTTP/1.1\r\nHost: a\r\n"), ("silence", "")]
    {
        let start = Instant::now();
        let mut slow = server.connect();
        slow.send(head);
        assert!(slow.is_closed(), "{what}");
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(550), "{what}: closed after {took:?}");
    }
    // Every request begins anew.
    let mut steady = server.connect();
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(250));
        steady.get("a").check(200, "hello");
    }
    assert!(steady.is_closed(), "an idle connection");
}

#[test]
fn one_component_cannot_take_every_instance() {
    let files = Files::new();
    let greedy = workload_text(&prebuilt("wait-p3"), "{host: greedy.test}");
    let modest = workload_text(&prebuilt("hello-p3"), "{host: modest.test}")
        .replace("name: test", "name: modest");
    let path = files.write("workloads.yaml", format!("{greedy}---\n{modest}"));
    let more = ["--max-instances", "4", "--max-instances-per-component", "3"];
    let (server, admin) = Admin::start(&path, &more);
    let _waiting: Vec<Connection> = (0..3)
        .map(|_| {
            let mut waiting = server.connect();
            waiting.send("GET /?ms=20000 HTTP/1.1\r\nHost: greedy.test\r\n\r\n");
            waiting
        })
        .collect();
    let in_flight = || admin.status("test")["components"][0]["in_flight"].as_u64();
    eventually("all three wait", || (in_flight() == Some(3)).then_some(()));
    let busy = server.connect().exchange("GET / HTTP/1.1\r\nHost: greedy.test\r\n\r\n");
    busy.check(503, "every instance is busy");
    server.connect().exchange("GET / HTTP/1.1\r\nHost: modest.test\r\n\r\n").check(200, "hello");
}
