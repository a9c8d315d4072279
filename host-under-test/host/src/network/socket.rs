//! One TCP socket of a guest, as `wasi:sockets` 0.2 wants it: what is started
//! is finished by a second call, and some calls make sense in some states only.

use super::flow::{Flow, Input, Output, RealSink, Shared, Sink, Source, locked};
use super::{Arrival, Lease, Network, Route};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::Pollable;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily};

/// Connections that wait to be accepted, unless the guest says otherwise.
const DEFAULT_BACKLOG: usize = 128;
/// The most it may ask for: what Linux allows.
const MAX_BACKLOG: usize = 4096;

/// A socket.
pub(crate) struct Socket {
    network: Arc<Network>,
    pub(super) family: IpAddressFamily,
    state: State,
    backlog: usize,
    pub(super) options: Options,
}

/// What a guest sets and gets back. A network in memory has no use for it.
pub(super) struct Options {
    pub(super) keep_alive: bool,
    pub(super) keep_alive_idle_ns: u64,
    pub(super) keep_alive_interval_ns: u64,
    pub(super) keep_alive_count: u32,
    pub(super) hop_limit: u8,
    pub(super) receive_buffer_bytes: u64,
    pub(super) send_buffer_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            keep_alive: false,
            keep_alive_idle_ns: 7_200_000_000_000,
            keep_alive_interval_ns: 75_000_000_000,
            keep_alive_count: 9,
            hop_limit: 64,
            receive_buffer_bytes: 64 << 10,
            send_buffer_bytes: 64 << 10,
        }
    }
}

enum State {
    New,
    /// Started or finished, as the flag says.
    Bound {
        lease: Lease,
        local: SocketAddr,
        finished: bool,
    },
    Listening {
        _lease: Lease,
        local: SocketAddr,
        arrivals: mpsc::Receiver<Arrival>,
        next: Option<Arrival>,
        finished: bool,
    },
    Connecting {
        connecting: Connecting,
        ends: Ends,
        _lease: Option<Lease>,
    },
    Connected {
        source: Shared<Source>,
        sink: Shared<Sink>,
        ends: Ends,
        _lease: Option<Lease>,
    },
    Closed,
}

#[derive(Clone, Copy)]
struct Ends {
    local: SocketAddr,
    remote: SocketAddr,
}

enum Connecting {
    Made(Flow),
    Failed(ErrorCode),
    Real(JoinHandle<std::io::Result<TcpStream>>),
}

type Result<T> = std::result::Result<T, ErrorCode>;

impl Socket {
    pub(super) fn new(network: Arc<Network>, family: IpAddressFamily) -> Self {
        let options = Options::default();
        Self { network, family, state: State::New, backlog: DEFAULT_BACKLOG, options }
    }

    fn check_family(&self, address: SocketAddr) -> Result<()> {
        match address.is_ipv6() == (self.family == IpAddressFamily::Ipv6) {
            true => Ok(()),
            false => Err(ErrorCode::InvalidArgument),
        }
    }

    pub(super) fn start_bind(&mut self, address: SocketAddr) -> Result<()> {
        self.check_family(address)?;
        let State::New = self.state else { return Err(ErrorCode::InvalidState) };
        let (lease, local) = self.network.bind(address)?;
        self.state = State::Bound { lease, local, finished: false };
        Ok(())
    }

    pub(super) fn finish_bind(&mut self) -> Result<()> {
        match &mut self.state {
            State::Bound { finished, .. } if !*finished => *finished = true,
            _ => return Err(ErrorCode::NotInProgress),
        }
        Ok(())
    }

    pub(super) fn start_connect(&mut self, to: SocketAddr) -> Result<()> {
        self.check_family(to)?;
        let (lease, from) = match std::mem::replace(&mut self.state, State::Closed) {
            State::New => (None, None),
            State::Bound { lease, local, finished: true } => (Some(lease), Some(local)),
            other => {
                self.state = other;
                return Err(ErrorCode::InvalidState);
            }
        };
        let (connecting, local) = match self.network.connect(to, from) {
            Ok((Route::Guest(flow), local)) => (Connecting::Made(flow), local),
            Ok((Route::Real(address), local)) => {
                (Connecting::Real(tokio::spawn(TcpStream::connect(address))), local)
            }
            Err(code) => (Connecting::Failed(code), to),
        };
        self.state =
            State::Connecting { connecting, ends: Ends { local, remote: to }, _lease: lease };
        Ok(())
    }

