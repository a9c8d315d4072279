//! Documents as a whole: which are refused, and where the error points.

use super::*;

#[test]
fn wrong_documents_are_refused() {
    for nothing in ["", "\n# a comment\n", "---\n---\n", "~"] {
        check_refused(nothing, "1:1: there is no workload in this file");
    }
    check_refused(
        &format!("{HEAD}{HTTP}"),
        "8:7: spec.template.spec: there is nothing to run: add `components` or a `service`",
    );
    let good = format!("{HEAD}{HTTP}{ONE}");
    let cases = [
        (
            "kind: WorkloadDeployment",
            "kind: Deployment",
            "2:7: kind: `Deployment` is not supported, expected `WorkloadDeployment`",
        ),
        (
            "name: hello\nspec",
            "name: Hello\nspec",
            "4:9: metadata.name: `Hello` is not a name: lower-case letters, digits and `-`, and no \
             `-` first",
        ),
        (
            "spec:\n  template",
            "spec:\n  replicas: 0\n  template",
            "6:13: spec.replicas: 0 is out of range, expected 1 to 1000",
        ),
    ];
    for (old, new, want) in cases {
        check_refused(&good.replacen(old, new, 1), want);
    }
}

#[test]
fn fields_nobody_knows_are_named_with_path_and_line() {
    let text = format!("{HEAD}{HTTP}      config: {{hosst: a}}\n{ONE}");
    check_refused(
        &text.replace("      config", "          config"),
        "12:27: spec.template.spec.hostInterfaces[0].config.hosst: unknown key, wasi:http knows: \
         host, host-aliases",
    );
    let cases = [
        (
            "spec:\n  template:\n    spec:\n",
            "spec:\n",
            "6:7: spec.hostInterfaces: belongs below `spec.template.spec`, as in wasmCloud",
        ),
        (
            "          file:",
            "          imagePullSecret: {name: a}\n          file:",
            "14:11: spec.template.spec.components[0].imagePullSecret: credentials of registries are taken from Docker's config.json",
        ),
        (
            "spec:\n  template",
            "spec:\n  deployPolicy: Recreate\n  template",
            "6:3: spec.deployPolicy: there is no cluster to roll an update out to",
        ),
        (
            "          package: http\n",
            "          package: http\n          secretFrom: [{name: a}]\n",
            "11:11: spec.template.spec.hostInterfaces[0].secretFrom: there is no cluster to read a Secret from: write the values into `config`",
        ),
    ];
    let good = format!("{HEAD}{HTTP}{ONE}");
    for (old, new, want) in cases {
        check_refused(&good.replace(old, new), want);
    }
    let environment = "spec.template.spec.components[0].localResources.environment";
    check_refused(
        &resources("environment:\n  A: b\n  configFrom: [{name: a}]"),
        &format!(
            "18:15: {environment}.configFrom: there is no cluster to read a ConfigMap from: write \
             the values into `config`"
        ),
    );
    check_refused(
        &resources("environment:\n  A: b\n  config: {C: d}"),
        &format!("17:15: {environment}: put all variables below `config`, or none"),
    );
    // A key named like a part of the parser's own.
    for layer in ["environment:\n  value: [1]", "environment: {config: {\nvalue: [1]}}"] {
        let error = parse(&resources(layer), Path::new(PATH)).unwrap_err().to_string();
        assert!(error.contains(".value: expected string scalar"), "{error}");
    }
    check_refused(
        &resources("config:\n  value: [1]"),
        "17:22: spec.template.spec.components[0].localResources.config.value: expected string scalar",
    );
}

#[test]
fn what_the_text_could_hide_is_refused() {
    let good = format!("{HEAD}{HTTP}{ONE}");
    let twice = format!("{good}          name: other\n");
    let merged = format!("{good}          <<: {{poolSize: 1}}\n");
    let tagged = good.replace("file: hello.wasm", "file: !secret hello.wasm");
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let bomb: String = (0..30)
        .map(|n| format!("a{}: &a{} [*a{n}, *a{n}, *a{n}, *a{n}, *a{n}, *a{n}]\n", n + 1, n + 1))
        .collect();
    let bomb = format!("a0: &a0 x\n{bomb}");
    for (text, part) in [
        (
            twice,
            ":15:11: spec.template.spec.components[0]: duplicate mapping key `name` is not allowed here",
        ),
        (merged, ":15:11: spec.template.spec.components[0]: merge key not allowed here"),
        (tagged, ":14:25: spec.template.spec.components[0]: unsupported tag `!secret`"),
        (deep, ":1:"),
        (bomb, ":1:"),
    ] {
        let error = parse(&text, Path::new(PATH)).expect_err(&text).to_string();
        assert!(error.starts_with(&format!("{PATH}{part}")), "{error}");
        assert!(!error.contains('\n') && error.len() < 500, "{error}");
    }
}

#[test]
fn several_documents_are_several_workloads() {
    let one = format!("{HEAD}{HTTP}{ONE}");
    let two = one.replace("name: hello\n", "name: other\n");
    let workloads = parse(&format!("---\n{one}---\n---\n{two}"), Path::new(PATH)).unwrap();
    let names: Vec<_> = workloads.iter().map(|workload| workload.name.as_str()).collect();
    assert_eq!(names, ["hello", "other"]);
    check_refused(&format!("{one}---\n{one}"), "19:9: metadata.name: `hello` is taken by line 4");
    check_refused(
        &format!("{one}---\n{}", two.replace("file:", "flie:")),
        "29:11: spec.template.spec.components[0].flie: unknown field `flie`, expected one of name, \
         image, file, digest, poolSize, maxInvocations, maxConcurrency, schedule, localResources, \
         hostInterfaces",
    );
}

#[test]
fn a_field_without_a_value_is_absent() {
    let mut text =
        with_fields("poolSize:\nlocalResources:\n  environment:\n  config:\n  allowedHosts:");
    text.push_str("      volumes:\n      service:\n");
    let workload = parsed(&text);
    assert_eq!(workload.components[0].resources, Resources::default());
    assert!(workload.service.is_none() && workload.volumes.is_empty());
}

#[test]
fn forwards_are_ports_and_addresses() {
    let with = |forwards: &str| format!("{HEAD}{HTTP}{ONE}      forwards: {forwards}\n");
    let spec = parsed(&with("[{port: 6379, to: '127.0.0.1:7000'}, {port: 1, to: '[::1]:2'}]"));
    let want = [(1, "[::1]:2"), (6379, "127.0.0.1:7000")];
    let want = want.map(|(port, to)| (port, to.parse().expect("an address")));
    assert_eq!(spec.forwards.into_iter().collect::<Vec<_>>(), want);
    let at = "spec.template.spec.forwards";
    for (forwards, want) in [
        (
            "[{port: 0, to: '127.0.0.1:1'}]",
            format!("15:25: {at}[0].port: 0 is out of range, expected 1 to 65535"),
        ),
        (
            "[{port: 1, to: localhost:1}]",
            format!(
                "15:32: {at}[0].to: `localhost:1` is not an address with a port, as 127.0.0.1:6379"
            ),
        ),
        (
            "[{port: 1, to: '[::1]:1'}, {port: 1, to: '[::1]:2'}]",
            format!("15:51: {at}[1].port: 1 is forwarded twice"),
        ),
    ] {
        check_refused(&with(forwards), &want);
    }
}
