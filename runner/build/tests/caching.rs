//! What is built, what is shared and what is built again.

use crate::project::{Project, compiling_mini, output, spec, target};
use build::{Builder, Progress};
use model::{Digest, VersionId};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use tempfile::TempDir;

#[test]
fn building_a_ref_twice_costs_nothing() {
    let project = Project::new();
    let (first, told) = project.obtain("HEAD");
    assert_eq!(told, [Progress::Exporting, compiling_mini(), Progress::Done]);
    assert!(!first.from_cache);
    assert_eq!(output(&first), "one");
    assert_eq!(first.artifact.binary_sha256, Digest::of(fs::read(&first.binary).unwrap()));
    assert_eq!(first.binary.file_name().unwrap(), "mini");
    assert!(first.artifact.rustc.as_ref().unwrap().starts_with("rustc 1."));

    for folder in ["logs", "src", "target"] {
        fs::remove_dir_all(project.cache().join(folder)).unwrap();
    }
    let (second, told) = project.obtain("main");
    assert_eq!(told, [Progress::Done]);
    assert!(second.from_cache);
    assert_eq!(second.artifact, first.artifact);
    for folder in ["logs", "src", "target"] {
        assert!(!project.cache().join(folder).exists(), "cargo ran: there is {folder}");
    }
}

#[test]
fn a_clean_working_tree_is_its_commit() {
    let mut project = Project::new();
    project.write("host/run.sh", "#!/bin/sh\n");
    let script = project.root().join("host/run.sh");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    symlink("run.sh", project.root().join("host/link")).unwrap();
    project.commit("Add a script and a link");
    let (committed, _) = project.obtain("HEAD");

    // None of these is a source: ignored, excluded, outside, a build folder.
    project.write("host/ignored", "1");
    project.write("host/other/file", "1");
    project.write("README.md", "1");
    project.write("host/target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55");
    project.write("host/target/release/mini", "1");
    let resolved = project.resolve(".").unwrap();
    assert!(matches!(resolved.version(), VersionId::Commit { modified: None, .. }));
    assert_eq!(
        Some(resolved.version()),
        project.resolve("HEAD").ok().as_ref().map(|r| r.version())
    );
    let (on_disk, told) = project.obtain(".");
    assert_eq!(told, [Progress::Done]);
    assert_eq!(on_disk.artifact, committed.artifact);
}

#[test]
fn every_difference_of_the_working_tree_is_seen() {
    let mut project = Project::new();
    project.write("host/data", "1");
    project.commit("Add data");
    let clean = project.resolve("HEAD").unwrap();
    let check = |what: &str| {
        let resolved = project.resolve(".").unwrap();
        let VersionId::Commit { sha, modified, .. } = resolved.version() else { panic!() };
        assert_eq!(*modified, resolved.source_sha256(), "{what}");
        assert_ne!(resolved.key(), clean.key(), "{what}");
        let VersionId::Commit { sha: committed, .. } = clean.version() else { panic!() };
        assert_eq!(sha, committed);
    };
    let data = project.root().join("host/data");
    project.write("host/data", "2");
    check("content");
    project.write("host/data", "1");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    check("executable");
    fs::remove_file(&data).unwrap();
    check("deleted");
    symlink("1", &data).unwrap();
    check("link");
    fs::remove_file(&data).unwrap();
    project.write("host/data/1", "1");
    check("folder");
    project.remove("host/data/1");
    fs::remove_dir(&data).unwrap();
    project.write("host/data", "1");
    assert_eq!(project.resolve(".").unwrap().version(), clean.version());
    project.write("host/new", "");
    check("untracked");
}

#[test]
fn what_was_resolved_is_built_even_if_the_working_tree_moves_on() {
    let project = Project::new();
    project.says("two");
    let resolved = project.resolve(".").unwrap();
    project.says("three");
    let built = project.builder().obtain(&resolved, &mut |_| {}).unwrap();
    assert_eq!(output(&built), "two");
    assert_eq!(built.artifact.version, *resolved.version());
    assert_eq!(built.artifact.version.label().len(), 17);
}

#[test]
fn commits_with_the_same_sources_share_an_artifact() {
    let mut project = Project::new();
    project.write("README.md", "Only documentation.");
    project.commit("Document");
    let (before, _) = project.obtain("HEAD~1");
    let (after, told) = project.obtain("HEAD");
    assert_eq!(told, [Progress::Done]);
    assert_eq!(after.binary, before.binary);
    assert_ne!(after.artifact.version, before.artifact.version);
    assert_eq!(after.artifact.version.label(), project.resolve("HEAD").unwrap().version().label());
}

