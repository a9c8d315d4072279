//! The drivers that do more than ask: many workloads, programs that measure by
//! themselves, benchmarks in a version's sources, budgets.

use super::Project;
use expect_test::{Expect, expect};
use serde_json::Value;

const HEAD: &str = r#"title = "Ask"
why = "Does the runner tell the truth?"
owner = "tests"

[[benchmark]]
name = "it"
quick = true
noise = "cpu"
"#;

pub(crate) fn project(mode: &str, benchmark: &str) -> Project {
    let project = Project::new(mode);
    project.write("suites/ask/suite.toml", &format!("{HEAD}{benchmark}"));
    project
}

/// Measures the fake host; the arms as `bench show` has them.
pub(crate) fn arms(project: &Project) -> Vec<Value> {
    let host = project.fake("host");
    let said = project.bench(&["run", &host, "--quick", "--json"]);
    let shown = project.bench(&["show", "latest", "--json"]);
    let shown: Value = serde_json::from_str(&shown.out)
        .unwrap_or_else(|error| panic!("{error}: {}{}{}", said.out, said.err, shown.err));
    shown["arms"].as_array().unwrap().clone()
}

pub(crate) fn median(arm: &Value, name: &str) -> Option<f64> {
    let metrics = arm["metrics"].as_array().unwrap();
    metrics.iter().find(|metric| metric["metric"] == name)?["median"].as_f64()
}

pub(crate) fn reason(arm: &Value) -> String {
    let outcome = &arm["outcomes"][0];
    format!("{}: {}", outcome["outcome"].as_str().unwrap(), outcome["reason"].as_str().unwrap())
}

const DENSITY: &str = r#"driver = "density"
workload = "many.yaml.j2"
request = { host = "w{index}.localhost" }
expect = { status = 200, body = "w{index}" }
metrics = ["pss_per_workload_bytes", "pss_bytes", "rss_bytes", "start_rate_per_s"]
budget_s = 20
"#;

/// A fake host with a limit takes 256 KiB for each workload.
fn density(more: &str, limit: u32) -> Project {
    let project = project("density", &format!("{DENSITY}{more}"));
    project.write("suites/ask/many.yaml.j2", "{{ workloads }}");
    let config = super::config("density");
    let limited = format!("\"--limit\", \"{limit}\", \"--workload\"");
    project.write("bench.toml", &config.replace("\"--workload\"", &limited));
    project
}

#[test]
fn density_tells_what_each_further_workload_takes() {
    let arms = arms(&density("parameters = { workloads = [\"1\", \"101\"] }", 1000));
    let arm = |name: &str| arms.iter().find(|arm| arm["arm"] == name).unwrap();
    let (one, many) = (arm("workloads=1"), arm("workloads=101"));
    let each = median(many, "pss_per_workload_bytes").unwrap();
    assert!((250e3..300e3).contains(&each), "{each}");
    assert!(median(many, "pss_bytes") > median(one, "pss_bytes"));
    assert!(median(many, "rss_bytes") >= median(many, "pss_bytes"));
    assert!(median(many, "start_rate_per_s").unwrap() > 10.0);
    assert_eq!(median(one, "pss_per_workload_bytes"), None);
    assert!(one.to_string().contains("there is only one workload"), "{one}");
}

#[test]
fn a_host_that_does_not_hold_its_workloads_fails_with_its_message() {
    let arms = arms(&density("parameters = { workloads = [\"20\"] }", 10));
    assert_eq!(
        reason(&arms[0]),
        "failed: the host exited with code 3 before it was ready",
        "{}",
        arms[0]
    );
    assert!(arms[0].to_string().contains("out of room for workload 11"), "{}", arms[0]);
}

