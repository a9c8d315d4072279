//! Bad components, and that each is refused in words. The guests are written
//! here as text; what they would do is never reached except where said.

use crate::harness::{Files, check_refused, host};

/// A component that exports a 0.2 handler with this body.
pub(crate) fn p2_guest(core_body: &str, imports: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            {imports}
            (import "wasi:http/types@0.2.0" (instance $types
                (export "incoming-request" (type (sub resource)))
                (export "response-outparam" (type (sub resource)))))
            (alias export $types "incoming-request" (type $request))
            (alias export $types "response-outparam" (type $outparam))
            (core module $code (func (export "handle") (param i32 i32) {core_body}))
            (core instance $core (instantiate $code))
            (func $handle (param "request" (own $request)) (param "response-out" (own $outparam))
                (canon lift (core func $core "handle")))
            (instance $handler (export "handle" (func $handle)))
            (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))"#
    );
    wat::parse_str(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

#[track_caller]
fn check_component(bytes: Option<&[u8]>, parts: &[&str]) {
    let files = Files::new();
    let component = files.path("guest.wasm");
    if let Some(bytes) = bytes {
        files.write("guest.wasm", bytes);
    }
    let mut command = host();
    command.args(["serve", "--addr", "127.0.0.1:0", "--workload"]);
    command.arg(files.workload(&component, ""));
    let name = component.display().to_string();
    check_refused(command, 2, &[&[name.as_str()], parts].concat());
}

#[test]
fn a_missing_file() {
    check_component(None, &["reading component", "No such file"]);
}

#[test]
fn not_webassembly() {
    check_component(Some(b""), &["is not a WebAssembly component"]);
    check_component(Some(b"#!/bin/sh\n"), &["is not a WebAssembly component"]);
}

#[test]
fn a_damaged_component() {
    check_component(Some(b"\0asm\x0d\0\x01\0\xff\xff"), &["compiling"]);
}

#[test]
fn a_core_module() {
    let module = wat::parse_str("(module)").expect("a module");
    check_component(Some(&module), &["is a core module, not a component"]);
}

#[test]
fn no_http_handler() {
    let component = wat::parse_str("(component)").expect("a component");
    check_component(Some(&component), &["exports no HTTP handler", "incoming-handler@0.2.x"]);
}

#[test]
fn a_handler_of_the_wrong_type() {
    let component = wat::parse_str(
        r#"(component (instance $handler)
            (export "wasi:http/handler@0.3.0" (instance $handler)))"#,
    )
    .expect("a component");
    check_component(Some(&component), &["exports a wasi:http/handler of the wrong type"]);
}

#[test]
fn an_import_nobody_offers() {
    let import = r#"(import "acme:missing/thing@1.0.0" (instance (export "f" (func))))"#;
    let guest = p2_guest("unreachable", import);
    check_component(Some(&guest), &["does not offer", "acme:missing/thing@1.0.0"]);
    let import = r#"(import "wasi:http/outgoing-handler@0.2.0" (instance (export "f" (func))))"#;
    let guest = p2_guest("unreachable", import);
    check_component(Some(&guest), &["do not list", "wasi:http/outgoing-handler@0.2.0"]);
}
