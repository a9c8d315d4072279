//! What a service tells whoever collects traces.

use super::{Project, Serving, token};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

#[test]
fn requests_are_traced_where_the_environment_says() {
    let project = Project::new("right");
    let token = token(&project);
    let (endpoint, batches) = collector();
    let mut serving = Serving::start_with(
        &project,
        &token,
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=open"),
        ],
    );
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let asked = ureq::get(format!("{}/api/v1/runs?limit=1", serving.url));
    asked.header("traceparent", parent).call().unwrap();
    let pid = Pid::from_raw(serving.child.id().cast_signed());
    kill(pid, Signal::SIGTERM).unwrap();
    assert!(serving.child.wait().unwrap().success());
    // All were sent before it ended.
    let told: Vec<(String, Value)> = batches.try_iter().collect();
    assert!(told.iter().all(|(head, _)| head.contains("x-key: open")), "{told:?}");
    assert!(told.iter().all(|(head, _)| head.starts_with("POST /v1/traces ")), "{told:?}");
    let of_resource = |it: &Value| it["resourceSpans"].as_array().unwrap().clone();
    let resources: Vec<Value> = told.iter().flat_map(|(_, it)| of_resource(it)).collect();
    let service = attribute(&resources[0]["resource"], "service.name");
    assert_eq!(service["stringValue"], "bench-serve", "{resources:?}");
    let spans: Vec<&Value> = resources.iter().flat_map(spans).collect();
    let named = |name: &str| spans.iter().find(|span| span["name"] == name);
    let span = named("GET /api/v1/runs").unwrap();
    assert_eq!((&span["traceId"], &span["parentSpanId"]), (&TRACE.into(), &CALLER.into()));
    assert_eq!(attribute(span, "url.path")["stringValue"], "/api/v1/runs", "{span}");
    assert_eq!(attribute(span, "http.response.status_code")["intValue"], "200", "{span}");
    assert!(named("render the site").is_some(), "{spans:?}");
    assert!(!format!("{spans:?}").contains("limit=1"), "{spans:?}");
}

#[test]
fn traces_that_cannot_be_sent_are_told_and_stop_nothing() {
    let project = Project::new("right");
    let token = token(&project);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{nobody}");
    let serving =
        Serving::start_with(&project, &token, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    assert_eq!(serving.get("/healthz")["status"], "ok");
    let refused = |name: &str, value: &str| {
        let mut command = project.command(&["serve", "--store", "service.sqlite"]);
        let output = command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint).env(name, value);
        let output = output.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    assert!(said.contains("OTEL_EXPORTER_OTLP_PROTOCOL=grpc"), "{said}");
    let said = refused("OTEL_EXPORTER_OTLP_ENDPOINT", "not an address");
    assert!(said.contains("OTEL_EXPORTER_OTLP_ENDPOINT asks for"), "{said}");
}

fn spans(resource: &Value) -> impl Iterator<Item = &Value> {
    let scopes = resource["scopeSpans"].as_array().unwrap();
    scopes.iter().flat_map(|scope| scope["spans"].as_array().unwrap())
}

fn attribute<'a>(of: &'a Value, key: &str) -> &'a Value {
    let attributes = of["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key);
    &found.unwrap_or_else(|| panic!("no {key} in {of}"))["value"]
}

/// A collector, as far as one who exports sees: its address, and the head and JSON of
/// each request.
fn collector() -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (heard, batches) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            hear(stream, &heard);
        }
    });
    (endpoint, batches)
}

fn hear(stream: TcpStream, heard: &Sender<(String, Value)>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
    }
    let head = head.to_lowercase().replacen("post", "POST", 1);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    // Before the answer: who exports may end as soon as it is there.
    let _ = heard.send((head, serde_json::from_slice(&body).unwrap()));
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\
                  connection: close\r\n\r\n{}";
    reader.get_mut().write_all(answer.as_bytes()).unwrap();
}