#[test]
fn the_first_failure_is_found_or_there_is_none() {
    let growing = |limit| {
        let more = "until_failure = { from = 4, factor = 2, to = 16, budget_s = 10 }";
        let project = density(more, limit);
        let suite = std::fs::read_to_string(project.path("suites/ask/suite.toml")).unwrap();
        let suite = suite.replace("[\"pss_per", "[\"workloads_at_first_failure\", \"pss_per");
        project.write("suites/ask/suite.toml", &suite);
        arms(&project).remove(0)
    };
    let found = growing(10);
    assert_eq!(median(&found, "workloads_at_first_failure"), Some(16.0), "{found}");
    assert_eq!(median(&found, "pss_bytes"), None);
    let text = found.to_string();
    assert!(text.contains("at 16 workloads the host exited with code 3"), "{text}");
    assert!(text.contains("out of room for workload 11"), "{text}");

    let none = growing(1000);
    assert_eq!(median(&none, "workloads_at_first_failure"), None);
    assert!(median(&none, "pss_bytes").is_some());
    assert!(none.to_string().contains("none up to 16"), "{none}");

    // A host that cannot even hold one is broken, not full.
    assert!(reason(&growing(0)).starts_with("failed: the host exited with code 3"));
}

const COMMAND: &str = r#"driver = "command"
command = ["./measure.sh", "{binary}", "{addr}", "{component}"]
component = "one"
metrics = ["rss_bytes", "cpu_ns_per_request"]
budget_s = 2
"#;

/// A project whose program has these lines.
fn command(lines: &str) -> Project {
    let project = project("right", COMMAND);
    project.write("suites/components/prebuilt/one.wasm", "one");
    project.script("suites/ask/measure.sh", &format!("#!/bin/sh\n{lines}\n"));
    project
}

#[test]
fn a_command_reports_what_its_suite_declares() {
    let project = command(
        r#"echo "measuring $1"
test -x "$1" && test -f "$3" && test -d "$BENCH_COMPONENTS" || exit 9
echo '{"metric": "rss_bytes", "value": 7}'
echo '{"metric": "cpu_ns", "values": [10, 30]}'
echo '{"metric": "requests", "values": [1, 1]}'
echo '{"metric": "ready_ns", "value": 5}'
echo '{"done": true}'"#,
    );
    let arm = arms(&project).remove(0);
    assert_eq!(median(&arm, "rss_bytes"), Some(7.0), "{arm}");
    assert_eq!(median(&arm, "cpu_ns_per_request"), Some(20.0), "{arm}");
    // Known, but not declared.
    assert_eq!(median(&arm, "ready_ns"), None);
    let said = project.bench(&["run", &project.fake("host"), "--check"]);
    assert!(said.out.starts_with("right"), "{}{}", said.out, said.err);
}

fn check_command(lines: &str, expected: Expect) {
    let project = command(lines);
    let arm = arms(&project).remove(0);
    assert_eq!(arm["metrics"], Value::Array(Vec::new()), "{lines}: a number was stored");
    expected.assert_eq(&reason(&arm));
}

