//! `suite.toml` as it is written. These structs never leave this module: what
//! leaves is checked and expanded.

use super::expand::{expand, substitute};
use super::{Arm, Driver, NoiseClass, Suite};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::digest::{Digest, Hasher};
use crate::metric::Metric;
use indexmap::IndexMap;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use toml::Spanned;

mod asking;

use asking::{Values, WireAsking, WireExpect, WireLoad, WireRequest};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSuite {
    title: String,
    why: Spanned<String>,
    owner: Spanned<String>,
    benchmark: Vec<Spanned<WireBenchmark>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireBenchmark {
    name: Spanned<String>,
    driver: Driver,
    #[serde(default)]
    quick: bool,
    #[serde(default)]
    floor: bool,
    #[serde(default)]
    needs: Vec<Spanned<String>>,
    #[serde(default)]
    parameters: IndexMap<String, Spanned<Vec<String>>>,
    workload: Option<Spanned<String>>,
    component: Option<Spanned<String>>,
    #[serde(default)]
    precompile: bool,
    request: Option<Spanned<WireRequest>>,
    expect: Option<Spanned<WireExpect>>,
    requests: Option<Vec<Spanned<WireRequest>>>,
    load: Option<Spanned<WireLoad>>,
    metrics: Spanned<Vec<Spanned<String>>>,
    noise: NoiseClass,
    budget_s: u32,
}

pub(super) fn load(suites: &Path, name: &str) -> Result<Suite, Diagnostic> {
    let dir = suites.join(name);
    let file = dir.join("suite.toml");
    let text = std::fs::read_to_string(&file).map_err(|e| Diagnostic::unreadable(&file, &e))?;
    let source = SourceText { file: &file, text: &text };
    let wire: WireSuite = toml::from_str(&text).map_err(|e| source.toml_error(&e))?;
    for (field, value) in [("why", &wire.why), ("owner", &wire.owner)] {
        if value.get_ref().trim().is_empty() {
            return Err(source.at(value.span(), format!("`{field}` is empty")));
        }
    }
    let mut arms: Vec<Arm> = Vec::new();
    for benchmark in &wire.benchmark {
        for arm in (Reader { source, suites, dir: &dir }).arms(benchmark.get_ref())? {
            if arms.iter().any(|a| a.benchmark == arm.benchmark && a.name == arm.name) {
                let problem =
                    format!("benchmark `{}` has the arm `{}` twice", arm.benchmark, arm.name);
                return Err(source
                    .at(benchmark.span(), problem)
                    .with_remedy("tables of one name need different parameters"));
            }
            arms.push(arm);
        }
    }
    if arms.is_empty() {
        return Err(source
            .at(0..0, "a suite without a benchmark")
            .with_remedy("add a [[benchmark]] table"));
    }
    let sha256 = suite_digest(&dir, &arms)?;
    let WireSuite { title, why, owner, .. } = wire;
    Ok(Suite {
        name: name.to_owned(),
        dir,
        title,
        why: why.into_inner().trim().to_owned(),
        owner: owner.into_inner(),
        sha256,
        arms,
    })
}

struct Reader<'a> {
    source: SourceText<'a>,
    suites: &'a Path,
    dir: &'a Path,
}

