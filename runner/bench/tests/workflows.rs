//! The workflows, the action, and what runs beside them: each step's script is run as
//! GitHub would run it, with stand-ins for what needs the network and the real `bench`,
//! and what it did is looked at.

mod comparing;
mod document;
mod expression;
mod hostile;
mod machine;
mod measuring;
mod releasing;
mod stand_ins;

use super::Project;
use super::commits::{self, Commits};
use document::{Document, root};
use machine::{GitHub, git};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

const SUITE: &str = r#"title = "Ask"
why = "Which value does a version have?"
owner = "tests"

[[benchmark]]
name = "it"
driver = "command"
command = ["{binary}", "measure"]
metrics = ["ready_ns"]
noise = "wall"
budget_s = 20
"#;

const GATE: &str = r#"
[gate]
required = ["ask"]
probation_runs = 0

[[gate.rules]]
suite = "ask"
tolerated = 0.03
"#;

/// A host that measures itself, and always finds the same.
fn source(value: &str) -> String {
    let found = format!(r#"{{"metric":"ready_ns","value":{value}}}"#);
    let lines = [found.as_str(), r#"{"done":true}"#].join("\n");
    format!(
        "fn main() {{\n    match std::env::args().nth(1).as_deref() {{\n        \
         Some(\"measure\") => println!(\"{{}}\", {lines:?}),\n        \
         _ => println!(\"{{}}\", r#\"{{\"capabilities\":[]}}\"#),\n    }}\n}}\n"
    )
}

/// A repository with two releases, the second 20 % slower, and a pull request, number 7,
/// that changes nothing. Tells main's head, and the pull request's.
fn repository(github: &GitHub) -> [String; 2] {
    let project = Project::new("right");
    project.write("bench.toml", &(commits::config("") + GATE));
    project.write("suites/ask/suite.toml", SUITE);
    for name in [
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "deny.toml",
        "runner/bench/Cargo.toml",
        ".ci/run",
        ".ci/test",
        ".ci/dependencies",
    ] {
        fs::create_dir_all(project.path(name).parent().unwrap()).unwrap();
        fs::copy(root().join(name), project.path(name)).unwrap();
    }
    let mut versions = Commits::begin(&project, ".");
    for (value, tag) in [("1000000", "v0.1.0"), ("1200000", "v0.2.0")] {
        versions.add_source(&source(value));
        versions.git(&["tag", tag]);
    }
    let main = versions.git(&["rev-parse", "HEAD"]);
    let bare = github.bare().display().to_string();
    versions.git(&["push", "--quiet", &bare, "main", "--tags"]);
    let head = versions.add_source(&source("1200001"));
    versions.git(&["push", "--quiet", &bare, "HEAD:refs/pull/7/head"]);
    git(&github.bare(), &["symbolic-ref", "HEAD", "refs/heads/main"]);
    [main, head]
}

#[test]
fn every_script_does_what_it_says() {
    let scenarios: [fn() -> BTreeSet<String>; 6] = [
        measuring::results_are_measured_merged_recorded_and_shown,
        measuring::a_release_is_held_to_the_gate,
        measuring::another_repository_compares_with_five_lines,
        comparing::a_pull_request_is_told_what_it_changes,
        releasing::the_checks_are_those_of_any_machine,
        releasing::a_tag_becomes_a_release,
    ];
    let mut ran = BTreeSet::new();
    std::thread::scope(|scope| {
        let running: Vec<_> = scenarios.into_iter().map(|it| scope.spawn(it)).collect();
        for scenario in running {
            ran.extend(scenario.join().unwrap());
        }
    });
    let documents = Document::all();
    let steps = documents.iter().flat_map(|document| {
        document.jobs().into_iter().flat_map(|(job, _)| document.steps(job)).collect::<Vec<_>>()
    });
    let scripts = steps.filter(|step| step.value.contains_key("run"));
    let never: Vec<String> =
        scripts.map(|step| step.name).filter(|name| !ran.contains(name)).collect();
    assert!(never.is_empty(), "no test runs {never:#?}");
}

/// Who may do what, and by which hands. `zizmor` and `actionlint` look further, and
/// `make test` runs them; this holds without either.
#[test]
fn workflows_trust_nothing_that_moves_and_ask_for_no_more_than_they_need() {
    let mut problems = Vec::new();
    for document in Document::all() {
        let name = &document.name;
        let is_action = document.value.get("runs").is_some();
        let mut complain = |what: String| problems.push(format!("{name}: {what}"));
        if !is_action && document.value["permissions"] != serde_json::json!({}) {
            complain("`permissions` at the top must be {}".to_owned());
        }
        if document.value["on"].get("pull_request_target").is_some() {
            complain("pull_request_target runs with secrets beside a stranger's code".to_owned());
        }
        for (job_name, job) in document.jobs() {
            let reuses = job.get("uses").is_some();
            if !is_action && !reuses && job.get("timeout-minutes").is_none() {
                complain(format!("{job_name} may hang for six hours"));
            }
            if !is_action && job.get("permissions").is_none() {
                complain(format!("{job_name} does not say what it may"));
            }
            let writes = job["permissions"].to_string().contains("write");
            let may_write = ["record", "pages", "deploy", "comment", "publish"];
            if writes && !may_write.contains(&job_name) {
                complain(format!("{job_name} may write"));
            }
            for step in document.steps(job_name) {
                if step.text("run").is_some_and(|script| script.contains("${{")) {
                    complain(format!("{}: an expression in a script is code", step.name));
                }
                if writes && step.text("uses").is_some_and(|it| it.contains("/checkout@")) {
                    complain(format!("{}: what may write checks nothing out", step.name));
                }
                problems_of_use(&step, &mut complain);
            }
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

fn problems_of_use(step: &document::Step<'_>, complain: &mut impl FnMut(String)) {
    let Some(uses) = step.text("uses") else { return };
    let commit = uses.rsplit_once('@').map_or("", |(_, commit)| commit);
    if commit.len() != 40 || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        complain(format!("{}: not named by its commit", step.name));
    }
    if uses.starts_with("actions/checkout@")
        && step.with("persist-credentials").as_deref() != Some("false")
    {
        complain(format!("{}: leaves its token in the checkout", step.name));
    }
}

/// One action, one commit: a review of one place would be of no use otherwise.
#[test]
fn an_action_is_of_one_version_everywhere() {
    let mut seen: Vec<(String, String)> = Vec::new();
    for document in Document::all() {
        for (job, _) in document.jobs() {
            for step in document.steps(job) {
                if let Some((action, commit)) = step.text("uses").and_then(|it| it.split_once('@'))
                {
                    seen.push((action.to_owned(), commit.to_owned()));
                }
            }
        }
    }
    let different: BTreeSet<_> = seen.iter().collect();
    let actions: BTreeSet<_> = seen.iter().map(|(action, _)| action).collect();
    assert_eq!(different.len(), actions.len(), "{different:#?}");
}

/// Scripts in workflows are shell scripts: where `shellcheck` is installed, it reads them.
#[test]
fn scripts_are_sound() {
    if which::which("shellcheck").is_err() {
        eprintln!("shellcheck is not installed, so this was not tried");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for document in Document::all() {
        for (job, _) in document.jobs() {
            for step in document.steps(job) {
                if let Some(script) = step.text("run") {
                    let file = folder.path().join(step.name.replace(['/', ' '], "_"));
                    fs::write(&file, format!("#!/bin/bash\nset -eo pipefail\n{script}")).unwrap();
                    files.push(file);
                }
            }
        }
    }
    let output = Command::new("shellcheck").args(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// The job of the document that must not be begun before others have passed.
fn needs(document: &Document, job: &str) -> Vec<String> {
    match &document.job(job)["needs"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all.iter().map(|it| it.as_str().unwrap().to_owned()).collect(),
        _ => Vec::new(),
    }
}
