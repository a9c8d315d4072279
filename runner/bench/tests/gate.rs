//! What a gate lets pass. A program with known values stands in for a host, and
//! tells by its file name which version it is.

use super::Project;
use expect_test::expect;
use serde_json::Value;

const SUITE: &str = r#"title = "Ask"
why = "Does the gate tell right from wrong?"
owner = "tests"

[[benchmark]]
name = "it"
driver = "command"
command = ["./measure.sh", "{binary}", "{case}"]
parameters = { case = ["fast", "drift"] }
metrics = ["ready_ns", "pss_bytes"]
noise = "wall"
budget_s = 20
"#;

/// `v1` was released, `v2` is the baseline, everything after the first letter of
/// a candidate is what it does wrong. Drift: +0.8 % six times, of which the
/// baseline has five.
const MEASURE: &str = r#"#!/bin/sh
name="$(basename "$1")"
log="$(dirname "$1")/count-$name-$2"
echo >> "$log"
test "$name" != c-dies || exit 9
n=$(wc -l < "$log")
awk -v n="$n" -v case="$2" -v name="$name" 'BEGIN {
    ready = 1e6 * (1 + ((n * 7 + length(name) * 3) % 5 - 2) / 2000)
    if (case == "fast" && name == "c-slow") ready *= 1.2
    if (case == "drift" && name == "v2") ready *= 1.0406
    if (case == "drift" && name ~ /^c/) ready *= 1.0490
    printf "{\"metric\": \"ready_ns\", \"value\": %.3f}\n", ready
    printf "{\"metric\": \"pss_bytes\", \"value\": %.3f}\n", name == "c-large" ? 9000 : 7000
    print "{\"done\": true}"
}'
"#;

const GATE: &str = r#"
[gate]
required = ["ask"]
probation_runs = 0

[[gate.rules]]
suite = "a*"
metric = "ready_ns"
tolerated = 0.03

[[gate.budgets]]
metric = "pss_bytes"
limit = 8000
"#;

const DRIFT: &str = r#"
[gate.drift]
release_tags = "v*"
tolerated = 0.02
"#;

fn waiver(arm: &str, expires: &str) -> String {
    format!(
        "\n[[gate.waivers]]\narm = \"{arm}\"\nmetric = \"ready_ns\"\nowner = \"ada\"\n\
         reason = \"a cache is on its way\"\nexpires = \"{expires}\"\n"
    )
}

struct Gated {
    project: Project,
}

impl Gated {
    fn new(gate: &str) -> Self {
        let project = Project::new("right");
        project.write("suites/ask/suite.toml", SUITE);
        project.script("suites/ask/measure.sh", MEASURE);
        let gated = Self { project };
        gated.rules(gate);
        gated
    }

    fn rules(&self, gate: &str) {
        self.project.write("bench.toml", &format!("{}{gate}", super::config("right")));
    }

    /// The exit code, and every check that did not pass.
    fn check(&self, candidate: &str, more: &[&str]) -> (i32, String) {
        let (v2, candidate) = (self.project.fake("v2"), self.project.fake(candidate));
        let base = ["gate", "--baseline", &v2, "--candidate", &candidate, "--blocks", "12"];
        let said = self.project.bench(&[&base[..], &["--json"], more].concat());
        if said.out.is_empty() {
            let error = said.err.lines().rfind(|line| line.starts_with("error: "));
            return (said.code, self.project.plain(error.unwrap_or_default()));
        }
        let report: Value = serde_json::from_str(&said.out).unwrap();
        let word =
            |check: &Value, field: &str| check[field].as_str().unwrap_or_default().to_owned();
        let mut told = format!("{}\n", report["verdict"].as_str().unwrap());
        for check in report["checks"].as_array().unwrap() {
            if check["outcome"] == "passed" {
                continue;
            }
            let [outcome, kind, arm, limit, note] =
                ["outcome", "kind", "arm", "limit", "note"].map(|field| word(check, field));
            told += &format!("{outcome} {kind} {arm} {limit} | {note}\n");
        }
        for waiver in report["unused_waivers"].as_array().unwrap() {
            told += &format!("unused {}\n", waiver.as_str().unwrap());
        }
        (said.code, told)
    }
}

