//! Versions out of other repositories: folders, and URLs over git's own protocol.

use crate::project::{Project, output, spec, target};
use build::{BuildError, Built};
use expect_test::expect;
use git2::Repository;
use model::{Origin, Target, TargetRange, VersionId, VersionRange, VersionSpec};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

/// A project whose target is in another repository.
struct Elsewhere {
    here: Project,
    there: Project,
}

impl Elsewhere {
    fn new() -> Self {
        Self { here: Project::new(), there: Project::new() }
    }

    fn target(&self, repository: &str) -> Target {
        let repository = Some(repository.to_owned());
        let origin =
            Origin::Folder { repository, source: "host".into(), exclude: vec!["other".to_owned()] };
        Target { origin, ..target() }
    }

    fn url(&self) -> String {
        format!("file://{}", self.there.root().display())
    }

    fn obtain(&self, target: &Target, version: &str) -> Result<Built, BuildError> {
        let builder = self.here.builder();
        let resolved = builder.resolve(target, &spec(version))?;
        builder.obtain(&resolved, &mut |_| {})
    }

    fn says(&self, target: &Target, version: &str) -> String {
        output(&self.obtain(target, version).unwrap_or_else(|e| panic!("{version}: {e}")))
    }

    fn tag(&self, name: &str) {
        let head = self.there.repository().head().unwrap().peel_to_commit().unwrap();
        self.there.repository().tag_lightweight(name, head.as_object(), false).unwrap();
    }

    /// A commit there that only a pull request holds.
    fn pull_request(&mut self, number: u32, says: &str) -> String {
        let before = self.there.repository().head().unwrap().target().unwrap();
        self.there.says(says);
        let commit = self.there.commit("Propose");
        let repository = self.there.repository();
        let id = git2::Oid::from_str(&commit).unwrap();
        repository.reference(&format!("refs/pull/{number}/head"), id, true, "").unwrap();
        let before = repository.find_object(before, None).unwrap();
        repository.reset(&before, git2::ResetType::Hard, None).unwrap();
        commit
    }
}

/// `git daemon`, which ends with this value.
struct Daemon {
    child: Child,
    port: u16,
}

impl Daemon {
    fn serving(folder: &std::path::Path) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        // Not `git daemon`, which would leave this one behind when it is killed.
        let programs = Command::new("git").arg("--exec-path").output().unwrap().stdout;
        let programs = String::from_utf8(programs).unwrap();
        let child = Command::new(std::path::Path::new(programs.trim()).join("git-daemon"))
            .args(["--export-all", "--reuseaddr", "--listen=127.0.0.1"])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", folder.display()))
            .spawn()
            .unwrap();
        for _ in 0..200 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        Self { child, port }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Fails only when it has ended by itself.
        let _ = self.child.kill().and_then(|()| self.child.wait().map(drop));
    }
}

#[test]
fn branches_tags_hashes_and_pull_requests_come_over_gits_protocol() {
    let mut elsewhere = Elsewhere::new();
    let pulled = elsewhere.pull_request(7, "seven");
    elsewhere.tag("v1");
    elsewhere.there.says("two");
    let second = elsewhere.there.commit("Say two");
    let daemon = Daemon::serving(&elsewhere.there.root());
    let target = elsewhere.target(&format!("git://127.0.0.1:{}/", daemon.port));
    assert_eq!(elsewhere.says(&target, "main"), "two");
    assert_eq!(elsewhere.says(&target, "v1"), "one");
    assert_eq!(elsewhere.says(&target, "pull/7"), "seven");
    // A bare name: there is no working tree, so what the remote has checked out.
    assert_eq!(elsewhere.says(&target, "."), "two");

    // A push there is seen by the next builder, and force-pushing too.
    elsewhere.there.says("three");
    let third = elsewhere.there.commit("Say three");
    assert_eq!(elsewhere.says(&target, "main"), "three");

    // Known commits need nobody any more; a branch does.
    drop(daemon);
    for (commit, expected) in [(&pulled, "seven"), (&second, "two"), (&third, "three")] {
        assert_eq!(elsewhere.says(&target, commit), expected);
    }
    let error = elsewhere.obtain(&target, "main").unwrap_err().to_string();
    assert!(error.starts_with("cannot fetch git://127.0.0.1:"), "{error}");
    assert!(error.contains("can be named by its whole hash"), "{error}");
}

