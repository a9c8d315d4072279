//! Filling a history: the order, what is not measured twice, what cannot be
//! built, and a runner that is killed at random moments.

use super::Project;
use super::commits::{self, Commits, project_of};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Stdio;
use std::thread;
use std::time::Instant;

/// What came of each version, in the order in which it came.
fn told(json: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let outcomes = json.as_array().unwrap().iter();
    outcomes.map(|it| (text(&it["version"]), text(&it["outcome"]))).collect()
}

fn short(commit: &str) -> String {
    commit.chars().take(8).collect()
}

fn parsed(said: &super::Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {}{}", said.out, said.err))
}

#[test]
fn the_newest_is_measured_first_and_nothing_twice() {
    let (project, all) = project_of(5);
    let range = format!("{}..main", all[0]);
    let backfill = |more: &[&str]| {
        let base = ["backfill", "hello", &range, "--quick", "--json"];
        project.json(&[&base[..], more].concat())
    };
    let expected = |order: &[usize], outcome: &str| -> Vec<(String, String)> {
        order.iter().map(|at| (short(&all[*at]), outcome.to_owned())).collect()
    };
    let fresh = told(&backfill(&[]));
    assert_eq!(fresh, expected(&[4, 0, 2, 3, 1], "measured"));
    assert_eq!(told(&backfill(&[])), expected(&[0, 1, 2, 3, 4], "stored"));

    // A changed benchmark is another one; the other profile measures more.
    let changed = "request = { path = \"/other\" }\nexpect";
    let suite = commits::SUITE.replacen("expect", changed, 1);
    project.write("suites/ask/suite.toml", &suite);
    let range = format!("{}..{}", all[3], all[4]);
    let again = project.json(&["backfill", "hello", &range, "--quick", "--json"]);
    assert_eq!(told(&again), expected(&[4, 3], "measured"));
    let full = project.json(&["backfill", "hello", &range, "--blocks", "1", "--json"]);
    assert_eq!(told(&full), expected(&[4, 3], "measured"));

    // No time is left after the first, whose load alone takes longer.
    let range = format!("{}..{}", all[1], all[2]);
    let said =
        project.bench(&["backfill", "hello", &range, "--blocks", "12", "--budget", "1s", "--json"]);
    assert_eq!(said.code, 4, "{}", said.err);
    let told = told(&parsed(&said));
    assert_eq!(told[0], (short(&all[2]), "measured".to_owned()));
    assert_eq!(told[1], (short(&all[1]), "left".to_owned()));
}

