//! Requests from one component of a workload to another: answered in the process,
//! whatever the list of allowed hosts says.

use crate::harness::{Files, Server, host, prebuilt};
use crate::http_client::Response;
use std::fmt::Write;

/// A workload of components by name, guest and environment; none may ask anybody
/// outside.
fn serve(components: &[(&str, &str, &str)], more: &[&str]) -> Server {
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
    let files = Files::new();
    let mut command = host();
    command.arg("serve").arg("--workload").arg(files.write("chain.yaml", text)).args(more);
    Server::start(command)
}

fn ask(server: &Server, path: &str) -> Response {
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

#[test]
fn a_chain_of_eight_streams_a_megabyte() {
    let names: Vec<String> = (0..8).map(|index| format!("link{index}")).collect();
    let urls: Vec<String> = (1..8).map(|index| format!("URL: 'http://link{index}/'")).collect();
    let mut components: Vec<(&str, &str, &str)> = names
        .iter()
        .zip(&urls)
        .map(|(name, url)| (name.as_str(), "egress-p3", url.as_str()))
        .collect();
    let last = "URL: 'http://source/bytes/1048576'";
    components.push((&names[7], "egress-p3", last));
    components.push(("source", "stream-p3", "A: b"));
    let server = serve(&components, &[]);
    let response = ask(&server, "/link0");
    assert_eq!(response.head.status, 200);
    assert_eq!(response.body.len(), 1 << 20);
}

/// Each call of itself takes an instance, until there is none.
#[test]
fn one_that_calls_itself_ends_and_harms_nobody() {
    let server = serve(
        &[("ring", "egress-p3", "URL: 'http://ring/'"), ("other", "whoami-p3", "NAME: other")],
        &["--max-instances", "40", "--max-instances-per-component", "20"],
    );
    for _ in 0..20 {
        let response = ask(&server, "/ring");
        assert_eq!(response.head.status, 502, "{response:?}");
        ask(&server, "/other").check(200, "other");
    }
}

/// A neighbour that traps is an error for its caller, and nothing else.
#[test]
fn a_neighbour_that_traps_fails_the_call() {
    let server = serve(
        &[
            ("front", "egress-p3", "URL: 'http://bad/trap'"),
            ("bad", "misbehave-p3", "A: b"),
            ("other", "whoami-p3", "NAME: other"),
        ],
        &[],
    );
    for turn in 0..1000 {
        ask(&server, "/front").check(502, "internal-error");
        if turn % 100 == 0 {
            ask(&server, "/other").check(200, "other");
        }
    }
    ask(&server, "/other").check(200, "other");
}
