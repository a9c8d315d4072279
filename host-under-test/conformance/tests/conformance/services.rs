//! Services that are asked, over TCP or HTTP, and die of it: those who were
//! waiting see the end, the next ones reach the next instance, and nobody else
//! notices.

use crate::harness::{Files, Server, eventually, host, prebuilt, workload_text};
use std::fmt::Write;

/// The ways a service is asked: the guest that asks, what it lists, the service.
const WAYS: [(&str, &str, &str); 2] =
    [("kv-tcp", "[handler]", "kv-server"), ("kv-http", "[handler, client]", "kv-handler")];

/// A workload that answers for `NAME.localhost` out of its service's memory.
fn document(name: &str, (asker, interfaces, service): (&str, &str, &str)) -> String {
    format!(
        "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
         metadata: {{name: {name}}}\nspec:\n  template:\n    spec:\n      hostInterfaces:\n        \
         - {{namespace: wasi, package: http, interfaces: {interfaces}, config: {{host: {name}.localhost}}}}\n      \
         components:\n        - {{name: asker, file: {}, poolSize: 1}}\n      \
         service: {{file: {}, maxRestarts: 1000}}\n",
        prebuilt(asker).display(),
        prebuilt(service).display()
    )
}

fn serve(text: String) -> Server {
    let files = Files::new();
    let mut command = host();
    command.arg("serve").arg("--workload").arg(files.write("services.yaml", text));
    Server::start(command)
}

fn ask(server: &Server, workload: &str, text: &str) -> String {
    let response = server.connect().exchange(&format!(
        "POST /script HTTP/1.1\r\nHost: {workload}.localhost\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    ));
    assert_eq!(response.head.status, 200, "{response:?}");
    String::from_utf8(response.body).expect("text").trim_end().to_owned()
}

#[test]
fn whoever_waits_for_a_service_that_dies_sees_the_end() {
    for way in WAYS {
        let server = serve(document("a", way));
        assert_eq!(ask(&server, "a", "set x 1\nget x\n"), "set\nvalue 1", "{way:?}");
        let end = ask(&server, "a", "delete trap\n");
        assert!(end.starts_with("error "), "{way:?}: {end}");
        // With what the old instance held, its connections have gone.
        eventually("the next instance answers", || {
            (ask(&server, "a", "get x\n") == "none").then_some(())
        });
        assert_eq!(ask(&server, "a", "set x 2\nget x\n"), "set\nvalue 2", "{way:?}");
    }
}

/// A thousand times; each service waits twice as long after every failure, so
/// that there are many.
#[test]
fn services_that_die_of_requests_harm_nobody() {
    const SERVICES: usize = 125;
    const DEATHS: usize = 4;
    for way in WAYS {
        let mut text = workload_text(&prebuilt("hello-p3"), "");
        for index in 0..SERVICES {
            let _ = write!(text, "---\n{}", document(&format!("w{index}"), way));
        }
        let server = serve(text);
        for _ in 0..DEATHS {
            for index in 0..SERVICES {
                let name = format!("w{index}");
                let set = eventually("it is there", || {
                    Some(ask(&server, &name, "set x 1\n")).filter(|answer| answer == "set")
                });
                assert_eq!(set, "set");
                let end = ask(&server, &name, "delete trap\n");
                assert!(end.starts_with("error "), "{way:?}: {name}: {end}");
                server.get().check(200, "hello");
            }
        }
    }
}