#[test]
fn another_cache_gives_the_same_binary() {
    let project = Project::new();
    let (here, _) = project.obtain("HEAD");
    let elsewhere = TempDir::with_prefix("a folder with spaces ").unwrap();
    let builder = Builder::new(&project.root(), elsewhere.path()).unwrap();
    let resolved = builder.resolve(&target(), &spec("HEAD")).unwrap();
    let there = builder.obtain(&resolved, &mut |_| {}).unwrap();
    assert!(!there.from_cache);
    assert_eq!(there.artifact, here.artifact);
}

#[test]
fn a_corrupt_artifact_is_noticed_and_built_again() {
    let project = Project::new();
    let (good, _) = project.obtain("HEAD");
    let record = good.binary.with_file_name("artifact.json");
    let damages: [(&str, &dyn Fn()); 4] = [
        ("the binary has SHA-256 ", &|| fs::write(&good.binary, "#!/bin/true").unwrap()),
        ("the binary is missing", &|| fs::remove_file(&good.binary).unwrap()),
        ("artifact.json cannot be read: ", &|| fs::write(&record, "{").unwrap()),
        ("there is no readable artifact.json", &|| fs::remove_file(&record).unwrap()),
    ];
    for (words, damage) in damages {
        damage();
        let (again, told) = project.obtain("HEAD");
        let Progress::Discarded { reason } = &told[0] else { panic!("{words}: {told:?}") };
        assert!(reason.contains(words), "{reason}");
        assert!(reason.contains(".corrupt and is built again"), "{reason}");
        // Cargo finds everything fresh.
        assert_eq!(told[1..], [Progress::Exporting, Progress::Done]);
        assert_eq!(again.artifact, good.artifact);
        assert_eq!(output(&again), "one");
    }
}

/// Cargo is not told that the build script reads `data/`, as it is not told
/// what many macros read; the artifacts must be right all the same.
#[test]
fn inputs_unknown_to_cargo_are_not_stale() {
    let mut project = Project::new();
    project.write(
        "host/build.rs",
        r#"fn main() {
            println!("cargo::rerun-if-changed=build.rs");
            let names = std::fs::read_dir("data").unwrap().map(|e| e.unwrap().file_name());
            let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
            names.sort();
            println!("cargo::rustc-env=NAMES={}", names.join(" "));
        }"#,
    );
    project.write("host/src/main.rs", "fn main() { print!(env!(\"NAMES\")) }\n");
    project.write("host/data/a", "");
    project.write("host/data/b", "");
    project.commit("a and b");
    project.remove("host/data/b");
    project.commit("a");
    let (one, _) = project.obtain("HEAD~1");
    let (two, _) = project.obtain("HEAD");
    assert_eq!((output(&one), output(&two)), ("a b".to_owned(), "a".to_owned()));
    fs::remove_dir_all(one.binary.parent().unwrap()).unwrap();
    let (again, _) = project.obtain("HEAD~1");
    assert_eq!(again.artifact, one.artifact, "not reproducible");
}

#[test]
fn the_repository_is_only_read() {
    let project = Project::new();
    project.write("host/untracked", "1");
    let state = || {
        let git = project.root().join(".git");
        let index = fs::read(git.join("index")).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(git).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        let head = project.repository().head().unwrap().target();
        let host = fs::read_dir(project.root().join("host")).unwrap().count();
        (index, names, head, host)
    };
    let before = state();
    project.obtain(".");
    project.obtain("HEAD");
    assert_eq!(state(), before);
}

/// A toolchain file above the target's folder chooses in the repository, so it
/// must choose where the sources are built.
#[test]
fn the_toolchain_file_of_the_repository_counts() {
    let mut project = Project::new();
    let without = project.resolve("HEAD").unwrap();
    let choice = "[toolchain]\nchannel = \"stable\"\n";
    project.write("rust-toolchain.toml", choice);
    let inherited = project.resolve(".").unwrap();
    assert_ne!(inherited.key(), without.key());
    project.commit("Choose for all");
    assert_eq!(project.resolve("HEAD").unwrap().key(), inherited.key());
    assert_eq!(project.resolve(".").unwrap().key(), inherited.key());
    // The nearest one wins; the same choice is the same choice anywhere.
    project.write("rust-toolchain.toml", "[toolchain]\nchannel = \"nonsense\"\n");
    project.write("host/rust-toolchain.toml", choice);
    assert_eq!(project.resolve(".").unwrap().key(), inherited.key());
    project.obtain(".");
}
