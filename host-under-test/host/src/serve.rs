//! Connections: accepting them, and one HTTP/1.1 exchange after the other on
//! each. Decides nothing about who answers (`router.rs`) or how (`guest/`).

use crate::error::one_line;
use crate::guest::{Alive, Body, Failure, Guest};
use crate::router::{Refusal, Router};
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// How long to wait before accepting again when the process is out of file
/// descriptors: trying at once would only burn a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Everything a request needs.
pub(crate) struct Server {
    router: Router,
    guest: Guest,
    /// Stands in for the `Host` that HTTP/1.0 may leave out.
    default_host: HeaderValue,
}

impl Server {
    pub(crate) fn new(router: Router, guest: Guest, default_host: HeaderValue) -> Self {
        Self { router, guest, default_host }
    }

    async fn answer(&self, mut request: Request<Incoming>, alive: &Alive) -> Response<Body> {
        match self.router.route(&request) {
            Ok(()) => {}
            Err(Refusal::BadHost) => {
                return text(StatusCode::BAD_REQUEST, "missing or malformed Host\n");
            }
            Err(Refusal::UnknownHost) => {
                return text(StatusCode::NOT_FOUND, "no workload answers for this host\n");
            }
        }
        if !request.headers().contains_key(HOST) {
            let host = self.default_host.clone();
            request.headers_mut().insert(HOST, host);
        }
        match self.guest.respond(request, alive).await {
            Ok(response) => response,
            Err(failure) => refused(&failure),
        }
    }
}

/// Serves until `stop` turns true, then returns when every request under way was
/// answered. Whoever is not that patient drops this future.
pub(crate) async fn serve(listener: TcpListener, server: Server, mut stop: watch::Receiver<bool>) {
    let server = Arc::new(server);
    let (alive, mut all_gone) = mpsc::channel(1);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, server.clone(), alive.clone(), stop.clone());
                tokio::spawn(connection);
            }
            Err(error) => {
                eprintln!("host-under-test: accepting a connection: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    drop(alive);
    // Nothing is ever sent: this ends when the last sender is gone.
    let _: Option<Infallible> = all_gone.recv().await;
}

async fn connection(
    stream: TcpStream,
    server: Arc<Server>,
    alive: Alive,
    mut stop: watch::Receiver<bool>,
) {
    // Without it the kernel holds back the end of a body until the client
    // acknowledged its start: 40 ms. A socket that fails here is dead anyway.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let (server, alive) = (server.clone(), alive.clone());
        async move { Ok::<_, Infallible>(server.answer(request, &alive).await) }
    });
    let mut connection =
        pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    // Errors are the client's doing (it went away, or sent no HTTP), or a guest
    // trap that is already logged.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

fn refused(failure: &Failure) -> Response<Body> {
    match failure {
        Failure::Busy => {
            let mut busy = text(StatusCode::SERVICE_UNAVAILABLE, "every instance is busy\n");
            busy.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            busy
        }
        Failure::Trap(error) => {
            let error = one_line(&format!("{error:#}"));
            eprintln!("host-under-test: a guest trapped: {error}");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the component trapped\n")
        }
        Failure::ErrorCode(code) => {
            eprintln!("host-under-test: a guest answered with the error code {code}");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the component answered with an error\n")
        }
        Failure::Silent => {
            eprintln!("host-under-test: a guest ended without a response");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the component gave no response\n")
        }
    }
}

fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::Text(Some(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
