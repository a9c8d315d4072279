//! The network of one replica of a workload: a loopback of its own, in memory,
//! which the machine's never meets. Its components and its service reach each
//! other on it through `wasi:sockets`; what is outside only through a forward
//! that the workload file declares.

mod flow;
mod guest;
mod pipe;
mod socket;

pub(crate) use guest::{NetworkView, add_to_linker};

use flow::{Flow, Sink, Source};
use pipe::pipe;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode;

/// Where ports that nobody chose begin (RFC 6335, section 6).
const FIRST_DYNAMIC_PORT: u16 = 49_152;

/// A loopback network.
#[derive(Default)]
pub(crate) struct Network {
    ports: Mutex<Ports>,
    /// Ports that lead to a real address.
    forwards: BTreeMap<u16, SocketAddr>,
}

#[derive(Default)]
struct Ports {
    taken: HashMap<Port, Option<mpsc::Sender<Arrival>>>,
    /// Counted up from the first dynamic port.
    next_dynamic: u16,
}

/// 127.0.0.1 and `::1` have ports of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Port {
    is_ipv6: bool,
    number: u16,
}

/// A connection as its listener gets it.
struct Arrival {
    flow: Flow,
    peer: SocketAddr,
}

/// A port that is taken until this is dropped.
struct Lease {
    network: Arc<Network>,
    port: Port,
}

/// Where a connection leads.
enum Route {
    /// To another guest: made already.
    Guest(Flow),
    /// To a real address.
    Real(SocketAddr),
}

impl Network {
    pub(crate) fn new(forwards: BTreeMap<u16, SocketAddr>) -> Self {
        Self { ports: Mutex::default(), forwards }
    }

    fn ports(&self) -> MutexGuard<'_, Ports> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a port, any free one if it is 0. The address with its number.
    fn bind(self: &Arc<Self>, address: SocketAddr) -> Result<(Lease, SocketAddr), ErrorCode> {
        if !address.ip().is_unspecified() && !is_loopback(address) {
            return Err(ErrorCode::AddressNotBindable);
        }
        let is_ipv6 = address.is_ipv6();
        let mut ports = self.ports();
        let number = match address.port() {
            0 => ports.free(is_ipv6).ok_or(ErrorCode::AddressInUse)?,
            number => number,
        };
        let port = Port { is_ipv6, number };
        if ports.taken.contains_key(&port) || self.forwards.contains_key(&number) {
            return Err(ErrorCode::AddressInUse);
        }
        ports.taken.insert(port, None);
        let lease = Lease { network: Arc::clone(self), port };
        Ok((lease, SocketAddr::new(loopback(is_ipv6), number)))
    }

    /// Connects, from a port that nobody else can see.
    fn connect(
        &self,
        to: SocketAddr,
        from: Option<SocketAddr>,
    ) -> Result<(Route, SocketAddr), ErrorCode> {
        if !is_loopback(to) || to.port() == 0 {
            return Err(ErrorCode::AccessDenied);
        }
        let is_ipv6 = to.is_ipv6();
        let mut ports = self.ports();
        let from = match from {
            Some(from) => from,
            None => {
                let number = ports.free(is_ipv6).ok_or(ErrorCode::AddressInUse)?;
                SocketAddr::new(loopback(is_ipv6), number)
            }
        };
        if let Some(real) = self.forwards.get(&to.port()) {
            return Ok((Route::Real(*real), from));
        }
        let listener = ports.taken.get(&Port { is_ipv6, number: to.port() });
        let Some(Some(listener)) = listener else { return Err(ErrorCode::ConnectionRefused) };
        let ((here, there_sink), (there, here_sink)) = (pipe(), pipe());
        let there = Flow { source: Source::Guest(there), sink: Sink::Guest(there_sink) };
        let here = Flow { source: Source::Guest(here), sink: Sink::Guest(here_sink) };
        // A full backlog refuses at once: nobody here drops packets and tries again.
        listener
            .try_send(Arrival { flow: there, peer: from })
            .map_err(|_| ErrorCode::ConnectionRefused)?;
        Ok((Route::Guest(here), from))
    }
}

impl Ports {
    fn free(&mut self, is_ipv6: bool) -> Option<u16> {
        let span = u16::MAX - FIRST_DYNAMIC_PORT;
        for _ in 0..=span {
            let number = FIRST_DYNAMIC_PORT + self.next_dynamic;
            self.next_dynamic = (self.next_dynamic + 1) % (span + 1);
            if !self.taken.contains_key(&Port { is_ipv6, number }) {
                return Some(number);
            }
        }
        None
    }
}

impl Lease {
    /// Lets connections arrive, so many before they are accepted.
    fn listen(&self, backlog: usize) -> mpsc::Receiver<Arrival> {
        let (sender, receiver) = mpsc::channel(backlog);
        self.network.ports().taken.insert(self.port, Some(sender));
        receiver
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.network.ports().taken.remove(&self.port);
    }
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().is_loopback()
}

fn loopback(is_ipv6: bool) -> IpAddr {
    match is_ipv6 {
        true => std::net::Ipv6Addr::LOCALHOST.into(),
        false => std::net::Ipv4Addr::LOCALHOST.into(),
    }
}