#[test]
fn a_command_that_does_not_keep_its_word_fails_its_block() {
    let good = r#"echo '{"metric": "rss_bytes", "value": 7}'"#;
    let done = r#"echo '{"done": true}'"#;
    check_command(good, expect![[r#"failed: the command ended without {"done": true}"#]]);
    check_command(
        done,
        expect![[r#"failed: the command printed no value of any metric of its suite"#]],
    );
    check_command(
        &format!("{good}\n{done}\nexit 3"),
        expect![[r#"failed: the command exited with code 3"#]],
    );
    check_command(
        "echo '{\"metric\": \"speed\", \"value\": 1}'",
        expect![[
            r#"failed: the command printed `speed`, which is no metric that is stored as samples"#
        ]],
    );
    check_command(
        "echo '{\"metric\": \"rss_bytes\", \"value\": -1}'",
        expect![[
            r#"failed: the command printed -1 for `rss_bytes`, which is no number of 0 or more"#
        ]],
    );
    check_command(
        "echo '{oops'",
        expect![[
            r#"failed: the command printed a line that is not understood: key must be a string at line 1 column 2"#
        ]],
    );
    check_command(
        &format!("{good}\nsleep 60\n{done}"),
        expect![[r#"failed: took longer than its budget of 2 s"#]],
    );
    check_command(
        "echo last words >&2\nkill -9 $$",
        expect![[r#"failed: the command died of SIGKILL"#]],
    );
}

#[test]
fn a_block_that_exceeds_its_budget_is_stopped() {
    let project = Project::new("silent");
    let suite = super::SUITE.replace("budget_s = 20", "budget_s = 1");
    project.write("suites/ask/suite.toml", &suite);
    let started = std::time::Instant::now();
    let arm = arms(&project).remove(0);
    assert_eq!(reason(&arm), "failed: took longer than its budget of 1 s");
    assert!(arm.to_string().contains("fake host in mode silent"), "{arm}");
    assert!(started.elapsed().as_secs() < 8, "{:?}", started.elapsed());
}

/// What criterion writes, by a program that is not criterion.
const BENCH: &str = r##"
fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let id = words.last().unwrap();
    assert!(words.contains(&"--bench".to_owned()) && words.contains(&"--exact".to_owned()));
    if id != "group/it" { return }
    if words.contains(&"--test".to_owned()) { return println!("Testing {id}\nSuccess") }
    let folder = std::path::PathBuf::from(std::env::var("CRITERION_HOME").unwrap()).join("group/it/new");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("benchmark.json"), format!("{{\"full_id\":\"{id}\"}}")).unwrap();
    std::fs::write(folder.join("sample.json"), r#"{"iters":[1,2,4],"times":[100,220,480]}"#).unwrap();
}
"##;

fn criterion(id: &str, bench: &str) -> Project {
    let project = project(
        "right",
        &format!(
            "driver = \"criterion\"\ncriterion = {{ bench = {bench:?}, id = {id:?} }}\n\
             metrics = [\"time_per_iteration_ns\"]\nbudget_s = 20\n"
        ),
    );
    let config = super::config("right").replace("source = \".\"", "source = \"host\"");
    let config = config.replace("binary = \"fake-host\"", "binary = \"mini\"");
    project.write(
        "bench.toml",
        &config.replace("capabilities = [\"{binary}\", \"--capabilities\"]", "supports = [\"x\"]"),
    );
    project.write(
        "host/Cargo.toml",
        "[package]\nname = \"mini\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [[bench]]\nname = \"host\"\nharness = false\n",
    );
    project.write(
        "host/Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"mini\"\nversion = \"0.1.0\"\n",
    );
    project.write("host/src/main.rs", "fn main() {}\n");
    project.write("host/benches/host.rs", BENCH);
    for words in [
        &["init", "--quiet"][..],
        &["add", "host"],
        &["-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "One"],
    ] {
        let mut git = std::process::Command::new("git");
        let ended = git.args(words).current_dir(project.dir.path()).status().unwrap();
        assert!(ended.success(), "git {words:?}");
    }
    project
}

#[test]
fn samples_of_a_versions_own_benchmarks_are_taken_over() {
    let project = criterion("group/it", "host");
    let said = project.bench(&["run", "--quick", "--json"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let shown = project.json(&["show", "latest", "--json"]);
    assert_eq!(median(&shown["arms"][0], "time_per_iteration_ns"), Some(110.0), "{shown}");
    let said = project.bench(&["run", "--check"]);
    assert!(said.out.starts_with("right"), "{}{}", said.out, said.err);
}

#[test]
fn benchmarks_that_are_not_there_are_told() {
    let said = criterion("group/other", "host").bench(&["run", "--check"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("the bench target has no benchmark `group/other`"), "{}", said.out);
    let said = criterion("group/it", "hots").bench(&["run", "--check"]);
    let expected = "needs sources with the bench target `hots`";
    assert!(said.out.contains(expected), "{}{}", said.out, said.err);
    // A binary that was given has no sources.
    let project = criterion("group/it", "host");
    let said = project.bench(&["run", "--check", &project.fake("given")]);
    assert!(said.out.contains("needs sources with the bench target `host`"), "{}", said.out);
}

#[test]
fn instructions_are_counted_or_absent_with_the_reason() {
    let project = project(
        "right",
        "driver = \"instructions\"\nexpect = { status = 200, body = \"hello\" }\n\
         metrics = [\"instructions_per_request\"]\nbudget_s = 20\n",
    );
    let project_arms = arms(&project);
    let arm = &project_arms[0];
    match median(arm, "instructions_per_request") {
        Some(count) => assert!((1e3..1e7).contains(&count), "{count}"),
        None => assert!(arm.to_string().contains("instructions_per_request"), "{arm}"),
    }
}

fn check_refused(benchmark: &str, expected: Expect) {
    let project = project("right", benchmark);
    let said = project.bench(&["suite", "check", "ask"]);
    assert_eq!(said.code, 2, "{}{}", said.out, said.err);
    expected.assert_eq(&project.plain(&said.err));
}

#[test]
fn tasks_that_make_no_sense_are_told_with_file_and_line() {
    let density = DENSITY.replace("workload = \"many.yaml.j2\"\n", "");
    check_refused(
        &density,
        expect![[r#"
            error: DIR/suites/ask/suite.toml:6: driver density needs a parameter `workloads`, or `until_failure`, one of them
             6 | name = "it"
               |        ^^^^
        "#]],
    );
    check_refused(
        &format!("{density}parameters = {{ workloads = [\"no\"] }}\n"),
        expect![[r#"
            error: DIR/suites/ask/suite.toml:6: driver density needs whole numbers, 1 to 100000, as `workloads`
             6 | name = "it"
               |        ^^^^
        "#]],
    );
    check_refused(
        &format!("{density}until_failure = {{ from = 9, factor = 2, to = 3, budget_s = 1 }}\n"),
        expect![[r#"
            error: DIR/suites/ask/suite.toml:14: `until_failure` needs 1 <= from <= to <= 100000, a factor of 2 or more, and a budget
             14 | until_failure = { from = 9, factor = 2, to = 3, budget_s = 1 }
                |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
    let command = COMMAND.replace("component = \"one\"\n", "");
    check_refused(
        &command,
        expect![[r#"
            error: DIR/suites/ask/suite.toml:10: there is no file DIR/suites/ask/./measure.sh
             10 | command = ["./measure.sh", "{binary}", "{addr}", "{component}"]
                |            ^^^^^^^^^^^^^^
        "#]],
    );
    check_refused(
        &command.replace("./measure.sh", "{prog}"),
        expect![[r#"
            error: DIR/suites/ask/suite.toml:10: `{prog}` is not a parameter of this benchmark; the runner itself fills in {binary} {component} {workload} {addr} {scratch} {suite}
             10 | command = ["{prog}", "{binary}", "{addr}", "{component}"]
                |            ^^^^^^^^
        "#]],
    );
    check_refused(
        &format!("{command}expect = {{ status = 200, body = \"\" }}\n"),
        expect![[r#"
            error: DIR/suites/ask/suite.toml:6: driver command has no use for `expect`; drop it
             6 | name = "it"
               |        ^^^^
        "#]],
    );
    check_refused(
        &command.replace("command = [", "# ["),
        expect![[r#"
            error: DIR/suites/ask/suite.toml:6: driver command needs `command`, a program and its arguments
             6 | name = "it"
               |        ^^^^
        "#]],
    );
    check_refused(
        "driver = \"criterion\"\ncriterion = { bench = \"--x\", id = \"a\" }\nmetrics = [\"time_per_iteration_ns\"]\nbudget_s = 1\n",
        expect![[r#"
            error: DIR/suites/ask/suite.toml:10: `--x` cannot name a bench target
             10 | criterion = { bench = "--x", id = "a" }
                |                       ^^^^^
        "#]],
    );
}
