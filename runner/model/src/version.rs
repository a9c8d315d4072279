//! How people name what to measure: `host`, `host@v1.2`, `v1.2`,
//! `path:/a/binary`, `host@path:/a/binary`, and of a crate `serve@48.0.8`,
//! `serve@48`, `serve`. Only the grammar lives here; whether the ref or the
//! release exists is for the runner to find out.

use semver::{Version, VersionReq};
use std::fmt;
use std::path::PathBuf;
use thiserror::Error;

/// A target and which version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetVersion {
    /// Name of a declared target.
    pub target: String,
    /// Which version.
    pub version: VersionSpec,
}

/// Which version of a target is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionSpec {
    /// The sources as they are now, committed or not.
    WorkingTree,
    /// A branch, tag, commit or any expression git resolves.
    GitRef(String),
    /// A release of a crate.
    Release(ReleaseSpec),
    /// A binary that is already built.
    Path(PathBuf),
}

/// Which release of a crate is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseSpec {
    /// The newest one.
    Newest,
    /// The newest of those that begin like this: `48`, `48.0`.
    NewestOf(String),
    /// This very one: `48.0.8`.
    Exactly(String),
    /// The newest one in a range that cargo understands: `>=44, <48`.
    Within(String),
}

/// A target there is, as far as naming its versions goes.
#[derive(Debug, Clone, Copy)]
pub struct Declared<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether its versions are releases of a crate, and not commits.
    pub is_crate: bool,
}

/// Why a version could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VersionError {
    /// `unknown@ref`.
    #[error("there is no target `{name}`; bench.toml declares {known}")]
    UnknownTarget {
        /// What was asked for.
        name: String,
        /// The declared ones.
        known: String,
    },
    /// An empty half.
    #[error("`{text}` names no {missing}; write TARGET, TARGET@REF, REF or path:BINARY")]
    Empty {
        /// What was asked for.
        text: String,
        /// `target`, `version` or `path`.
        missing: &'static str,
    },
    /// `..v2`.
    #[error("`{text}` is not a range of versions: {problem}")]
    Range {
        /// What was asked for.
        text: String,
        /// Why not.
        problem: &'static str,
    },
    /// `v1..v2`, where one version is wanted.
    #[error("`{text}` is a range, and one version is wanted here; name one of its ends")]
    Several {
        /// What was asked for.
        text: String,
    },
    /// `crate@main`.
    #[error(
        "`{version}` is not a release of `{target}`, whose versions are those of a crate; write {target}@48.0.8, {target}@48 or {target}"
    )]
    NotARelease {
        /// The target.
        target: String,
        /// What was asked for.
        version: String,
    },
}

