//! `wasi:sockets` 0.2 as guests see it. Wasmtime's own resource type stands for a
//! socket towards the guest, this module's `Socket` is what is in the table.

use super::Network;
use super::socket::Socket;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::sockets::network::{
    self, ErrorCode, IpAddressFamily, IpSocketAddress, Network as Capability,
};
use wasmtime_wasi::p2::bindings::sockets::tcp::{self, ShutdownType};
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket;
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, DynPollable, SocketError, SocketResult, TcpSocket, subscribe,
};

/// What the calls of one instance need.
pub(crate) struct NetworkView<'a> {
    pub(crate) network: &'a Arc<Network>,
    pub(crate) table: &'a mut ResourceTable,
}

struct HasNetwork;

impl HasData for HasNetwork {
    type Data<'a> = NetworkView<'a>;
}

/// Puts this network in the place of the machine's, for TCP.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> NetworkView<'_>,
) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    tcp::add_to_linker::<_, HasNetwork>(linker, view)?;
    tcp_create_socket::add_to_linker::<_, HasNetwork>(linker, view)?;
    linker.allow_shadowing(false);
    Ok(())
}

type Handle = Resource<TcpSocket>;
type Streams = (Resource<DynInputStream>, Resource<DynOutputStream>);

/// The entry in the table behind a guest's handle.
fn entry(handle: &Handle) -> Resource<Socket> {
    match handle.owned() {
        true => Resource::new_own(handle.rep()),
        false => Resource::new_borrow(handle.rep()),
    }
}

impl NetworkView<'_> {
    fn socket(&mut self, handle: &Handle) -> SocketResult<&mut Socket> {
        Ok(self.table.get_mut(&entry(handle))?)
    }

    fn push_streams(
        &mut self,
        socket: &Resource<Socket>,
        input: super::flow::Input,
        output: super::flow::Output,
    ) -> SocketResult<Streams> {
        let (input, output): (DynInputStream, DynOutputStream) =
            (Box::new(input), Box::new(output));
        Ok((self.table.push_child(input, socket)?, self.table.push_child(output, socket)?))
    }
}

/// Refuses a zero where the interface wants a length or a number of times.
fn positive<N: PartialEq + Default>(number: N) -> SocketResult<N> {
    if number == N::default() {
        return Err(ErrorCode::InvalidArgument.into());
    }
    Ok(number)
}

impl network::Host for NetworkView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn network_error_code(
        &mut self,
        _: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(None)
    }
}

impl network::HostNetwork for NetworkView<'_> {
    fn drop(&mut self, capability: Resource<Capability>) -> wasmtime::Result<()> {
        self.table.delete(capability)?;
        Ok(())
    }
}

impl tcp_create_socket::Host for NetworkView<'_> {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Handle> {
        let socket = self.table.push(Socket::new(Arc::clone(self.network), family))?;
        Ok(Resource::new_own(socket.rep()))
    }
}

impl tcp::Host for NetworkView<'_> {}

