//! Finding the commit that changed a metric, in a history made here.

use super::Project;
use std::process::Command;

const TARGET: &str = r#"
[targets.hello]
about = "A program for tests"
source = "hello"
binary = "hello"
start = ["{binary}"]
capabilities = ["{binary}", "--capabilities"]
"#;

const SUITE: &str = r#"title = "Ask"
why = "Which commit was it?"
owner = "tests"

[[benchmark]]
name = "it"
driver = "command"
command = ["./measure.sh", "{binary}"]
metrics = ["ready_ns", "rss_bytes"]
noise = "wall"
budget_s = 20
"#;

/// The value is the version's, with a noise of 0.1 %.
const MEASURE: &str = r#"#!/bin/sh
log="$(dirname "$0")/../../cache/count"
echo >> "$log"
awk -v n="$(wc -l < "$log")" -v base="$("$1")" 'BEGIN {
    printf "{\"metric\": \"ready_ns\", \"value\": %.3f}\n", base * (1 + ((n * 7) % 5 - 2) / 2000)
    printf "{\"metric\": \"rss_bytes\", \"value\": %.3f}\n", 1e6 * (1 + ((n * 3) % 5 - 2) / 2000)
    print "{\"done\": true}"
}'
"#;

const LOCKFILE: &str = "version = 4\n\n[[package]]\nname = \"hello\"\nversion = \"0.1.0\"\n";

/// A project whose target is built from its own history.
pub(super) struct Repository {
    pub(super) project: Project,
    pub(super) commits: Vec<String>,
}

impl Repository {
    /// A commit for each value; `Text` changes nothing that is compiled.
    pub(super) fn new(values: &[Option<u32>]) -> Self {
        let project = Project::new("right");
        let config = super::config("right").replace("\"fake\"", "\"hello\"");
        let config = config.split("[targets.fake]").next().unwrap().to_owned();
        project.write("bench.toml", &format!("{config}{TARGET}"));
        project.write("suites/ask/suite.toml", SUITE);
        project.script("suites/ask/measure.sh", MEASURE);
        project.write(".gitignore", "cache\ndata\n");
        project.write(
            "hello/Cargo.toml",
            "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        );
        project.write("hello/Cargo.lock", LOCKFILE);
        let mut repository = Self { project, commits: Vec::new() };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        for (number, value) in values.iter().enumerate() {
            repository.project.write("hello/note", &format!("{number}"));
            if let Some(value) = value {
                repository.project.write("hello/src/main.rs", &main(number, *value));
            }
            repository.git(&["add", "."]);
            repository.git(&["commit", "--quiet", "--message", "Go on"]);
            let head = repository.git(&["rev-parse", "HEAD"]).trim().to_owned();
            repository.commits.push(head);
        }
        repository
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
            .args(arguments)
            .current_dir(self.project.dir.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?} {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A program with a value; every version is another binary.
fn main(number: usize, value: u32) -> String {
    format!(
        "fn main() {{\n    if std::env::args().nth(1).is_some() {{\n        \
         println!(\"{{{{\\\"capabilities\\\":[\\\"version-{number}\\\"]}}}}\");\n    }} else {{\n        \
         println!(\"{value}000\");\n    }}\n}}\n"
    )
}

#[test]
fn the_commit_that_made_the_change_is_found() {
    let values = [Some(100), Some(100), None, Some(101), Some(101), Some(100), Some(110), None];
    let repository = Repository::new(&values);
    let (project, commits) = (&repository.project, &repository.commits);
    let bisect = |more: &[&str]| {
        let range = format!("{}..", commits[0]);
        let base = ["bisect", &range, "--suite", "ask", "--seed", "1", "--json"];
        project.bench(&[&base[..], more].concat())
    };
    let said = bisect(&["--metric", "ready_ns", "--blocks", "16"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let outcome: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(outcome["culprit"], commits[6].as_str(), "{outcome}");
    assert_eq!(outcome["commits_left"], 1);
    assert!((outcome["effect"].as_f64().unwrap() - 0.1).abs() < 0.01, "{outcome}");
    let measured = outcome["steps"].as_array().unwrap().iter().filter(|it| !it["effect"].is_null());
    assert!(measured.count() >= 1, "{outcome}");

    let wrong = bisect(&["--metric", "cpu_ns_per_request"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("0 arms of suite ask fit, and one is needed"), "{}", wrong.err);
    let same = project.bench(&[
        "bisect",
        &commits[0],
        &commits[5],
        "--suite",
        "ask",
        "--metric",
        "ready_ns",
        "--blocks",
        "8",
    ]);
    assert_eq!(same.code, 2, "{}", same.out);
    assert!(same.err.contains("do not differ for sure in ready_ns"), "{}", same.err);
    let backwards =
        project.bench(&["bisect", "HEAD", &commits[0], "--suite", "ask", "--metric", "ready_ns"]);
    assert!(backwards.err.contains("does not lie before"), "{}", backwards.err);
}
