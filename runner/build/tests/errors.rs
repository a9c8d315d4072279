use crate::project::{Project, spec, target};
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
    check("nope", expect![[r#""#]]);
    check("mian", expect![[r#""#]]);
    check("v1.3~1", expect![[r#""#]]);
    check("HEAD~9", expect![[r#""#]]);
    check("HEAD^{tree}", expect![[r#""#]]);
    check("HEAD:host/Cargo.toml", expect![[r#""#]]);
    check("main..v1.2", expect![[r#""#]]);
    check("0000000000000000000000000000000000000000", expect![[r#""#]]);
    check("a\0b", expect![[r#""#]]);
}

#[test]
fn versions_without_the_target() {
    let mut project = Project::new();
    let tree = project.repository().treebuilder(None).unwrap().write().unwrap();
    project.commit_tree(tree, "Remove everything");
    project.check_error(project.resolve("HEAD"), &expect![[r#""#]]);
    fs::remove_dir_all(project.root().join("host")).unwrap();
    project.check_error(project.resolve("."), &expect![[r#""#]]);
    project.write("host", "a file");
    project.commit("Make it a file");
    project.check_error(project.resolve("HEAD"), &expect![[r#""#]]);
    project.check_error(project.resolve("."), &expect![[r#""#]]);
}

#[test]
fn sources_without_a_lockfile() {
    let mut project = Project::new();
    project.remove("host/Cargo.lock");
    project.check_error(project.resolve("."), &expect![[r#""#]]);
    project.commit("Unpin");
    project.check_error(project.resolve("HEAD"), &expect![[r#""#]]);
}

#[test]
fn submodules() {
    let mut project = Project::new();
    let repository = project.repository();
    let tree = repository.revparse_single("HEAD:host").unwrap().peel_to_tree().unwrap();
    let mut host = repository.treebuilder(Some(&tree)).unwrap();
    let head = repository.head().unwrap().target().unwrap();
    host.insert("module", head, 0o160_000).unwrap();
    let host = host.write().unwrap();
    let mut root = repository.treebuilder(None).unwrap();
    root.insert("host", host, 0o040_000).unwrap();
    let root: Oid = root.write().unwrap();
    project.commit_tree(root, "Add a module");
    project.check_error(project.resolve("HEAD"), &expect![[r#""#]]);
    let mut target = target();
    target.exclude.push("module/".to_owned());
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
    project.check_error(resolve(&plain, "."), &expect![[r#""#]]);
    project.check_error(resolve(&plain, "HEAD"), &expect![[r#""#]]);
    // Given binaries need none.
    resolve(&plain, "path:/bin/sh").unwrap();

    let empty = project.cache().join("empty");
    Repository::init(&empty).unwrap();
    project.check_error(resolve(&empty, "."), &expect![[r#""#]]);
    project.check_error(resolve(&empty, "HEAD"), &expect![[r#""#]]);
    project.check_error(resolve(&empty, "v1"), &expect![[r#""#]]);

    let bare = project.cache().join("bare");
    git2::build::RepoBuilder::new()
        .bare(true)
        .clone(project.root().to_str().unwrap(), &bare)
        .unwrap();
    project.check_error(resolve(&bare, "."), &expect![[r#""#]]);
    resolve(&bare, "HEAD").unwrap();
}

#[test]
fn given_binaries() {
    let project = Project::new();
    let path = |name: &str| format!("path:{}", project.root().join(name).display());
    let check = |name: &str, expected| project.check_error(project.resolve(&path(name)), &expected);
    check("missing", expect![[r#""#]]);
    check("host", expect![[r#""#]]);
    check("host/Cargo.toml/x", expect![[r#""#]]);
    check("host/Cargo.toml", expect![[r#""#]]);
    project.check_error(project.resolve("path:/dev/null"), &expect![[r#""#]]);

    project.write("tool", "#!/bin/sh\n");
    let tool = project.root().join("tool");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    let resolved = project.resolve(&path("tool")).unwrap();
    let built = project.builder().obtain(&resolved, &mut |_| {}).unwrap();
    assert_eq!(built.binary, tool);
    assert_eq!(built.artifact.version, *resolved.version());
    assert_eq!((built.artifact.rustc, built.artifact.source_sha256), (None, None));
    project.write("tool", "#!/bin/false\n");
    project.check_error(project.builder().obtain(&resolved, &mut |_| {}), &expect![[r#""#]]);
}

#[test]
fn declarations_that_reach_outside() {
    let project = Project::new();
    let check = |change: &dyn Fn(&mut model::Target), expected| {
        let mut target = target();
        change(&mut target);
        project.check_error(project.builder().resolve(&target, &spec("HEAD")), &expected);
    };
    check(&|target| target.source = "../elsewhere".into(), expect![[r#""#]]);
    check(&|target| target.source = "/etc".into(), expect![[r#""#]]);
    check(&|target| target.name = "a/b".into(), expect![[r#""#]]);
    check(&|target| target.binary = "..".into(), expect![[r#""#]]);
    check(&|target| target.exclude = vec!["/".into()], expect![[r#""#]]);
}

#[test]
fn sources_that_do_not_compile() {
    let mut project = Project::new();
    project.write("host/src/main.rs", "compile_error!(\"broken on purpose\");\nfn main() {}\n");
    project.commit("Break");
    let resolved = project.resolve("HEAD").unwrap();
    let key = resolved.key().unwrap().short();
    let error = project.builder().obtain(&resolved, &mut |_| {}).unwrap_err().to_string();
    expect![[r#""#]].assert_eq(&project.plain(&error).replace(&key, "[key]"));
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
