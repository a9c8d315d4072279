//! Mistakes in what runs beside hosts, and in hosts.

use super::project;
use expect_test::{Expect, expect};

/// The benchmark with one mistake in it.
fn check_refused(lines: &str, expected: Expect) {
    let project = project("right", lines, "hello");
    project.write("suites/ask/a.yaml", "a");
    let said = project.bench(&["suite", "check", "ask"]);
    assert_eq!(said.code, 2, "{lines}: {}{}", said.out, said.err);
    expected.assert_eq(&project.plain(&said.err));
}

#[test]
fn topologies_that_make_no_sense_are_told_with_file_and_line() {
    check_refused(
        "hosts = [\"a.yaml\", \"a.yaml\"]",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:6: 2 hosts, and nothing that is asked in their place; add a process with the role front
             6 | name = "latency"
               |        ^^^^^^^^^
        "#]],
    );
    check_refused(
        "hosts = { count = \"{n}\", workload = \"a.yaml\" }",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: `{n}` is not a parameter of this benchmark
             9 | hosts = { count = "{n}", workload = "a.yaml" }
               |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
    check_refused(
        "hosts = { counts = 2 }",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: `hosts` must be a list of workload files, or a table with `count` and `workload`
             9 | hosts = { counts = 2 }
               |         ^^^^^^^^^^^^^^
        "#]],
    );
    check_refused(
        "hosts = { count = 0, workload = \"a.yaml\" }",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: `hosts` must be 1 to 1000 of them
             9 | hosts = { count = 0, workload = "a.yaml" }
               |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
    check_refused(
        "workload = \"a.yaml\"\nhosts = [\"a.yaml\"]",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:10: `hosts` says what each host runs; drop `workload`
             10 | hosts = ["a.yaml"]
                |         ^^^^^^^^^^
        "#]],
    );
    check_refused(
        "parameters = { addr = [\"1\"] }",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: `addr` is what the runner itself fills in
             9 | parameters = { addr = ["1"] }
               |                       ^^^^^
        "#]],
    );
}

#[test]
fn processes_that_make_no_sense_are_told_with_file_and_line() {
    let process = |fields: &str| format!("processes = [{{ role = \"companion\", {fields} }}]");
    check_refused(
        &process(r#"name = "x-y", program = "sh", start = ["sh"]"#),
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: `x-y` cannot name a process; templates call it by its name: use a-z, 0-9 and _
             9 | processes = [{ role = "companion", name = "x-y", program = "sh", start = ["sh"] }]
               |                                           ^^^^^
        "#]],
    );
    check_refused(
        &process(r#"name = "x", program = "sh""#),
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: any program but the anchor needs `start`; the anchor is ready as bench.toml says, so it has no `ready`
             9 | processes = [{ role = "companion", name = "x", program = "sh" }]
               |                                                          ^^^^
        "#]],
    );
    check_refused(
        &process(r#"name = "x", program = "anchor", ready = "tcp""#),
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: any program but the anchor needs `start`; the anchor is ready as bench.toml says, so it has no `ready`
             9 | processes = [{ role = "companion", name = "x", program = "anchor", ready = "tcp" }]
               |                                                          ^^^^^^^^
        "#]],
    );
    check_refused(
        &process(r#"name = "x", program = "sh", start = ["sh", "{adr}"]"#),
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: `{adr}` is not a parameter of this benchmark; the runner itself fills in {program} {config} {addr} {port} {scratch} {suite}
             9 | processes = [{ role = "companion", name = "x", program = "sh", start = ["sh", "{adr}"] }]
               |                                                                               ^^^^^^^
        "#]],
    );
    check_refused(
        &process(r#"name = "x", program = "sh", start = ["sh"], ready = "udp""#),
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: `udp` is no way to be ready; `tcp` waits for the port, `line` for the contract's JSON line, a path for an answer to it
             9 | processes = [{ role = "companion", name = "x", program = "sh", start = ["sh"], ready = "udp" }]
               |                                                                                        ^^^^^
        "#]],
    );
    check_refused(
        &process(r#"name = "x", program = "./none.py", start = ["sh"]"#),
        expect![[r#"
            error: DIR/suites/ask/suite.toml:9: there is no file DIR/suites/ask/./none.py
             9 | processes = [{ role = "companion", name = "x", program = "./none.py", start = ["sh"] }]
               |                                                          ^^^^^^^^^^^
        "#]],
    );
}
