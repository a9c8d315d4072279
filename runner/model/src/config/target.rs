//! What a target is: where it comes from, how it is started and stopped, and
//! what it can do. It must not do any of that.

use semver::{Version, VersionReq};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Something that can be benchmarked.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// Where it comes from.
    pub origin: Origin,
    /// The binary's name.
    pub binary: String,
    /// How to start and stop it.
    pub launch: Launch,
    /// The firmware it is built to, if it is for boards.
    pub firmware: Option<FirmwareSpec>,
    /// The suites it takes part in, which are nobody else's; all that belong to
    /// nobody when empty.
    pub suites: Vec<String>,
    /// What is different in some of its releases; the first that fits counts.
    pub variants: Vec<Variant>,
}

/// Firmware that a target's own binary builds, and the boards it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirmwareSpec {
    /// Command that builds it, with placeholders.
    pub build: Vec<String>,
    /// The boards.
    pub boards: Vec<BoardSpec>,
}

/// A board that is emulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardSpec {
    /// Its name, as suites call it.
    pub name: String,
    /// The compiler's name of its processor.
    pub triple: String,
    /// Command that switches it on, with placeholders.
    pub emulator: Vec<String>,
}

/// What is different in the releases of a range.
#[derive(Debug, Clone)]
pub struct Variant {
    /// Which releases.
    pub versions: VersionReq,
    /// The crate's features, if others.
    pub features: Option<Vec<String>>,
    /// The start command, if another.
    pub start: Option<Vec<String>>,
    /// The options an arm can ask for, if others.
    pub options: Option<Vec<OptionSpec>>,
}

impl Target {
    /// The target as one of its releases has it.
    #[must_use]
    pub fn at_release(&self, release: &str) -> Self {
        let mut target = self.clone();
        let Ok(release) = Version::parse(release) else { return target };
        let Some(variant) = self.variants.iter().find(|it| it.versions.matches(&release)) else {
            return target;
        };
        if let (Origin::Crate(source), Some(features)) = (&mut target.origin, &variant.features) {
            source.features.clone_from(features);
        }
        if let Some(start) = &variant.start {
            target.launch.start.clone_from(start);
        }
        if let Some(options) = &variant.options {
            target.launch.options.clone_from(options);
        }
        target
    }
}

/// Where a target comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A cargo workspace in a repository; its versions are commits.
    Folder {
        /// Path or URL of the repository; absent: the one `bench.toml` is in.
        repository: Option<String>,
        /// The workspace's folder, relative to the repository.
        source: PathBuf,
        /// Folders below it that have no part in it.
        exclude: Vec<String>,
    },
    /// A crate of the registry; its versions are releases.
    Crate(CrateSource),
}

/// A crate with a binary, and how it is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrateSource {
    /// The crate's name.
    pub name: String,
    /// Its features that are switched on.
    pub features: Vec<String>,
    /// Whether its default features are on too.
    pub default_features: bool,
    /// Settings of cargo's release profile that differ from cargo's own:
    /// name and value as TOML.
    pub profile: Vec<(String, String)>,
    /// A cargo workspace here that makes a binary of a crate without one; its
    /// lockfile says which release.
    pub adapter: Option<PathBuf>,
}

/// How a host is started, asked and stopped: the host contract.
#[derive(Debug, Clone)]
pub struct Launch {
    /// Command with placeholders.
    pub start: Vec<String>,
    /// Command that starts from a precompiled component, if it can.
    pub start_precompiled: Option<Vec<String>>,
    /// Command that precompiles a component, if it can.
    pub precompile: Option<Vec<String>>,
    /// Command that prints its capabilities as a JSON line.
    pub capabilities: Option<Vec<String>>,
    /// Capabilities of a host that cannot be asked.
    pub supports: Vec<Supported>,
    /// The options an arm can ask for.
    pub options: Vec<OptionSpec>,
    /// Extra environment.
    pub environment: Vec<(String, String)>,
    /// How it says that it is ready.
    pub ready: Ready,
    /// Until it must be ready.
    pub ready_timeout: Duration,
    /// From SIGTERM to SIGKILL.
    pub stop_timeout: Duration,
}

/// Capabilities of the releases in a range.
#[derive(Debug, Clone)]
pub struct Supported {
    /// Which releases; absent: every version.
    pub versions: Option<VersionReq>,
    /// What they can do.
    pub capabilities: Vec<String>,
}

