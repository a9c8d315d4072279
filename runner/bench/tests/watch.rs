//! What is new: commits behind a URL, and releases in a registry over HTTP, both
//! with the protocol that the real ones speak.

use super::Project;
use super::commits::{self, Commits};
use super::releases::Registry;
use serde_json::Value;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

/// What was told, a line each: version, outcome, why.
fn lines(said: &super::Said) -> Vec<String> {
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let word = |key: &str| line[key].as_str().unwrap().to_owned();
        format!("{} {} {}", word("version"), word("outcome"), word("why"))
    };
    said.out.lines().map(line).collect()
}

#[test]
fn what_is_pushed_elsewhere_is_measured_newest_first_then_releases_then_gaps() {
    let project = Project::new("right");
    let mut commits = Commits::begin(&project, "there");
    commits.add();
    let url = format!("repository = \"file://{}\"", project.path("there").display());
    project.write("bench.toml", &commits::config(&url));
    project.write("suites/ask/suite.toml", commits::SUITE);
    let watch = |more: &[&str]| {
        let base = ["watch", "hello", "--quick", "--json"];
        let said = project.bench(&[&base[..], more].concat());
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        lines(&said)
    };
    let short = |commit: &str| commit.chars().take(8).collect::<String>();
    // Of a history of which nothing is known, the newest alone.
    let first = short(&commits.all[0]);
    assert_eq!(watch(&["--list"]), [format!("{first} queued newest")]);
    assert_eq!(watch(&["--once"]), [format!("{first} measured newest")]);
    assert_eq!(watch(&["--once"]), [""; 0]);

    for _ in 0..6 {
        commits.add();
    }
    commits.git(&["tag", "v1", &commits.all[2]]);
    let expected: Vec<String> =
        [(6, "newest"), (2, "release"), (4, "gap"), (1, "gap"), (5, "gap"), (3, "gap")]
            .iter()
            .map(|(at, why)| format!("{} queued {why}", short(&commits.all[*at])))
            .collect();
    let mut queued = watch(&["--list"]);
    // Gaps of the same size come in any order.
    assert_eq!(queued[..3], expected[..3]);
    queued.sort_unstable();
    let mut all = expected.clone();
    all.sort_unstable();
    assert_eq!(queued, all);
    let mut measured = watch(&["--once"]);
    assert_eq!(measured[0], expected[0].replace("queued", "measured"));
    assert_eq!(measured[1], expected[1].replace("queued", "measured"));
    assert_eq!(measured.len(), 6, "{measured:?}");
    measured = watch(&["--once"]);
    assert!(measured.is_empty(), "{measured:?}");
}

/// A sparse registry: an index and archives as files over HTTP.
struct Served {
    port: u16,
}

impl Served {
    fn of(folder: PathBuf) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let folder = folder.clone();
                thread::spawn(move || answer(stream.unwrap(), &folder, port));
            }
        });
        Self { port }
    }
}

/// One request a connection.
fn answer(mut stream: TcpStream, folder: &Path, port: u16) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let body = if path == "/index/config.json" {
        Some(
            format!(r#"{{"dl":"http://127.0.0.1:{port}/{{crate}}-{{version}}.crate"}}"#)
                .into_bytes(),
        )
    } else {
        fs::read(folder.join(path.trim_start_matches('/'))).ok()
    };
    let (status, body) = match body {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", Vec::new()),
    };
    // As crates.io does: a tag, and 304 for whoever has that.
    let tag = format!("\"{}\"", model::Digest::of(&body).short());
    let is_known = head.to_ascii_lowercase().contains(&format!("if-none-match: {tag}"));
    let status = if is_known { "304 Not Modified" } else { status };
    let body: &[u8] = if is_known { &[] } else { &body };
    let head = format!(
        "HTTP/1.1 {status}\r\netag: {tag}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

#[test]
fn releases_come_from_the_registry_that_cargo_is_configured_for() {
    let registry = Registry::new();
    let served = Served::of(registry.project.path("registry"));
    let index = format!("sparse+http://127.0.0.1:{}/index/", served.port);
    registry.project.write(
        "home/config.toml",
        &format!(
            "[source.crates-io]\nreplace-with = \"here\"\n[source.here]\nregistry = \"{index}\"\n"
        ),
    );
    let watch = |code| {
        let said = registry.bench(&["watch", "hello", "--quick", "--once", "--json"]);
        assert_eq!(said.code, code, "{}{}", said.out, said.err);
        lines(&said)
    };
    // It pins nothing, which is its result.
    assert_eq!(watch(4), ["2.0.0 not-built newest"]);
    assert_eq!(watch(0), [""; 0]);
    for version in ["2.0.1", "2.1.0", "3.0.0"] {
        registry.publish(version, false, true);
    }
    assert_eq!(
        watch(0),
        ["3.0.0 measured newest", "2.1.0 measured release", "2.0.1 measured release"]
    );
    let listed = registry.bench(&["list", "versions"]).out;
    assert!(listed.contains("not built: `hello-cli` 2.0.0 was published without"), "{listed}");
}
