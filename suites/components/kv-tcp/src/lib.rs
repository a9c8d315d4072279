//! `kv-tcp`: asks a key-value store behind a TCP connection what a request says, in the Redis
//! protocol, through wasi:sockets 0.2 and wasi:http 0.3.
//!
//! How it is asked: `shared/kv-front`. The store's address is the environment variable STORE, or
//! 127.0.0.1:7000. `connection=kept` in the query (or nothing) uses one connection for as long as the
//! instance lives, `connection=per-call` a new one for every call of the store. It must not keep
//! anything else. Its first request waits until somebody listens there. As a service it answers the same to its neighbours, out of one instance: `run` never
//! ends.

wit_bindgen::generate!({
    path: "../wit/p3",
    inline: "
        package arewefastyet:kv-tcp;
        world guest {
            import wasi:clocks/monotonic-clock@0.3.0;
            export wasi:cli/run@0.3.0;
        }
    ",
    world: "arewefastyet:kv-tcp/guest",
    generate_all,
});

use exports::wasi::cli::run::Guest as Run;
use kv_front::{ErrorCode, Request, Response};
use resp::{Connection, Remote};
use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::net::SocketAddrV4;
use tcp::Stream;
use wasi::clocks::monotonic_clock::wait_for;

const HOUR_NS: u64 = 3_600_000_000_000;
const STORE: SocketAddrV4 = SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 7000);

/// How often the first request tries to reach the store, and how long it waits in between.
const ATTEMPTS: u32 = 2000;
const PAUSE_NS: u64 = 1_000_000;

thread_local! {
    static REACHED: Cell<bool> = const { Cell::new(false) };
    static KEPT: RefCell<Option<Connection<Stream>>> = const { RefCell::new(None) };
}

struct Kv;

impl kv_front::Guest for Kv {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        kv_front::handle(request, answer).await
    }
}

impl Run for Kv {
    async fn run() -> Result<(), ()> {
        loop {
            wait_for(HOUR_NS).await;
        }
    }
}

/// Waits until the store listens: components are asked while services are still starting. Whatever
/// else is wrong is told by the call that comes next.
async fn reach(store: SocketAddrV4) -> Option<Stream> {
    for _ in 0..ATTEMPTS {
        match Stream::connect(store) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => wait_for(PAUSE_NS).await,
            reached => {
                REACHED.set(true);
                return reached.ok();
            }
        }
    }
    None
}

async fn answer(target: &str, body: &str) -> Result<String, String> {
    let store = match kv_front::variable("STORE") {
        None => STORE,
        Some(text) => text.parse().map_err(|_| format!("STORE={text}: expected ADDRESS:PORT"))?,
    };
    let reached = if REACHED.get() { None } else { reach(store).await };
    let connect = || Stream::connect(store);
    let query = target.split_once('?').map_or("", |(_, query)| query);
    match query.split('&').find_map(|pair| pair.strip_prefix("connection=")) {
        None | Some("kept") => {
            // Nobody else has it meanwhile; two requests at a time have one each.
            let kept = reached.map(Connection::new).or_else(|| KEPT.take());
            let mut remote = Remote::kept(connect, kept);
            let answered = kv_front::ask(&mut remote, target, body).await;
            KEPT.set(remote.into_kept());
            answered
        }
        Some("per-call") => kv_front::ask(&mut Remote::per_call(connect), target, body).await,
        Some(other) => Err(format!("connection={other}: expected kept or per-call")),
    }
}

kv_front::export!(Kv);
export!(Kv);
