//! Releases of a crate: which one is meant, found by cargo itself, so that
//! mirrors, source replacement and credentials work as they do everywhere.
//!
//! A project that needs nothing but the crate is locked, and the lockfile says
//! which release was chosen and what its archive's digest is. A release never
//! changes, so an exact one is looked up once and then known without a network.
//! This must not build anything.

use crate::environment;
use crate::error::{BuildError, io};
use crate::layout::Layout;
use model::{CrateSource, Digest, Hasher, ReleaseSpec};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// One release of a crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    /// Exact version.
    pub(crate) version: String,
    /// Digest of its archive, by the registry's index.
    pub(crate) archive_sha256: Digest,
}

#[derive(Deserialize)]
struct Lockfile {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<Digest>,
}

impl Release {
    /// Finds the release that is meant.
    ///
    /// # Errors
    /// When there is none, or the registry cannot be reached.
    pub(crate) fn find(
        layout: &Layout,
        source: &CrateSource,
        asked: &ReleaseSpec,
    ) -> Result<Self, BuildError> {
        if let ReleaseSpec::Exactly(version) = asked
            && let Some(known) = known(layout, source, version)
        {
            return Ok(known);
        }
        let found = ask(layout, source, asked)?;
        remember(layout, source, &found)?;
        Ok(found)
    }

    /// Digest of all that decides what is compiled: the archive, which holds
    /// the lockfile, and what is switched on in it.
    pub(crate) fn key(&self, source: &CrateSource) -> Digest {
        let mut hasher = Hasher::default()
            .part("crate", &source.name)
            .part("version", &self.version)
            .part("archive", self.archive_sha256.to_bytes())
            .part("default features", [u8::from(source.default_features)]);
        for feature in features(source) {
            hasher = hasher.part("feature", feature);
        }
        for (name, value) in &source.profile {
            hasher = hasher.part("profile", name).part("value", value);
        }
        hasher.finish()
    }
}

/// The release that a lockfile has of a crate.
///
/// # Errors
/// When it has another than what is asked for, or none.
pub(crate) fn locked(
    source: &CrateSource,
    asked: &ReleaseSpec,
    lockfile: &[u8],
) -> Result<String, BuildError> {
    let refused = |problem: String| BuildError::Release {
        name: source.name.clone(),
        asked: asked.clone(),
        problem,
    };
    let text = String::from_utf8_lossy(lockfile);
    let lockfile: Lockfile = toml::from_str(&text).map_err(|e| {
        refused(format!("the adapter's lockfile is not understood: {}", e.message()))
    })?;
    let of_crate = lockfile.package.into_iter().filter(|p| p.name == source.name);
    let Some(package) = of_crate.max_by_key(|p| semver::Version::parse(&p.version).ok()) else {
        return Err(refused("the adapter's lockfile does not have it".to_owned()));
    };
    match semver::Version::parse(&package.version) {
        Ok(version) if fits(asked, &version) => Ok(package.version),
        _ => Err(refused(format!(
            "the adapter is for {}; put another into its manifest and lockfile, or name that",
            package.version
        ))),
    }
}

/// The words of `cargo install` that choose what is compiled.
pub(crate) fn choice(source: &CrateSource) -> Vec<String> {
    let mut words = Vec::new();
    if !source.default_features {
        words.push("--no-default-features".to_owned());
    }
    let features = features(source);
    if !features.is_empty() {
        words.extend(["--features".to_owned(), features.join(",")]);
    }
    for (name, value) in &source.profile {
        words.extend(["--config".to_owned(), format!("profile.release.{name}={value}")]);
    }
    words
}

/// In one order, whatever order they were written in.
fn features(source: &CrateSource) -> Vec<&str> {
    let mut features: Vec<&str> = source.features.iter().map(String::as_str).collect();
    features.sort_unstable();
    features.dedup();
    features
}

fn known(layout: &Layout, source: &CrateSource, version: &str) -> Option<Release> {
    let text = fs::read(layout.release(&source.name, version)).ok()?;
    // A record that cannot be read is made anew.
    serde_json::from_slice(&text).ok().filter(|known: &Release| known.version == version)
}

fn remember(layout: &Layout, source: &CrateSource, found: &Release) -> Result<(), BuildError> {
    let file = layout.release(&source.name, &found.version);
    let folder = layout.releases();
    let writing = || io("writing", &file);
    fs::create_dir_all(&folder).map_err(io("creating", &folder))?;
    let text = serde_json::to_string(found).map_err(|e| writing()(e.into()))?;
    let mut aside = tempfile::NamedTempFile::new_in(&folder).map_err(writing())?;
    aside.write_all(text.as_bytes()).map_err(writing())?;
    aside.persist(&file).map_err(|e| writing()(e.error))?;
    Ok(())
}

