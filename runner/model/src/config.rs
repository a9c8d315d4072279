//! `bench.toml`: targets, profiles and thresholds as code.
//! It says how a target is got, built, started and stopped; it must not do
//! any of that.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::spanned::Spanned;
use crate::suite::NoiseClass;
use crate::version::{Declared, TargetVersion, VersionError};
use crate::version_range::Versions;
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use std::path::Path;

mod calibrate;
mod gate;
mod goal;
mod noise_watch;
mod publication;
mod service;
mod target;
mod wire;
mod wire_firmware;
mod wire_gate;

pub use calibrate::{Calibrate, Planted};
pub use gate::{Budget, Drift, Gate, Rule, Selector, SeriesName, Waiver};
use goal::WireGoal;
pub use goal::{Goal, SiteConfig};
pub use noise_watch::NoiseWatch;
pub use publication::Publication;
use publication::WirePublication;
use service::WireService;
pub use service::{GitHubConfig, MailConfig, MailSecurity, ServiceConfig};
pub use target::{
    BoardSpec, CrateSource, FirmwareSpec, Launch, OptionSpec, Origin, Ready, Supported, Target,
    Variant,
};
use wire::WireTarget;
use wire_gate::WireGate;

/// The checked content of `bench.toml`.
#[derive(Debug, Clone)]
pub struct Config {
    /// The target a bare git ref means.
    pub default_target: String,
    /// What a run measures when no version is named.
    pub run: Vec<String>,
    /// The target measured in adjacent blocks of every run.
    pub anchor: Option<String>,
    /// Raised by hand when the way of measuring changes.
    pub measurement_protocol: u32,
    /// How much the cache of builds may hold, in GiB; `None`: anything.
    pub cache_gib: Option<u64>,
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
    /// What a release must pass, if anything.
    pub gate: Option<Gate>,
    /// How the method itself is tried out, if it is.
    pub calibrate: Option<Calibrate>,
    /// Where series are meant to go, in the order they were written.
    pub goals: Vec<Goal>,
    /// What the pages are told.
    pub site: SiteConfig,
    /// When a block is disturbed and measured again; absent: nobody watches.
    pub noise_watch: Option<NoiseWatch>,
    /// What is published of what was measured.
    pub publication: Publication,
    /// What the service is told.
    pub service: ServiceConfig,
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Blocks of every arm on every version.
    pub blocks: u32,
    /// Overrides the measured part of every block, in milliseconds.
    pub measure_ms: Option<u64>,
}

/// The change that does not matter yet, as a fraction of the old value.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
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
    /// A comparison's, of versions that differ as was chosen: says nothing of the
    /// target and is shown nowhere as its result.
    Calibrate,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireConfig {
    default_target: Spanned<String>,
    #[serde(default)]
    run: Vec<Spanned<String>>,
    anchor: Option<Spanned<String>>,
    measurement_protocol: u32,
    cache_gib: Option<u64>,
    margins: Spanned<Margins>,
    profiles: WireProfiles,
    targets: IndexMap<String, Spanned<WireTarget>>,
    gate: Option<WireGate>,
    calibrate: Option<Spanned<Calibrate>>,
    #[serde(default)]
    goal: Vec<Spanned<WireGoal>>,
    site: Option<Spanned<SiteConfig>>,
    noise_watch: Option<Spanned<NoiseWatch>>,
    publication: Option<WirePublication>,
    service: Option<WireService>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireProfiles {
    quick: Spanned<Profile>,
    full: Spanned<Profile>,
    compare: Spanned<Profile>,
}

/// The schema of `bench.toml`.
pub(crate) fn schema(generator: SchemaGenerator) -> Schema {
    generator.into_root_schema_for::<WireConfig>()
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
        let single = [Some(&wire.default_target), wire.anchor.as_ref()].into_iter().flatten();
        for name in single.chain(&wire.run) {
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
        let goals = wire.goal.into_iter().map(|goal| {
            let is_target = |name: &str| wire.targets.contains_key(name);
            let (target, has_anchor) = (wire.default_target.get_ref(), wire.anchor.is_some());
            goal::goal_of(source, target, has_anchor, is_target, goal)
        });
        let goals = goals.collect::<Result<_, _>>()?;
        Ok(Self {
            goals,
            site: goal::site_of(source, wire.site)?,
            margins,
            quick: profile(&wire.profiles.quick)?,
            full: profile(&wire.profiles.full)?,
            compare: profile(&wire.profiles.compare)?,
            run: match wire.run.is_empty() {
                true => vec![wire.default_target.get_ref().clone()],
                false => wire.run.into_iter().map(Spanned::into_inner).collect(),
            },
            default_target: wire.default_target.into_inner(),
            anchor: wire.anchor.map(Spanned::into_inner),
            measurement_protocol: wire.measurement_protocol,
            cache_gib: wire.cache_gib,
            calibrate: wire
                .calibrate
                .map(|it| calibrate::checked(source, it, |name| wire.targets.contains_key(name)))
                .transpose()?,
            noise_watch: wire
                .noise_watch
                .map(|watch| noise_watch::checked(source, &watch))
                .transpose()?,
            publication: match wire.publication {
                Some(publication) => publication::checked(source, publication)?,
                None => Publication::default(),
            },
            service: match wire.service {
                Some(wire) => service::service_of(source, wire)?,
                None => ServiceConfig::default(),
            },
            gate: wire.gate.map(|gate| wire_gate::gate_of(source, gate)).transpose()?,
            targets: wire
                .targets
                .into_iter()
                .map(|(name, target)| wire::target_of(source, name, &target))
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
        TargetVersion::parse(text, &self.declared(), &self.default_target)
    }

    /// Reads a `TARGET@VERSION`, or a range of versions.
    ///
    /// # Errors
    /// See [`Versions::parse`].
    pub fn parse_versions(&self, text: &str) -> Result<Versions, VersionError> {
        Versions::parse(text, &self.declared(), &self.default_target)
    }

    fn declared(&self) -> Vec<Declared<'_>> {
        let is_crate = |target: &Target| matches!(target.origin, Origin::Crate(_));
        let targets = self.targets.iter();
        targets.map(|it| Declared { name: &it.name, is_crate: is_crate(it) }).collect()
    }

    /// The profile of that name.
    pub fn profile(&self, name: ProfileName) -> Profile {
        match name {
            ProfileName::Quick => self.quick,
            ProfileName::Full => self.full,
            ProfileName::Compare => self.compare,
            ProfileName::Calibrate => {
                let measure_ms = self.calibrate.as_ref().and_then(|it| it.measure_ms);
                Profile { measure_ms: measure_ms.or(self.compare.measure_ms), ..self.compare }
            }
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
            Self::Calibrate => "calibrate",
        }
    }
}
