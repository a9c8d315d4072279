//! `native`: the floor. One hyper server with a fixed answer, set up like the
//! host's, so that what is left between the two is the cost of components. And a
//! key-value store for what is measured against a process beside the host.

mod sidecar;

use clap::{Args, Parser, Subcommand};
use hyper::body::{Bytes, Frame, Incoming, SizeHint};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};

const NAME: &str = env!("CARGO_PKG_NAME");
const VERSION: &str = env!("CARGO_PKG_VERSION");
const CAPABILITIES: &[&str] = &["http-native"];
/// When the process is out of file descriptors, trying at once burns a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// A plain HTTP server with one fixed answer: the floor of every comparison.
#[derive(Parser)]
#[command(version, arg_required_else_help = true, args_conflicts_with_subcommands = true)]
struct Cli {
    /// Print name, version and capabilities as one JSON line, and exit.
    #[arg(long)]
    capabilities: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Answer GET and HEAD until SIGTERM or SIGINT.
    Serve {
        /// Where to listen; port 0 takes a free one, told in the ready line.
        #[arg(long, value_name = "IP:PORT")]
        addr: SocketAddr,
        /// The body of every answer; by default what the hello guests answer.
        #[arg(long, value_name = "TEXT", default_value = "hello")]
        body: String,
        #[command(flatten)]
        planted: Planted,
    },
    /// Hold keys and values in memory until SIGTERM or SIGINT, and answer to the
    /// Redis protocol: GET, SET, DEL, EXISTS, INCRBY, SCAN and PING.
    Sidecar {
        /// Where to listen; port 0 takes a free one, told in the ready line.
        #[arg(long, value_name = "IP:PORT")]
        addr: SocketAddr,
    },
}

/// A slowdown of known size, so that a benchmark can be asked whether it sees it.
#[derive(Args, Clone, Copy)]
struct Planted {
    /// Compute for so long in every request.
    #[arg(long, value_name = "NANOSECONDS", default_value_t = 0)]
    spin_ns: u64,
    /// Allocate and fill so much memory in every request.
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    allocate_bytes: usize,
}

impl Planted {
    fn take(self) {
        if self.spin_ns > 0 {
            let wanted = Duration::from_nanos(self.spin_ns);
            let start = Instant::now();
            while start.elapsed() < wanted {
                std::hint::spin_loop();
            }
        }
        if self.allocate_bytes > 0 {
            std::hint::black_box(vec![1u8; self.allocate_bytes]);
        }
    }
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let outcome = match Cli::parse().command {
        Some(Command::Serve { addr, body, planted }) => {
            let body = Bytes::from(body);
            let take = |stream| drop(tokio::spawn(connection(stream, body.clone(), planted)));
            serve(addr, take).await
        }
        Some(Command::Sidecar { addr }) => {
            let store = Arc::default();
            serve(addr, |stream| {
                drop(tokio::spawn(sidecar::connection(stream, Arc::clone(&store))));
            })
            .await
        }
        None => print_line(&json!({
            "name": NAME, "version": VERSION, "capabilities": CAPABILITIES,
        })),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("native: {error}");
            std::process::ExitCode::from(1)
        }
    }
}

fn print_line(line: &serde_json::Value) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

async fn serve(addr: SocketAddr, take: impl Fn(TcpStream)) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let start = Instant::now();
    let listener = TcpListener::bind(addr)
        .await
        .map_err(|e| std::io::Error::new(e.kind(), format!("listening on {addr}: {e}")))?;
    let listen_ns = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    print_line(&json!({
        "event": "ready", "addr": listener.local_addr()?, "name": NAME, "version": VERSION,
        "capabilities": CAPABILITIES, "phases_ns": { "listen": listen_ns },
    }))?;
    let mut accepted_count = 0_u64;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    accepted_count += 1;
                    take(stream);
                }
                Err(error) => {
                    eprintln!("native: accepting a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            // Answers take microseconds: there is nothing to drain.
            () = stopped(&mut terminate, &mut interrupt) => {
                return print_line(
                    &json!({ "metric": "connections_accepted", "value": accepted_count }),
                );
            }
        }
    }
}

async fn stopped(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

async fn connection(stream: TcpStream, body: Bytes, planted: Planted) {
    // As in the host. A socket that fails here is dead anyway.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        planted.take();
        let answer = answer(&request, body.clone());
        async move { Ok::<_, Infallible>(answer) }
    });
    // Errors are the client's doing.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn answer(request: &Request<Incoming>, body: Bytes) -> Response<Whole> {
    if request.method() == Method::GET || request.method() == Method::HEAD {
        let mut response = Response::new(Whole(Some(body)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        return response;
    }
    let mut response = Response::new(Whole(None));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// A body in one piece.
struct Whole(Option<Bytes>);

impl hyper::body::Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.get_mut().0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, Bytes::len) as u64)
    }
}