#[test]
fn a_folder_elsewhere_is_read_where_it_is_with_its_working_tree() {
    let elsewhere = Elsewhere::new();
    let target = elsewhere.target(elsewhere.there.root().to_str().unwrap());
    assert_eq!(elsewhere.says(&target, "main"), "one");
    elsewhere.there.says("not committed");
    let built = elsewhere.obtain(&target, ".").unwrap();
    assert_eq!(output(&built), "not committed");
    assert!(matches!(built.artifact.version, VersionId::Commit { modified: Some(_), .. }));
    let nowhere = elsewhere.target("./nowhere");
    let error = elsewhere.obtain(&nowhere, "main").unwrap_err().to_string();
    assert!(error.contains("opening ") && error.contains("nowhere"), "{error}");
}

#[test]
fn a_pull_request_of_this_repository_comes_from_its_origin() {
    let mut elsewhere = Elsewhere::new();
    let pulled = elsewhere.pull_request(3, "proposed");
    elsewhere.here.repository().remote("origin", &elsewhere.url()).unwrap();
    let built = elsewhere.obtain(&target(), "pull/3").unwrap();
    assert_eq!(output(&built), "proposed");
    // By its hash, as a stored plan names it. The user's repository has it not.
    assert_eq!(elsewhere.says(&target(), &pulled), "proposed");
    let id = git2::Oid::from_str(&pulled).unwrap();
    assert!(Repository::open(elsewhere.here.root()).unwrap().find_commit(id).is_err());
    let error = elsewhere.obtain(&target(), "pull/4").unwrap_err().to_string();
    assert!(error.contains("refs/pull/4/head"), "{error}");
}

#[test]
fn a_range_has_both_ends_and_as_many_commits_as_asked_for() {
    let mut project = Project::new();
    let mut commits = vec![project.repository().head().unwrap().target().unwrap().to_string()];
    for number in 1..10 {
        project.says(&format!("{number}"));
        commits.push(project.commit(&format!("Say {number}")));
    }
    let expand = |first: &str, last: &str, count| {
        let (first, last) = (first.to_owned(), last.to_owned());
        let range = VersionRange::Commits { first, last };
        let range = TargetRange { target: "mini".to_owned(), range, count };
        let specs = project.builder().expand(&target(), &range)?;
        let places = specs.into_iter().map(|spec| match spec {
            VersionSpec::GitRef(commit) => commits.iter().position(|one| *one == commit).unwrap(),
            other => panic!("{other:?}"),
        });
        Ok(places.collect::<Vec<_>>())
    };
    assert_eq!(expand("HEAD~3", "HEAD", None).unwrap(), [6, 7, 8, 9]);
    assert_eq!(expand(&commits[0], "main", Some(4)).unwrap(), [0, 3, 6, 9]);
    assert_eq!(expand("HEAD", "HEAD", None).unwrap(), [9]);
    project.check_error(
        expand("HEAD", "HEAD~2", None),
        &expect![[r#"
            `HEAD` does not lie before `HEAD~2` in its history in [project], so there
            is nothing between; name the older one first
        "#]],
    );
}

#[test]
fn what_a_version_cannot_be_built_for_is_its_own_result() {
    let mut project = Project::new();
    project.write("host/src/main.rs", "fn main() { missing() }\n");
    project.commit("Break");
    let resolved = project.resolve("HEAD").unwrap();
    let error = project.builder().obtain(&resolved, &mut |_| {}).unwrap_err();
    let own = error.of_version().unwrap();
    assert_eq!(own.reason, "cannot find function `missing` in this scope");
    assert!(own.log_tail.contains("could not compile `mini`"), "{}", own.log_tail);
    assert!(resolved.rustc().unwrap().starts_with("rustc "), "{:?}", resolved.rustc());

    project.remove("host/Cargo.lock");
    project.commit("Unlock");
    let error = project.resolve("HEAD").unwrap_err();
    assert!(error.of_version().unwrap().reason.contains("has no Cargo.lock"), "{error}");
    let named = project.builder().identify(&target(), &spec("HEAD")).unwrap().unwrap();
    assert!(matches!(named, VersionId::Commit { .. }));
    // Nobody's result: there is no such version.
    assert_eq!(project.resolve("nope").unwrap_err().of_version(), None);
}
