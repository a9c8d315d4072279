//! What measurements stand on: a change of it is told, forbids verdicts, and can
//! be bridged; what disturbs a block is seen, and the block measured again.

use super::commits::{self, project_of};
use super::{Project, published};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Command, Stdio};

/// A machine whose kernel says another release.
fn elsewhere(project: &Project, arguments: &[&str]) -> super::Said {
    let mut command = project.command(arguments);
    command.env("BENCH_PRETEND_TESTBED", "kernel=9.9.9").output().unwrap().into()
}

fn name(run: &Value) -> String {
    format!("run:{}", run["run"].as_str().unwrap())
}

/// The pieces of the line on the first chart of the suite's page, and whether a new
/// testbed is drawn on it.
fn chart(project: &Project, out: &str) -> (usize, bool) {
    assert_eq!(project.bench(&["site", "build", "--out", out]).code, 0);
    let files = published::files(&project.path(out));
    let pages = files.iter().filter(|(name, _)| name.ends_with(".html"));
    let page = pages.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned());
    let page = page.into_iter().find(|page| page.contains("class=\"plot\"")).unwrap();
    let plot = page.split("class=\"plot\"").nth(1).unwrap().split("</svg>").next().unwrap();
    (plot.matches("<path class=\"line ").count(), page.contains("class=\"mark epoch\""))
}

#[test]
fn another_kernel_is_another_epoch_which_no_verdict_and_no_line_crosses() {
    let (project, all) = project_of(4);
    let run = |versions: &[String]| {
        let mut arguments = vec!["run", "--blocks", "1", "--json"];
        let versions: Vec<String> = versions.iter().map(|it| format!("hello@{it}")).collect();
        arguments.extend(versions.iter().map(String::as_str));
        project.command(&arguments)
    };
    let first: super::Said = run(&all[1..2]).output().unwrap().into();
    let first: Value = serde_json::from_str(&first.out).unwrap();
    let before: super::Said = run(&all[..1]).output().unwrap().into();
    assert_eq!(before.code, 0, "{}", before.err);
    // One line, and no epoch to draw.
    assert_eq!(chart(&project, "before"), (1, false));

    let said = elsewhere(&project, &["run", &format!("hello@{}", all[2]), "--blocks", "1"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("this testbed is new") && said.err.contains("`bench bridge`"));
    let second = elsewhere(&project, &["run", &format!("hello@{}", all[3]), "--json"]);
    let second: Value = serde_json::from_str(&second.out).unwrap();

    let refused = project.bench(&["compare", &name(&first), &name(&second)]);
    assert_eq!(refused.code, 2);
    for told in ["stand on different testbeds", "then `9.9.9`", "measure both versions now"] {
        assert!(refused.err.contains(told), "{told}: {}", refused.err);
    }
    // The chart says where the epoch changed, and joins nothing across it.
    assert_eq!(chart(&project, "after"), (2, true));
    let listed = project.json(&["list", "runs", "--json"]);
    let epoch = |at: usize| listed[at]["epoch"].as_str().unwrap().to_owned();
    assert_ne!(epoch(0), epoch(2));
    assert_eq!(epoch(0), epoch(1));
}

#[test]
fn a_history_goes_on_elsewhere_with_what_links_the_two() {
    let (project, all) = project_of(3);
    let twin = commits::target("").replace("[targets.hello]", "[targets.twin]");
    project.write("bench.toml", &(commits::config("") + &twin));
    let old = format!("{}..{}", all[0], all[1]);
    project.json(&["backfill", "hello", &old, "--blocks", "3", "--json"]);

    // What is owed is told, measured once, and part of the history.
    let words = |said: &super::Said, field: &str| -> Vec<String> {
        let lines = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|line| line[field].as_str().unwrap().to_owned()).collect()
    };
    let queued = elsewhere(&project, &["watch", "hello", "--list", "--json"]);
    assert_eq!(queued.code, 0, "{}", queued.err);
    assert_eq!(words(&queued, "why")[..3], ["bridge", "bridge", "newest"]);
    let onwards = format!("{}..", all[0]);
    let backfill = ["backfill", "hello", &onwards, "--blocks", "3", "--json"];
    let said = elsewhere(&project, &backfill);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("which links the two"), "{}", said.err);
    assert!(said.err.contains("are linked by"), "{}", said.err);
    let outcomes: Value = serde_json::from_str(&said.out).unwrap();
    let outcomes: Vec<&str> =
        outcomes.as_array().unwrap().iter().map(|it| it["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["stored", "stored", "measured"]);
    let again = elsewhere(&project, &backfill);
    assert!(!again.err.contains("links the two"), "{}", again.err);

    let told = elsewhere(&project, &["bridge", "--show", "--json"]);
    let told: Value = serde_json::from_str(&told.out).unwrap();
    let links = told["links"].as_array().unwrap();
    // Wall-clock metrics are missing where a busy machine made their blocks void.
    assert!(links.iter().any(|link| link["metric"] == "cpu_ns_per_request"), "{told}");
    for link in links {
        let part = |field: &str| link[field].as_f64().unwrap();
        assert!(part("low") <= part("factor") && part("factor") <= part("high"), "{link}");
    }
    let table = elsewhere(&project, &["bridge", "--show"]).out;
    assert!(table.contains("new / old") && table.contains("95 %"), "{table}");

    // Two targets of one watcher stand on one testbed.
    let both = project.bench(&["watch", "hello", "twin", "--quick", "--once", "--json"]);
    assert_eq!(both.code, 0, "{}", both.err);
    let of_both: BTreeSet<String> = words(&both, "target").into_iter().collect();
    assert_eq!(of_both.len(), 2, "{}", both.out);
    let listed = project.json(&["list", "runs", "--json"]);
    let epochs = listed.as_array().unwrap().iter().map(|run| run["epoch"].as_str().unwrap());
    assert_eq!(epochs.collect::<BTreeSet<_>>().len(), 2, "{listed}");
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
    let exact = super::SUITE.replace("\"wall\"", "\"exact\"");
    project.write("suites/ask/suite.toml", &exact);
    let exact = project.json(&["run", &host, "--json"]);
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
    let exact = project.bench(&["export", exact["run"].as_str().unwrap()]).out;
    assert!(exact.contains("others_cpu_ns") && !exact.contains("\"disturbed\""), "{exact}");
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
