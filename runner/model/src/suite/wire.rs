//! `suite.toml` as it is written. These structs never leave this module: what
//! leaves is checked and expanded.

use super::expand::expand;
use super::{Arm, Component, Driver, NoiseClass, Suite, component};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::digest::{Digest, Hasher};
use crate::metric::Metric;
use crate::schema::MetricName;
use crate::spanned::Spanned;
use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

mod arms;
mod asking;
mod definition;
mod filling;
mod slope;
mod task;
mod topology;

use asking::{Values, WireAsking, WireExpect, WireLoad, WireRequest};
use filling::{Filling, WireCount};
use slope::WireSlope;
use task::{WireCriterion, WireFires, WireFirmware, WireUntilFailure};
use topology::{WireHosts, WireProcess};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireSuite {
    /// What the suite is called on pages.
    title: String,
    /// The question it answers, with a question mark, and who decides what by the answer.
    why: Spanned<String>,
    /// Who answers for it.
    owner: Spanned<String>,
    /// What is measured.
    benchmark: Vec<Spanned<WireBenchmark>>,
    /// Pages that draw values over a parameter.
    #[serde(default)]
    slope: Vec<WireSlope>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireBenchmark {
    /// Its name: a-z, 0-9 and -.
    name: Spanned<String>,
    /// What measures it.
    driver: Driver,
    /// Whether `--quick` measures it: true, or the parameters that quick arms have.
    #[serde(default)]
    quick: WireQuick,
    /// Measured on the anchor only, to compare with.
    #[serde(default)]
    floor: bool,
    /// Capabilities that a version must have; else it is "not supported".
    #[serde(default)]
    needs: Vec<Spanned<String>>,
    /// Names with lists of values; their product makes the arms, and `{name}` stands for a value.
    #[serde(default)]
    parameters: IndexMap<String, Spanned<Vec<String>>>,
    /// The file handed to the host; a template if it ends in .j2.
    workload: Option<Spanned<String>>,
    /// Several hosts: a list of workloads, or `count` and `workload`.
    hosts: Option<Spanned<WireHosts>>,
    /// What runs beside the hosts.
    #[serde(default)]
    processes: Vec<Spanned<WireProcess>>,
    /// Which of suites/components/prebuilt the workload runs.
    component: Option<Spanned<String>>,
    /// The same, of a workload that runs several.
    #[serde(default)]
    components: Vec<Spanned<String>>,
    /// How the host is to be started, as its target in bench.toml declares.
    #[serde(default)]
    options: IndexMap<String, Spanned<String>>,
    /// Start from the component compiled beforehand.
    #[serde(default)]
    precompile: bool,
    /// What is asked.
    request: Option<Spanned<WireRequest>>,
    /// The one right answer.
    expect: Option<Spanned<WireExpect>>,
    /// Several requests in turn, each with its own answer.
    requests: Option<Vec<Spanned<WireRequest>>>,
    /// Driver density: more and more workloads until one fails.
    until_failure: Option<Spanned<WireUntilFailure>>,
    /// Driver command: the program and its words.
    command: Option<Vec<Spanned<String>>>,
    /// Driver criterion: which benchmark of the sources.
    criterion: Option<WireCriterion>,
    /// Driver recovery: how often the host is made to crash.
    crashes: Option<Spanned<WireCount>>,
    /// Driver fires: what is done at every interval.
    fires: Option<Spanned<WireFires>>,
    /// Driver qemu: which board and which variant.
    firmware: Option<WireFirmware>,
    /// How much is asked, and for how long.
    load: Option<Spanned<WireLoad>>,
    /// What is reported, the main one first.
    #[schemars(with = "Vec<MetricName>")]
    metrics: Spanned<Vec<Spanned<String>>>,
    /// Which margin of bench.toml holds.
    noise: NoiseClass,
    /// What one block may take, in seconds; then it is stopped and has failed.
    budget_s: u32,
}

/// Which arms belong to the quick profile.
#[derive(Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "`quick` must be true or false, or a table of the parameters that quick arms have"
)]
enum WireQuick {
    All(bool),
    Those(IndexMap<String, String>),
}

impl WireQuick {
    fn covers(&self, parameters: &[(String, String)]) -> bool {
        match self {
            Self::All(quick) => *quick,
            Self::Those(wanted) => wanted.iter().all(|(name, value)| {
                parameters.iter().any(|(known, has)| known == name && has == value)
            }),
        }
    }
}