impl Reader<'_> {
    fn arms(&self, wire: &WireBenchmark) -> Result<Vec<Arm>, Diagnostic> {
        self.check_name(&wire.name)?;
        let asking = WireAsking {
            request: wire.request.as_ref(),
            expect: wire.expect.as_ref(),
            requests: wire.requests.as_deref(),
            benchmark: wire.name.span(),
        };
        let metrics = self.metrics(wire)?;
        let mut parameters = IndexMap::new();
        for (name, values) in &wire.parameters {
            if values.get_ref().is_empty() {
                return Err(self
                    .source
                    .at(values.span(), format!("parameter `{name}` has no value")));
            }
            parameters.insert(name.clone(), values.get_ref().clone());
        }
        let mut arms = Vec::new();
        for parameters in expand(&parameters) {
            let filled = |text: &Spanned<String>| {
                substitute(text.get_ref(), &parameters).map_err(|unknown| {
                    let problem = format!("`{{{unknown}}}` is not a parameter of this benchmark");
                    self.source.at(text.span(), problem)
                })
            };
            let needs = wire.needs.iter().map(filled).collect::<Result<Vec<_>, _>>()?;
            let workload = match &wire.workload {
                Some(text) => Some(self.existing(text, self.dir.join(filled(text)?))?),
                None => None,
            };
            let component = match &wire.component {
                Some(text) => {
                    let file = format!("components/prebuilt/{}.wasm", filled(text)?);
                    Some(self.existing(text, self.suites.join(file))?)
                }
                None => None,
            };
            let values = Values { source: self.source, parameters: &parameters };
            let mut exchanges = asking.exchanges(values)?;
            let first = exchanges.remove(0);
            let load = values.load(wire.driver, wire.load.as_ref(), wire.name.span())?;
            let arm = Arm {
                benchmark: wire.name.get_ref().clone(),
                name: arm_name(&parameters),
                parameters,
                driver: wire.driver,
                needs,
                workload,
                component,
                precompile: wire.precompile,
                request: first.request,
                expect: first.expect,
                further: exchanges,
                load,
                metrics: metrics.clone(),
                noise: wire.noise,
                budget_s: wire.budget_s,
                quick: wire.quick,
                floor: wire.floor,
                definition_sha256: Digest::of(""),
            };
            arms.push(Arm { definition_sha256: definition_digest(&arm)?, ..arm });
        }
        Ok(arms)
    }

    fn check_name(&self, name: &Spanned<String>) -> Result<(), Diagnostic> {
        let text = name.get_ref();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || !text.chars().all(plain) {
            let problem = format!("`{text}` cannot name a benchmark");
            return Err(self.source.at(name.span(), problem).with_remedy("use a-z, 0-9 and -"));
        }
        Ok(())
    }

    fn metrics(&self, wire: &WireBenchmark) -> Result<Vec<&'static Metric>, Diagnostic> {
        let mut metrics = Vec::new();
        for name in wire.metrics.get_ref() {
            let known = wire.driver.metrics();
            match Metric::named(name.get_ref()).filter(|metric| known.contains(&metric.name)) {
                Some(metric) => metrics.push(metric),
                None => {
                    let problem =
                        format!("driver {} has no metric `{}`", wire.driver, name.get_ref());
                    let remedy = format!("it has {}", known.join(", "));
                    return Err(self.source.at(name.span(), problem).with_remedy(remedy));
                }
            }
        }
        if metrics.is_empty() {
            return Err(self
                .source
                .at(wire.metrics.span(), "`metrics` is empty; name the main one first"));
        }
        Ok(metrics)
    }

    fn existing(&self, text: &Spanned<String>, path: PathBuf) -> Result<PathBuf, Diagnostic> {
        if path.is_file() {
            return Ok(path);
        }
        let problem = format!("there is no file {}", path.display());
        Err(self.source.at(text.span(), problem))
    }
}

fn arm_name(parameters: &[(String, String)]) -> String {
    if parameters.is_empty() {
        return "default".to_owned();
    }
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(",")
}

fn read(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    std::fs::read(path).map_err(|e| Diagnostic::unreadable(path, &e))
}

/// What defines the numbers of an arm.
fn definition_digest(arm: &Arm) -> Result<Digest, Diagnostic> {
    let hasher = Hasher::default().part("driver", arm.driver.word());
    let mut hasher = asking::define(hasher, arm);
    for (name, path) in [("workload", &arm.workload), ("component", &arm.component)] {
        if let Some(path) = path {
            hasher = hasher.part(name, read(path)?);
        }
    }
    Ok(hasher.finish())
}

fn suite_digest(dir: &Path, arms: &[Arm]) -> Result<Digest, Diagnostic> {
    let mut files = BTreeSet::new();
    collect_files(dir, &mut files)?;
    let components: BTreeSet<&PathBuf> =
        arms.iter().filter_map(|arm| arm.component.as_ref()).collect();
    let mut hasher = Hasher::default();
    for path in &files {
        let relative = path.strip_prefix(dir).unwrap_or(path);
        hasher = hasher.part(&relative.to_string_lossy(), read(path)?);
    }
    for path in components {
        let name = path.file_name().unwrap_or_default();
        hasher = hasher.part(&name.to_string_lossy(), read(path)?);
    }
    Ok(hasher.finish())
}

fn collect_files(dir: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), Diagnostic> {
    let unreadable = |e: &std::io::Error| Diagnostic::unreadable(dir, e);
    for entry in std::fs::read_dir(dir).map_err(|e| unreadable(&e))? {
        let entry = entry.map_err(|e| unreadable(&e))?;
        let kind = entry.file_type().map_err(|e| unreadable(&e))?;
        if kind.is_dir() {
            collect_files(&entry.path(), files)?;
        } else {
            files.insert(entry.path());
        }
    }
    Ok(())
}
