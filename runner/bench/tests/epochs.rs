//! What measurements stand on: a change of it is told, forbids verdicts, and can
//! be bridged; what disturbs a block is seen, and the block measured again.

use super::Project;
use serde_json::Value;
use std::process::{Command, Stdio};

/// A machine whose kernel says another release.
fn elsewhere(project: &Project, arguments: &[&str]) -> super::Said {
    let mut command = project.command(arguments);
    command.env("BENCH_PRETEND_TESTBED", "kernel=9.9.9").output().unwrap().into()
}

fn name(run: &Value) -> String {
    format!("run:{}", run["run"].as_str().unwrap())
}

#[test]
fn another_kernel_is_another_epoch_which_no_verdict_crosses() {
    let project = Project::new("right");
    let host = project.fake("host");
    let first = project.json(&["run", &host, "--json"]);
    let said = elsewhere(&project, &["run", &host]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("this testbed is new") && said.err.contains("`bench bridge`"));
    let second = elsewhere(&project, &["run", &host, "--json"]);
    let second: Value = serde_json::from_str(&second.out).unwrap();

    let refused = project.bench(&["compare", &name(&first), &name(&second)]);
    assert_eq!(refused.code, 2);
    for told in ["stand on different testbeds", "then `9.9.9`", "measure both versions now"] {
        assert!(refused.err.contains(told), "{told}: {}", refused.err);
    }
    // The chart says where the epoch changed, and joins nothing across it.
    assert_eq!(project.bench(&["site", "build", "--out", "site"]).code, 0);
    let listed = project.json(&["list", "runs", "--json"]);
    let epoch = |at: usize| listed[at]["epoch"].as_str().unwrap().to_owned();
    assert_ne!(epoch(0), epoch(2));
    assert_eq!(epoch(0), epoch(1));
}

#[test]
fn what_was_measured_in_both_epochs_links_them() {
    let project = Project::new("right");
    let host = project.fake("host");
    project.json(&["run", &host, "--blocks", "4", "--json"]);
    let again = elsewhere(&project, &["run", &host, "--blocks", "4", "--json"]);
    assert_eq!(again.code, 0, "{}", again.err);
    let told = elsewhere(&project, &["bridge", "--show", "--json"]);
    assert_eq!(told.code, 0, "{}", told.err);
    let told: Value = serde_json::from_str(&told.out).unwrap();
    let links = told["links"].as_array().unwrap();
    assert!(!links.is_empty(), "{told}");
    for link in links {
        let part = |field: &str| link[field].as_f64().unwrap();
        assert!(part("low") <= part("factor") && part("factor") <= part("high"), "{link}");
        // One machine in truth: the factor is 1, give or take its noise.
        assert!(part("low") < 1.5 && part("high") > 0.66, "{link}");
    }
    // A given binary cannot be got again by its name.
    let said = elsewhere(&project, &["bridge"]);
    assert!(said.err.contains("measured no commit and no release"), "{}", said.err);
    let said = project.bench(&["bridge", "--from", "00000000", "--show"]);
    assert!(said.err.contains("no run stands on an epoch 00000000"), "{}", said.err);
}

#[test]
fn a_disturbed_block_is_measured_again_and_makes_no_verdict() {
    let project = Project::new("right");
    let watch = "[noise_watch]\nsteal = 0.9\nothers = 0.002\npreemptions_per_s = 1e9\n";
    project.write("bench.toml", &format!("{}\n{watch}", super::config("right")));
    let host = project.fake("host");
    // Somebody else's program, for as long as it is measured.
    let mut burner = Command::new("sh")
        .args(["-c", "while :; do :; done"])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let run = project.json(&["run", &host, "--blocks", "5", "--json"]);
    burner.kill().unwrap();
    burner.wait().unwrap();
    assert_eq!(run["planned"], 5);
    let id = run["run"].as_str().unwrap();
    let stored = project.bench(&["export", id]).out;
    let blocks: Vec<&str> = stored.lines().filter(|line| line.starts_with("{\"block\"")).collect();
    // All are disturbed, so one in five is measured again, and all are kept.
    assert_eq!(blocks.len(), 6, "{stored}");
    for block in blocks {
        assert!(block.contains("\"disturbed\"") && block.contains("\"others_cpu_ns\""), "{block}");
    }
    let shown = project.json(&["show", id, "--json"]);
    assert_eq!(shown["arms"][0]["outcomes"].as_array().unwrap().len(), 5, "{shown}");
    let compared = project.bench(&["compare", &name(&run), &name(&run), "--json", "--all"]);
    let compared: Value = serde_json::from_str(&compared.out).unwrap_or_default();
    let verdicts = compared["comparisons"].as_array().into_iter().flatten();
    assert!(verdicts.into_iter().all(|it| it["verdict"] != "regressed"), "{compared}");
}

#[test]
fn the_doctor_tells_what_it_looked_at_and_strict_refuses() {
    let project = Project::new("right");
    let told = project.json(&["doctor", "--json"]);
    let checks = told["checks"].as_array().unwrap();
    assert!(checks.len() >= 14, "{told}");
    for check in checks {
        let state = check["state"].as_str().unwrap();
        assert!(["fine", "noisy", "unknown"].contains(&state), "{check}");
        assert_eq!(state == "noisy", check["fix"].is_string(), "{check}");
    }
    assert!(told["testbed"]["harness"].as_str().unwrap().starts_with("bench "));
    // Busy for certain: a program of ours uses a CPU.
    let mut burner = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
    let strict = project.bench(&["doctor", "--strict"]);
    let refused = project.bench(&["run", &project.fake("host"), "--strict"]);
    let pid = burner.id().to_string();
    burner.kill().unwrap();
    burner.wait().unwrap();
    assert_eq!((strict.code, refused.code), (2, 2), "{}{}", strict.out, refused.err);
    assert!(
        strict.out.contains("processes") && strict.out.contains("kill -STOP"),
        "{}",
        strict.out
    );
    let told =
        refused.err.contains("this machine is noisy") && refused.err.contains("`bench doctor`");
    assert!(told, "{} {pid}", refused.err);
    assert!(!project.path("data/bench.sqlite").exists());
}
