//! How people name what to measure: `host`, `host@v1.2`, `v1.2`,
//! `path:/a/binary`, `host@path:/a/binary`. Only the grammar lives here;
//! whether the ref exists is for the runner to find out.

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
    /// A binary that is already built.
    Path(PathBuf),
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
}

impl TargetVersion {
    /// Reads `text`: a bare name is a target when declared, else a git ref of
    /// the default target. A declared name wins over a ref of the same name;
    /// `TARGET@NAME` reaches the ref.
    ///
    /// # Errors
    /// When the target before `@` is not declared, or a half is empty.
    pub fn parse(text: &str, declared: &[&str], default: &str) -> Result<Self, VersionError> {
        let empty = |missing| VersionError::Empty { text: text.to_owned(), missing };
        if text.is_empty() {
            return Err(empty("target"));
        }
        if declared.contains(&text) {
            return Ok(Self { target: text.to_owned(), version: VersionSpec::WorkingTree });
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
        if !declared.contains(&target) {
            return Err(VersionError::UnknownTarget {
                name: target.to_owned(),
                known: declared.join(", "),
            });
        }
        let version = match version.strip_prefix("path:") {
            Some("") => return Err(empty("path")),
            Some(path) => VersionSpec::Path(path.into()),
            None if version.is_empty() => return Err(empty("version")),
            None => VersionSpec::GitRef(version.to_owned()),
        };
        Ok(Self { target: target.to_owned(), version })
    }
}

impl fmt::Display for TargetVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            VersionSpec::WorkingTree => f.write_str(&self.target),
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
            let read = match TargetVersion::parse(text, &["host", "native"], "host") {
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
        check("nativ@main", "there is no target `nativ`; bench.toml declares host, native");
        check("", "`` names no target; write TARGET, TARGET@REF, REF or path:BINARY");
        check("@x", "`@x` names no target; write TARGET, TARGET@REF, REF or path:BINARY");
        check("host@", "`host@` names no version; write TARGET, TARGET@REF, REF or path:BINARY");
        check("path:", "`path:` names no path; write TARGET, TARGET@REF, REF or path:BINARY");
    }
}
