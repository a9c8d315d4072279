//! Releases of a crate, out of a registry that is made here: nothing in these
//! tests needs a network.

use super::{Project, Said};
use expect_test::{Expect, expect};
use std::fs;
use std::process::Command;

/// A project whose target is a crate, and a registry that has it.
pub(super) struct Registry {
    pub(super) project: Project,
}

const TARGET: &str = r#"
[targets.hello]
about = "A crate for tests"
crate = "hello-cli"
features = ["quiet"]
default_features = false
profile = { opt-level = 1 }
binary = "hello"
start = ["{binary}", "{addr}"]
supports = [{ versions = ">=1.1", capabilities = ["http-fake"] }]
ready_path = "/"
"#;

/// A host that cannot do much, and says how it was built when asked nothing.
const MAIN: &str = r#"
use std::io::{Read, Write};
fn main() {
    let features = (cfg!(feature = "loud"), cfg!(feature = "quiet"));
    let Some(addr) = std::env::args().nth(1) else {
        return print!("{} {features:?}", env!("CARGO_PKG_VERSION"));
    };
    for stream in std::net::TcpListener::bind(addr).unwrap().incoming() {
        std::thread::spawn(move || {
            let (mut stream, mut request) = (stream.unwrap(), [0; 1024]);
            while stream.read(&mut request).is_ok_and(|length| length > 0) {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
                if stream.write_all(answer).is_err() { return }
            }
        });
    }
}
"#;

impl Registry {
    pub(super) fn new() -> Self {
        let project = Project::new("right");
        project.write("bench.toml", &format!("{}{TARGET}", super::config("right")));
        let registry = Self { project };
        let place = registry.project.path("registry").display().to_string();
        registry.project.write(
            "home/config.toml",
            &format!(
                "[source.crates-io]\nreplace-with = \"here\"\n\
                 [source.here]\nlocal-registry = {place:?}\n"
            ),
        );
        for (version, is_yanked, lockfile) in [
            ("1.0.0", false, true),
            ("1.1.0", false, true),
            ("1.2.0", true, true),
            ("2.0.0", false, false),
        ] {
            registry.publish(version, is_yanked, lockfile);
        }
        registry
    }

    pub(super) fn publish(&self, version: &str, is_yanked: bool, lockfile: bool) {
        let folder = format!("sources/{version}");
        self.project.write(
            &format!("{folder}/Cargo.toml"),
            &format!(
                "[package]\nname = \"hello-cli\"\nversion = \"{version}\"\nedition = \"2024\"\n\
                 [[bin]]\nname = \"hello\"\npath = \"src/main.rs\"\n\
                 [features]\ndefault = [\"loud\"]\nloud = []\nquiet = []\n"
            ),
        );
        self.project.write(&format!("{folder}/src/main.rs"), MAIN);
        let mut package = Command::new("cargo");
        package.args(["package", "--no-verify", "--allow-dirty", "--quiet", "--offline"]);
        if !lockfile {
            package.arg("--exclude-lockfile");
        }
        let made = package
            .current_dir(self.project.path(&folder))
            .env("CARGO_TARGET_DIR", self.project.path("packaged"))
            .env("CARGO_HOME", self.project.path("home"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let archive = format!("hello-cli-{version}.crate");
        let bytes = fs::read(self.project.path("packaged/package").join(&archive)).unwrap();
        let line = serde_json::json!({
            "name": "hello-cli", "vers": version, "deps": [], "yanked": is_yanked,
            "cksum": model::Digest::of(&bytes).to_string(),
            "features": { "default": ["loud"], "loud": [], "quiet": [] },
        });
        let index = self.project.path("registry/index/he/ll/hello-cli");
        let known = fs::read_to_string(&index).unwrap_or_default();
        self.project.write("registry/index/he/ll/hello-cli", &format!("{known}{line}\n"));
        fs::write(self.project.path("registry").join(archive), bytes).unwrap();
    }

    pub(super) fn bench(&self, arguments: &[&str]) -> Said {
        let mut command = self.project.command(arguments);
        command.env("CARGO_HOME", self.project.path("home"));
        command.output().unwrap().into()
    }

    /// What the binary of a version says, and what was told meanwhile.
    fn built(&self, version: &str) -> (String, String) {
        let said = self.bench(&["build", version]);
        assert_eq!(said.code, 0, "{version}: {}", said.err);
        let output = Command::new(said.out.trim()).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), said.err)
    }

    fn check(&self, version: &str, expected: Expect) {
        let said = self.bench(&["build", version]);
        assert_eq!(said.code, 2, "{version}: {}{}", said.out, said.err);
        expected.assert_eq(&self.project.plain(&said.err));
    }
}

