//! A port that others connect to.

use crate::wasi::sockets::instance_network::instance_network;
use crate::wasi::sockets::network::{ErrorCode, IpAddressFamily};
use crate::wasi::sockets::tcp::TcpSocket;
use crate::wasi::sockets::tcp_create_socket::create_tcp_socket;
use crate::{Pollable, Stream, address, failed, finished};
use std::io;
use std::net::SocketAddrV4;

/// A port that others connect to.
pub struct Listener {
    // In this order: a host may refuse to drop what still has parts.
    acceptable: Pollable,
    socket: TcpSocket,
}

impl Listener {
    /// Listens, once this returns.
    pub fn bind(at: SocketAddrV4) -> io::Result<Self> {
        let socket = create_tcp_socket(IpAddressFamily::Ipv4).map_err(failed)?;
        let acceptable = socket.subscribe();
        socket.start_bind(&instance_network(), address(at)).map_err(failed)?;
        finished(&acceptable, || socket.finish_bind())?;
        socket.start_listen().map_err(failed)?;
        finished(&acceptable, || socket.finish_listen())?;
        Ok(Self { acceptable, socket })
    }

    /// Is ready when somebody has connected.
    pub fn acceptable(&self) -> &Pollable {
        &self.acceptable
    }

    /// Whoever has connected, without waiting for anybody.
    pub fn accept_now(&self) -> io::Result<Option<Stream>> {
        match self.socket.accept() {
            Ok((socket, input, output)) => Ok(Some(Stream::new(socket, input, output))),
            // Nobody has, or has gone again.
            Err(ErrorCode::WouldBlock | ErrorCode::ConnectionAborted) => Ok(None),
            Err(code) => Err(failed(code)),
        }
    }
}
