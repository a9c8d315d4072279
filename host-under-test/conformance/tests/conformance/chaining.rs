//! Requests from one component of a workload to another: answered in the process,
//! whatever the list of allowed hosts says.

use crate::harness::{Files, Server, host, prebuilt, workload_text};
use crate::http_client::Response;
use std::fmt::Write;

/// A workload of components by name, guest and environment; none may ask anybody
/// outside.
fn serve(components: &[(&str, &str, &str)], more: &[&str]) -> Server {
    serve_beside("", components, more)
}

/// The same with further lines of YAML behind the components.
pub(crate) fn serve_beside(rest: &str, components: &[(&str, &str, &str)], more: &[&str]) -> Server {
    let mut text = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
                    metadata: {name: chain}\nspec:\n  template:\n    spec:\n      components:\n"
        .to_owned();
    for (name, guest, environment) in components {
        let interfaces = if guest.ends_with("p2") {
            "[incoming-handler, outgoing-handler]"
        } else {
            "[handler, client]"
        };
        let _ = write!(
            text,
            "        - name: {name}\n          file: {}\n          hostInterfaces:\n            \
             - {{namespace: wasi, package: http, interfaces: {interfaces}, config: {{path: /{name}}}}}\n          \
             localResources: {{environment: {{config: {{{environment}}}}}}}\n",
            prebuilt(guest).display()
        );
    }
    text.push_str(rest);
    let files = Files::new();
    let mut command = host();
    command.arg("serve").arg("--workload").arg(files.write("chain.yaml", text)).args(more);
    Server::start(command)
}

pub(crate) fn ask(server: &Server, path: &str) -> Response {
    server.connect().exchange(&format!("GET {path} HTTP/1.1\r\nHost: any\r\n\r\n"))
}

#[test]
fn a_neighbour_answers_by_its_name() {
    for caller in ["egress-p2", "egress-p3"] {
        for callee in ["whoami-p2", "whoami-p3"] {
            let server = serve(
                &[("front", caller, "URL: 'http://tool/x?y'"), ("tool", callee, "NAME: the-tool")],
                &[],
            );
            ask(&server, "/front").check(200, "the-tool");
        }
    }
}

#[test]
fn whoever_is_no_neighbour_is_judged_like_anybody() {
    let server = serve(&[("front", "egress-p3", "URL: 'http://elsewhere/'")], &[]);
    ask(&server, "/front").check(502, "HTTP-request-denied");
}

/// By components that copy a body, and by those that hand on the stream itself.
const LINKS: [&str; 2] = ["egress-p3", "chain-p3"];

#[test]
fn a_chain_of_eight_streams_a_megabyte() {
    let names: Vec<String> = (0..8).map(|index| format!("link{index}")).collect();
    let urls: Vec<String> = (1..8)
        .map(|index| format!("URL: 'http://link{index}/'"))
        .chain(["URL: 'http://source/bytes/1048576'".to_owned()])
        .collect();
    for link in LINKS {
        let mut components: Vec<(&str, &str, &str)> = names
            .iter()
            .zip(&urls)
            .map(|(name, url)| (name.as_str(), link, url.as_str()))
            .collect();
        components.push(("source", "stream-p3", "A: b"));
        let server = serve(&components, &[]);
        let response = ask(&server, "/link0");
        assert_eq!(response.head.status, 200, "{link}");
        assert_eq!(response.body.len(), 1 << 20, "{link}");
    }
}

/// An answer without end comes through as it is made, both ways at the same time.
#[test]
fn bodies_are_passed_on_as_they_come() {
    for link in LINKS {
        let server = serve(
            &[("front", link, "URL: 'http://bad/forever'"), ("bad", "misbehave-p3", "A: b")],
            &[],
        );
        let mut endless = server.connect();
        endless.send("GET /front HTTP/1.1\r\nHost: any\r\n\r\n");
        assert_eq!(endless.head().status, 200, "{link}");
        assert!((0..100).map(|_| endless.chunk().len()).sum::<usize>() >= 100, "{link}");
    }
    let swap = "OUTSIDE: 'Bearer a', INSIDE: 'Bearer b', UPSTREAM: 'http://inner/'";
    let server = serve(
        &[("filter", "filter-p3", swap), ("inner", "guarded-p3", "CREDENTIAL: 'Bearer b'")],
        &[],
    );
    let mut both = server.connect();
    both.send(
        "POST /filter HTTP/1.1\r\nHost: any\r\nAuthorization: Bearer a\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
    );
    for turn in 0..20 {
        let piece = format!("piece {turn}");
        both.send_chunk(&piece);
        if turn == 0 {
            assert_eq!(both.head().status, 200);
        }
        assert_eq!(both.chunk(), piece.as_bytes());
    }
    both.end_chunks();
    assert_eq!(both.chunk(), b"");
}

/// A neighbour that traps is an error for its caller, and nothing else.
#[test]
fn a_neighbour_that_traps_fails_the_call() {
    let bystander =
        format!("---\n{}", workload_text(&prebuilt("hello-p3"), "{host: other.localhost}"));
    let server = serve_beside(
        &bystander,
        &[
            ("front", "egress-p3", "URL: 'http://bad/trap'"),
            ("bad", "misbehave-p3", "A: b"),
            ("other", "whoami-p3", "NAME: other"),
        ],
        &[],
    );
    for turn in 0..1000 {
        ask(&server, "/front").check(502, "internal-error");
        if turn % 100 == 99 {
            ask(&server, "/other").check(200, "other");
            server.connect().get("other.localhost").check(200, "hello");
        }
    }
}
