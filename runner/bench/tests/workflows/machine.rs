//! What GitHub gives a job: a machine of its own, steps in order, files that steps
//! write to, artifacts, and actions that check out, store and fetch. Whatever else an
//! action would do is only noted.

use super::document::{Document, Step};
use super::expression::{Context, filled, holds};
use super::stand_ins;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub(super) const REPOSITORY: &str = "Owner/Project";

/// GitHub: a repository, artifacts, and what its programs answer.
pub(super) struct GitHub {
    dir: TempDir,
    pub(super) context: Context,
    /// Every step whose script was run.
    pub(super) ran: BTreeSet<String>,
    machines: usize,
}

/// What came of a job.
pub(super) struct Done {
    /// The name of the step that failed.
    pub(super) failed: Option<String>,
    /// What the scripts printed.
    pub(super) said: String,
    /// What stands in the summary.
    pub(super) summary: String,
    /// What stand-ins were asked, a line each.
    pub(super) asked: String,
    /// Actions that were noted, with what they were given.
    pub(super) noted: Vec<String>,
    /// Its folder for temporary files.
    pub(super) temp: PathBuf,
}

struct Job<'d> {
    document: &'d Document,
    dir: PathBuf,
    outputs: Context,
    done: Done,
}

impl GitHub {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let context = Context::from([
            ("github.token".to_owned(), "a-token".to_owned()),
            ("github.event.repository.default_branch".to_owned(), "main".to_owned()),
        ]);
        let github = Self { dir, context, ran: BTreeSet::new(), machines: 0 };
        stand_ins::write(&github.path("bin"), &github.path("asked"), &github.path("answers"));
        fs::create_dir_all(github.path("artifacts")).unwrap();
        git(&github.path("."), &["init", "--quiet", "--bare", &github.bare().to_string_lossy()]);
        // As GitHub allows: any commit can be fetched by its name.
        git(&github.bare(), &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        github
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The repository on its side.
    pub(super) fn bare(&self) -> PathBuf {
        self.path(&format!("server/{REPOSITORY}.git"))
    }

    pub(super) fn set(&mut self, values: &[(&str, &str)]) {
        self.context.extend(values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    }

    /// Runs a job, whose own `if` must hold. Its outputs become those that later jobs
    /// see, under `needs`.
    pub(super) fn run(&mut self, document: &Document, job: &str) -> Done {
        let definition = document.job(job);
        if let Some(condition) = definition.get("if") {
            assert!(holds(condition.as_str().unwrap(), &self.context), "{job} would not run");
        }
        self.machines += 1;
        let dir = self.path(&format!("machines/{}", self.machines));
        for folder in ["workspace", "temp", "home"] {
            fs::create_dir_all(dir.join(folder)).unwrap();
        }
        if job == "action" {
            // Its caller has checked out.
            assert!(checkout(&self.bare(), &dir.join("workspace"), "HEAD", true));
        }
        let temp = dir.join("temp");
        self.context.insert("runner.temp".to_owned(), temp.display().to_string());
        let done = Done {
            failed: None,
            said: String::new(),
            summary: String::new(),
            asked: String::new(),
            noted: Vec::new(),
            temp,
        };
        let mut running = Job { document, dir, outputs: Context::new(), done };
        for step in document.steps(job) {
            self.step(&mut running, &step);
        }
        let Job { outputs, mut done, .. } = running;
        let result = if done.failed.is_some() { "failure" } else { "success" };
        self.context.insert(format!("needs.{job}.result"), result.to_owned());
        if let Some(named) = definition.get("outputs").and_then(|it| it.as_object()) {
            let mut context = self.context.clone();
            context.extend(outputs);
            for (name, value) in named {
                let value = filled(value.as_str().unwrap(), &context);
                self.context.insert(format!("needs.{job}.outputs.{name}"), value);
            }
        }
        done.asked = fs::read_to_string(self.path("asked")).unwrap_or_default();
        let _ = fs::remove_file(self.path("asked"));
        done
    }

    fn step(&mut self, job: &mut Job<'_>, step: &Step<'_>) {
        let mut context = self.context.clone();
        context.extend(job.outputs.clone());
        let wanted = match step.text("if") {
            Some(condition) => {
                let even_then = condition.contains("cancelled()");
                (job.done.failed.is_none() || even_then) && holds(condition, &context)
            }
            None => job.done.failed.is_none(),
        };
        if let Some(id) = step.text("id") {
            // What a step that did not run has told is nothing.
            for script in step.text("run").into_iter() {
                let names = script.split("echo \"").skip(1).filter_map(|it| it.split_once('='));
                for (name, _) in names {
                    job.outputs.entry(format!("steps.{id}.outputs.{name}")).or_default();
                }
            }
        }
        if !wanted {
            return;
        }
        let went_well = match (step.text("uses"), step.text("run")) {
            (Some(uses), None) => self.action(job, step, uses, &context),
            (None, Some(script)) => self.script(job, step, script, &context),
            _ => panic!("{} neither runs nor uses", step.name),
        };
        let is_forgiven = step.value.get("continue-on-error").is_some_and(|it| *it == true);
        if !went_well && !is_forgiven {
            job.done.failed.get_or_insert_with(|| step.name.clone());
        }
    }

    fn script(
        &mut self,
        job: &mut Job<'_>,
        step: &Step<'_>,
        script: &str,
        context: &Context,
    ) -> bool {
        self.ran.insert(step.name.clone());
        let shell = step.text("shell").or_else(|| {
            job.document.value.pointer("/defaults/run/shell").and_then(|shell| shell.as_str())
        });
        assert_eq!(shell, Some("bash"), "{}: another shell", step.name);
        let file = job.dir.join("script.sh");
        fs::write(&file, script).unwrap();
        let written = ["output", "summary", "env"].map(|name| job.dir.join(name));
        for file in &written[..1] {
            let _ = fs::remove_file(file);
        }
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(&file).env_clear();
        let path = std::env::var("PATH").unwrap();
        let server = format!("file://{}", self.path("server").display());
        let home = job.dir.join("home");
        for (name, value) in [
            ("PATH", format!("{}:{path}", self.path("bin").display())),
            ("HOME", home.display().to_string()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("CI", "true".to_owned()),
            ("GITHUB_REPOSITORY", REPOSITORY.to_owned()),
            ("GITHUB_SERVER_URL", server),
            ("GITHUB_RUN_ID", "42".to_owned()),
            ("GITHUB_SHA", "f".repeat(40)),
            ("GITHUB_WORKSPACE", job.dir.join("workspace").display().to_string()),
            ("RUNNER_TEMP", job.done.temp.display().to_string()),
            ("GITHUB_OUTPUT", written[0].display().to_string()),
            ("GITHUB_STEP_SUMMARY", written[1].display().to_string()),
            ("GITHUB_ENV", written[2].display().to_string()),
            ("SERVED", self.path("served").display().to_string()),
        ] {
            command.env(name, value);
        }
        // Where cargo, which `bench` builds with, keeps what it has fetched.
        for (name, below) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let own = std::env::var(name);
            let home = std::env::var("HOME").unwrap_or_default();
            command.env(name, own.unwrap_or_else(|_| format!("{home}/{below}")));
        }
        for scope in [job.document.value.get("env"), step.value.get("env")].into_iter().flatten() {
            for (name, value) in scope.as_object().unwrap() {
                command.env(name, filled(value.as_str().unwrap(), context));
            }
        }
        let output = command.current_dir(job.dir.join("workspace")).output().unwrap();
        job.done.said.push_str(&String::from_utf8_lossy(&output.stdout));
        job.done.said.push_str(&String::from_utf8_lossy(&output.stderr));
        let read = |file: &Path| fs::read_to_string(file).unwrap_or_default();
        job.done.summary = read(&written[1]);
        assert_eq!(read(&written[2]), "", "{}: variables of later steps are not tried", step.name);
        for line in read(&written[0]).lines() {
            let (name, value) = line.split_once('=').unwrap();
            let id = step.text("id").unwrap_or_else(|| panic!("{} has no id", step.name));
            job.outputs.insert(format!("steps.{id}.outputs.{name}"), value.to_owned());
        }
        output.status.success()
    }

    fn action(&self, job: &mut Job<'_>, step: &Step<'_>, uses: &str, context: &Context) -> bool {
        let with = |key: &str| step.with(key).map(|text| filled(&text, context));
        let (action, _) = uses.split_once('@').unwrap();
        let workspace = job.dir.join("workspace");
        match action {
            "actions/checkout" => {
                let into = workspace.join(with("path").unwrap_or_default());
                let reference = with("ref").unwrap_or_else(|| "HEAD".to_owned());
                let all = with("fetch-depth").as_deref() == Some("0");
                checkout(&self.bare(), &into, &reference, all)
            }
            "actions/upload-artifact" => {
                let into = self.path("artifacts").join(with("name").unwrap());
                let _ = fs::remove_dir_all(&into);
                let given = with("path").unwrap();
                let found: Vec<PathBuf> =
                    given.lines().map(|it| workspace.join(it)).filter(|it| it.exists()).collect();
                found.iter().for_each(|it| copy(it, &into));
                !found.is_empty()
            }
            "actions/download-artifact" => {
                let into = workspace.join(with("path").unwrap_or_default());
                let wanted = with("name").or_else(|| with("pattern")).unwrap();
                let pattern = glob::Pattern::new(&wanted).unwrap();
                let mut fetched = false;
                for entry in fs::read_dir(self.path("artifacts")).unwrap() {
                    let entry = entry.unwrap();
                    if pattern.matches(entry.file_name().to_str().unwrap()) {
                        copy(&entry.path(), &into);
                        fetched = true;
                    }
                }
                fetched
            }
            _ => {
                let given = step.value.get("with").and_then(|with| with.as_object());
                let given: Vec<String> = given
                    .into_iter()
                    .flat_map(|with| with.keys())
                    .map(|key| format!("{key}={}", with(key).unwrap()))
                    .collect();
                job.done.noted.push(format!("{action} {}", given.join(" ")));
                true
            }
        }
    }
}

/// As the action does it: one commit, or all branches and tags.
fn checkout(bare: &Path, into: &Path, reference: &str, all: bool) -> bool {
    fs::create_dir_all(into).unwrap();
    let git = |arguments: &[&str]| {
        let url = format!("file://{}", bare.display());
        let words = arguments.iter().map(|word| if *word == "URL" { url.as_str() } else { word });
        Command::new("git").args(words).current_dir(into).output().unwrap().status.success()
    };
    let (branches, tags) = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*");
    git(&["init", "--quiet"])
        && (!all || git(&["fetch", "--quiet", "URL", branches, tags]))
        && git(&["fetch", "--quiet", if all { "--no-tags" } else { "--depth=1" }, "URL", reference])
        && git(&["checkout", "--quiet", "--detach", "FETCH_HEAD"])
}

/// A file, or what is in a folder, into a folder.
fn copy(from: &Path, into: &Path) {
    fs::create_dir_all(into).unwrap();
    if from.is_file() {
        fs::copy(from, into.join(from.file_name().unwrap())).unwrap();
        return;
    }
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let below =
            if path.is_dir() { into.join(path.file_name().unwrap()) } else { into.to_owned() };
        copy(&path, &below);
    }
}

pub(super) fn git(folder: &Path, arguments: &[&str]) -> String {
    crate::commits::git(folder, arguments)
}
