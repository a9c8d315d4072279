//! Outgoing requests: which are allowed, and how they are sent. What is not
//! allowed never reaches a socket, and nobody follows a redirect: the guest sees
//! it, and its next request is judged like any other.

mod allow;
mod client;

pub use allow::AllowedHosts;
pub use client::{ClientConfig, PooledClient};

use http::{Request, Response};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime_wasi_http::{Error, WasiBody};

/// A request that a guest wants to send. It was judged already.
#[derive(Debug)]
pub struct OutgoingRequest {
    /// With an absolute URI.
    pub request: Request<WasiBody>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long until the response begins.
    pub first_byte_timeout: Duration,
    /// How long between two parts of the response's body.
    pub between_bytes_timeout: Duration,
}

/// What an outgoing request comes to.
pub type Sending = Pin<Box<dyn Future<Output = Result<Response<WasiBody>, Error>> + Send>>;

/// Sends outgoing requests: the place to add credentials, client certificates,
/// a proxy, or a transport of one's own. Judging is not its business.
pub trait OutgoingHandler: Send + Sync + 'static {
    /// Sends a request; the future ends when the response's head is there.
    fn send(&self, request: OutgoingRequest) -> Sending;
}

/// Those who answer without a socket: the other components of a workload.
pub(crate) trait Neighbours: Send + Sync {
    /// The neighbour of this name, if there is one.
    fn find(&self, name: &str) -> Option<Box<dyn OutgoingHandler>>;
}

/// One component's way out.
pub(crate) struct Egress {
    neighbours: Arc<dyn Neighbours>,
    allowed: AllowedHosts,
    handler: Arc<dyn OutgoingHandler>,
    /// What the workload's components may have under way together.
    quota: Arc<Semaphore>,
}

impl Egress {
    pub(crate) fn new(
        neighbours: Arc<dyn Neighbours>,
        allowed: AllowedHosts,
        handler: Arc<dyn OutgoingHandler>,
        quota: Arc<Semaphore>,
    ) -> Self {
        Self { neighbours, allowed, handler, quota }
    }

    pub(crate) async fn send(&self, request: OutgoingRequest) -> Result<Response<WasiBody>, Error> {
        // Refused, not queued: the guest can tell its caller.
        let permit = Arc::clone(&self.quota)
            .try_acquire_owned()
            .map_err(|_| Error::ConnectionLimitReached)?;
        let between_bytes_timeout = request.between_bytes_timeout;
        let uri = request.request.uri();
        let response = match uri.host().and_then(|name| self.neighbours.find(name)) {
            Some(neighbour) => neighbour.send(request).await?,
            None => {
                self.allowed.judge(uri)?;
                self.handler.send(request).await?
            }
        };
        Ok(response.map(|body| client::timed(body, between_bytes_timeout, permit)))
    }
}
