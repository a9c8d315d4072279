//! A repository made for a test: a cargo project whose commits are versions of a
//! host. Each passes on to the fake host, and differs from the others.

use super::Project;
use std::path::Path;
use std::process::Command;

const LOCKFILE: &str = "version = 4\n\n[[package]]\nname = \"hello\"\nversion = \"0.1.0\"\n";

/// A short benchmark, and one that is short and belongs to the quick profile.
pub(super) const SUITE: &str = r#"title = "Ask"
why = "How fast is a version?"
owner = "tests"

[[benchmark]]
name = "latency"
driver = "http-latency"
quick = true
needs = ["http-fake"]
expect = { status = 200, body = "hello" }
load = { warmup_ms = 10, measure_ms = 100 }
metrics = ["latency_p50_ns"]
noise = "wall"
budget_s = 20

[[benchmark]]
name = "throughput"
driver = "http-throughput"
needs = ["http-fake"]
expect = { status = 200, body = "hello" }
load = { connections = 2, warmup_ms = 10, measure_ms = 100 }
metrics = ["throughput_rps"]
noise = "wall"
budget_s = 20
"#;

/// `repository` is empty, or a line with that key.
pub(super) fn target(repository: &str) -> String {
    format!(
        r#"
[targets.hello]
about = "A program for tests"
{repository}
source = "hello"
binary = "hello"
start = ["{{binary}}", "--mode", "right", "--log", "log", "--addr", "{{addr}}"]
capabilities = ["{{binary}}", "--capabilities"]
"#
    )
}

/// A configuration whose only target is that one.
pub(super) fn config(repository: &str) -> String {
    let config = super::config("right").replace("\"fake\"", "\"hello\"");
    let config = config.split("[targets.fake]").next().unwrap().to_owned();
    config + &target(repository)
}

/// A project whose target has so many versions, and these, the oldest first.
pub(super) fn project_of(versions: usize) -> (Project, Vec<String>) {
    let project = Project::new("right");
    project.write("bench.toml", &config(""));
    project.write("suites/ask/suite.toml", SUITE);
    let mut commits = Commits::begin(&project, ".");
    for _ in 0..versions {
        commits.add();
    }
    let all = commits.all.clone();
    (project, all)
}

/// A host that was built at a commit.
pub(super) fn main(number: usize) -> String {
    let host = super::fake_host();
    format!(
        "use std::os::unix::process::CommandExt;\n\
         const HOST: &str = {:?};\n\
         fn main() {{\n    \
         std::process::Command::new(HOST).arg(\"--number={number}\").args(std::env::args().skip(1)).exec();\n\
         }}\n",
        host.to_str().unwrap()
    )
}

pub(super) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?} {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository in a folder of the project's.
pub(super) struct Commits<'p> {
    project: &'p Project,
    folder: String,
    /// Full hashes, oldest first.
    pub(super) all: Vec<String>,
}

impl<'p> Commits<'p> {
    /// Begins a repository in a folder; `.` is the project itself.
    pub(super) fn begin(project: &'p Project, folder: &str) -> Self {
        let commits = Self { project, folder: folder.to_owned(), all: Vec::new() };
        commits.write("hello/Cargo.lock", LOCKFILE);
        let manifest = "[package]\nname = \"hello\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        commits.write("hello/Cargo.toml", manifest);
        commits.write(".gitignore", "cache\ndata\n*.sqlite*\n");
        commits.git(&["init", "--quiet", "--initial-branch=main"]);
        commits
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        git(&self.project.path(&self.folder), arguments)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        self.project.write(&format!("{}/{name}", self.folder), text);
    }

    /// One more version, which has a new binary.
    pub(super) fn add(&mut self) -> String {
        self.add_source(&main(self.all.len()))
    }

    /// One more version with that `main.rs`.
    pub(super) fn add_source(&mut self, source: &str) -> String {
        self.write("hello/src/main.rs", source);
        self.git(&["add", "."]);
        let message = format!("Version {}", self.all.len());
        self.git(&["commit", "--quiet", "--allow-empty", "--message", &message]);
        self.all.push(self.git(&["rev-parse", "HEAD"]));
        self.all[self.all.len() - 1].clone()
    }
}