#[test]
fn a_gate_tells_right_from_wrong() {
    let gated = Gated::new(GATE);
    let mut told = String::new();
    for candidate in ["c-good", "c-slow", "c-large", "c-dies"] {
        let (code, checks) = gated.check(candidate, &[]);
        told += &format!("{candidate}: {code} {checks}");
    }
    expect![[r#"
        c-good: 0 passed
        c-slow: 1 failed
        failed regression case=fast +3.00 % | 
        c-large: 1 failed
        failed budget case=drift at most 7.81 KiB | 
        failed budget case=fast at most 7.81 KiB | 
        c-dies: 4 incomplete
        missing measured  measured | nothing was measured that its budget covers (metric pss_bytes)
        missing measured case=drift measured | the candidate: failed: the command exited with code 9
        missing measured case=fast measured | the candidate: failed: the command exited with code 9
        missing measured  measured | required, and not measured on the candidate
    "#]]
    .assert_eq(&told);
}

/// Every step passes, the sum does not; and the release is measured again, in
/// the same rounds.
#[test]
fn small_steps_add_up() {
    let gated = Gated::new(&format!("{GATE}{DRIFT}"));
    let v1 = gated.project.fake("v1");
    let (code, checks) = gated.check("c-good", &["--release", &v1]);
    expect![[r#"
        1 failed
        failed drift case=drift +2.00 % since the last release | 
    "#]]
    .assert_eq(&format!("{code} {checks}"));
    let runs = |name: &str| {
        let count = std::fs::read_to_string(gated.project.path(&format!("count-{name}-drift")));
        count.unwrap().lines().count()
    };
    assert_eq!((runs("v1"), runs("v2")), (runs("c-good"), runs("c-good")));
}

#[test]
fn waivers_are_looked_after() {
    let gated = Gated::new(GATE);
    let mut told = String::new();
    for (name, waivers) in [
        ("used", waiver("case=fast", "2999-12-31")),
        ("unused", waiver("case=drift", "2999-12-31")),
        ("expired", waiver("case=fast", "2020-01-01")),
    ] {
        gated.rules(&format!("{GATE}{waivers}"));
        let (code, checks) = gated.check("c-slow", &[]);
        told += &format!("{name}: {code} {checks}");
    }
    expect![[r#"
        used: 0 passed
        waived regression case=fast +3.00 % | waived by ada until 2999-12-31: a cache is on its way
        unused: 2 refused
        failed regression case=fast +3.00 % | 
        unused arm case=drift, metric ready_ns of ada
        expired: 2 error: waivers are expired: arm case=fast, metric ready_ns of ada (2020-01-01); renew them with a reason, or delete them from bench.toml"#]].assert_eq(&told);
}

#[test]
fn what_is_missing_never_passes() {
    let gated = Gated::new(&GATE.replace("[\"ask\"]", "[\"ask\", \"other\"]"));
    let (code, checks) = gated.check("c-good", &[]);
    expect![[r#"
        4 incomplete
        missing measured  measured | required, and not measured on the candidate
    "#]]
    .assert_eq(&format!("{code} {checks}"));
    gated.rules(&GATE.replace("pss_bytes", "rss_bytes"));
    let (code, checks) = gated.check("c-good", &[]);
    expect![[r#"
        4 incomplete
        missing measured  measured | nothing was measured that its budget covers (metric rss_bytes)
    "#]]
    .assert_eq(&format!("{code} {checks}"));
    gated.rules("");
    let (code, checks) = gated.check("c-good", &[]);
    expect!["2 error: bench.toml has no [gate], so there is nothing to hold a release to"]
        .assert_eq(&format!("{code} {checks}"));
}

#[test]
fn a_young_series_warns() {
    let gated = Gated::new(&GATE.replace("probation_runs = 0", "probation_runs = 1"));
    let (first, checks) = gated.check("c-slow", &[]);
    let (second, _) = gated.check("c-slow", &[]);
    expect![[r#"
        0 passed
        warned regression case=fast +3.00 % | would be failed; a series warns until 1 runs have measured it
    "#]].assert_eq(&format!("{first} {checks}"));
    assert_eq!(second, 1);
}

#[test]
fn a_gate_is_written_for_people_and_programs() {
    let gated = Gated::new(GATE);
    let project = &gated.project;
    let (v2, candidate) = (project.fake("v2"), project.fake("c-slow"));
    let base = ["gate", "--baseline", &v2, "--candidate", &candidate, "--blocks", "12"];
    let more = ["--seed", "1", "--github", "--markdown", "gate.md", "--junit", "gate.xml"];
    let said = project.bench(&[&base[..], &more].concat());
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    let run = project.json(&["list", "runs", "--json"])[0]["run"].as_str().unwrap().to_owned();
    let shown = project.json(&["show", &run, "--json"]);
    let plain = |text: &str| {
        let mut text = text.replace(&run, "RUN");
        for (index, name) in ["V2", "CANDIDATE"].into_iter().enumerate() {
            let sha256 = shown["artifacts"][index]["binary_sha256"].as_str().unwrap();
            text = text.replace(&sha256[..8], name);
        }
        text
    };
    let read = |name: &str| std::fs::read_to_string(project.path(name)).unwrap();
    expect![[r#"
        candidate fake sha256:CANDIDATE, baseline fake sha256:V2, run RUN
                 check       series                       limit                            found    
         failed  regression  ask/it case=fast ready_ns  +3.00 %  +19.97 % (+19.55 % to +20.39 %)    
        gate failed: 1 failed, 3 passed
        ::error title=regression failed::ask/it case=fast ready_ns is +19.97 %25 (+19.55 %25 to +20.39 %25), allowed is +3.00 %25
    "#]].assert_eq(&plain(&said.out));
    expect![[r#"
        **gate failed: 1 failed, 3 passed**

        candidate fake sha256:CANDIDATE, baseline fake sha256:V2, run RUN

        | | check | series | limit | found | |
        |---|---|---|---:|---:|---|
        | failed | regression | ask/it case=fast ready\_ns | +3.00 % | +19.97 % (+19.55 % to +20.39 %) |  |

        <details><summary>What passed</summary>

        | | check | series | limit | found | |
        |---|---|---|---:|---:|---|
        | passed | regression | ask/it case=drift ready\_ns | +3.00 % | +0.78 % (+0.43 % to +1.14 %) |  |
        | passed | budget | ask/it case=drift pss\_bytes | at most 7.81 KiB | 6.84 KiB |  |
        | passed | budget | ask/it case=fast pss\_bytes | at most 7.81 KiB | 6.84 KiB |  |

        </details>
    "#]].assert_eq(&plain(&read("gate.md")));
    expect![[r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="bench gate" tests="4" skipped="0" failures="1" errors="0">
            <testsuite name="ask" tests="4" skipped="0" errors="0" failures="1">
                <testcase name="regression ask/it case=fast ready_ns">
                    <failure message="failed: ask/it case=fast ready_ns is +19.97 % (+19.55 % to +20.39 %), allowed is +3.00 %"/>
                </testcase>
                <testcase name="regression ask/it case=drift ready_ns"/>
                <testcase name="budget ask/it case=drift pss_bytes"/>
                <testcase name="budget ask/it case=fast pss_bytes"/>
            </testsuite>
        </testsuites>
    "#]].assert_eq(&plain(&read("gate.xml")));
}

/// The twin of a calibration is slower here though nothing changed: where that
/// happens, a slow candidate proves nothing.
#[test]
fn a_series_with_false_alarms_warns() {
    let calibrate = "\n[calibrate]\ntarget = \"fake\"\nsuites = [\"ask\"]\n";
    let gated = Gated::new(&format!("{GATE}{calibrate}"));
    gated.project.write(
        "suites/ask/measure.sh",
        &MEASURE
            .replace("awk ", "name=\"$name${BENCH_PADDING:+-padded}\"\nawk ")
            .replace("name == \"c-slow\"", "(name == \"c-slow\" || name ~ /padded/)"),
    );
    let (code, _) = gated.check("c-slow", &[]);
    let host = gated.project.fake("v0");
    let more = ["calibrate", "--version", &host, "--rounds", "24", "--pairs", "12", "--json"];
    gated.project.json(&more);
    let config = std::fs::read_to_string(gated.project.path("bench.toml")).unwrap();
    let twelve =
        config.replace("[profiles.compare]\nblocks = 4", "[profiles.compare]\nblocks = 12");
    gated.project.write("bench.toml", &twelve);
    let (then, checks) = gated.check("c-slow", &[]);
    assert_eq!((code, then), (1, 0), "{checks}");
    expect![[r#"
        passed
        warned regression case=fast +3.00 % | would be failed; 2 of 4 comparisons of it with itself raised a false alarm, which is surely more than 1.0 %
    "#]].assert_eq(&checks);
}

/// The mistakes one makes in `bench.toml`.
#[test]
fn a_bad_gate_is_told_with_file_and_line() {
    let gated = Gated::new("");
    let mut told = String::new();
    for (from, to) in [
        ("tolerated = 0.03", "tolerated = 3"),
        ("metric = \"ready_ns\"", "metric = \"raedy_ns\""),
        ("suite = \"a*\"", "suite = \"a[\""),
        ("limit = 8000", "limit = 0"),
        ("required = [\"ask\"]", "require = [\"ask\"]"),
    ] {
        gated.rules(&GATE.replace(from, to));
        told += &format!("{}\n", gated.check("c-good", &[]).1);
    }
    gated.rules(&format!("{GATE}{}", waiver("case=fast", "soon")));
    told += &gated.check("c-good", &[]).1;
    expect![[r#"
        error: DIR/bench.toml:32: `tolerated` is a fraction from 0 to below 1
        error: DIR/bench.toml:32: no metric matches `raedy_ns`
        error: DIR/bench.toml:32: `a[` is not a pattern: invalid range pattern
        error: DIR/bench.toml:37: `limit` must be above 0, in the metric's unit
        error: DIR/bench.toml:29: unknown field `require`; did you mean `required`?
        error: DIR/bench.toml:41: `soon` is not a day; write it as "2026-12-31""#]]
    .assert_eq(&told);
}