/// An option of a host: what its values add to the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionSpec {
    /// Its name, as suites call it.
    pub name: String,
    /// Value, or `*` for any, and the words it becomes.
    pub values: Vec<(String, Vec<String>)>,
}

/// How a host says that it is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// One JSON line on standard output.
    JsonLine,
    /// An HTTP request to this path is answered, whatever the status.
    Http {
        /// Path to ask.
        path: String,
    },
    /// A connection is accepted.
    Tcp,
}

impl Target {
    /// Whether a suite is for this target, among all that are declared.
    pub fn takes_part(&self, suite: &str, all: &[Self]) -> bool {
        let owns = |target: &Self| target.suites.iter().any(|owned| owned == suite);
        owns(self) || self.suites.is_empty() && !all.iter().any(owns)
    }
}

impl FirmwareSpec {
    /// The board of that name.
    pub fn board(&self, name: &str) -> Option<&BoardSpec> {
        self.boards.iter().find(|board| board.name == name)
    }
}

impl Launch {
    /// What a host that cannot be asked can do. Nobody knows the release of a
    /// binary that was given; it is taken at its owner's word and counts as
    /// able to do all, since a failure tells more than a refusal.
    pub fn supported(&self, release: Option<&str>) -> BTreeSet<String> {
        let release = release.and_then(|text| Version::parse(text).ok());
        let fits = |versions: &VersionReq| release.as_ref().is_none_or(|v| versions.matches(v));
        let known = self.supports.iter().filter(|s| s.versions.as_ref().is_none_or(fits));
        known.flat_map(|supported| supported.capabilities.iter().cloned()).collect()
    }

    /// The words an arm's options become, each option by itself.
    ///
    /// # Errors
    /// `no option reuse=warm`, for the first that is not declared.
    pub fn words_of(
        &self,
        options: &[(String, String)],
    ) -> Result<Vec<(String, Vec<String>)>, String> {
        let words = options.iter().map(|(name, value)| {
            let declared = self.options.iter().find(|option| option.name == *name);
            let values = declared.map(|option| option.values.as_slice()).unwrap_or_default();
            let exactly = values.iter().find(|(known, _)| known == value);
            match exactly.or_else(|| values.iter().find(|(known, _)| known == "*")) {
                Some((_, words)) => {
                    let words = words.iter().map(|word| word.replace("{value}", value));
                    Ok((name.clone(), words.collect()))
                }
                None => Err(format!("no option {name}={value}")),
            }
        });
        words.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch() -> Launch {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let option = |name: &str, values: &[(&str, &str)]| OptionSpec {
            name: name.to_owned(),
            values: values.iter().map(|(v, w)| ((*v).to_owned(), words(w))).collect(),
        };
        let supported = |versions: Option<&str>, capabilities: &str| Supported {
            versions: versions.map(|text| VersionReq::parse(text).unwrap()),
            capabilities: words(capabilities),
        };
        Launch {
            start: Vec::new(),
            start_precompiled: None,
            precompile: None,
            capabilities: None,
            supports: vec![
                supported(None, "http-p2"),
                supported(Some(">=44"), "http-p3"),
                supported(Some(">=40, <46"), "old"),
            ],
            options: vec![
                option("compiler", &[("*", "--compiler {value}"), ("none", "")]),
                option("reuse", &[("warm", "")]),
            ],
            environment: Vec::new(),
            ready: Ready::JsonLine,
            ready_timeout: Duration::ZERO,
            stop_timeout: Duration::ZERO,
        }
    }

    #[test]
    fn capabilities_depend_on_the_release() {
        for (release, expected) in [
            (Some("43.9.9"), "http-p2 old"),
            (Some("44.0.0"), "http-p2 http-p3 old"),
            (Some("48.0.8"), "http-p2 http-p3"),
            (None, "http-p2 http-p3 old"),
        ] {
            let known: Vec<String> = launch().supported(release).into_iter().collect();
            assert_eq!(known.join(" "), expected, "{release:?}");
        }
    }

    #[test]
    fn options_become_words_or_are_not_there() {
        let check = |name: &str, value: &str, expected: Result<&str, &str>| {
            let options = [(name.to_owned(), value.to_owned())];
            let words = launch().words_of(&options).map(|words| words[0].1.join(" "));
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(words, expected, "{name}={value}");
        };
        check("compiler", "winch", Ok("--compiler winch"));
        check("compiler", "none", Ok(""));
        check("reuse", "warm", Ok(""));
        check("reuse", "hot", Err("no option reuse=hot"));
        check("speed", "high", Err("no option speed=high"));
    }
}
