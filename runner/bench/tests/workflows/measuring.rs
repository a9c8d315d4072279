//! `bench.yml`, `pages.yml`, `release-gate.yml` and the action.

use super::document::{Document, root};
use super::machine::{GitHub, git};
use super::{needs, repository};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

pub(super) fn results_are_measured_merged_recorded_and_shown() -> BTreeSet<String> {
    let mut github = GitHub::new();
    repository(&github);
    let (bench, pages) = (Document::named("bench.yml"), Document::named("pages.yml"));

    let before = github.run(&pages, "build");
    assert!(before.failed.is_some());
    assert!(before.said.contains("there is no published result yet"), "{}", before.said);

    github.set(&[
        ("inputs.versions", "hello@HEAD hello@v0.1.0"),
        ("inputs.shards", "3"),
        ("github.event.release.tag_name", ""),
        ("github.ref_name", "main"),
        ("github.event_name", "schedule"),
    ]);
    let plan = github.run(&bench, "plan");
    assert_eq!(plan.failed, None, "{}", plan.said);
    assert!(plan.asked.contains("cargo install --locked --path runner/bench"), "{}", plan.asked);
    let matrix: Value = serde_json::from_str(&github.context["needs.plan.outputs.matrix"]).unwrap();
    let entries = matrix["include"].as_array().unwrap().clone();
    assert_eq!(entries.len(), 1, "one suite stays on one machine: {matrix}");
    for entry in &entries {
        for key in ["shard", "of", "arguments"] {
            let value = entry[key].as_str().map_or_else(|| entry[key].to_string(), str::to_owned);
            github.set(&[(&format!("matrix.{key}"), &value)]);
        }
        let shard = github.run(&bench, "shard");
        assert_eq!(shard.failed, None, "{}", shard.said);
    }
    let merge = github.run(&bench, "merge");
    assert_eq!(merge.failed, None, "{}", merge.said);
    assert!(merge.said.contains("1 runs stored, 0 were already there"), "{}", merge.said);

    assert_eq!(needs(&bench, "record"), ["merge"]);
    let record = github.run(&bench, "record");
    assert_eq!(record.failed, None, "{}", record.said);
    let kept = git(&github.bare(), &["ls-tree", "-r", "--name-only", "results"]);
    assert_eq!(kept.lines().count(), 1, "{kept}");
    assert!(kept.starts_with("history/") && kept.ends_with(".jsonl.gz"), "{kept}");
    let message = git(&github.bare(), &["log", "-1", "--format=%B", "results"]);
    assert!(message.ends_with("/Owner/Project/actions/runs/42"), "{message}");
    let again = github.run(&bench, "record");
    assert_eq!((again.failed, again.said.contains("nothing new")), (None, true), "{}", again.said);
    // Results of another machine join those that are there.
    let other = github.path("artifacts/history/of-another-machine.jsonl.gz");
    fs::copy(
        fs::read_dir(other.parent().unwrap()).unwrap().next().unwrap().unwrap().path(),
        &other,
    )
    .unwrap();
    assert_eq!(github.run(&bench, "record").failed, None);
    let kept = git(&github.bare(), &["ls-tree", "-r", "--name-only", "results"]);
    assert_eq!(kept.lines().count(), 2, "{kept}");
    assert_eq!(git(&github.bare(), &["rev-list", "--count", "results"]), "2");

    known_results_are_used(&mut github);
    github.set(&[("inputs.versions", "hello@nowhere")]);
    let refused = github.run(&bench, "plan");
    assert!(refused.failed.is_some(), "a version that there is not makes no matrix");
    github.ran
}

fn known_results_are_used(github: &mut GitHub) {
    let pages = Document::named("pages.yml");
    let built = github.run(&pages, "build");
    assert_eq!(built.failed, None, "{}", built.said);
    let site = built.temp.join("site/index.html");
    assert!(fs::read_to_string(site).unwrap().contains("Which value does a version have?"));
    assert!(built.noted[0].starts_with("actions/upload-pages-artifact path="), "{:?}", built.noted);
    let deployed = github.run(&pages, "deploy");
    assert!(deployed.noted[0].starts_with("actions/deploy-pages"), "{:?}", deployed.noted);

    // A gate knows these results, and how noisy they say that a series is.
    git(&github.bare(), &["branch", "alike", "refs/pull/7/head"]);
    github.set(&[("inputs.candidate", &git(&github.bare(), &["rev-parse", "alike"]))]);
    let gate = github.run(&Document::named("release-gate.yml"), "gate");
    assert_eq!(gate.failed, None, "{}", gate.said);
    assert!(gate.said.contains("1 runs stored, 1 were already there"), "{}", gate.said);
    assert!(gate.summary.contains("**gate passed"), "{}", gate.summary);
}

