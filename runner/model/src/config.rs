//! `bench.toml`: targets, profiles and thresholds as code.
//! It says how a target is got, built, started and stopped; it must not do
//! any of that.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::suite::NoiseClass;
use crate::version::{TargetVersion, VersionError};
use indexmap::IndexMap;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;

/// The checked content of `bench.toml`.
#[derive(Debug, Clone)]
pub struct Config {
    /// The target a bare git ref means.
    pub default_target: String,
    /// The target measured in adjacent blocks of every run.
    pub anchor: Option<String>,
    /// Raised by hand when the way of measuring changes.
    pub measurement_protocol: u32,
    /// Every declared target, in the order they were written.
    pub targets: Vec<Target>,
    /// The change that does not matter yet, by noise class.
    pub margins: Margins,
    /// How much is measured.
    pub quick: Profile,
    /// How much is measured without `--quick`.
    pub full: Profile,
    /// How much is measured by `compare`.
    pub compare: Profile,
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Blocks of every arm on every version.
    pub blocks: u32,
    /// Overrides the measured part of every block, in milliseconds.
    pub measure_ms: Option<u64>,
}

/// The change that does not matter yet, as a fraction of the old value.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Margins {
    /// Of wall-clock time.
    pub wall: f64,
    /// Of CPU time.
    pub cpu: f64,
    /// Of what repeats exactly.
    pub exact: f64,
}

impl Margins {
    /// The margin of a noise class.
    pub fn of(&self, noise: NoiseClass) -> f64 {
        match noise {
            NoiseClass::Wall => self.wall,
            NoiseClass::Cpu => self.cpu,
            NoiseClass::Exact => self.exact,
        }
    }
}

/// Names a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileName {
    /// Arms marked quick, few blocks: shown as such, never gates.
    Quick,
    /// Every arm.
    Full,
    /// What a comparison needs.
    Compare,
}

