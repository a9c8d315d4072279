//! A target as `bench.toml` writes it. These structs never leave the module
//! above: what leaves is checked.

use super::target::{
    CrateSource, FirmwareSpec, Launch, OptionSpec, Origin, Ready, Supported, Target, Variant,
};
use super::wire_firmware::{self, WireFirmware};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::spanned::Spanned;
use indexmap::IndexMap;
use schemars::JsonSchema;
use semver::VersionReq;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireTarget {
    about: String,
    repository: Option<Spanned<String>>,
    source: Option<PathBuf>,
    adapter: Option<PathBuf>,
    #[serde(rename = "crate")]
    crate_name: Option<Spanned<String>>,
    #[serde(default)]
    features: Vec<Spanned<String>>,
    default_features: Option<bool>,
    #[serde(default)]
    #[schemars(with = "IndexMap<String, serde_json::Value>")]
    profile: IndexMap<String, Spanned<toml::Value>>,
    binary: String,
    firmware: Option<Spanned<WireFirmware>>,
    #[serde(default)]
    suites: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    start: Spanned<Vec<String>>,
    start_precompiled: Option<Spanned<Vec<String>>>,
    precompile: Option<Spanned<Vec<String>>>,
    capabilities: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    supports: Vec<Spanned<WireSupported>>,
    #[serde(default)]
    options: WireOptions,
    #[serde(default)]
    environment: IndexMap<String, String>,
    ready_path: Option<Spanned<String>>,
    #[serde(default = "ten_seconds")]
    ready_timeout_s: f64,
    #[serde(default = "ten_seconds")]
    stop_timeout_s: f64,
    #[serde(default)]
    releases: Vec<Spanned<WireVariant>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireVariant {
    versions: String,
    features: Option<Vec<Spanned<String>>>,
    start: Option<Spanned<Vec<String>>>,
    options: Option<WireOptions>,
}

type WireOptions = IndexMap<String, IndexMap<String, Spanned<Vec<String>>>>;

#[derive(Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "`supports` must list capabilities, or tables with `versions` and `capabilities`"
)]
enum WireSupported {
    Always(String),
    Since(WireRange),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireRange {
    versions: String,
    capabilities: Vec<String>,
}

fn ten_seconds() -> f64 {
    10.0
}

const PLACEHOLDERS: [&str; 6] =
    ["binary", "workload", "addr", "component", "precompiled", "options"];

pub(super) fn target_of(
    source: SourceText<'_>,
    name: String,
    wire: &Spanned<WireTarget>,
) -> Result<Target, Diagnostic> {
    let reader = Reader { source, wire: wire.get_ref(), name: &name };
    Ok(Target {
        about: reader.wire.about.clone(),
        origin: reader.origin()?,
        binary: reader.wire.binary.clone(),
        launch: reader.launch()?,
        firmware: reader.firmware()?,
        suites: reader.wire.suites.clone(),
        variants: reader.variants()?,
        name,
    })
}

struct Reader<'a> {
    source: SourceText<'a>,
    wire: &'a WireTarget,
    name: &'a str,
}

