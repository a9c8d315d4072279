//! A killed runner leaves a readable database, says so, and can go on.

use super::Project;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::Stdio;
use std::time::Duration;

fn end_after(project: &Project, host: &str, delay: Duration, signal: Signal) -> i32 {
    let mut child = project
        .command(&["run", host, "--suite", "ask/latency", "--blocks", "6", "--seed", "7"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(delay);
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
    child.wait().unwrap().code().unwrap_or(-1)
}

#[test]
fn a_killed_run_is_interrupted_and_can_go_on() {
    for delay_ms in [600, 1100, 1700] {
        let project = Project::new("right");
        let host = project.fake("host");
        // What was not asked for is not measured afterwards either.
        let (head, benchmark) = super::SUITE.split_once("[[benchmark]]").unwrap();
        let other = benchmark.replace("\"latency\"", "\"other\"");
        let suite = format!("{head}[[benchmark]]{benchmark}\n[[benchmark]]{other}");
        project.write("suites/ask/suite.toml", &suite);
        end_after(&project, &host, Duration::from_millis(delay_ms), Signal::SIGKILL);
        let runs = project.json(&["list", "runs", "--json"]);
        assert_eq!(runs[0]["status"], "interrupted", "{runs}");
        let said = project.json(&["run", "--resume", "--json"]);
        assert_eq!(said["status"], "complete");
        assert_eq!((&said["measured"], &said["planned"]), (&6.into(), &6.into()), "{said}");
        // What was measured before the kill is not measured again.
        let runs = project.json(&["list", "runs", "--json"]);
        assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
    }
}

#[test]
fn control_c_ends_in_good_order() {
    let project = Project::new("right");
    let host = project.fake("host");
    let code = end_after(&project, &host, Duration::from_millis(900), Signal::SIGINT);
    assert_eq!(code, 4);
    let runs = project.json(&["list", "runs", "--json"]);
    assert_eq!(runs[0]["status"], "interrupted", "{runs}");
    assert!(runs[0]["failed"] == 0, "a cancelled block was stored as failed: {runs}");
}

#[test]
fn a_run_does_not_go_on_with_another_binary() {
    let project = Project::new("right");
    let host = project.fake("host");
    end_after(&project, &host, Duration::from_millis(900), Signal::SIGKILL);
    let other = project.fake("other");
    let (host, other) = (&host["path:".len()..], &other["path:".len()..]);
    std::fs::rename(other, host).unwrap();
    let said = project.bench(&["run", "--resume"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("is not the binary it began with; start a new one"), "{}", said.err);
}
