//! What can go wrong, and the exact words about it.

use crate::project::{Project, folder, spec, target};
use build::Builder;
use expect_test::expect;
use git2::{Oid, Repository};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn refs_that_are_no_commits() {
    let mut project = Project::new();
    project.says("two");
    let head = project.commit("Say two");
    let object = project.repository().revparse_single(&head).unwrap();
    project.repository().tag_lightweight("v1.2", &object, false).unwrap();
    let check = |version: &str, expected| project.check_error(project.resolve(version), &expected);
    check(
        "nope",
        expect![[r#"
        there is no commit `nope` in [project]; if it is elsewhere, `git fetch
        --all --tags` brings it
    "#]],
    );
    check(
        "mian",
        expect![[r#"
        there is no commit `mian` in [project]; did you mean `main`? (if it is
        elsewhere, `git fetch --all --tags` brings it)
    "#]],
    );
    check(
        "v1.3~1",
        expect![[r#"
        there is no commit `v1.3~1` in [project]; did you mean `v1.2`? (if it is
        elsewhere, `git fetch --all --tags` brings it)
    "#]],
    );
    check(
        "HEAD~9",
        expect![[r#"
        there is no commit `HEAD~9` in [project]; `HEAD` exists, but nothing lies
        there in its history (if it is elsewhere, `git fetch --all --tags` brings
        it)
    "#]],
    );
    check(
        "HEAD^{tree}",
        expect![[r#"
        `HEAD^{tree}` does not name one commit of [project]: it is a tree
    "#]],
    );
    check(
        "HEAD:host/Cargo.toml",
        expect![[r#"
        `HEAD:host/Cargo.toml` does not name one commit of [project]: it is a blob
    "#]],
    );
    check(
        "main..v1.2",
        expect![[r#"
        `main..v1.2` does not name one commit of [project]: failed to parse
        revision specifier - Invalid pattern 'main..v1.2'
    "#]],
    );
    check(
        "0000000000000000000000000000000000000000",
        expect![[r#"
        there is no commit `0000000000000000000000000000000000000000` in [project];
        if it is elsewhere, `git fetch --all --tags` brings it
    "#]],
    );
}

#[test]
fn versions_without_the_target() {
    let mut project = Project::new();
    let tree = project.repository().treebuilder(None).unwrap().write().unwrap();
    project.commit_tree(tree, "Remove everything");
    project.check_error(
        project.resolve("HEAD"),
        &expect![[r#"
        target `mini` has no folder `host` at commit be5d8771 ("Remove
        everything"): choose a version that has it, or correct `source` in
        bench.toml
    "#]],
    );
    fs::remove_dir_all(project.root().join("host")).unwrap();
    project.check_error(
        project.resolve("."),
        &expect![[r#"
        target `mini` has no folder `host` in the working tree: choose a version
        that has it, or correct `source` in bench.toml
    "#]],
    );
    project.write("host", "a file");
    project.commit("Make it a file");
    project.check_error(
        project.resolve("HEAD"),
        &expect![[r#"
        target `mini` has no folder `host` at commit adcccf64 ("Make it a file"):
        choose a version that has it, or correct `source` in bench.toml
    "#]],
    );
    project.check_error(
        project.resolve("."),
        &expect![[r#"
        target `mini` has no folder `host` in the working tree: choose a version
        that has it, or correct `source` in bench.toml
    "#]],
    );
}

#[test]
fn sources_without_a_lockfile() {
    let mut project = Project::new();
    project.remove("host/Cargo.lock");
    project.check_error(
        project.resolve("."),
        &expect![[r#"
        target `mini` has no Cargo.lock in `host` in the working tree: run `cargo
        generate-lockfile` there and commit it (check .gitignore), so that a
        version is one set of dependencies
    "#]],
    );
    project.commit("Unpin");
    project.check_error(
        project.resolve("HEAD"),
        &expect![[r#"
        target `mini` has no Cargo.lock in `host` at commit 07819284 ("Unpin"): run
        `cargo generate-lockfile` there and commit it (check .gitignore), so that a
        version is one set of dependencies
    "#]],
    );
}

/// The tree of HEAD with `host/module` as a submodule.
fn tree_with_a_module(repository: &Repository) -> Oid {
    let tree = repository.revparse_single("HEAD:host").unwrap().peel_to_tree().unwrap();
    let mut host = repository.treebuilder(Some(&tree)).unwrap();
    host.insert("module", repository.head().unwrap().target().unwrap(), 0o160_000).unwrap();
    let mut root = repository.treebuilder(None).unwrap();
    root.insert("host", host.write().unwrap(), 0o040_000).unwrap();
    root.write().unwrap()
}

#[test]
fn submodules() {
    let mut project = Project::new();
    let root = tree_with_a_module(project.repository());
    project.commit_tree(root, "Add a module");
    project.check_error(
        project.resolve("HEAD"),
        &expect![[r#"
        target `mini`: cannot take `module` at commit cc0a178f ("Add a module") as
        a source, since it is a submodule; if the build does not need it, add it to
        `exclude` in bench.toml
    "#]],
    );
    let mut target = target();
    target.origin = folder("host", "module/");
    project.builder().resolve(&target, &spec("HEAD")).unwrap();
}

#[test]
fn repositories_that_have_nothing_to_build() {
    let project = Project::new();
    let resolve = |folder: &std::path::Path, version: &str| {
        let cache = project.cache();
        Builder::new(folder, &cache).and_then(|builder| builder.resolve(&target(), &spec(version)))
    };
    let plain = project.cache().join("plain");
    fs::create_dir(&plain).unwrap();
    project.check_error(
        resolve(&plain, "."),
        &expect![[r#"
        [cache]/plain is not in a git repository, so there is nothing to build
        from: run `git init` and commit there, or name a binary with path:BINARY
    "#]],
    );
    project.check_error(
        resolve(&plain, "HEAD"),
        &expect![[r#"
        [cache]/plain is not in a git repository, so there is nothing to build
        from: run `git init` and commit there, or name a binary with path:BINARY
    "#]],
    );
    // Given binaries need none.
    resolve(&plain, "path:/bin/sh").unwrap();

    let empty = project.cache().join("empty");
    Repository::init(&empty).unwrap();
    project.check_error(
        resolve(&empty, "."),
        &expect![[r#"
        [cache]/empty has no commit yet, and every result names one: commit first,
        then measure
    "#]],
    );
    project.check_error(
        resolve(&empty, "HEAD"),
        &expect![[r#"
        [cache]/empty has no commit yet, and every result names one: commit first,
        then measure
    "#]],
    );
    project.check_error(
        resolve(&empty, "v1"),
        &expect![[r#"
        [cache]/empty has no commit yet, and every result names one: commit first,
        then measure
    "#]],
    );

    let bare = project.cache().join("bare");
    git2::build::RepoBuilder::new()
        .bare(true)
        .clone(project.root().to_str().unwrap(), &bare)
        .unwrap();
    project.check_error(
        resolve(&bare, "."),
        &expect![[r#"
        [cache]/bare is a bare repository without a working tree: name a commit,
        e.g. `HEAD`
    "#]],
    );
    resolve(&bare, "HEAD").unwrap();
}

#[test]
fn given_binaries() {
    let project = Project::new();
    let path = |name: &str| format!("path:{}", project.root().join(name).display());
    let check = |name: &str, expected| project.check_error(project.resolve(&path(name)), &expected);
    check(
        "missing",
        expect![[r#"
        cannot measure [project]/missing: there is no such file; build it first, or
        correct the path (it is relative to the current folder)
    "#]],
    );
    check(
        "host",
        expect![[r#"
        cannot measure [project]/host: it is a folder; name the binary in it
    "#]],
    );
    check(
        "host/Cargo.toml/x",
        expect![[r#"
        cannot measure [project]/host/Cargo.toml/x: there is no such file; build it
        first, or correct the path (it is relative to the current folder)
    "#]],
    );
    check(
        "host/Cargo.toml",
        expect![[r#"
        cannot measure [project]/host/Cargo.toml: we may not execute it; `chmod +x`
        it, or name another binary
    "#]],
    );
    project.check_error(
        project.resolve("path:/dev/null"),
        &expect![[r#"
        cannot measure /dev/null: it is no regular file; name a binary
    "#]],
    );

    project.write("tool", "#!/bin/sh\n");
    let tool = project.root().join("tool");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let resolved = project.resolve(&path("tool")).unwrap();
    let built = project.builder().obtain(&resolved, &mut |_| {}).unwrap();
    assert_eq!(built.binary, tool);
    assert_eq!(built.artifact.version, *resolved.version());
    assert_eq!((built.artifact.rustc, built.artifact.source_sha256), (None, None));
    project.write("tool", "#!/bin/false\n");
    project.check_error(
        project.builder().obtain(&resolved, &mut |_| {}),
        &expect![[r#"
        cannot measure [project]/tool: it changed since this began; start again,
        and leave it alone meanwhile
    "#]],
    );
}

#[test]
fn declarations_that_reach_outside() {
    let project = Project::new();
    let check = |change: &dyn Fn(&mut model::Target), expected| {
        let mut target = target();
        change(&mut target);
        project.check_error(project.builder().resolve(&target, &spec("HEAD")), &expected);
    };
    check(
        &|target| target.origin = folder("../elsewhere", ""),
        expect![[r#"
        target `mini` in bench.toml: `source` is `../elsewhere`; it must be a
        folder inside the repository, relative to its root
    "#]],
    );
    check(
        &|target| target.origin = folder("/etc", ""),
        expect![[r#"
        target `mini` in bench.toml: `source` is `/etc`; it must be a folder inside
        the repository, relative to its root
    "#]],
    );
    check(
        &|target| target.name = "a/b".into(),
        expect![[r#"
        target `a/b` in bench.toml: the name is `a/b`; it names a file, so use
        letters, digits, `-`, `_` and `.`
    "#]],
    );
    check(
        &|target| target.binary = "..".into(),
        expect![[r#"
        target `mini` in bench.toml: `binary` is `..`; it names a file, so use
        letters, digits, `-`, `_` and `.`
    "#]],
    );
    check(
        &|target| target.origin = folder("host", "/"),
        expect![[r#"
        target `mini` in bench.toml: `exclude` holds `/`; it must be a folder below
        `source`, relative to it
    "#]],
    );
}

#[test]
fn sources_that_do_not_compile() {
    let mut project = Project::new();
    project.write("host/src/main.rs", "compile_error!(\"broken on purpose\");\nfn main() {}\n");
    project.commit("Break");
    let resolved = project.resolve("HEAD").unwrap();
    let key = resolved.key().unwrap().short();
    let error = project.builder().obtain(&resolved, &mut |_| {}).unwrap_err().to_string();
    expect![[r#"
        building `mini` at c9454082 failed: `cargo build` ended with exit status: 101
          |    Compiling mini v0.1.0 ([cache]/src/mini)
          | error: broken on purpose
          |  --> src/main.rs:1:1
          |   |
          | 1 | compile_error!("broken on purpose");
          |   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          | error: could not compile `mini` (bin "mini") due to 1 previous error
        whole log: [cache]/logs/build-mini-[key].log"#]]
    .assert_eq(&project.plain(&error).replace(&key, "[key]"));
    let log = project.cache().join(format!("logs/build-mini-{key}.log"));
    let log = fs::read_to_string(log).unwrap();
    let head: Vec<&str> = log.lines().take(2).collect();
    assert!(head[0].ends_with("/src/mini"), "{log}");
    assert!(head[1].ends_with("cargo build --release --locked --bin mini"), "{log}");
    assert!(log.contains("broken on purpose"), "{log}");

    // Nothing is left that would break the next build.
    project.says("whole again");
    project.commit("Mend");
    project.obtain("HEAD");
}

#[test]
fn a_lockfile_that_does_not_fit() {
    let mut project = Project::new();
    let lockfile = fs::read_to_string(project.root().join("host/Cargo.lock")).unwrap();
    project.write("host/Cargo.lock", &lockfile.replace("0.1.0", "0.2.0"));
    project.commit("Pin something else");
    let resolved = project.resolve("HEAD").unwrap();
    let error = project.builder().obtain(&resolved, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("because --locked was passed"), "{error}");
}
