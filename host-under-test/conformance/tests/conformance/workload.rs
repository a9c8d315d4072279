//! The workload file: what is refused, and where the error points. The wording
//! of each refusal is tested beside its code; here, that it reaches the user.

use crate::harness::{Files, Server, check_refused, host, prebuilt, workload_text};
use std::path::Path;

#[track_caller]
fn check_workload(text: &str, parts: &[&str]) {
    let files = Files::new();
    let path = files.write("workload.yaml", text);
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]).arg(&path);
    check_refused(command, 2, parts);
}

#[test]
fn an_unknown_field_is_named_with_line_and_path() {
    let text =
        workload_text(Path::new("a.wasm"), "").replace("file:", "imagee: b\n          file:");
    let want = "workload.yaml:14:11: spec.template.spec.components[0].imagee: unknown field";
    check_workload(&text, &[want]);
}

#[test]
fn refusals_point_at_their_place() {
    let good = workload_text(Path::new("a.wasm"), "{host: a}");
    let rows = [
        (good.replace("kind: W", "kind: X"), "workload.yaml:2:7: kind: `XorkloadDeployment`"),
        (good.replace("v1alpha1", "v9"), "workload.yaml:1:13: apiVersion: "),
        (good.replace("package: http", "package: tape"), "this host does not offer wasi:tape"),
        (
            good.replace("{host: a}", "{hots: a}"),
            "spec.template.spec.hostInterfaces[0].config.hots: unknown key",
        ),
        (good.replace("[incoming-handler, handler]", "[proxy]"), "wasi:http/proxy is not offered"),
        (good.replace("name: test", "name: test\n  uid: x"), ":5:3: metadata.uid: unknown"),
        (
            good.replace("  template:\n    spec:\n", "").replace("\n      ", "\n  "),
            "spec.hostInterfaces: belongs below `spec.template.spec`",
        ),
        (
            good.replace(
                "file: ",
                "poolSize: 1\n          maxConcurrency: 0x7fffffff\n          file: ",
            ),
            "maxConcurrency: 2147483647 is out of range",
        ),
        (good.replace("kind: ", "kind "), "workload.yaml:2:"),
        (String::new(), "workload.yaml:1:1: there is no workload in this file"),
        ("\t".to_owned(), "workload.yaml:1:"),
        ("&a [*a, *a]".to_owned(), "workload.yaml:1:"),
    ];
    for (text, part) in rows {
        println!("{text}");
        check_workload(&text, &[part]);
    }
}

#[test]
fn a_missing_workload_file() {
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload", "/nowhere/w.yaml"]);
    check_refused(command, 2, &["reading workload file /nowhere/w.yaml: No such file"]);
}

#[test]
fn a_handler_the_workload_does_not_list() {
    let files = Files::new();
    let text = workload_text(&prebuilt("hello-p3"), "").replace(", handler]", "]");
    let path = files.write("workload.yaml", text);
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]).arg(path);
    let parts = ["exports wasi:http/handler@0.3.0", "hostInterfaces do not list: add handler"];
    check_refused(command, 2, &parts);
}

#[test]
fn files_are_relative_to_the_workload() {
    let files = Files::new();
    let guest = std::fs::read(prebuilt("hello-p2")).expect("a guest");
    files.write("local.wasm", guest);
    let server = Server::of(&files, Path::new("local.wasm"), &[]);
    server.get().check(200, "hello");
}