impl tcp::HostTcpSocket for NetworkView<'_> {
    async fn start_bind(
        &mut self,
        this: Handle,
        network: Resource<Capability>,
        local: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        Ok(self.socket(&this)?.start_bind(SocketAddr::from(local))?)
    }

    fn finish_bind(&mut self, this: Handle) -> SocketResult<()> {
        Ok(self.socket(&this)?.finish_bind()?)
    }

    fn start_connect(
        &mut self,
        this: Handle,
        network: Resource<Capability>,
        remote: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        Ok(self.socket(&this)?.start_connect(SocketAddr::from(remote))?)
    }

    fn finish_connect(&mut self, this: Handle) -> SocketResult<Streams> {
        let (input, output) = self.socket(&this)?.finish_connect()?;
        self.push_streams(&entry(&this), input, output)
    }

    async fn start_listen(&mut self, this: Handle) -> SocketResult<()> {
        Ok(self.socket(&this)?.start_listen()?)
    }

    fn finish_listen(&mut self, this: Handle) -> SocketResult<()> {
        Ok(self.socket(&this)?.finish_listen()?)
    }

    fn accept(
        &mut self,
        this: Handle,
    ) -> SocketResult<(Handle, Resource<DynInputStream>, Resource<DynOutputStream>)> {
        let (socket, input, output) = self.socket(&this)?.accept()?;
        let socket = self.table.push(socket)?;
        let (input, output) = self.push_streams(&socket, input, output)?;
        Ok((Resource::new_own(socket.rep()), input, output))
    }

    fn local_address(&mut self, this: Handle) -> SocketResult<IpSocketAddress> {
        Ok(self.socket(&this)?.local_address()?.into())
    }

    fn remote_address(&mut self, this: Handle) -> SocketResult<IpSocketAddress> {
        Ok(self.socket(&this)?.remote_address()?.into())
    }

    fn is_listening(&mut self, this: Handle) -> wasmtime::Result<bool> {
        Ok(self.table.get(&entry(&this))?.is_listening())
    }

    fn address_family(&mut self, this: Handle) -> wasmtime::Result<IpAddressFamily> {
        Ok(self.table.get(&entry(&this))?.family)
    }

    fn set_listen_backlog_size(&mut self, this: Handle, size: u64) -> SocketResult<()> {
        Ok(self.socket(&this)?.set_backlog(size)?)
    }

    fn keep_alive_enabled(&mut self, this: Handle) -> SocketResult<bool> {
        Ok(self.socket(&this)?.options.keep_alive)
    }

    fn set_keep_alive_enabled(&mut self, this: Handle, on: bool) -> SocketResult<()> {
        self.socket(&this)?.options.keep_alive = on;
        Ok(())
    }

    fn keep_alive_idle_time(&mut self, this: Handle) -> SocketResult<u64> {
        Ok(self.socket(&this)?.options.keep_alive_idle_ns)
    }

    fn set_keep_alive_idle_time(&mut self, this: Handle, ns: u64) -> SocketResult<()> {
        self.socket(&this)?.options.keep_alive_idle_ns = positive(ns)?;
        Ok(())
    }

    fn keep_alive_interval(&mut self, this: Handle) -> SocketResult<u64> {
        Ok(self.socket(&this)?.options.keep_alive_interval_ns)
    }

    fn set_keep_alive_interval(&mut self, this: Handle, ns: u64) -> SocketResult<()> {
        self.socket(&this)?.options.keep_alive_interval_ns = positive(ns)?;
        Ok(())
    }

    fn keep_alive_count(&mut self, this: Handle) -> SocketResult<u32> {
        Ok(self.socket(&this)?.options.keep_alive_count)
    }

    fn set_keep_alive_count(&mut self, this: Handle, count: u32) -> SocketResult<()> {
        self.socket(&this)?.options.keep_alive_count = positive(count)?;
        Ok(())
    }

    fn hop_limit(&mut self, this: Handle) -> SocketResult<u8> {
        Ok(self.socket(&this)?.options.hop_limit)
    }

    fn set_hop_limit(&mut self, this: Handle, hops: u8) -> SocketResult<()> {
        self.socket(&this)?.options.hop_limit = positive(hops)?;
        Ok(())
    }

    fn receive_buffer_size(&mut self, this: Handle) -> SocketResult<u64> {
        Ok(self.socket(&this)?.options.receive_buffer_bytes)
    }

    fn set_receive_buffer_size(&mut self, this: Handle, bytes: u64) -> SocketResult<()> {
        self.socket(&this)?.options.receive_buffer_bytes = positive(bytes)?;
        Ok(())
    }

    fn send_buffer_size(&mut self, this: Handle) -> SocketResult<u64> {
        Ok(self.socket(&this)?.options.send_buffer_bytes)
    }

    fn set_send_buffer_size(&mut self, this: Handle, bytes: u64) -> SocketResult<()> {
        self.socket(&this)?.options.send_buffer_bytes = positive(bytes)?;
        Ok(())
    }

    fn subscribe(&mut self, this: Handle) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(self.table, entry(&this))
    }

    fn shutdown(&mut self, this: Handle, how: ShutdownType) -> SocketResult<()> {
        let how = match how {
            ShutdownType::Receive => Shutdown::Read,
            ShutdownType::Send => Shutdown::Write,
            ShutdownType::Both => Shutdown::Both,
        };
        Ok(self.socket(&this)?.shutdown(how)?)
    }

    fn drop(&mut self, this: Handle) -> wasmtime::Result<()> {
        self.table.delete(entry(&this))?;
        Ok(())
    }
}