#[test]
fn a_version_that_cannot_be_built_is_stored_so_and_not_tried_again() {
    let project = Project::new("right");
    project.write("bench.toml", &commits::config(""));
    project.write("suites/ask/suite.toml", commits::SUITE);
    let mut commits = Commits::begin(&project, ".");
    commits.add();
    commits.add_source("fn main() { missing() }\n");
    commits.git(&["rm", "--quiet", "-r", "--cached", "hello"]);
    std::fs::remove_dir_all(project.path("hello")).unwrap();
    commits.git(&["commit", "--quiet", "--message", "Without it"]);
    commits.write("hello/Cargo.toml", "");
    commits.git(&["checkout", "--quiet", &commits.all[0], "--", "hello"]);
    commits.add();
    let range = format!("{}..main", commits.all[0]);
    let backfill = ["backfill", "hello", &range, "--quick", "--json"];
    let said = project.bench(&backfill);
    assert_eq!(said.code, 4, "{}", said.err);
    let mut outcomes: Vec<String> = told(&parsed(&said)).into_iter().map(|it| it.1).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["measured", "measured", "not-built", "not-built"]);

    let listed = project.json(&["list", "versions", "--json"]);
    let reason = |commit: &str| {
        let versions = listed.as_array().unwrap().iter();
        let it = versions.filter(|it| it["label"] == short(commit).as_str()).collect::<Vec<_>>();
        assert_eq!(it.len(), 1, "{listed}");
        assert_eq!(it[0]["outcome"], "failed");
        it[0]["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(reason(&commits.all[1]), "cannot find function `missing` in this scope");
    let without = commits.git(&["rev-parse", "HEAD~1"]);
    assert!(reason(&without).contains("has no folder `hello`"), "{}", reason(&without));
    // In words, in bundles, and in another database.
    let table = project.bench(&["list", "versions"]).out;
    assert!(table.contains("not built: cannot find function `missing`"), "{table}");
    let bundle = project.bench(&["export", "--out", "all.jsonl"]);
    assert_eq!(bundle.code, 0, "{}", bundle.err);
    project.json(&["--db", "other.sqlite", "import", "all.jsonl", "--json"]);
    let other = project.json(&["--db", "other.sqlite", "list", "versions", "--json"]);
    assert_eq!(other, listed);
    // And in what git keeps, each under its own name.
    let config = commits::config("");
    project.write("bench.toml", &format!("{config}\n[publication]\nprofiles = [\"quick\"]\n"));
    project.json(&["publish", "--out", "history", "--json"]);
    let bundles = super::published::files(&project.path("history"));
    for commit in commits.all.iter().chain([&without]) {
        let name = format!("-hello-{}-", short(commit));
        assert_eq!(bundles.keys().filter(|it| it.contains(&name)).count(), 1, "{bundles:?}");
    }

    let again = project.json(&backfill);
    assert!(told(&again).iter().all(|it| it.1 == "stored"), "{again}");
}

/// For every version, how many blocks of which benchmark are in complete runs; the
/// values that each block has are part of its name.
fn content(project: &Project, database: &str) -> BTreeMap<String, usize> {
    let bundle = project.bench(&["--db", database, "export"]);
    assert_eq!(bundle.code, 0, "{}", bundle.err);
    let mut content = BTreeMap::new();
    let mut versions = Vec::new();
    for line in bundle.out.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line.get("run").is_some() {
            versions.clear();
        } else if let Some(artifact) = line.get("artifact") {
            versions.push(artifact["version"]["sha"].as_str().unwrap().to_owned());
        } else if let Some(block) = line.get("block") {
            let values = &block["outcome"]["measured"];
            let names = |kind: &str| {
                let values = values[kind].as_object().into_iter().flatten();
                values.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("+")
            };
            let version = &versions[block["artifact"].as_u64().unwrap() as usize];
            let cell = &block["cell"];
            let what = format!(
                "{} {} {} {} {}",
                version,
                cell["benchmark"],
                cell["arm"],
                names("samples"),
                names("histograms")
            );
            *content.entry(what).or_insert(0) += 1;
        }
    }
    content
}

/// Kills a backfill at so many random moments, each in a database of its own.
fn kill_at(moments: u64) {
    let (project, all) = project_of(3);
    let range = format!("{}..main", all[0]);
    let backfill = |database: &str, more: &[&str]| {
        let base = ["--db", database, "backfill", "hello", &range, "--blocks", "2", "--json"];
        project.command(&[&base[..], more].concat())
    };
    // Built once; the second time shows how long a backfill takes.
    assert!(backfill("first.sqlite", &[]).output().unwrap().status.success());
    let begun = Instant::now();
    assert!(backfill("whole.sqlite", &[]).output().unwrap().status.success());
    let whole = begun.elapsed();
    let undisturbed = content(&project, "whole.sqlite");
    assert_eq!(undisturbed.values().sum::<usize>(), 3 * 2 * 2, "{undisturbed:?}");

    for moment in 0..moments {
        let database = format!("killed-{moment}.sqlite");
        let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(moment);
        let after = whole.mul_f64(rng.random_range(0.0..1.0));
        let mut child =
            backfill(&database, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(after);
        // Fails only where it was faster.
        let _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
        child.wait().unwrap();
        let said = project.bench(&[
            "--db", &database, "backfill", "hello", &range, "--blocks", "2", "--json", "--resume",
        ]);
        let when = format!("killed after {after:?} (moment {moment})");
        assert_eq!(said.code, 0, "{when}: {}{}", said.out, said.err);
        assert_eq!(content(&project, &database), undisturbed, "{when}");
        let runs = project.json(&["--db", &database, "list", "runs", "--json"]);
        let runs = runs.as_array().unwrap();
        assert!(runs.iter().all(|run| run["status"] == "complete"), "{when}: {runs:?}");
        assert_eq!(runs.len(), all.len(), "{when}: {runs:?}");
        // Checks every page, index and reference of its copy.
        let copy = format!("copy-{moment}.sqlite");
        let backup = project.json(&["--db", &database, "backup", &copy, "--json"]);
        assert_eq!(backup["runs"], all.len(), "{when}");
    }
}

#[test]
fn a_killed_backfill_goes_on_and_ends_as_an_undisturbed_one() {
    kill_at(4);
}

#[test]
#[ignore = "minutes long; the test above does the same at fewer moments"]
fn a_backfill_survives_kills_at_fifty_moments() {
    kill_at(50);
}
