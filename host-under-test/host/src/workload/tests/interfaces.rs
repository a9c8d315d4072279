//! `hostInterfaces` and the requests they lead to a component.

use super::*;

#[test]
fn what_the_host_does_not_offer_is_refused_by_name() {
    let entry = "spec.template.spec.hostInterfaces[0]";
    let only = "only wasi:http, wasi:config, wasi:keyvalue, wasi:blobstore, wasi:logging, \
                wasi:cli, wasi:io, wasi:clocks, wasi:random, wasi:sockets and wasi:filesystem";
    let cases = [
        (
            HTTP.replace("namespace: wasi", "namespace: wasmcloud")
                .replace("package: http", "package: messaging"),
            format!("10:20: {entry}: this host does not offer wasmcloud:messaging yet, {only}"),
        ),
        (
            HTTP.replace("namespace: wasi", "namespace: acme"),
            format!("10:20: {entry}: this host does not offer acme:http, {only}"),
        ),
        (
            HTTP.replace("incoming-handler, handler", "proxy"),
            format!(
                "11:24: {entry}.interfaces[0]: wasi:http/proxy is not offered, expected \
                 incoming-handler (0.2), outgoing-handler (0.2), handler (0.3), client (0.3) or types"
            ),
        ),
        (
            HTTP.replace("[incoming-handler, handler]", "[types]"),
            format!(
                "10:20: {entry}.interfaces: no handler is listed: add incoming-handler (0.2) or \
                 handler (0.3)"
            ),
        ),
        (
            HTTP.replace("[incoming-handler, handler]", "[]"),
            format!("10:20: {entry}.interfaces: must not be empty: name what the workload uses"),
        ),
        (
            HTTP.replace("handler]", "incoming-handler]"),
            format!("11:42: {entry}.interfaces[1]: `incoming-handler` is listed twice"),
        ),
    ];
    for (http, want) in cases {
        check_refused(&format!("{HEAD}{http}{ONE}"), &want);
    }
}

#[test]
fn versions_names_and_repetitions_are_refused() {
    let entry = "spec.template.spec.hostInterfaces[0]";
    let cases = [
        (
            format!("{HTTP}          version: 0.4.0\n"),
            format!(
                "12:20: {entry}.version: wasi:http 0.4.0 is not offered, expected 0.2.0 to 0.2.12 \
                 or 0.3.0"
            ),
        ),
        (
            format!("{HTTP}          version: 0.3.0\n"),
            format!(
                "11:24: {entry}.interfaces[0]: wasi:http/incoming-handler does not exist in version \
                 0.3.0"
            ),
        ),
        (
            HTTP.replace("package: http", "package: io")
                .replace("[incoming-handler, handler]", "[poll]\n          version: 0.3.0"),
            format!("12:20: {entry}.version: wasi:io 0.3.0 is not offered, expected 0.2.0 to 0.2.12"),
        ),
        (
            HTTP.replace("package: http", "package: random")
                .replace("[incoming-handler, handler]", "[random]\n          config: {seed: '1'}"),
            format!("12:26: {entry}.config.seed: unknown key, wasi:random knows none"),
        ),
        (
            format!("{HTTP}          name: A\n"),
            format!(
                "12:17: {entry}.name: `A` is not a name: lower-case letters, digits and `-`, and no \
                 `-` first"
            ),
        ),
        (
            format!("{HTTP}{}", HTTP.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>()),
            "13:20: spec.template.spec.hostInterfaces[1]: wasi:http is listed twice, first as \
             spec.template.spec.hostInterfaces[0]: merge them, for it has no named instances"
                .to_owned(),
        ),
        (
            String::new(),
            "8:7: spec.template.spec.hostInterfaces: wasi:http is missing: without it no request can \
             reach any component"
                .to_owned(),
        ),
    ];
    for (http, want) in cases {
        check_refused(&format!("{HEAD}{http}{ONE}"), &want);
    }
}