impl TargetVersion {
    /// Reads `text`: a bare name is a target when declared, else a git ref of
    /// the default target. A declared name wins over a ref of the same name;
    /// `TARGET@NAME` reaches the ref.
    ///
    /// # Errors
    /// When the target before `@` is not declared, or a half is empty.
    pub fn parse(
        text: &str,
        declared: &[Declared<'_>],
        default: &str,
    ) -> Result<Self, VersionError> {
        let empty = |missing| VersionError::Empty { text: text.to_owned(), missing };
        if text.is_empty() {
            return Err(empty("target"));
        }
        let find = |name: &str| declared.iter().find(|target| target.name == name);
        if let Some(target) = find(text) {
            let version = match target.is_crate {
                true => VersionSpec::Release(ReleaseSpec::Newest),
                false => VersionSpec::WorkingTree,
            };
            return Ok(Self { target: text.to_owned(), version });
        }
        // `HEAD@{1}` and `main@{upstream}` are git's, not a target's.
        let (target, version) = match text.split_once('@') {
            _ if text.starts_with("path:") => (default, text),
            Some((target, version)) if !version.starts_with('{') => (target, version),
            _ => (default, text),
        };
        if target.is_empty() {
            return Err(empty("target"));
        }
        let Some(known) = find(target) else {
            return Err(VersionError::unknown_target(target, declared));
        };
        if version.contains("..") && !version.starts_with("path:") {
            return Err(VersionError::Several { text: text.to_owned() });
        }
        let version = match version.strip_prefix("path:") {
            Some("") => return Err(empty("path")),
            Some(path) => VersionSpec::Path(path.into()),
            None if version.is_empty() => return Err(empty("version")),
            None if known.is_crate => VersionSpec::Release(release(target, version)?),
            None => VersionSpec::GitRef(version.to_owned()),
        };
        Ok(Self { target: target.to_owned(), version })
    }
}

impl VersionError {
    pub(crate) fn unknown_target(name: &str, declared: &[Declared<'_>]) -> Self {
        let names: Vec<&str> = declared.iter().map(|target| target.name).collect();
        Self::UnknownTarget { name: name.to_owned(), known: names.join(", ") }
    }
}

fn release(target: &str, text: &str) -> Result<ReleaseSpec, VersionError> {
    if text == "latest" {
        return Ok(ReleaseSpec::Newest);
    }
    let is_plain =
        text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['+', ',', '*']);
    if is_plain && Version::parse(text).is_ok() {
        return Ok(ReleaseSpec::Exactly(text.to_owned()));
    }
    if is_plain && VersionReq::parse(&format!("={text}")).is_ok() {
        return Ok(ReleaseSpec::NewestOf(text.to_owned()));
    }
    Err(VersionError::NotARelease { target: target.to_owned(), version: text.to_owned() })
}

impl ReleaseSpec {
    /// The same as cargo writes it in a manifest: `=48` is the newest 48.x.
    pub fn requirement(&self) -> String {
        match self {
            Self::Newest => "*".to_owned(),
            Self::NewestOf(text) | Self::Exactly(text) => format!("={text}"),
            Self::Within(range) => range.clone(),
        }
    }
}

impl fmt::Display for TargetVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            VersionSpec::WorkingTree | VersionSpec::Release(ReleaseSpec::Newest) => {
                f.write_str(&self.target)
            }
            VersionSpec::Release(
                ReleaseSpec::NewestOf(text)
                | ReleaseSpec::Exactly(text)
                | ReleaseSpec::Within(text),
            ) => write!(f, "{}@{text}", self.target),
            VersionSpec::GitRef(reference) => write!(f, "{}@{reference}", self.target),
            VersionSpec::Path(path) => write!(f, "{}@path:{}", self.target, path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_understood() {
        let check = |text: &str, expected: &str| {
            let declared = |name, is_crate| Declared { name, is_crate };
            let targets =
                [declared("host", false), declared("native", false), declared("serve", true)];
            let read = match TargetVersion::parse(text, &targets, "host") {
                Ok(read) => format!("{} {:?}", read.target, read.version),
                Err(error) => error.to_string(),
            };
            assert_eq!(read, expected, "{text}");
        };
        check("host", "host WorkingTree");
        check("native", "native WorkingTree");
        check("v1.2", "host GitRef(\"v1.2\")");
        check("HEAD~1", "host GitRef(\"HEAD~1\")");
        check("HEAD@{1}", "host GitRef(\"HEAD@{1}\")");
        check("native@main", "native GitRef(\"main\")");
        check("native@main@{upstream}", "native GitRef(\"main@{upstream}\")");
        check("path:/a/b@c", "host Path(\"/a/b@c\")");
        check("native@path:./b", "native Path(\"./b\")");
        check("nativ@main", "there is no target `nativ`; bench.toml declares host, native, serve");
        check("", "`` names no target; write TARGET, TARGET@REF, REF or path:BINARY");
        check("@x", "`@x` names no target; write TARGET, TARGET@REF, REF or path:BINARY");
        check("host@", "`host@` names no version; write TARGET, TARGET@REF, REF or path:BINARY");
        check("serve", "serve Release(Newest)");
        check("serve@48", "serve Release(NewestOf(\"48\"))");
        check("serve@48.0", "serve Release(NewestOf(\"48.0\"))");
        check("serve@48.0.8", "serve Release(Exactly(\"48.0.8\"))");
        check("serve@49.0.0-rc.1", "serve Release(Exactly(\"49.0.0-rc.1\"))");
        check("serve@path:./b", "serve Path(\"./b\")");
        for text in ["main", ">=48", "48, 49", "48.*", "48.0.8+x", "^48", "v48"] {
            check(
                &format!("serve@{text}"),
                &format!(
                    "`{text}` is not a release of `serve`, whose versions are those of a crate; \
                     write serve@48.0.8, serve@48 or serve"
                ),
            );
        }
        check("serve@latest", "serve Release(Newest)");
        check(
            "v1..v2",
            "`v1..v2` is a range, and one version is wanted here; name one of its ends",
        );
        check("path:", "`path:` names no path; write TARGET, TARGET@REF, REF or path:BINARY");
    }
}