#[test]
fn a_range_of_releases_is_as_fine_as_its_older_end() {
    let registry = Registry::new();
    registry.publish("1.1.3", false, true);
    registry.publish("3.0.1", false, true);
    let found = |range: &str| {
        let said = registry.bench(&["plan", range, "--json"]);
        assert_eq!(said.code, 0, "{range}: {}", said.err);
        let plan: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let arguments = plan["include"][0]["arguments"].as_str().unwrap().to_owned();
        arguments.replace("hello@", "").replace(" --suite=ask", "")
    };
    assert_eq!(found("hello@1..3"), "1.1.3 2.0.0 3.0.1");
    assert_eq!(found("hello@1.0..1.2"), "1.0.0 1.1.3");
    // A yanked release is none.
    assert_eq!(found("hello@1.0.0..2.0.0"), "1.0.0 1.1.0 1.1.3 2.0.0");
    assert_eq!(found("hello@1.1.1..latest"), "1.1.3 2.0.0 3.0.1");
    assert_eq!(found("hello@1.0.0..latest%2"), "1.0.0 3.0.1");
    assert_eq!(found("hello@latest"), "3.0.1");
    registry.check(
        "hello@4..9",
        expect![[r#"
        error: there is no release in `hello@4..9`; name others
    "#]],
    );
}

#[test]
fn a_release_is_found_built_cached_and_measured() {
    let registry = Registry::new();
    let (said, told) = registry.built("hello@1.0.0");
    assert_eq!(said, "1.0.0 (false, true)", "features as bench.toml says");
    assert!(told.contains("built hello 1.0.0"), "{told}");
    // The newest one that is not yanked.
    assert_eq!(registry.built("hello@1").0, "1.1.0 (false, true)");
    let (_, told) = registry.built("hello@1.1");
    assert!(told.contains("found hello 1.1.0"), "built again: {told}");

    let said = registry.bench(&["run", "hello@1", "--quick", "--json"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let bundle = registry.bench(&["export"]).out;
    // The plan names the very release, so that it can be repeated.
    assert!(bundle.contains(r#"\"versions\":[\"hello@1.1.0\"]"#), "{bundle}");
    assert!(bundle.contains(r#""kind":"release","version":"1.1.0""#), "{bundle}");
    let flags = "--no-default-features --features quiet --config profile.release.opt-level=1 --release --locked";
    assert!(bundle.contains(&format!(r#""build_flags":"{flags}"#)), "{bundle}");
    assert!(!bundle.contains(r#""lockfile_sha256":null"#), "{bundle}");

    // What 1.0.0 cannot do, by bench.toml, is not supported.
    let said = registry.bench(&["run", "hello@1.0.0", "hello@1.1.0", "--check"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].starts_with("unsupported hello 1.0.0"), "{}", said.out);
    assert!(lines[0].ends_with(": needs http-fake"), "{}", said.out);
    assert!(lines[1].starts_with("right       hello 1.1.0"), "{}", said.out);

    // An exact release that was built needs no registry any more.
    fs::remove_dir_all(registry.project.path("registry")).unwrap();
    let (_, told) = registry.built("hello@1.0.0");
    assert!(told.contains("found hello 1.0.0"), "{told}");
}

#[test]
fn what_is_kept_of_builds_is_listed_and_removed() {
    let registry = Registry::new();
    registry.built("hello@1.0.0");
    let json = |arguments: &[&str]| -> serde_json::Value {
        let said = registry.bench(arguments);
        assert_eq!(said.code, 0, "{}", said.err);
        serde_json::from_str(&said.out).unwrap()
    };
    let kinds = |listed: &serde_json::Value| {
        let listed = listed.as_array().unwrap().iter();
        let mut kinds: Vec<String> =
            listed.map(|it| it["kind"].as_str().unwrap().to_owned()).collect();
        kinds.sort_unstable();
        kinds.join(" ")
    };
    assert_eq!(kinds(&json(&["cache", "ls", "--json"])), "artifact log target");
    let said = registry.bench(&["cache", "prune"]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("bench.toml has no `cache_gib`"), "{}", said.err);
    let pruned = json(&["cache", "prune", "--keep-gib", "0", "--json"]);
    assert_eq!(
        (kinds(&pruned["removed"]).as_str(), &pruned["left_bytes"]),
        ("artifact log target", &0.into())
    );
    assert!(registry.built("hello@1.0.0").1.contains("built hello 1.0.0"));
}

#[test]
fn what_the_registry_does_not_have_is_told_in_one_sentence() {
    let registry = Registry::new();
    registry.check("hello@9", expect![[r#"
        error: cannot find the newest release 9.x of the crate `hello-cli`: the registry has no such release, but 2.0.0, 1.1.0, 1.0.0
    "#]]);
    registry.check("hello@1.0.7", expect![[r#"
        error: cannot find release 1.0.7 of the crate `hello-cli`: the registry has no such release, but 2.0.0, 1.1.0, 1.0.0
    "#]]);
    registry.check("hello@1.2.0", expect![[r#"
        error: cannot find release 1.2.0 of the crate `hello-cli`: it was yanked; name another release
    "#]]);
    // The newest one pins nothing, which shows when cargo has it.
    registry.check("hello", expect![[r#"
        building hello 2.0.0 ...
        error: `hello-cli` 2.0.0 was published without a Cargo.lock, so it is not one set of dependencies; choose another release
    "#]]);
    registry.check("hello@main", expect![[r#"
        error: `main` is not a release of `hello`, whose versions are those of a crate; write hello@48.0.8, hello@48 or hello
    "#]]);
    let config = fs::read_to_string(registry.project.path("bench.toml")).unwrap();
    registry.project.write("bench.toml", &config.replace("hello-cli", "helo-cli"));
    registry.check("hello@1.0.0", expect![[r#"
        error: cannot find release 1.0.0 of the crate `helo-cli`: there is no crate of that name in `DIR/registry` index (which is replacing registry `crates-io`); correct `crate` in bench.toml
    "#]]);
    // Without the registry beside it, and without a network.
    registry.project.write("bench.toml", &config);
    registry.project.write("home/config.toml", "[net]\noffline = true\n");
    registry.check("hello@1.0.0", expect![[r#"
        error: cannot find release 1.0.0 of the crate `hello-cli`: cargo is offline, and its copy of the registry does not have it; unset CARGO_NET_OFFLINE, or name an exact release that was built before
    "#]]);
}

/// The target with one mistake in it.
fn mistake(from: &str, to: &str, expected: Expect) {
    let project = Project::new("right");
    let config = format!("{}{TARGET}", super::config("right")).replace(from, to);
    project.write("bench.toml", &config);
    let said = project.bench(&["list", "targets"]);
    assert_eq!(said.code, 2, "{from}: {}{}", said.out, said.err);
    expected.assert_eq(&project.plain(&said.err));
}

#[test]
fn a_crate_that_is_declared_wrongly_is_told_with_file_and_line() {
    mistake(
        "crate = \"hello-cli\"",
        "crate = \"hello cli\"",
        expect![[r#"
            error: DIR/bench.toml:30: `hello cli` cannot be the name of a crate
             30 | crate = "hello cli"
                |         ^^^^^^^^^^^
        "#]],
    );
    mistake(
        "crate = \"hello-cli\"",
        "",
        expect![[r#"
            error: DIR/bench.toml:35: target `hello` needs `source` (a folder here) or `crate` (of the registry), one of them
             35 | start = ["{binary}", "{addr}"]
                |         ^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
    mistake(
        "crate = \"hello-cli\"",
        "source = \".\"",
        expect![[r#"
            error: DIR/bench.toml:35: target `hello` is built from `source`, whose own manifest chooses: `features`, `default_features` and `profile` are for a `crate`
             35 | start = ["{binary}", "{addr}"]
                |         ^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
    mistake(
        "[\"quiet\"]",
        "[\"quiet\\\"]\"]",
        expect![[r#"
            error: DIR/bench.toml:31: `quiet"]` cannot be a feature
             31 | features = ["quiet\"]"]
                |             ^^^^^^^^^^
        "#]],
    );
    mistake(
        "opt-level = 1",
        "opt-level = [1]",
        expect![[r#"
            error: DIR/bench.toml:33: `opt-level` cannot be a setting of a cargo profile
             33 | profile = { opt-level = [1] }
                |                         ^^^
        "#]],
    );
    mistake(
        ">=1.1",
        "1.1 or newer",
        expect![[r#"
            error: DIR/bench.toml:36: `1.1 or newer` is not a range of versions: expected comma after minor version number, found 'o'; write e.g. ">=44, <50"
             36 | supports = [{ versions = "1.1 or newer", capabilities = ["http-fake"] }]
                |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
    mistake(
        "{ versions",
        "{ version",
        expect![[r#"
            error: DIR/bench.toml:36: `supports` must list capabilities, or tables with `versions` and `capabilities`
             36 | supports = [{ version = ">=1.1", capabilities = ["http-fake"] }]
                |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        "#]],
    );
}
