//! Every command and snippet of the documents, executed: in a repository with two versions of
//! a host, named as the documents name them. What they print is for other tests; here they
//! must be what the program and the files' readers take.

use super::Project;
use super::commits::{self, Commits};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is executed, in the order a reader meets it.
const DOCUMENTS: &[&str] = &["README.md", "CONTRIBUTING.md", "METHODOLOGY.md", "data/README.md"];

/// What would take hours, and a host that does not echo.
const INSTEAD: &[(&str, &str)] = &[
    ("--rounds 120", "--rounds 4"),
    ("--budget 10m", "--budget 2s"),
    ("--series 1000 --versions 500", "--series 5 --versions 30"),
    // Serves until it is ended, which `timeout` does.
    ("bench site serve", "timeout 1 bench site serve --addr 127.0.0.1:0"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The code blocks of a document: language and text.
fn blocks(document: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => open = Some((language.to_owned(), String::new())),
            (None, Some((_, block))) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{document}: a code block has no end");
    blocks
}

fn config() -> String {
    let host = commits::target("").replace("[targets.hello]", "[targets.host]").replace(
        "capabilities = [\"{binary}\", \"--capabilities\"]",
        "supports = [\"http-p2\", \"http-p3\", \"http-fake\"]",
    );
    let native = host.replace("[targets.host]", "[targets.native]");
    let config = super::config("right").replace("\"fake\"", "\"host\"");
    let config = config.split("[targets.fake]").next().unwrap().to_owned();
    let config =
        config.replace("measurement_protocol", "anchor = \"native\"\nmeasurement_protocol");
    format!(
        "{config}{host}{native}\n[gate]\nrequired = []\n[[gate.rules]]\nsuite = \"*\"\ntolerated = 0.5\n"
    ) + "\n[calibrate]\ntarget = \"host\"\nsuites = [\"ask\"]\n"
}

/// Two commits, tagged as versions; guests to ask; samples on which to decide.
fn checkout() -> Project {
    let project = Project::new("right");
    project.write("bench.toml", &config());
    project.write("suites/ask/suite.toml", commits::SUITE);
    let mut commits = Commits::begin(&project, ".");
    for tag in ["v1.0", "v1.1"] {
        commits.add();
        commits.git(&["tag", tag]);
    }
    let prebuilt = project.path("suites/components/prebuilt");
    fs::create_dir_all(&prebuilt).unwrap();
    for guest in ["echo-p2.wasm", "echo-p3.wasm"] {
        let from = root().join("suites/components/prebuilt").join(guest);
        fs::copy(from, prebuilt.join(guest)).unwrap();
    }
    let published = "data/history/2026-11-28-anchor-alone-679bb477.jsonl.gz";
    fs::create_dir_all(project.path("data/history")).unwrap();
    fs::copy(root().join(published), project.path(published)).unwrap();
    let history = "{\"id\":\"a\",\"index\":[1,2,5],\"values\":[9.1,9.0,9.2]}\n";
    project.write("histories.ndjson", history);
    let pair = "{\"id\":\"a\",\"design\":\"multi\",\"a\":[[9.1,9.0],[9.2,9.1]],\"b\":[[9.3,9.4],[9.4,9.2]]}\n";
    project.write("pairs.ndjson", pair);
    fs::create_dir_all(project.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_bench"), project.path("bin/bench")).unwrap();
    project
}

/// Runs a line as a shell does; the exit code and what was said.
fn shell(project: &Project, line: &str) -> (i32, String) {
    let path = format!("{}:{}", project.path("bin").display(), std::env::var("PATH").unwrap());
    let output = Command::new("timeout")
        .args(["120", "sh", "-c", line])
        .current_dir(project.path("."))
        .env("PATH", path)
        .env("BENCH_CACHE_DIR", project.path("cache"))
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    (output.status.code().unwrap_or(-1), said.concat())
}

#[test]
fn every_command_of_the_documents_is_executed() {
    let project = checkout();
    let mut executed = 0;
    for document in DOCUMENTS {
        for (language, block) in blocks(document) {
            // The suite that CONTRIBUTING begins with a command goes on as it says.
            if language == "toml" && block.starts_with("title = \"Http echo\"") {
                let suite = "suites/http-echo/suite.toml";
                assert!(project.path(suite).exists(), "`bench suite new` comes before it");
                project.write(suite, &block);
            }
            let lines = block.lines().filter(|_| language == "sh");
            for line in lines.filter(|line| line.split("&&").any(|it| it.contains("bench "))) {
                if !line.trim_start().starts_with("bench ") && !line.contains("| bench ") {
                    continue;
                }
                let asked =
                    INSTEAD.iter().fold(line.to_owned(), |line, (from, to)| line.replace(from, to));
                let (code, said) = shell(&project, &asked);
                // 2 is bad usage or input; 124 is `timeout`'s, of what serves.
                let is_fine =
                    matches!(code, 0 | 1 | 3 | 4) || asked.starts_with("timeout") && code == 124;
                assert!(is_fine, "{document}: `{asked}` ended with {code}:\n{said}");
                executed += 1;
            }
        }
    }
    assert!(executed >= 15, "only {executed} commands were found");
}

/// Whole files are read by their readers; parts of files have to be TOML.
#[test]
fn every_snippet_of_the_documents_is_read() {
    let mut read = 0;
    for document in DOCUMENTS {
        for (language, block) in blocks(document) {
            let problem = match language.as_str() {
                "toml" => toml_problem(&block),
                "json" => serde_json::from_str::<serde_json::Value>(&block)
                    .err()
                    .map(|error| error.to_string()),
                _ => continue,
            };
            assert_eq!(problem, None, "{document}:\n{block}");
            read += 1;
        }
    }
    assert!(read >= 10, "only {read} snippets were found");
}

fn toml_problem(block: &str) -> Option<String> {
    if block.parse::<toml::Table>().is_ok() {
        return targets_problem(block);
    }
    // Alternatives stand below each other, where one file could have one of them.
    let mut statement = String::new();
    for line in block.lines() {
        statement.push_str(line);
        statement.push('\n');
        if statement.parse::<toml::Table>().is_ok() {
            statement.clear();
        }
    }
    (!statement.trim().is_empty()).then(|| format!("not TOML: {statement}"))
}

/// A target of the documents is one that `bench.toml` may hold.
fn targets_problem(block: &str) -> Option<String> {
    let is_whole = block.contains("about = ") && block.contains("[targets.");
    if !is_whole {
        return None;
    }
    let project = Project::new("right");
    project.write("bench.toml", &format!("{}\n{block}", super::config("right")));
    let said = project.bench(&["list", "targets", "--json"]);
    (said.code != 0).then_some(said.err)
}
