//! TCP through wasi:sockets 0.2, as blocking streams, and as ones to be waited for together. It must
//! not know what is said over them.

mod listener;
mod stream;

wit_bindgen::generate!({
    path: "../../wit/p2",
    inline: "
        package arewefastyet:tcp;
        world sockets {
            import wasi:io/poll@0.2.12;
            import wasi:io/streams@0.2.12;
            import wasi:sockets/instance-network@0.2.12;
            import wasi:sockets/network@0.2.12;
            import wasi:sockets/tcp@0.2.12;
            import wasi:sockets/tcp-create-socket@0.2.12;
        }
    ",
    world: "arewefastyet:tcp/sockets",
    generate_all,
});

pub use listener::Listener;
pub use stream::Stream;
pub use wasi::io::poll::{Pollable, poll};

use std::io;
use std::net::SocketAddrV4;
use wasi::sockets::network::{ErrorCode, IpSocketAddress, Ipv4SocketAddress};

fn address(address: SocketAddrV4) -> IpSocketAddress {
    let [a, b, c, d] = address.ip().octets();
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port: address.port(), address: (a, b, c, d) })
}

fn failed(code: ErrorCode) -> io::Error {
    let kind = match code {
        ErrorCode::ConnectionRefused => io::ErrorKind::ConnectionRefused,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, code.name())
}

/// Asks until there is an answer, waiting in between.
fn finished<T>(
    pollable: &Pollable,
    mut ask: impl FnMut() -> Result<T, ErrorCode>,
) -> io::Result<T> {
    loop {
        match ask() {
            Err(ErrorCode::WouldBlock) => pollable.block(),
            outcome => return outcome.map_err(failed),
        }
    }
}
