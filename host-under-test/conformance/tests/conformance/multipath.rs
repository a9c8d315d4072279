//! Who answers: several components of a workload by path, several workloads by
//! host, replicas in turn.

use crate::harness::{Files, Server, check_refused, host, prebuilt, run};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Name, a further line of its `spec`, and components by name and path.
type Workload<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// A file with a document for each workload, of components that tell their name.
fn file(workloads: &[Workload<'_>]) -> String {
    let guest = prebuilt("whoami-p3");
    let mut text = String::new();
    for (name, more, components) in workloads {
        let _ = write!(
            text,
            "---\napiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\n\
             metadata: {{name: {name}}}\nspec:\n  {more}\n  template:\n    spec:\n      \
             hostInterfaces:\n        - {{namespace: wasi, package: http, interfaces: [handler], \
             config: {{host: {name}.test, host-aliases: 'www.{name}.test,{name}.example'}}}}\n      \
             components:\n"
        );
        for (component, path) in *components {
            let _ = write!(
                text,
                "        - name: {component}\n          file: {}\n          hostInterfaces:\n            \
                 - {{namespace: wasi, package: http, interfaces: [handler], config: {{path: {path}}}}}\n          \
                 localResources: {{environment: {{config: {{NAME: {name}-{component}}}}}}}\n",
                guest.display()
            );
        }
    }
    text
}

fn serve(text: &str) -> (Files, Server) {
    let files = Files::new();
    let path = files.write("workloads.yaml", text);
    let mut command = host();
    command.arg("serve").arg("--workload").arg(path);
    let server = Server::start(command);
    (files, server)
}

/// Components of one file take their code from one file of machine code.
#[test]
fn machine_code_serves_every_component_of_its_file() {
    let files = Files::new();
    let aot = files.path("code.aot");
    let mut compile = host();
    compile.arg("compile").arg(prebuilt("whoami-p3")).arg("--out").arg(&aot);
    let compiled = run(compile);
    assert_eq!(compiled.code, Some(0), "{}", compiled.stderr);
    let text = file(&[("a", "replicas: 2", &[("root", "/"), ("api", "/api")])]);
    let mut command = host();
    command.arg("serve").arg("--workload").arg(files.write("a.yaml", text)).arg("--aot").arg(aot);
    let server = Server::start(command);
    assert!(server.ready["phases_ns"]["compile"].is_null(), "{}", server.ready);
    let mut connection = server.connect();
    for (path, body) in [("/", "a-root"), ("/api", "a-api")] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n");
        connection.exchange(&request).check(200, body);
    }
}

#[test]
fn longest_prefix_of_the_host_that_was_asked() {
    let (_files, server) = serve(&file(&[
        ("a", "replicas: 1", &[("root", "/"), ("api", "/api"), ("v2", "/api/v2")]),
        ("b", "replicas: 1", &[("only", "/only")]),
    ]));
    let mut connection = server.connect();
    for (host, path, status, body) in [
        ("a.test", "/", 200, "a-root"),
        ("a.test", "/x?y", 200, "a-root"),
        ("a.test", "/api", 200, "a-api"),
        ("a.test", "/api/", 200, "a-api"),
        ("a.test", "/apix", 200, "a-root"),
        ("a.test", "/api/v2/x", 200, "a-v2"),
        ("a.test", "/api/v22", 200, "a-api"),
        ("WWW.a.test.", "/api/v2", 200, "a-v2"),
        ("a.example", "/api/v2", 200, "a-v2"),
        ("b.test", "/only/x", 200, "b-only"),
        ("b.test", "/", 404, "no component answers for this path"),
        ("c.test", "/", 404, "no workload answers for this host"),
    ] {
        println!("{host} {path}");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let response = connection.exchange(&request);
        response.check(status, body);
        if status == 200 {
            assert_eq!(response.head.header("x-path"), Some(path), "the path arrives whole");
        }
    }
}

#[test]
fn replicas_take_turns() {
    let (_files, server) = serve(&file(&[("a", "replicas: 3", &[("x", "/")])]));
    let mut connection = server.connect();
    for _ in 0..7 {
        connection.get("a.test").check(200, "a-x");
    }
    assert_eq!(server.ready["event"], "ready");
}

#[test]
fn a_thousand_routes() {
    let names: Vec<(String, String)> =
        (0..1000).map(|i| (format!("r{i}"), format!("/r{i}"))).collect();
    let components: Vec<(&str, &str)> =
        names.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect();
    let (_files, server) = serve(&file(&[("a", "replicas: 1", &components)]));
    let mut connection = server.connect();
    let mut seen = BTreeMap::new();
    for route in [0, 1, 10, 99, 100, 500, 999] {
        let request = format!("GET /r{route}/x HTTP/1.1\r\nHost: a.test\r\n\r\n");
        let response = connection.exchange(&request);
        seen.insert(route, String::from_utf8_lossy(&response.body).into_owned());
    }
    for (route, body) in seen {
        assert_eq!(body, format!("a-r{route}"));
    }
}

#[test]
fn one_place_for_two_components_is_refused() {
    let files = Files::new();
    let text = file(&[("a", "replicas: 1", &[("x", "/same"), ("y", "/same/")])]);
    let path = files.write("workloads.yaml", text);
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]).arg(path);
    check_refused(command, 2, &["workloads.yaml:", "components[1]", "components[0]"]);
}