fn ask(layout: &Layout, source: &CrateSource, asked: &ReleaseSpec) -> Result<Release, BuildError> {
    let refused = |problem: String| BuildError::Release {
        name: source.name.clone(),
        asked: asked.clone(),
        problem,
    };
    let folder = tempfile::Builder::new()
        .prefix("resolving-")
        .tempdir_in(layout.root())
        .map_err(io("creating a folder in", layout.root()))?;
    let folder = folder.path();
    write_project(folder, &source.name, asked)?;
    let output = environment::command("cargo", layout.root())
        .args(["generate-lockfile", "--color", "never"])
        // The newest one is the newest one, whatever compiler it asks for.
        .env("CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS", "allow")
        .current_dir(folder)
        .output()
        .map_err(|e| BuildError::Tool {
            program: "cargo",
            problem: format!("{e}; install Rust from https://rustup.rs"),
        })?;
    if !output.status.success() {
        return Err(refused(explain(&String::from_utf8_lossy(&output.stderr))));
    }
    let file = folder.join("Cargo.lock");
    let text = fs::read_to_string(&file).map_err(io("reading", &file))?;
    let lockfile: Lockfile = toml::from_str(&text)
        .map_err(|e| refused(format!("cargo's lockfile is not understood: {}", e.message())))?;
    // The project itself has no source, and the crate may need older releases
    // of itself: the newest is the one that was asked for.
    let of_crate =
        lockfile.package.into_iter().filter(|p| p.name == source.name && p.source.is_some());
    let chosen = of_crate
        .filter_map(|package| {
            let version = semver::Version::parse(&package.version).ok()?;
            Some((fits(asked, &version).then_some(version)?, package))
        })
        .max_by(|(a, _), (b, _)| a.cmp(b));
    match chosen {
        Some((_, Package { version, checksum: Some(archive_sha256), .. })) => {
            Ok(Release { version, archive_sha256 })
        }
        _ => Err(refused("the registry tells no checksum of it".to_owned())),
    }
}

fn fits(asked: &ReleaseSpec, version: &semver::Version) -> bool {
    semver::VersionReq::parse(&asked.requirement()).is_ok_and(|range| range.matches(version))
}

/// A project that needs nothing but the crate.
fn write_project(folder: &Path, name: &str, asked: &ReleaseSpec) -> Result<(), BuildError> {
    // Both are checked: letters, digits and a few signs.
    let manifest = format!(
        "[package]\nname = \"which-release\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\
         [workspace]\n[dependencies]\n{name} = {{ version = \"{}\", default-features = false }}\n",
        asked.requirement()
    );
    let source = folder.join("src");
    fs::create_dir(&source).map_err(io("creating", &source))?;
    for (file, text) in [("Cargo.toml", manifest.as_str()), ("src/lib.rs", "")] {
        let file = folder.join(file);
        fs::write(&file, text).map_err(io("writing", &file))?;
    }
    Ok(())
}

const NO_SUCH: &str = "the registry has no such release";

/// Whether a problem is that the registry was asked and has no such release.
pub(crate) fn is_none(problem: &str) -> bool {
    problem.starts_with(NO_SUCH) || problem.starts_with(YANKED)
}

const YANKED: &str = "it was yanked";

/// Cargo's own words, short, with what to do where that is known.
fn explain(said: &str) -> String {
    let after = |begin: &str| said.lines().find_map(|line| line.trim().strip_prefix(begin));
    if said.contains(" is yanked") {
        return format!("{YANKED}; name another release");
    }
    if let Some(others) = after("candidate versions found which didn't match: ") {
        return format!("{NO_SUCH}, but {others}");
    }
    if said.contains("you're using offline mode") {
        return "cargo is offline, and its copy of the registry does not have it; \
                unset CARGO_NET_OFFLINE, or name an exact release that was built before"
            .to_owned();
    }
    if said.contains("no matching package named") {
        let searched = after("location searched: ").unwrap_or("the registry");
        return format!(
            "there is no crate of that name in {searched}; correct `crate` in bench.toml"
        );
    }
    let is_noise = |line: &str| {
        line.is_empty()
            || ["Updating ", "Locking ", "Caused by:"].iter().any(|n| line.starts_with(n))
    };
    let lines = said.lines().map(str::trim).filter(|line| !is_noise(line));
    let told: Vec<&str> = lines.map(|line| line.trim_start_matches("error: ")).collect();
    format!("cargo said: {}", told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargos_words_become_one_sentence() {
        for (said, expected) in [
            (
                "    Updating crates.io index\nerror: failed to get `x` as a dependency\n\n\
                 Caused by:\n  download of config.json failed\n\nCaused by:\n  [6] Could not resolve host\n",
                "cargo said: failed to get `x` as a dependency; download of config.json failed; \
                 [6] Could not resolve host",
            ),
            (
                "error: failed to select a version for the requirement `x = \"=1.1.0\"`\n  \
                 version 1.1.0 is yanked\nlocation searched: crates.io index\n",
                "it was yanked; name another release",
            ),
        ] {
            assert_eq!(explain(said), expected);
        }
    }

    #[test]
    fn what_is_switched_on_is_part_of_the_key_and_its_order_is_not() {
        let source = |features: &[&str], default_features, profile: &[(&str, &str)]| CrateSource {
            name: "x".to_owned(),
            features: features.iter().map(|f| (*f).to_owned()).collect(),
            default_features,
            profile: profile.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            adapter: None,
        };
        let release = Release { version: "1.0.0".to_owned(), archive_sha256: Digest::of("x") };
        let key = |source: &CrateSource| release.key(source);
        let plain = source(&["a", "b"], false, &[]);
        assert_eq!(key(&plain), key(&source(&["b", "a", "b"], false, &[])));
        let others = [
            source(&["a"], false, &[]),
            source(&["a", "b"], true, &[]),
            source(&["a", "b"], false, &[("lto", "true")]),
        ];
        for other in others {
            assert_ne!(key(&plain), key(&other), "{other:?}");
        }
        assert_eq!(
            choice(&source(&["b", "a"], false, &[("lto", "\"thin\"")])).join(" "),
            "--no-default-features --features a,b --config profile.release.lto=\"thin\""
        );
    }
}