#[test]
fn several_key_value_stores_need_names() {
    let store = |name: &str| {
        format!("        - {{{name}namespace: wasi, package: keyvalue, interfaces: [store]}}\n")
    };
    let all = format!("{HTTP}{}{}", store(""), store("name: cache, "));
    let workload = parsed(&format!("{HEAD}{all}{}{ONE}", store("name: queue, ")));
    assert_eq!(workload.interfaces.len(), 4);
    check_refused(
        &format!("{HEAD}{all}{}{ONE}", store("")),
        "14:38: spec.template.spec.hostInterfaces[3]: wasi:keyvalue is listed twice, first as \
         spec.template.spec.hostInterfaces[1]: give one of them a `name`",
    );
}

#[test]
fn hosts_and_aliases() {
    let config = "spec.template.spec.hostInterfaces[0].config";
    let cases = [
        (
            "host: 'a b'",
            format!("12:26: {config}.host: `a b` is not a host name (no port, no wildcard)"),
        ),
        (
            "host: '*.a'",
            format!("12:26: {config}.host: `*.a` is not a host name (no port, no wildcard)"),
        ),
        (
            "host: a, host-aliases: 'b:80'",
            format!(
                "12:43: {config}.host-aliases: `b:80` is not a host name (no port, no wildcard)"
            ),
        ),
        (
            "host: a, host-aliases: 'b, A.'",
            format!("12:43: {config}.host-aliases: `A.` is listed twice"),
        ),
        ("host-aliases: b", format!("12:34: {config}.host-aliases: has no meaning without `host`")),
        (
            "path: /a",
            format!(
                "12:26: {config}.path: belongs to a component: put wasi:http with `path` into its \
                 hostInterfaces"
            ),
        ),
    ];
    for (text, want) in cases {
        check_refused(&format!("{HEAD}{HTTP}          config: {{{text}}}\n{ONE}"), &want);
    }
}

#[test]
fn a_component_goes_before_its_workload() {
    let workload = parsed(&routed(
        "host: shop, host-aliases: store",
        &["", "path: /a", "host: other", "host: third, path: /a/"],
    ));
    let routes: Vec<_> = workload
        .components
        .iter()
        .filter_map(|c| c.http.as_ref())
        .map(|http| (http.hosts().collect::<Vec<_>>().join(" "), http.path.as_str()))
        .collect();
    let want = [("shop store", "/"), ("shop store", "/a"), ("other", "/"), ("third", "/a")];
    assert_eq!(routes, want.map(|(hosts, path)| (hosts.to_owned(), path)));
    // A host by name goes before all hosts: no conflict.
    parsed(&routed("", &["path: /a", "host: b, path: /a", "host: c, path: /a"]));
}

#[test]
fn two_components_with_the_same_requests_are_refused() {
    let entry = |n: usize| format!("spec.template.spec.components[{n}]");
    let advice = "give each component its own path";
    check_refused(
        &routed("", &["path: /a", "path: /b", "path: /a/"]),
        &format!(
            "25:86: {}.hostInterfaces[0].config.path: every host with path /a is already answered \
             by {}.hostInterfaces[0].config.path (line 17): {advice}",
            entry(2),
            entry(0)
        ),
    );
    check_refused(
        &routed("host: shop", &["host: a, host-aliases: 'b, Shop.'", ""]),
        &format!(
            "18:17: {}: host shop with path / is already answered by {} (line 14): {advice}",
            entry(1),
            entry(0)
        ),
    );
    let unanswered = format!("{HEAD}{HTTP}      service: {{file: s.wasm}}\n");
    check_refused(
        &unanswered,
        "10:20: spec.template.spec.hostInterfaces[0]: there is no component to answer requests: \
         list only what the service uses",
    );
    parsed(&unanswered.replace("incoming-handler, handler", "outgoing-handler, client"));
}
