//! What reaches cargo, build scripts and the binary from outside.

use crate::project::{Project, output};
use std::fs;
use std::process::Command;

const DUMP: &str = "BUILD_TEST_ENVIRONMENT_DUMP";

/// A build script that notes the names of its variables.
fn project_that_dumps(dump: &str) -> Project {
    let mut project = Project::new();
    project.write(
        "host/build.rs",
        &format!(
            r#"fn main() {{
                let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
                std::fs::write({dump:?}, names.join("\n")).unwrap();
            }}"#
        ),
    );
    project.commit("Dump the environment");
    project
}

/// Runs itself once more, since no safe code changes its own environment.
#[test]
fn neither_credentials_nor_flags_reach_a_build() {
    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("names");
    let project = project_that_dumps(dump.to_str().unwrap());
    let (clean, _) = project.obtain("HEAD");
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "environment::builds_in_the_environment_it_is_given"])
        .args(["--ignored", "--nocapture"])
        .env(DUMP, &dump)
        .env("SECRET_TOKEN", "x")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .env("DATABASE_URL", "postgres://me:secret@host")
        .env("SSH_AUTH_SOCK", "/nonsense")
        .env("https_proxy", "http://me:secret@127.0.0.1:1")
        .env("LC_MESSAGES", "C")
        .env("RUSTFLAGS", "-Copt-level=0")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_BUILD_TARGET", "nonsense")
        .env("RUSTC_WRAPPER", "/nonsense")
        .env("RUSTUP_TOOLCHAIN", "nonsense")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{said}");
    assert!(said.contains(&clean.artifact.binary_sha256.to_string()), "another binary: {said}");
    let names = fs::read_to_string(&dump).unwrap();
    let names: Vec<&str> = names.lines().collect();
    for present in ["PATH", "LC_MESSAGES", "CARGO_PKG_NAME", "OUT_DIR"] {
        assert!(names.contains(&present), "no {present} in {names:?}");
    }
    let secrets =
        ["SECRET_TOKEN", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL", "SSH_AUTH_SOCK", "https_proxy"];
    for absent in secrets.into_iter().chain(["RUSTFLAGS", "RUSTC_WRAPPER"]) {
        assert!(!names.contains(&absent), "{absent} in {names:?}");
    }
}

#[test]
#[ignore = "run by the test above, in another environment"]
fn builds_in_the_environment_it_is_given() {
    let dump = std::env::var(DUMP).unwrap();
    let (built, _) = project_that_dumps(&dump).obtain("HEAD");
    assert!(!built.from_cache);
    println!("{}", built.artifact.binary_sha256);
}

#[test]
fn build_scripts_learn_no_commit() {
    let mut project = Project::new();
    project.write(
        "host/build.rs",
        r#"fn main() {
            let git = std::process::Command::new("git").args(["rev-parse", "HEAD"]).output();
            let known = git.is_ok_and(|output| output.status.success());
            println!("cargo::rustc-env=KNOWN={known}");
        }"#,
    );
    project.write("host/src/main.rs", "fn main() { print!(env!(\"KNOWN\")) }\n");
    project.commit("Ask git");
    // Even with the cache inside of the repository.
    let builder = build::Builder::new(&project.root(), &project.root().join("ignored")).unwrap();
    let resolved =
        builder.resolve(&crate::project::target(), &crate::project::spec("HEAD")).unwrap();
    assert_eq!(output(&builder.obtain(&resolved, &mut |_| {}).unwrap()), "false");
}

/// Of the sources, nor of what build scripts generate.
#[test]
fn paths_of_this_machine_are_not_in_the_binary() {
    let mut project = Project::new();
    project.write(
        "host/build.rs",
        r#"fn main() {
            let file = std::path::Path::new(&std::env::var("OUT_DIR").unwrap()).join("made.rs");
            std::fs::write(file, "pub const MADE: &str = file!();").unwrap();
        }"#,
    );
    project.write(
        "host/src/main.rs",
        r#"include!(concat!(env!("OUT_DIR"), "/made.rs"));
        fn main() { print!("{} {MADE}", file!()) }"#,
    );
    project.commit("Say where");
    let (built, _) = project.obtain("HEAD");
    assert!(output(&built).starts_with("src/main.rs /target/mini-"), "{}", output(&built));
    let content = fs::read(&built.binary).unwrap();
    let cache = project.cache();
    let path = cache.to_str().unwrap().as_bytes();
    assert!(!content.windows(path.len()).any(|window| window == path));
}
