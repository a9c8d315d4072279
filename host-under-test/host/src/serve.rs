//! Connections: accepting them, and one HTTP exchange after the other on each,
//! HTTP/1.1 or HTTP/2 with prior knowledge. Decides nothing about who answers
//! (`route/`) or how (`guest/`).

use crate::error::{Error, Result, why};
use crate::guest::{Alive, Body, Failure, Guest, RequestBody};
use crate::head_timer::{Alarm, HeadTimer};
use crate::route::{Refusal, Table};
use crate::socket::Socket;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::timeout;

/// How long to wait before accepting again when the process is out of file
/// descriptors: trying at once would only burn a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// What clients may use.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// Connections at once; more wait in the kernel's queue.
    pub max_connections: usize,
    /// Size of a request's head.
    pub max_header_bytes: usize,
    /// Size of a request's body.
    pub max_body_bytes: u64,
    /// How long a client may take to send a request's head.
    pub header_timeout: Duration,
}

/// Everything a request needs.
pub(crate) struct Server {
    pub(crate) table: Arc<Table<Arc<Guest>>>,
    pub(crate) config: ServeConfig,
    /// Stands in for the `Host` that HTTP/1.0 may leave out.
    pub(crate) default_host: HeaderValue,
}

impl PartialEq for Guest {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Server {
    async fn answer(&self, mut request: Request<Incoming>, alive: &Alive) -> Response<Body> {
        let guest = match self.table.find(&request) {
            Ok(guest) => guest,
            Err(refusal) => return not_routed(refusal),
        };
        if request.version() < Version::HTTP_2 && !request.headers().contains_key(HOST) {
            let host = self.default_host.clone();
            request.headers_mut().insert(HOST, host);
        }
        let (parts, body) = request.into_parts();
        let Some(body) = RequestBody::new(body, self.config.max_body_bytes) else {
            return text(
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body is larger than this host takes\n",
            );
        };
        let answer = guest.respond(Request::from_parts(parts, body), alive).await;
        answer.unwrap_or_else(|failure| refused(&failure))
    }
}

/// Answers a request without a connection.
pub(crate) async fn answer_in_process(
    table: &Table<Arc<Guest>>,
    request: Request<Bytes>,
) -> Result<Response<Bytes>> {
    let (alive, _all_gone) = mpsc::channel(1);
    let answer = match table.find(&request) {
        Ok(guest) => {
            let answer = guest.respond(request.map(RequestBody::in_memory), &alive).await;
            answer.unwrap_or_else(|failure| refused(&failure))
        }
        Err(refusal) => not_routed(refusal),
    };
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.map_err(|e| Error::Runtime(format!("reading a body: {e}")))?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}

fn not_routed(refusal: Refusal) -> Response<Body> {
    match refusal {
        Refusal::BadHost => text(StatusCode::BAD_REQUEST, "missing or malformed Host\n"),
        Refusal::UnknownHost => text(StatusCode::NOT_FOUND, "no workload answers for this host\n"),
        Refusal::UnknownPath => text(StatusCode::NOT_FOUND, "no component answers for this path\n"),
    }
}

/// Serves until `stop` turns true, then returns when every request under way was
/// answered. Whoever is not that patient drops this future.
pub(crate) async fn serve(listener: TcpListener, server: Server, mut stop: watch::Receiver<bool>) {
    let connections = Arc::new(Semaphore::new(server.config.max_connections));
    let server = Arc::new(server);
    let (alive, mut all_gone) = mpsc::channel(1);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            _ = stop.changed() => break,
        };
        match accepted {
            Ok((stream, permit)) => {
                let (server, alive) = (Arc::clone(&server), alive.clone());
                tokio::spawn(connection(stream, permit, server, alive, stop.clone()));
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

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections)
        .acquire_owned()
        .await
        .map_err(|_| std::io::Error::other("closed"))?;
    Ok((listener.accept().await?.0, permit))
}

async fn connection(
    stream: TcpStream,
    _permit: OwnedSemaphorePermit,
    server: Arc<Server>,
    alive: Alive,
    mut stop: watch::Receiver<bool>,
) {
    // Without it the kernel holds back the end of a body until the client
    // acknowledged its start: 40 ms. A socket that fails here is dead anyway.
    let _ = stream.set_nodelay(true);
    // Which version of HTTP it speaks is read without a timer.
    let mut first = [0];
    let spoke = tokio::select! {
        spoke = timeout(server.config.header_timeout, stream.peek(&mut first)) => spoke.is_ok(),
        _ = stop.changed() => false,
    };
    if !spoke {
        return;
    }
    let max_header_bytes = server.config.max_header_bytes;
    let head_timer = HeadTimer::new();
    let mut alarm = Alarm::new(head_timer.clone());
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(head_timer)
        .header_read_timeout(server.config.header_timeout)
        .max_buf_size(max_header_bytes);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(max_header_bytes).unwrap_or(u32::MAX));
    let shared = Arc::new((server, alive));
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move {
            let (server, alive) = &*shared;
            Ok::<_, Infallible>(server.answer(request, alive).await)
        }
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(Socket::new(stream)), service));
    let mut stopped = pin!(stop.changed());
    let mut is_stopping = false;
    poll_fn(|cx| {
        loop {
            // Errors are the client's doing (it went away, or sent no HTTP), or a
            // guest trap that is already logged.
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if !is_stopping && stopped.as_mut().poll(cx).is_ready() {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
                continue;
            }
            ready!(alarm.poll_due(cx));
        }
    })
    .await;
}

fn refused(failure: &Failure) -> Response<Body> {
    const FAILED: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;
    match failure {
        Failure::Busy => {
            let mut busy = text(StatusCode::SERVICE_UNAVAILABLE, "every instance is busy\n");
            busy.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            busy
        }
        Failure::Trap(error) => {
            eprintln!("host-under-test: a guest trapped: {}", why(error));
            text(FAILED, "the component trapped\n")
        }
        Failure::Torn => text(FAILED, "the component trapped\n"),
        Failure::Late => {
            eprintln!("host-under-test: a guest did not answer in time");
            text(StatusCode::GATEWAY_TIMEOUT, "the component did not answer in time\n")
        }
        Failure::ErrorCode(code) => {
            eprintln!("host-under-test: a guest answered with the error code {code}");
            text(FAILED, "the component answered with an error\n")
        }
        Failure::Silent => {
            eprintln!("host-under-test: a guest ended without a response");
            text(FAILED, "the component gave no response\n")
        }
    }
}

fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::Whole(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
