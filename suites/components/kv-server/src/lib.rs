//! `kv-server`: a key-value store behind TCP, in its own memory: a service that speaks the Redis
//! protocol, through wasi:sockets and wasi:cli/run 0.2.
//!
//! It listens at the environment variable LISTEN, or 127.0.0.1:7000, and serves any number of
//! connections in turn. It must not wait for one of them alone: who does not read has to wait, not
//! the others.

wit_bindgen::generate!({
    path: "../wit/p2",
    inline: "
        package arewefastyet:kv-server;
        world guest {
            import wasi:cli/environment@0.2.12;
            import wasi:cli/stderr@0.2.12;
            export wasi:cli/run@0.2.12;
        }
    ",
    world: "arewefastyet:kv-server/guest",
    generate_all,
});

use exports::wasi::cli::run::Guest;
use kv::Memory;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use tcp::{Listener, Pollable, Stream, poll};
use wasi::cli::environment::get_environment;
use wasi::cli::stderr::get_stderr;

const LISTEN: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7000);

struct Server;

impl Guest for Server {
    /// Never returns, unless it cannot listen any more.
    fn run() -> Result<(), ()> {
        let Err(problem) = serve();
        // Nobody else is there to be told.
        let _ = get_stderr().blocking_write_and_flush(format!("kv-server: {problem}\n").as_bytes());
        Err(())
    }
}

/// A caller: what came from it, and what it has not taken yet.
struct Caller {
    stream: Stream,
    input: Vec<u8>,
    output: Vec<u8>,
}

fn serve() -> Result<std::convert::Infallible, String> {
    let listen = get_environment().into_iter().find(|(key, _)| key == "LISTEN");
    let listen = match listen {
        None => LISTEN,
        Some((_, text)) => {
            text.parse().map_err(|_| format!("LISTEN={text}: expected ADDRESS:PORT"))?
        }
    };
    let listener =
        Listener::bind(listen).map_err(|error| format!("listening at {listen}: {error}"))?;
    let mut memory = Memory::default();
    let mut callers: Vec<Caller> = Vec::new();
    loop {
        let mut waited_for: Vec<&Pollable> = callers.iter().map(Caller::waits_for).collect();
        waited_for.push(listener.acceptable());
        let mut ready = poll(&waited_for);
        let listener_index = callers.len();
        // From the last to the first, so that those before stay where they are.
        ready.sort_unstable();
        for index in ready.into_iter().map(|index| index as usize).rev() {
            if index == listener_index {
                let accepted = listener.accept_now();
                let accepted = accepted.map_err(|error| format!("accepting: {error}"))?;
                callers.extend(accepted.map(Caller::new));
            } else if !callers[index].go_on(&mut memory).unwrap_or(false) {
                callers.swap_remove(index);
            }
        }
    }
}

impl Caller {
    fn new(stream: Stream) -> Self {
        Self { stream, input: Vec::new(), output: Vec::new() }
    }

    /// Nothing is read from those who have answers to take.
    fn waits_for(&self) -> &Pollable {
        if self.output.is_empty() { self.stream.readable() } else { self.stream.writable() }
    }

    /// Does what can be done without waiting; whether there is more to come.
    fn go_on(&mut self, memory: &mut Memory) -> io::Result<bool> {
        if self.output.is_empty() {
            if self.stream.read_now(&mut self.input)? {
                return Ok(false);
            }
            let done = resp::answer(memory, &self.input, &mut self.output)
                .map_err(|_| io::ErrorKind::InvalidData)?;
            self.input.drain(..done);
        }
        let sent = self.stream.write_now(&self.output)?;
        self.output.drain(..sent);
        Ok(true)
    }
}

export!(Server);
