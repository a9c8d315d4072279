//! The preview server over a real socket.

use super::pages::fixture_site;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

async fn get(addr: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: site\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn files_are_served_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("out");
    std::fs::write(dir.path().join("secret.txt"), "secret").unwrap();
    for (path, text) in fixture_site() {
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async move { drop(stopped.await) };
    let server = tokio::spawn(::site::serve(listener, root, shutdown));
    for (path, status, content_type, text) in [
        ("/", 200, "text/html", "Are we fast yet?"),
        ("/suite/size.html", 200, "text/html", "How many bytes"),
        ("/style.css", 200, "text/css", "prefers-color-scheme"),
        ("/icon.svg", 200, "image/svg+xml", "<svg"),
        ("/data/size/binary.binary_bytes.json", 200, "application/json", "\"unit\":\"bytes\""),
        ("/a/b/c", 404, "text/html", "<base href=\"/\">"),
        ("/../secret.txt", 404, "text/html", "no such page"),
        ("/..%2fsecret.txt", 404, "text/html", "no such page"),
        ("/suite/..%2f..%2fsecret.txt", 404, "text/html", "no such page"),
    ] {
        let answer = get(addr, path).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {head}");
        assert!(head.contains(&format!("content-type: {content_type}")), "{path}: {head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{path}: {head}");
        assert!(body.contains(text), "{path} lacks {text}");
    }
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}