    pub(super) fn finish_connect(&mut self) -> Result<(Input, Output)> {
        let (connecting, ends, lease) = match std::mem::replace(&mut self.state, State::Closed) {
            State::Connecting { connecting, ends, _lease } => (connecting, ends, _lease),
            other => {
                self.state = other;
                return Err(ErrorCode::NotInProgress);
            }
        };
        let flow = match connecting {
            Connecting::Made(flow) => flow,
            Connecting::Failed(code) => return Err(code),
            Connecting::Real(mut handle) => {
                let mut cx = Context::from_waker(Waker::noop());
                match Pin::new(&mut handle).poll(&mut cx) {
                    Poll::Pending => {
                        let connecting = Connecting::Real(handle);
                        self.state = State::Connecting { connecting, ends, _lease: lease };
                        return Err(ErrorCode::WouldBlock);
                    }
                    Poll::Ready(Ok(Ok(stream))) => real(stream),
                    Poll::Ready(Ok(Err(error))) => return Err(error.into()),
                    Poll::Ready(Err(_)) => return Err(ErrorCode::ConnectionAborted),
                }
            }
        };
        Ok(self.connected(flow, ends, lease))
    }

    fn connected(&mut self, flow: Flow, ends: Ends, lease: Option<Lease>) -> (Input, Output) {
        let source = Arc::new(Mutex::new(Some(flow.source)));
        let sink = Arc::new(Mutex::new(Some(flow.sink)));
        let streams = (Input(Arc::clone(&source)), Output(Arc::clone(&sink)));
        self.state = State::Connected { source, sink, ends, _lease: lease };
        streams
    }

    pub(super) fn start_listen(&mut self) -> Result<()> {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Bound { lease, local, finished: true } => {
                let arrivals = lease.listen(self.backlog);
                self.state = State::Listening {
                    _lease: lease,
                    local,
                    arrivals,
                    next: None,
                    finished: false,
                };
                Ok(())
            }
            other => {
                self.state = other;
                Err(ErrorCode::InvalidState)
            }
        }
    }

    pub(super) fn finish_listen(&mut self) -> Result<()> {
        match &mut self.state {
            State::Listening { finished, .. } if !*finished => *finished = true,
            _ => return Err(ErrorCode::NotInProgress),
        }
        Ok(())
    }

    pub(super) fn accept(&mut self) -> Result<(Self, Input, Output)> {
        let State::Listening { local, arrivals, next, finished: true, .. } = &mut self.state else {
            return Err(ErrorCode::InvalidState);
        };
        let arrival = match next.take() {
            Some(arrival) => arrival,
            None => arrivals.try_recv().map_err(|_| ErrorCode::WouldBlock)?,
        };
        let mut socket = Self::new(Arc::clone(&self.network), self.family);
        let ends = Ends { local: *local, remote: arrival.peer };
        let (input, output) = socket.connected(arrival.flow, ends, None);
        Ok((socket, input, output))
    }

    pub(super) fn local_address(&self) -> Result<SocketAddr> {
        match &self.state {
            State::Bound { local, .. } | State::Listening { local, .. } => Ok(*local),
            State::Connected { ends, .. } => Ok(ends.local),
            _ => Err(ErrorCode::InvalidState),
        }
    }

    pub(super) fn remote_address(&self) -> Result<SocketAddr> {
        match &self.state {
            State::Connected { ends, .. } => Ok(ends.remote),
            _ => Err(ErrorCode::InvalidState),
        }
    }

    pub(super) fn is_listening(&self) -> bool {
        matches!(self.state, State::Listening { finished: true, .. })
    }

    pub(super) fn set_backlog(&mut self, size: u64) -> Result<()> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        match (size, &self.state) {
            (0, _) => Err(ErrorCode::InvalidArgument),
            (_, State::New | State::Bound { .. }) => {
                self.backlog = size.min(MAX_BACKLOG);
                Ok(())
            }
            _ => Err(ErrorCode::NotSupported),
        }
    }

    pub(super) fn shutdown(&self, how: Shutdown) -> Result<()> {
        let State::Connected { source, sink, .. } = &self.state else {
            return Err(ErrorCode::InvalidState);
        };
        if how != Shutdown::Write {
            locked(source).take();
        }
        if how != Shutdown::Read {
            locked(sink).take();
        }
        Ok(())
    }
}

/// A real connection, as it is used through a forward.
fn real(stream: TcpStream) -> Flow {
    // Guests cannot ask for it, and small messages must not wait for each other.
    let _ = stream.set_nodelay(true);
    let (source, sink) = stream.into_split();
    Flow { source: Source::Real(source), sink: Sink::Real(RealSink::new(sink)) }
}

#[async_trait]
impl Pollable for Socket {
    /// Ready when what was started can be finished, or a connection accepted.
    async fn ready(&mut self) {
        match &mut self.state {
            State::Listening { arrivals, next, finished: true, .. } if next.is_none() => {
                *next = arrivals.recv().await;
            }
            State::Connecting { connecting, .. } => {
                let Connecting::Real(handle) = connecting else { return };
                let flow = match handle.await {
                    Ok(Ok(stream)) => Connecting::Made(real(stream)),
                    Ok(Err(error)) => Connecting::Failed(error.into()),
                    Err(_) => Connecting::Failed(ErrorCode::ConnectionAborted),
                };
                *connecting = flow;
            }
            _ => {}
        }
    }
}