/// Something that can be benchmarked.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// Folder of its cargo workspace, relative to the repository.
    pub source: PathBuf,
    /// The binary's name.
    pub binary: String,
    /// Folders below `source` that have no part in it.
    pub exclude: Vec<String>,
    /// How to start and stop it.
    pub launch: Launch,
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
    pub supports: Vec<String>,
    /// Extra environment.
    pub environment: Vec<(String, String)>,
    /// How it says that it is ready.
    pub ready: Ready,
    /// Until it must be ready.
    pub ready_timeout: Duration,
    /// From SIGTERM to SIGKILL.
    pub stop_timeout: Duration,
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireConfig {
    default_target: Spanned<String>,
    anchor: Option<Spanned<String>>,
    measurement_protocol: u32,
    margins: Spanned<Margins>,
    profiles: WireProfiles,
    targets: IndexMap<String, Spanned<WireTarget>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireProfiles {
    quick: Spanned<Profile>,
    full: Spanned<Profile>,
    compare: Spanned<Profile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireTarget {
    about: String,
    source: PathBuf,
    binary: String,
    #[serde(default)]
    exclude: Vec<String>,
    start: Spanned<Vec<String>>,
    start_precompiled: Option<Spanned<Vec<String>>>,
    precompile: Option<Spanned<Vec<String>>>,
    capabilities: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    supports: Vec<String>,
    #[serde(default)]
    environment: IndexMap<String, String>,
    #[serde(default)]
    ready_path: Option<Spanned<String>>,
    #[serde(default = "ten_seconds")]
    ready_timeout_s: f64,
    #[serde(default = "ten_seconds")]
    stop_timeout_s: f64,
}

fn ten_seconds() -> f64 {
    10.0
}

impl Config {
    /// Reads and checks a `bench.toml`.
    ///
    /// # Errors
    /// Names file and line of the first thing that is wrong.
    pub fn load(file: &Path) -> Result<Self, Diagnostic> {
        let text = std::fs::read_to_string(file).map_err(|e| {
            Diagnostic::unreadable(file, &e)
                .with_remedy("run inside a checkout, or name the file with --config")
        })?;
        Self::parse(file, &text)
    }

    /// Checks the text of a `bench.toml`; `file` is used in messages.
    ///
    /// # Errors
    /// Names file and line of the first thing that is wrong.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Diagnostic> {
        let source = SourceText { file, text };
        let wire: WireConfig = toml::from_str(text).map_err(|e| source.toml_error(&e))?;
        for name in [Some(&wire.default_target), wire.anchor.as_ref()].into_iter().flatten() {
            if !wire.targets.contains_key(name.get_ref()) {
                let problem = format!("there is no target `{}`", name.get_ref());
                return Err(source
                    .at(name.span(), problem)
                    .with_remedy("declare it as [targets.NAME]"));
            }
        }
        let margins = *wire.margins.get_ref();
        if [margins.wall, margins.cpu, margins.exact].iter().any(|m| !(0.0..1.0).contains(m)) {
            return Err(source.at(wire.margins.span(), "a margin is a fraction from 0 to below 1"));
        }
        let profile = |profile: &Spanned<Profile>| {
            let Profile { blocks, measure_ms } = *profile.get_ref();
            if blocks == 0 || measure_ms.is_some_and(|ms| ms == 0 || !ms.is_multiple_of(100)) {
                let problem =
                    "`blocks` must be at least 1 and `measure_ms` a positive multiple of 100";
                return Err(source.at(profile.span(), problem));
            }
            Ok(*profile.get_ref())
        };
        Ok(Self {
            margins,
            quick: profile(&wire.profiles.quick)?,
            full: profile(&wire.profiles.full)?,
            compare: profile(&wire.profiles.compare)?,
            default_target: wire.default_target.into_inner(),
            anchor: wire.anchor.map(Spanned::into_inner),
            measurement_protocol: wire.measurement_protocol,
            targets: wire
                .targets
                .into_iter()
                .map(|(name, target)| target_of(source, name, target.into_inner()))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The declared target of that name.
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name == name)
    }

    /// Reads a `TARGET@VERSION` against the declared targets.
    ///
    /// # Errors
    /// See [`TargetVersion::parse`].
    pub fn parse_version(&self, text: &str) -> Result<TargetVersion, VersionError> {
        let declared: Vec<&str> = self.targets.iter().map(|target| target.name.as_str()).collect();
        TargetVersion::parse(text, &declared, &self.default_target)
    }

    /// The profile of that name.
    pub fn profile(&self, name: ProfileName) -> Profile {
        match name {
            ProfileName::Quick => self.quick,
            ProfileName::Full => self.full,
            ProfileName::Compare => self.compare,
        }
    }
}

impl ProfileName {
    /// The word used everywhere.
    pub fn word(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "full",
            Self::Compare => "compare",
        }
    }
}

const PLACEHOLDERS: [&str; 5] = ["binary", "workload", "addr", "component", "precompiled"];

fn command(
    source: SourceText<'_>,
    command: Spanned<Vec<String>>,
) -> Result<Vec<String>, Diagnostic> {
    let at = |problem: String| source.at(command.span(), problem);
    if command.get_ref().is_empty() {
        return Err(at("an empty command".to_owned()));
    }
    for word in command.get_ref() {
        let Some(name) = word.split_once('{').and_then(|(_, rest)| rest.split_once('}')) else {
            continue;
        };
        if !PLACEHOLDERS.contains(&name.0) {
            let known = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(" ");
            return Err(at(format!("unknown placeholder `{{{}}}`", name.0))
                .with_remedy(format!("known are {known}")));
        }
    }
    Ok(command.into_inner())
}

fn target_of(source: SourceText<'_>, name: String, wire: WireTarget) -> Result<Target, Diagnostic> {
    let seconds = |field: &str, value: f64| {
        if value.is_finite() && (0.1..=600.0).contains(&value) {
            return Ok(Duration::from_secs_f64(value));
        }
        let problem = format!("`{field}` of target `{name}` must be between 0.1 and 600");
        Err(source.at(wire.start.span(), problem))
    };
    let ready_timeout = seconds("ready_timeout_s", wire.ready_timeout_s)?;
    let stop_timeout = seconds("stop_timeout_s", wire.stop_timeout_s)?;
    if wire.capabilities.is_some() != wire.supports.is_empty() {
        let problem = format!(
            "target `{name}` needs `capabilities` (a command) or `supports` (a list), one of them"
        );
        return Err(source.at(wire.start.span(), problem));
    }
    let ready = match wire.ready_path {
        None => Ready::JsonLine,
        Some(path) if path.get_ref().starts_with('/') => Ready::Http { path: path.into_inner() },
        Some(path) => return Err(source.at(path.span(), "`ready_path` must start with /")),
    };
    let optional =
        |wire: Option<Spanned<Vec<String>>>| wire.map(|wire| command(source, wire)).transpose();
    Ok(Target {
        about: wire.about,
        source: wire.source,
        binary: wire.binary,
        exclude: wire.exclude,
        launch: Launch {
            start_precompiled: optional(wire.start_precompiled)?,
            precompile: optional(wire.precompile)?,
            capabilities: optional(wire.capabilities)?,
            start: command(source, wire.start)?,
            supports: wire.supports,
            environment: wire.environment.into_iter().collect(),
            ready,
            ready_timeout,
            stop_timeout,
        },
        name,
    })
}
