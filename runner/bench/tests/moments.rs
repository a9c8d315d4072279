//! The drivers that look at moments: when all is right again after a crash, and
//! when something was done that is due at every interval.

use super::tasks::{arms, median, project, reason};
use expect_test::{Expect, expect};

const RECOVERY: &str = r#"driver = "recovery"
workload = "all.yaml.j2"
parameters = { workloads = ["3"] }
crashes = 4
requests = [
  { path = "/crash", expect = { status = 200, body = "hello" } },
  { path = "/", host = "w{index}.localhost", expect = { status = 200, body = "hello" } },
]
metrics = ["recovery_ns", "undisturbed_ns", "calls_failed"]
budget_s = 20
"#;

const FIRES: &str = r#"driver = "fires"
fires = { path = "/moments", every_ms = 1, count = 10 }
request = { path = "/" }
expect = { status = 200, body = "hello" }
load = { connections = 0 }
metrics = ["fire_jitter_ns", "fires_missed"]
budget_s = 20
"#;

#[test]
fn every_call_that_a_crash_costs_is_counted() {
    let project = project("right", RECOVERY);
    project.write("suites/ask/all.yaml.j2", "{{ workloads }}");
    let arms = arms(&project);
    assert_eq!(median(&arms[0], "calls_failed"), Some(5.0), "{arms:?}");
    let [after, undisturbed] =
        ["recovery_ns", "undisturbed_ns"].map(|name| median(&arms[0], name).unwrap());
    assert!(after > 0.0 && undisturbed > 0.0, "{arms:?}");
}

#[test]
fn moments_are_read_and_those_that_are_missing_counted() {
    for connections in [0, 2] {
        let load = format!("connections = {connections}");
        let arms = arms(&project("right", &FIRES.replace("connections = 0", &load)));
        assert_eq!(median(&arms[0], "fires_missed"), Some(1.0), "{arms:?}");
        assert_eq!(median(&arms[0], "fire_jitter_ns"), Some(0.0), "{arms:?}");
    }
}

#[test]
fn fires_that_are_not_there_fail_the_block() {
    let more = FIRES.replace("count = 10", "count = 30");
    let reason = reason(&arms(&project("right", &more))[0]);
    assert_eq!(reason, "failed: 18 of 30 fires were noted in time");
}

fn check_refused(benchmark: &str, expected: Expect) {
    let project = project("right", benchmark);
    project.write("suites/ask/all.yaml.j2", "");
    let said = project.bench(&["suite", "check", "ask"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    expected.assert_eq(&project.plain(&said.err));
}

#[test]
fn what_makes_no_sense_is_told_with_file_and_line() {
    for (benchmark, expected) in [
        (
            RECOVERY.replace("crashes = 4", "crashes = 0"),
            expect![[r#"
                error: DIR/suites/ask/suite.toml:12: `crashes`: 0 is out of range, 1 to 1000
                 12 | crashes = 0
                    |           ^
            "#]],
        ),
        (
            RECOVERY.replace("crashes = 4\n", ""),
            expect![[r#"
                error: DIR/suites/ask/suite.toml:6: driver recovery needs `crashes`, how many a block has
                 6 | name = "it"
                   |        ^^^^
            "#]],
        ),
        (
            RECOVERY.replace("  { path = \"/crash\", ", "  { path = \"/\", repeat = 2, "),
            expect![[r#"
                error: DIR/suites/ask/suite.toml:6: driver recovery needs two `requests`: what makes it crash, and what workloads are asked
                 6 | name = "it"
                   |        ^^^^
            "#]],
        ),
        (
            RECOVERY.replace("workloads = [\"3\"]", "n = [\"3\"]"),
            expect![[r#"
                error: DIR/suites/ask/suite.toml:6: driver recovery needs whole numbers, 1 to 100000, as `workloads`
                 6 | name = "it"
                   |        ^^^^
            "#]],
        ),
        (
            FIRES.replace("every_ms = 1,", "every_ms = 0,"),
            expect![[r#"
                error: DIR/suites/ask/suite.toml:10: `fires` needs an `every_ms` of 1 to 60000, 2 to 10000 of them
                 10 | fires = { path = "/moments", every_ms = 0, count = 10 }
                    |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            "#]],
        ),
        (
            FIRES.replace("connections = 0", "rate_rps = 1"),
            expect![[r#"
                error: DIR/suites/ask/suite.toml:13: this driver has only `connections` in `load`, 0 to 10000
                 13 | load = { rate_rps = 1 }
                    |        ^^^^^^^^^^^^^^^^
            "#]],
        ),
        (
            FIRES.replace("fires = ", "criterion = { bench = \"b\", id = \"i\" }\nfires = "),
            expect![[r#"
                error: DIR/suites/ask/suite.toml:6: driver fires has no use for `criterion`; drop it
                 6 | name = "it"
                   |        ^^^^
            "#]],
        ),
    ] {
        check_refused(&benchmark, expected);
    }
}