pub(super) fn a_release_is_held_to_the_gate() -> BTreeSet<String> {
    let mut github = GitHub::new();
    repository(&github);
    let gate = Document::named("release-gate.yml");
    let mut check = |candidate: &str| {
        github.set(&[("inputs.candidate", candidate)]);
        let _ = fs::remove_dir_all(github.path("artifacts/gate"));
        let done = github.run(&gate, "gate");
        let kept = ["gate.md", "gate.xml"].map(|name| github.path("artifacts/gate").join(name));
        (done, kept.iter().all(|file| file.exists()))
    };
    let (slower, told) = check("v0.2.0");
    let failed = slower.failed.unwrap();
    assert!(failed.contains("Measure both and judge"), "{failed}: {}", slower.said);
    assert!(slower.summary.contains("**gate failed"), "{}", slower.summary);
    assert!(slower.said.contains("::error"), "{}", slower.said);
    assert!(told, "what was found is kept, all the more so when it failed");

    let (first, told) = check("v0.1.0");
    assert_eq!(first.failed, None, "{}", first.said);
    assert!(first.summary.contains("There is no release before"), "{}", first.summary);
    assert!(!told);

    let (unknown, _) = check("--all");
    assert!(unknown.failed.is_some());
    assert!(unknown.said.contains("there is no commit --all"), "{}", unknown.said);
    github.ran
}

pub(super) fn another_repository_compares_with_five_lines() -> BTreeSet<String> {
    let mut github = GitHub::new();
    repository(&github);
    let action = Document::named("action.yml");
    let inputs = action.value["inputs"].as_object().unwrap();
    for (name, input) in inputs {
        let default = input["default"].as_str().unwrap_or_default();
        github.set(&[(&format!("inputs.{name}"), default)]);
    }
    github.set(&[("github.action_path", root().to_str().unwrap())]);
    github.set(&[("inputs.baseline", "v0.1.0"), ("inputs.budget", "60s")]);
    let outputs = |github: &mut GitHub, changes: &[(&str, &str)]| {
        github.set(changes);
        let done = github.run(&action, "action");
        let out = done.temp.join("arewefastyet");
        (done, out.join("bundle.jsonl").exists(), out.join("summary.md").exists())
    };

    let (slower, has_bundle, has_summary) = outputs(&mut github, &[]);
    assert!(slower.failed.is_some(), "{}", slower.said);
    assert!(slower.said.contains("::error::HEAD against v0.1.0: regressed"), "{}", slower.said);
    assert!(slower.summary.starts_with("**regressed: 1 regressed"), "{}", slower.summary);
    assert!(has_bundle && has_summary);

    let (told, ..) = outputs(&mut github, &[("inputs.fail-on", ""), ("inputs.suites", "a* ask")]);
    assert_eq!(told.failed, None, "{}", told.said);

    let (gated, ..) = outputs(&mut github, &[("inputs.gate", "true"), ("inputs.suites", "ask")]);
    assert!(gated.failed.is_some(), "a gate fails whatever is forgiven: {}", gated.said);
    assert!(gated.summary.starts_with("**gate failed"), "{}", gated.summary);

    let (mistaken, has_bundle, _) = outputs(&mut github, &[("inputs.gate", "yes")]);
    assert!(mistaken.said.contains("it must be true or false"), "{}", mistaken.said);
    assert!(!has_bundle);

    let (unknown, ..) =
        outputs(&mut github, &[("inputs.gate", "false"), ("inputs.baseline", "v9")]);
    assert!(unknown.failed.is_some() && unknown.summary.is_empty(), "{}", unknown.said);
    // What it tells a workflow is what its steps tell it.
    let described = action.value["outputs"].as_object().unwrap();
    for output in described.values() {
        assert!(output["value"].as_str().unwrap().starts_with("${{ steps.measure.outputs."));
    }
    github.ran
}
