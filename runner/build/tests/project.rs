//! A small cargo project in a git repository, and its builder.

use build::{BuildError, Builder, Built, Progress, Resolved};
use expect_test::Expect;
use git2::{IndexAddOption, Oid, Repository, RepositoryInitOptions, Signature, Time};
use model::{Launch, Origin, Ready, Target, VersionSpec};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const MANIFEST: &str = r#"[package]
name = "mini"
version = "0.1.0"
edition = "2024"
"#;

const LOCKFILE: &str = r#"version = 4

[[package]]
name = "mini"
version = "0.1.0"
"#;

/// A repository whose folder `host` is a cargo project, and a cache.
pub(crate) struct Project {
    folder: TempDir,
    cache: TempDir,
    repository: Repository,
    commits: i64,
}

impl Project {
    /// One commit; the program says `one`.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = RepositoryInitOptions::new();
        let repository =
            Repository::init_opts(folder.path(), options.initial_head("main")).unwrap();
        let mut project = Self { folder, cache: TempDir::new().unwrap(), repository, commits: 0 };
        project.write("host/Cargo.toml", MANIFEST);
        project.write("host/Cargo.lock", LOCKFILE);
        project.write(".gitignore", "ignored\n");
        project.says("one");
        project.commit("Say one");
        project
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.cache.path().canonicalize().unwrap()
    }

    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.folder.path().join(path)).unwrap();
    }

    /// Changes what the program says.
    pub(crate) fn says(&self, what: &str) {
        self.write("host/src/main.rs", &format!("fn main() {{\n    print!(\"{what}\");\n}}\n"));
    }

    /// Commits everything; equal contents give equal hashes anywhere.
    pub(crate) fn commit(&mut self, subject: &str) -> String {
        let mut index = self.repository.index().unwrap();
        index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
        index.update_all(["*"], None).unwrap();
        index.write().unwrap();
        let tree = index.write_tree().unwrap();
        self.commit_tree(tree, subject)
    }

    pub(crate) fn commit_tree(&mut self, tree: Oid, subject: &str) -> String {
        let tree = self.repository.find_tree(tree).unwrap();
        self.commits += 1;
        let time = Time::new(1_700_000_000 + self.commits, 0);
        let who = Signature::new("Test", "test@example.org", &time).unwrap();
        let parent = self.repository.head().ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().collect();
        self.repository
            .commit(Some("HEAD"), &who, &who, subject, &tree, &parents)
            .unwrap()
            .to_string()
    }

    pub(crate) fn builder(&self) -> Builder {
        Builder::new(self.folder.path(), self.cache.path()).unwrap()
    }

    pub(crate) fn resolve(&self, version: &str) -> Result<Resolved, BuildError> {
        self.builder().resolve(&target(), &spec(version))
    }

    /// Builds a version; also what was told meanwhile.
    pub(crate) fn obtain(&self, version: &str) -> (Built, Vec<Progress>) {
        let mut told = Vec::new();
        let resolved = self.resolve(version).unwrap();
        let built = self.builder().obtain(&resolved, &mut |event| told.push(event));
        (built.unwrap_or_else(|e| panic!("{e}")), told)
    }

    /// Asserts the words of an error, with this machine's paths replaced and
    /// its one long line folded.
    pub(crate) fn check_error<T>(&self, result: Result<T, BuildError>, expected: &Expect) {
        let error = result.err().expect("this must fail").to_string();
        assert!(!error.contains('\n'), "{error}");
        expected.assert_eq(&fold(&self.plain(&error)));
    }

    pub(crate) fn plain(&self, text: &str) -> String {
        text.replace(self.root().to_str().unwrap(), "[project]")
            .replace(self.cache().to_str().unwrap(), "[cache]")
    }
}

/// `.` is the working tree; the rest is as people write it.
pub(crate) fn spec(version: &str) -> VersionSpec {
    match version.strip_prefix("path:") {
        Some(path) => VersionSpec::Path(path.into()),
        None if version == "." => VersionSpec::WorkingTree,
        None => VersionSpec::GitRef(version.to_owned()),
    }
}

/// The target `mini`, in the folder `host`; how it starts is nothing to a build.
pub(crate) fn target() -> Target {
    Target {
        name: "mini".to_owned(),
        about: "A program that says something.".to_owned(),
        origin: folder("host", "other"),
        binary: "mini".to_owned(),
        launch: Launch {
            start: vec!["{binary}".to_owned()],
            start_precompiled: None,
            precompile: None,
            capabilities: None,
            supports: Vec::new(),
            options: Vec::new(),
            environment: Vec::new(),
            ready: Ready::JsonLine,
            ready_timeout: Duration::from_secs(1),
            stop_timeout: Duration::from_secs(1),
        },
        firmware: None,
        suites: Vec::new(),
        variants: Vec::new(),
    }
}

/// Sources in a folder, with one part left out.
pub(crate) fn folder(source: &str, exclude: &str) -> Origin {
    Origin::Folder { repository: None, source: source.into(), exclude: vec![exclude.to_owned()] }
}

/// What a binary says.
pub(crate) fn output(built: &Built) -> String {
    let output = Command::new(&built.binary).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn compiling_mini() -> Progress {
    Progress::Compiling { unit: "mini v0.1.0".to_owned(), compiled: 1, total: Some(1) }
}

fn fold(text: &str) -> String {
    let mut folded = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        if width > 0 && width + word.len() > 75 {
            folded.push('\n');
            width = 0;
        } else if width > 0 {
            folded.push(' ');
        }
        folded.push_str(word);
        width += word.len() + 1;
    }
    folded + "\n"
}