impl Default for WireQuick {
    fn default() -> Self {
        Self::All(false)
    }
}

pub(super) fn load(suites: &Path, large: &Path, name: &str) -> Result<Suite, Diagnostic> {
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
    let recipes = component::recipes(&suites.join("components/large"), large)?;
    let reader = Reader { source, suites, dir: &dir, recipes: &recipes };
    let mut arms: Vec<Arm> = Vec::new();
    for benchmark in &wire.benchmark {
        for arm in reader.arms(benchmark.get_ref())? {
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
    let WireSuite { title, why, owner, slope, .. } = wire;
    let slopes = slope.into_iter().map(|wire| slope::check(source, wire, &arms));
    let slopes = slopes.collect::<Result<Vec<_>, _>>()?;
    Ok(Suite {
        name: name.to_owned(),
        dir,
        title,
        why: why.into_inner().trim().to_owned(),
        owner: owner.into_inner(),
        sha256,
        arms,
        slopes,
    })
}

/// The schema of `suite.toml`.
pub(super) fn schema(generator: SchemaGenerator) -> Schema {
    generator.into_root_schema_for::<WireSuite>()
}

struct Reader<'a> {
    source: SourceText<'a>,
    suites: &'a Path,
    dir: &'a Path,
    recipes: &'a BTreeMap<String, Component>,
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
        let mut arms = Vec::new();
        for parameters in expand(&self.parameters(wire)?) {
            let filling = Filling { source: self.source, parameters: &parameters };
            let filled = |text: &Spanned<String>| filling.fill(text);
            let needs = wire.needs.iter().map(filled).collect::<Result<Vec<_>, _>>()?;
            let hosts =
                topology::hosts(filling, self.dir, wire.workload.as_ref(), wire.hosts.as_ref())?;
            let processes =
                topology::processes(filling, self.dir, hosts.len(), &wire.processes, &wire.name)?;
            let (component, components) = self.components(filling, wire)?;
            let options = self.options(filling, wire)?;
            let task = task::task(filling, self.dir, wire)?;
            let values = Values { source: self.source, parameters: &parameters };
            let mut exchanges = asking.exchanges(wire.driver, values)?;
            let first = exchanges.remove(0);
            let load = values.load(wire.driver, wire.load.as_ref(), wire.name.span())?;
            let quick = wire.quick.covers(&parameters);
            let arm = Arm {
                benchmark: wire.name.get_ref().clone(),
                name: arm_name(&parameters),
                parameters,
                driver: wire.driver,
                needs,
                hosts,
                processes,
                component,
                components,
                options,
                precompile: wire.precompile,
                task,
                request: first.request,
                expect: first.expect,
                further: exchanges,
                load,
                metrics: metrics.clone(),
                noise: wire.noise,
                budget_s: wire.budget_s,
                quick,
                floor: wire.floor,
                definition_sha256: Digest::of(""),
                dir: self.dir.to_owned(),
                components_dir: self.components_dir(),
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
            let is_known = |metric: &&'static Metric| match wire.driver {
                Driver::Command => metric.is_comparable() && metric.is_of_samples(),
                _ => known.contains(&metric.name),
            };
            match Metric::named(name.get_ref()).filter(is_known) {
                Some(metric) => metrics.push(metric),
                None => {
                    let problem =
                        format!("driver {} has no metric `{}`", wire.driver, name.get_ref());
                    let near = crate::nearest(name.get_ref(), known.iter().copied());
                    let remedy = match known {
                        _ if near.is_some() => {
                            format!("did you mean `{}`?", near.unwrap_or_default())
                        }
                        [] => "`METRICS` in runner/model/src/metric.rs lists them".to_owned(),
                        _ => format!("it has {}", known.join(", ")),
                    };
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
    let hasher = asking::define(hasher, arm);
    Ok(definition::beside_the_request(hasher, arm)?.finish())
}

fn suite_digest(dir: &Path, arms: &[Arm]) -> Result<Digest, Diagnostic> {
    let mut files = BTreeSet::new();
    collect_files(dir, &mut files)?;
    let components: BTreeSet<&Component> = arms.iter().flat_map(|arm| &arm.components).collect();
    let mut hasher = Hasher::default();
    for path in &files {
        let relative = path.strip_prefix(dir).unwrap_or(path);
        hasher = hasher.part(&relative.to_string_lossy(), read(path)?);
    }
    for component in components {
        let name = component.path().file_name().unwrap_or_default();
        hasher = hasher.part(&name.to_string_lossy(), component.identity()?);
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
