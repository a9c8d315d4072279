//! Drives the real `bench` against a fake host.
//!
//! `gate`: what a release must pass, and what waivers excuse.
//! `foreign`: results of other tools, in and out.
//! `honesty`: a host that lies, stalls or dies never becomes a number.
//! `order`: blocks are interleaved as promised, told by the host's own log.
//! `calibrate`: one binary as several versions.
//! `compare`: what a comparison measures, and how it tells what it found.
//! `confirm`: what measuring again says of a change at the end of a history.
//! `crash`: a killed runner leaves a readable database and can go on.
//! `alerts`: made-up history, and whether its changes are found and remembered.
//! `backfill`: many versions, one after the other, whatever happens in between.
//! `watch`: what is new, in git and in registries.
//! `fan_out`: dividing a measurement among machines, and copies of the database.
//! `bisect`: the commit that changed a metric.
//! `boards`: firmware on a board that is honest, or not.
//! `callgrind`: instructions by callgrind, of all that are charged.
//! `bundles`: export and import, and refusing what is not right.
//! `documents`: every command and snippet of the documents, executed.
//! `epochs`: testbeds, noise, and links between epochs.
//! `explain`: where a host's time goes, and why one version is slower.
//! `published`: the history that git keeps.
//! `ndjson`: histories and samples on standard input, and wrong lines.
//! `pages`: what pages say of two stored versions is what the command says.
//! `github`: from a webhook to a verdict, an issue, a message.
//! `schemas`: what editors are told of files.
//! `service`: the service and its workers, also when they are killed.
//! `topology`: templates, options, and more than one process.
//! `suites`: a new suite, and what a check says of one.
//! `text`: what a stranger reads: help and error texts.
//! `workflows`: what GitHub is asked to run, run here.
//! `tidy`: the invariants of ARCHITECTURE.md that a machine can check.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report; clippy knows only functions marked #[test]"
)]

mod alerts;
mod backfill;
mod bisect;
mod boards;
mod bundles;
mod calibrate;
mod callgrind;
mod commits;
mod compare;
mod confirm;
mod crash;
mod documents;
mod epochs;
mod explain;
mod fan_out;
mod foreign;
mod gate;
mod github;
mod honesty;
mod moments;
mod ndjson;
mod order;
mod pages;
mod published;
mod releases;
mod schemas;
mod service;
mod suites;
mod tasks;
mod text;
mod tidy;
mod topology;
mod watch;
mod workflows;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A project in a folder of its own, with one suite and a fake host.
struct Project {
    dir: TempDir,
}

/// What the program printed, and how it ended.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Project {
    /// A project whose target is the fake host in `mode`.
    fn new(mode: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let project = Self { dir };
        project.write("bench.toml", &config(mode));
        project.write("suites/ask/suite.toml", SUITE);
        fs::create_dir_all(project.path("cache")).unwrap();
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A file that can be started.
    fn script(&self, name: &str, text: &str) {
        self.write(name, text);
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(self.path(name), executable).unwrap();
    }

    /// A copy of the fake host under another name, and so another digest.
    fn fake(&self, name: &str) -> String {
        let mut bytes = fs::read(fake_host()).unwrap();
        bytes.extend_from_slice(name.as_bytes());
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, executable).unwrap();
        format!("path:{}", path.display())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env("BENCH_CACHE_DIR", self.path("cache"))
            .stdin(Stdio::null());
        command
    }

    fn bench(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// Output of a command that must end well, as JSON.
    fn json(&self, arguments: &[&str]) -> Value {
        let said = self.bench(arguments);
        assert_eq!(said.code, 0, "{arguments:?}\n{}\n{}", said.out, said.err);
        serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {}", said.out))
    }

    /// Replaces what differs from run to run.
    fn plain(&self, text: &str) -> String {
        text.replace(&self.dir.path().display().to_string(), "DIR")
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn fake_host() -> PathBuf {
    let bench = Path::new(env!("CARGO_BIN_EXE_bench"));
    bench.parent().unwrap().join("examples/fake-host")
}

fn config(mode: &str) -> String {
    format!(
        r#"default_target = "fake"
measurement_protocol = 1

[margins]
wall = 0.02
cpu = 0.01
exact = 0.0

[profiles.quick]
blocks = 1
measure_ms = 1000

[profiles.full]
blocks = 2

[profiles.compare]
blocks = 4

[targets.fake]
about = "A host for tests"
source = "."
binary = "fake-host"
start = ["{{binary}}", "--mode", "{mode}", "--log", "log", "--addr", "{{addr}}", "--workload", "{{workload}}"]
capabilities = ["{{binary}}", "--capabilities"]
ready_timeout_s = 5.0
stop_timeout_s = 2.0
"#
    )
}

const SUITE: &str = r#"title = "Ask"
why = "Does the runner tell the truth?"
owner = "tests"

[[benchmark]]
name = "latency"
driver = "http-latency"
quick = true
needs = ["http-fake"]
expect = { status = 200, body = "hello" }
load = { warmup_ms = 50, measure_ms = 300 }
metrics = ["latency_p50_ns", "cpu_ns_per_request"]
noise = "wall"
budget_s = 20
"#;
