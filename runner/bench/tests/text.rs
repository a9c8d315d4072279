//! What a stranger reads: help, and one clear sentence for every mistake.

use super::Project;
use expect_test::{Expect, expect};

fn check(project: &Project, arguments: &[&str], expected: Expect) {
    let said = project.bench(arguments);
    assert_eq!(said.code, 2, "{arguments:?}: {}{}", said.out, said.err);
    expected.assert_eq(&project.plain(&said.err));
}

#[test]
fn mistakes_are_told_in_one_sentence() {
    let project = Project::new("right");
    check(&project, &["run", "fake@path:nowhere"], expect![[""]]);
    check(&project, &["run", "fke@v1"], expect![[""]]);
    check(&project, &["run", "v1"], expect![[""]]);
    check(&project, &["run", "path:/bin/true"], expect![[""]]);
    check(&project, &["run", "--suite", "nope*"], expect![[""]]);
    check(&project, &["run", "--suite", "[", "path:/bin/true"], expect![[""]]);
    check(&project, &["show", "abcd"], expect![[""]]);
    check(&project, &["site", "build", "--out", "out"], expect![[""]]);
    check(&project, &["site", "serve", "--dir", "out"], expect![[""]]);
    check(&project, &["import", "nothing.jsonl"], expect![[""]]);
    check(&project, &["compare", "run:latest", "fake"], expect![[""]]);
    check(&project, &["run", "--resume"], expect![[""]]);
}

#[test]
fn a_bad_suite_is_told_with_file_and_line() {
    let project = Project::new("right");
    let mut mistake = |from: &str, to: &str, expected: Expect| {
        project.write("suites/ask/suite.toml", &super::SUITE.replace(from, to));
        check(&project, &["suite", "check", "ask"], expected);
    };
    mistake("driver = \"http-latency\"", "driver = \"htpp-latency\"", expect![[""]]);
    mistake("budget_s", "budget", expect![[""]]);
    mistake("Does the runner tell the truth?", "", expect![[""]]);
    mistake(", body = \"hello\"", "", expect![[""]]);
    mistake("\"latency_p50_ns\"", "\"speed\"", expect![[""]]);
    mistake("measure_ms = 300", "measure_ms = 250", expect![[""]]);
    mistake("http-fake", "http-{wasi}", expect![[""]]);
    mistake("title = \"Ask\"", "title = \"Ask", expect![[""]]);
    mistake("needs =", "workload = \"none.yaml\"\nneeds =", expect![[""]]);
    std::fs::remove_dir_all(project.path("suites/ask")).unwrap();
    check(&project, &["suite", "check", "ask"], expect![[""]]);
}

#[test]
fn a_bad_configuration_is_told_with_file_and_line() {
    let project = Project::new("right");
    let mistake = |from: &str, to: &str, expected: Expect| {
        project.write("bench.toml", &super::config("right").replace(from, to));
        check(&project, &["list", "targets"], expected);
    };
    mistake("default_target = \"fake\"", "default_target = \"fak\"", expect![[""]]);
    mistake("{addr}", "{adr}", expect![[""]]);
    mistake("blocks = 1", "blocks = 0", expect![[""]]);
    mistake("wall = 0.02", "wall = 2", expect![[""]]);
    mistake("about", "abut", expect![[""]]);
    mistake("capabilities =", "capabilitie =", expect![[""]]);
}

#[test]
fn help_names_every_command_and_exit_code() {
    let project = Project::new("right");
    let said = project.bench(&["--help"]);
    expect![[""]].assert_eq(&said.out);
}
