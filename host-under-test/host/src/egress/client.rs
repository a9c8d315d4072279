//! The default way out: HTTP/1.1 over TCP or TLS, connections kept alive and
//! used again by the workload that opened them.

use super::{OutgoingHandler, OutgoingRequest, Sending};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::io;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;
use wasmtime_wasi_http::{Error, WasiBody};

/// How connections are kept.
#[derive(Debug, Clone, Copy)]
pub struct ClientConfig {
    /// Idle connections kept for each destination; 0 opens one per request.
    pub max_idle_connections: usize,
    /// How long an idle connection is kept.
    pub idle_timeout: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self { max_idle_connections: 64, idle_timeout: Duration::from_secs(30) }
    }
}

/// The certificate authorities of browsers. Made once, when first needed: it
/// takes milliseconds.
static TLS: LazyLock<rustls::ClientConfig> = LazyLock::new(|| {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<rustls::RootCertStore>();
    rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
});

/// A pool of connections that belongs to one workload.
pub struct PooledClient {
    client: Client<HttpsConnector<HttpConnector>, WasiBody>,
}

impl PooledClient {
    /// Connects to nothing yet.
    pub fn new(config: ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(TLS.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(config.idle_timeout)
            .pool_max_idle_per_host(config.max_idle_connections)
            .build(connector);
        Self { client }
    }
}

impl OutgoingHandler for PooledClient {
    fn send(&self, request: OutgoingRequest) -> Sending {
        // A pooled request may or may not connect first, so the head gets the
        // time for both.
        let within = request.connect_timeout.saturating_add(request.first_byte_timeout);
        let response = self.client.request(request.request);
        Box::pin(async move {
            match tokio::time::timeout(within, response).await {
                Ok(Ok(response)) => Ok(response.map(incoming)),
                Ok(Err(error)) => Err(told(&error)),
                Err(_) => Err(Error::ConnectionReadTimeout),
            }
        })
    }
}

fn incoming(body: Incoming) -> WasiBody {
    body.map_err(Error::from).boxed_unsync()
}

/// The client's error in the words of `wasi:http`.
fn told(error: &hyper_util::client::legacy::Error) -> Error {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return match cause.kind() {
                io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
                io::ErrorKind::TimedOut => Error::ConnectionTimeout,
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    Error::DestinationUnavailable
                }
                io::ErrorKind::InvalidData => Error::TlsProtocolError,
                _ if error.is_connect() => {
                    Error::DnsError { rcode: Some(cause.to_string()), info_code: None }
                }
                _ => Error::ConnectionTerminated,
            };
        }
        source = cause.source();
    }
    Error::HttpProtocolError
}

/// A response's body that must go on within `between` and holds its place in
/// the quota until it ends.
pub(super) fn timed(body: WasiBody, between: Duration, permit: OwnedSemaphorePermit) -> WasiBody {
    Timed { body, between, sleep: None, _permit: permit }.boxed_unsync()
}

struct Timed {
    body: WasiBody,
    between: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    _permit: OwnedSemaphorePermit,
}

impl Body for Timed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.sleep = None;
            return Poll::Ready(frame);
        }
        let between = this.between;
        let sleep = this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(between)));
        match sleep.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(Error::ConnectionReadTimeout))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