impl Reader<'_> {
    /// A complaint about the target as a whole.
    fn refused(&self, problem: String) -> Diagnostic {
        self.source.at(self.wire.start.span(), problem)
    }

    fn origin(&self) -> Result<Origin, Diagnostic> {
        let wire = self.wire;
        match (&wire.source, &wire.crate_name) {
            (Some(source), None) => {
                let has_crate_key = !wire.features.is_empty()
                    || wire.default_features.is_some()
                    || !wire.profile.is_empty();
                if has_crate_key {
                    return Err(self.refused(format!(
                        "target `{}` is built from `source`, whose own manifest chooses: \
                         `features`, `default_features` and `profile` are for a `crate`",
                        self.name
                    )));
                }
                for (key, is_there) in
                    [("adapter", wire.adapter.is_some()), ("releases", !wire.releases.is_empty())]
                {
                    if is_there {
                        let problem = "is built from `source`, and has commits and no releases";
                        return Err(self.refused(format!(
                            "target `{}` {problem}: `{key}` is for a `crate`",
                            self.name
                        )));
                    }
                }
                Ok(Origin::Folder {
                    repository: self.repository()?,
                    source: source.clone(),
                    exclude: wire.exclude.clone(),
                })
            }
            (None, Some(name)) if wire.exclude.is_empty() && wire.repository.is_none() => {
                self.crate_source(name)
            }
            (None, Some(_)) => Err(self.refused(format!(
                "target `{}` is a `crate`; `exclude` and `repository` are for a `source`",
                self.name
            ))),
            _ => Err(self.refused(format!(
                "target `{}` needs `source` (a folder here) or `crate` (of the registry), \
                 one of them",
                self.name
            ))),
        }
    }

    fn repository(&self) -> Result<Option<String>, Diagnostic> {
        let Some(repository) = &self.wire.repository else { return Ok(None) };
        let text = repository.get_ref();
        // What begins with a dash would be an option of git's.
        if text.is_empty() || text.starts_with('-') || text.chars().any(char::is_control) {
            let problem = "`repository` must be the path or the URL of a git repository";
            return Err(self.source.at(repository.span(), problem));
        }
        Ok(Some(text.clone()))
    }

    fn crate_source(&self, name: &Spanned<String>) -> Result<Origin, Diagnostic> {
        // What cargo itself accepts; all of it is safe in a manifest.
        let plain = |text: &str, more: &str| {
            !text.is_empty()
                && !text.starts_with('-')
                && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        let wire = self.wire;
        if wire.adapter.is_some()
            && (!wire.features.is_empty()
                || wire.default_features.is_some()
                || !wire.profile.is_empty())
        {
            return Err(self.refused(format!(
                "target `{}` has an `adapter`, whose own manifest chooses `features`, \
                 `default_features` and `profile`",
                self.name
            )));
        }
        if !plain(name.get_ref(), "-_") {
            let problem = format!("`{}` cannot be the name of a crate", name.get_ref());
            return Err(self.source.at(name.span(), problem));
        }
        let of_variants = wire.releases.iter().filter_map(|it| it.get_ref().features.as_ref());
        let mut features = wire.features.iter().chain(of_variants.flatten());
        if let Some(feature) = features.find(|f| !plain(f.get_ref(), "-_+./?")) {
            let problem = format!("`{}` cannot be a feature", feature.get_ref());
            return Err(self.source.at(feature.span(), problem));
        }
        let mut profile = Vec::new();
        for (key, value) in &wire.profile {
            let text = match value.get_ref() {
                toml::Value::Boolean(switch) => Some(switch.to_string()),
                toml::Value::Integer(number) => Some(number.to_string()),
                toml::Value::String(word) if plain(word, "-") => Some(format!("\"{word}\"")),
                _ => None,
            };
            let Some(text) = text.filter(|_| plain(key, "-")) else {
                let problem = format!("`{key}` cannot be a setting of a cargo profile");
                return Err(self.source.at(value.span(), problem));
            };
            profile.push((key.clone(), text));
        }
        Ok(Origin::Crate(CrateSource {
            name: name.get_ref().clone(),
            features: plain_words(&wire.features),
            default_features: wire.default_features.unwrap_or(true),
            profile,
            adapter: wire.adapter.clone(),
        }))
    }

    fn launch(&self) -> Result<Launch, Diagnostic> {
        let wire = self.wire;
        if wire.capabilities.is_some() != wire.supports.is_empty() {
            return Err(self.refused(format!(
                "target `{}` needs `capabilities` (a command) or `supports` (a list), one of them",
                self.name
            )));
        }
        let ready = match &wire.ready_path {
            None => Ready::JsonLine,
            Some(path) if path.get_ref().starts_with('/') => {
                Ready::Http { path: path.get_ref().clone() }
            }
            Some(path) => {
                return Err(self.source.at(path.span(), "`ready_path` must start with /"));
            }
        };
        let optional = |words: &Option<Spanned<Vec<String>>>| {
            words.as_ref().map(|words| self.command(words)).transpose()
        };
        Ok(Launch {
            start: self.command(&wire.start)?,
            start_precompiled: optional(&wire.start_precompiled)?,
            precompile: optional(&wire.precompile)?,
            capabilities: optional(&wire.capabilities)?,
            supports: wire.supports.iter().map(|s| self.supported(s)).collect::<Result<_, _>>()?,
            options: self.options(&wire.options)?,
            environment: wire.environment.clone().into_iter().collect(),
            ready,
            ready_timeout: self.seconds("ready_timeout_s", wire.ready_timeout_s)?,
            stop_timeout: self.seconds("stop_timeout_s", wire.stop_timeout_s)?,
        })
    }

    fn firmware(&self) -> Result<Option<FirmwareSpec>, Diagnostic> {
        let Some(wire) = &self.wire.firmware else { return Ok(None) };
        if self.wire.source.is_none() {
            let problem = "`firmware` is built from a `source`, and this is a `crate`";
            return Err(self.source.at(wire.span(), problem));
        }
        let check = |words: &Spanned<Vec<String>>, known: &[&str]| {
            if words.get_ref().is_empty() {
                return Err(self.source.at(words.span(), "an empty command"));
            }
            let names: Vec<String> = known.iter().map(|name| format!("{{{name}}}")).collect();
            self.placeholders(words, |name| known.contains(&name), &names.join(" "))
        };
        wire_firmware::spec(wire.get_ref(), check).map(Some)
    }

    fn supported(&self, wire: &Spanned<WireSupported>) -> Result<Supported, Diagnostic> {
        Ok(match wire.get_ref() {
            WireSupported::Always(capability) => {
                Supported { versions: None, capabilities: vec![capability.clone()] }
            }
            WireSupported::Since(WireRange { versions, capabilities }) => {
                let range = self.range(versions, wire.span())?;
                Supported { versions: Some(range), capabilities: capabilities.clone() }
            }
        })
    }

    fn range(
        &self,
        versions: &str,
        span: std::ops::Range<usize>,
    ) -> Result<VersionReq, Diagnostic> {
        VersionReq::parse(versions).map_err(|e| {
            let problem = format!("`{versions}` is not a range of versions: {e}");
            self.source.at(span, problem).with_remedy("write e.g. \">=44, <50\"")
        })
    }

    fn variants(&self) -> Result<Vec<Variant>, Diagnostic> {
        let mut variants = Vec::new();
        for wire in &self.wire.releases {
            let WireVariant { versions, features, start, options } = wire.get_ref();
            variants.push(Variant {
                versions: self.range(versions, wire.span())?,
                features: features.as_deref().map(plain_words),
                start: start.as_ref().map(|words| self.command(words)).transpose()?,
                options: options.as_ref().map(|it| self.options(it)).transpose()?,
            });
        }
        Ok(variants)
    }

    fn options(&self, wire: &WireOptions) -> Result<Vec<OptionSpec>, Diagnostic> {
        let mut options = Vec::new();
        for (name, values) in wire {
            for words in values.values() {
                let known =
                    |placeholder: &str| ["value", "components", "code"].contains(&placeholder);
                self.placeholders(words, known, "{value} {components} {code}")?;
            }
            let values =
                values.iter().map(|(value, words)| (value.clone(), words.get_ref().clone()));
            options.push(OptionSpec { name: name.clone(), values: values.collect() });
        }
        Ok(options)
    }

    fn command(&self, words: &Spanned<Vec<String>>) -> Result<Vec<String>, Diagnostic> {
        if words.get_ref().is_empty() {
            return Err(self.source.at(words.span(), "an empty command"));
        }
        let is_option = |name: &str| {
            name.strip_prefix("options.").is_some_and(|name| self.wire.options.contains_key(name))
        };
        let known = PLACEHOLDERS.map(|name| format!("{{{name}}}")).join(" ");
        self.placeholders(words, |name| PLACEHOLDERS.contains(&name) || is_option(name), &known)?;
        let is_part = |word: &String| word.contains("{options") && !is_whole(word);
        if let Some(word) = words.get_ref().iter().find(|word| is_part(word)) {
            let problem = format!("`{word}`: options become words of their own");
            return Err(self.source.at(words.span(), problem));
        }
        Ok(words.get_ref().clone())
    }

    fn placeholders(
        &self,
        words: &Spanned<Vec<String>>,
        is_known: impl Fn(&str) -> bool,
        known: &str,
    ) -> Result<(), Diagnostic> {
        for word in words.get_ref() {
            let mut rest = word.as_str();
            while let Some((name, tail)) =
                rest.split_once('{').and_then(|(_, rest)| rest.split_once('}'))
            {
                if !is_known(name) {
                    return Err(self
                        .source
                        .at(words.span(), format!("unknown placeholder `{{{name}}}`"))
                        .with_remedy(format!("known are {known}")));
                }
                rest = tail;
            }
        }
        Ok(())
    }

    fn seconds(&self, field: &str, value: f64) -> Result<Duration, Diagnostic> {
        if value.is_finite() && (0.1..=600.0).contains(&value) {
            return Ok(Duration::from_secs_f64(value));
        }
        let problem = format!("`{field}` of target `{}` must be between 0.1 and 600", self.name);
        Err(self.refused(problem))
    }
}

fn plain_words(words: &[Spanned<String>]) -> Vec<String> {
    words.iter().map(|word| word.get_ref().clone()).collect()
}

fn is_whole(word: &str) -> bool {
    word.starts_with('{') && word.ends_with('}') && word.matches('{').count() == 1
}
