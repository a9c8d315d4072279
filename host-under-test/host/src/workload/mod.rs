//! The workload file: the start of wasmCloud's WorkloadDeployment. Everything in
//! it works or is refused with file and line; nothing is silently ignored.
//!
//! `wire` is what may be written, `spec` is what it means; only the latter
//! leaves this module. Nothing here opens a component.

mod spec;
mod wire;

pub(crate) use spec::{HttpInterface, WasiVersion, Workload};

use crate::error::{Error, Result};
use std::path::Path;

/// Reads and checks a workload file.
pub(crate) fn read(path: &Path) -> Result<Workload> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Error::Input(format!("reading workload file {}: {e}", path.display())))?;
    parse(&text, path)
}

fn parse(text: &str, path: &Path) -> Result<Workload> {
    let file = wire::File::named(path);
    let wire = file.parse(text)?;
    spec::check(&file, wire, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: runtime.wasmcloud.dev/v1alpha1\n\
                        kind: WorkloadDeployment\n\
                        metadata:\n  name: hello\nspec:\n";
    const HTTP: &str = "  hostInterfaces:\n    - namespace: wasi\n      package: http\n      \
                        interfaces: [incoming-handler, handler]\n";
    const ONE: &str = "  components:\n    - name: hello\n      file: hello.wasm\n";

    fn check_refused(text: &str, want: &str) {
        let error = parse(text, Path::new("dir/w.yaml")).expect_err(text);
        assert_eq!(error.to_string(), want, "for:\n{text}");
    }

    fn parsed(text: &str) -> Workload {
        parse(text, Path::new("dir/w.yaml")).unwrap_or_else(|e| panic!("{e}\nfor:\n{text}"))
    }

    #[test]
    fn the_smallest_workload() {
        let workload = parsed(&format!("{HEAD}{HTTP}{ONE}"));
        assert_eq!(workload.component.file, Path::new("dir/hello.wasm"));
        assert_eq!(workload.http.host, None);
        assert!(workload.http.offers(WasiVersion::P2));
        assert!(workload.http.offers(WasiVersion::P3));
    }

    #[test]
    fn host_and_version_are_taken() {
        let http = format!("{HTTP}      config: {{host: Hello.localhost}}\n");
        assert_eq!(
            parsed(&format!("{HEAD}{http}{ONE}")).http.host.as_deref(),
            Some("Hello.localhost")
        );
        let http = HTTP.replace("[incoming-handler, handler]", "[handler]\n      version: 0.3.0");
        let workload = parsed(&format!("{HEAD}{http}{ONE}"));
        assert!(workload.http.offers(WasiVersion::P3) && !workload.http.offers(WasiVersion::P2));
    }

    #[test]
    fn unknown_fields_are_named_with_path_and_line() {
        check_refused(
            &format!("{HEAD}{HTTP}{}", ONE.replace("file:", "imagee: x\n      file:")),
            "dir/w.yaml:12:7: spec.components[0].imagee: unknown field `imagee`, expected one of name, file",
        );
        check_refused(
            &format!("{HEAD}{HTTP}      config: {{hosst: a}}\n{ONE}"),
            "dir/w.yaml:10:23: spec.hostInterfaces[0].config.hosst: unknown key, wasi:http knows: host",
        );
    }

    #[test]
    fn wrong_documents_are_refused() {
        check_refused("", "dir/w.yaml:1:1: unexpected end of input");
        check_refused(&format!("{HEAD}{HTTP}"), "dir/w.yaml:6:3: spec: missing field `components`");
        let other = HEAD.replace("WorkloadDeployment", "Deployment");
        check_refused(
            &format!("{other}{HTTP}{ONE}"),
            "dir/w.yaml:2:7: kind: `Deployment` is not supported, expected `WorkloadDeployment`",
        );
        let twice = format!("{HEAD}{HTTP}{ONE}    - name: b\n      file: b.wasm\n");
        check_refused(
            &twice,
            "dir/w.yaml:13:13: spec.components[1]: a second component is not supported yet: \
             give each its own workload file",
        );
    }

    #[test]
    fn what_the_host_does_not_offer_is_refused_by_name() {
        let cases = [
            (
                HTTP.replace("package: http", "package: keyvalue"),
                "dir/w.yaml:8:16: spec.hostInterfaces[0]: this host does not offer wasi:keyvalue, only wasi:http",
            ),
            (
                HTTP.replace("incoming-handler, handler", "outgoing-handler"),
                "dir/w.yaml:9:20: spec.hostInterfaces[0].interfaces[0]: wasi:http/outgoing-handler is not \
                 offered, expected incoming-handler (0.2), handler (0.3) or types",
            ),
            (
                HTTP.replace("[incoming-handler, handler]", "[types]"),
                "dir/w.yaml:8:16: spec.hostInterfaces[0].interfaces: no handler is listed: add \
                 incoming-handler (0.2) or handler (0.3)",
            ),
            (
                format!("{HTTP}      version: 0.4.0\n"),
                "dir/w.yaml:10:16: spec.hostInterfaces[0].version: wasi:http 0.4.0 is not offered, \
                 expected 0.2.0 to 0.2.12 or 0.3.0",
            ),
            (
                format!("{HTTP}      version: 0.3.0\n"),
                "dir/w.yaml:9:20: spec.hostInterfaces[0].interfaces[0]: wasi:http/incoming-handler does \
                 not exist in version 0.3.0",
            ),
            (
                format!("{HTTP}      config: {{host: 'a b'}}\n"),
                "dir/w.yaml:10:22: spec.hostInterfaces[0].config.host: `a b` is not a host name (no \
                 port, no wildcard)",
            ),
        ];
        for (http, want) in cases {
            check_refused(&format!("{HEAD}{http}{ONE}"), want);
        }
    }
}
