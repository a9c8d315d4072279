//! The host of `bench self-test`: this program answers `hello` to whatever it is asked, by
//! the host contract. It knows no more of HTTP than where a request without a body ends.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;

/// The first argument that makes this program the host.
pub(crate) const ARGUMENT: &str = "__answer";

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello";

/// Serves at the address that comes next, until it is ended.
pub(crate) fn serve(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let address = arguments.next().and_then(|it| it.into_string().ok()).unwrap_or_default();
    let served = TcpListener::bind(&address).and_then(|listener| {
        let addr = listener.local_addr()?.to_string();
        println!("{}", serde_json::json!({ "event": "ready", "addr": addr }));
        io::stdout().flush()?;
        for connection in listener.incoming() {
            let connection = connection?;
            thread::spawn(move || answer(connection));
        }
        Ok(())
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serving at {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn answer(connection: TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut writer = connection.try_clone()?;
    let mut reader = BufReader::new(connection);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line == b"\r\n" {
            writer.write_all(ANSWER)?;
        }
    }
}
