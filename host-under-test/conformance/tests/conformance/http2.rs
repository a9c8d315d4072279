//! HTTP/2 with prior knowledge, and what gRPC needs of it: trailers both ways.

use crate::harness::{Files, Server, prebuilt};
use bytes::Bytes;
use h2::client::{SendRequest, handshake};
use http::{HeaderMap, Request, Response};
use tokio::net::TcpStream;
use tokio::runtime::Builder;

/// Runs a client on one connection.
fn with_client<T>(server: &Server, use_it: impl AsyncFnOnce(SendRequest<Bytes>) -> T) -> T {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let stream = TcpStream::connect(&server.addr).await.expect("connecting");
        let (client, connection) = handshake(stream).await.expect("an HTTP/2 handshake");
        let driving = tokio::spawn(connection);
        let value = use_it(client.ready().await.expect("a ready connection")).await;
        driving.abort();
        value
    })
}

async fn whole(response: Response<h2::RecvStream>) -> (u16, Vec<u8>, HeaderMap) {
    let (parts, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.expect("a part of the body");
        body.flow_control().release_capacity(data.len()).expect("giving back the window");
        bytes.extend_from_slice(&data);
    }
    let trailers = body.trailers().await.expect("the end of the response").unwrap_or_default();
    (parts.status.as_u16(), bytes, trailers)
}

#[test]
fn many_requests_on_one_connection() {
    for guest in ["hello-p2", "hello-p3"] {
        let files = Files::new();
        let server = Server::with_config(&files, &prebuilt(guest), "{host: h2.test}", &[]);
        with_client(&server, async |mut client| {
            let mut asked = Vec::new();
            for authority in ["h2.test", "H2.test:80", "other.test"] {
                let request = Request::get(format!("http://{authority}/")).body(()).expect("valid");
                asked.push(client.send_request(request, true).expect("sending").0);
            }
            let mut got = Vec::new();
            for response in asked {
                let (status, body, _) = whole(response.await.expect("a response")).await;
                got.push((status, String::from_utf8_lossy(&body).trim_end().to_owned()));
            }
            let hello = (200, "hello".to_owned());
            let nobody = (404, "no workload answers for this host".to_owned());
            assert_eq!(got, [hello.clone(), hello, nobody], "{guest}");
        });
    }
}

#[test]
fn grpc_trailers_pass_both_ways() {
    let message = Bytes::from_static(b"\0\0\0\0\x05hello");
    for guest in ["grpc-p2", "grpc-p3"] {
        let files = Files::new();
        let server = Server::of(&files, &prebuilt(guest), &[]);
        with_client(&server, async |mut client| {
            let request = Request::post("http://grpc.test/echo.Echo/Say")
                .header("content-type", "application/grpc")
                .header("te", "trailers")
                .body(())
                .expect("valid");
            let (response, mut stream) = client.send_request(request, false).expect("sending");
            stream.send_data(message.clone(), false).expect("sending");
            let mut trailers = HeaderMap::new();
            trailers.insert("x-sum", "42".parse().expect("a value"));
            stream.send_trailers(trailers).expect("sending");
            let (status, body, trailers) = whole(response.await.expect("a response")).await;
            assert_eq!((status, body.as_slice()), (200, message.as_ref()), "{guest}");
            assert_eq!(trailers.get("grpc-status").expect("a status"), "0", "{guest}");
            assert_eq!(trailers.get("x-echo-x-sum").expect("an echo"), "42", "{guest}");
        });
    }
}
