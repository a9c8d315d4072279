//! The page of a suite: its question, its charts, how to measure it.

use super::metric::{Benchmark, MetricView};
use super::slope::{self, SlopeView};
use super::{Layout, Site, render};
use crate::Error;
use crate::fold::metrics_of;
use crate::names;
use crate::series::{Point, Value};
use crate::trend;
use crate::versions::shell_word;
use crate::words;
use askama::Template;
use model::Metric;
use std::collections::BTreeSet;

#[derive(Template)]
#[template(path = "suite.html")]
struct SuitePage {
    layout: Layout,
    title: String,
    /// Paragraphs.
    why: Vec<String>,
    stamp: String,
    ratio_heading: String,
    slopes: Vec<SlopeView>,
    benchmarks: Vec<BenchmarkView>,
    reproduce: Option<Reproduce>,
    first_command: String,
}

struct BenchmarkView {
    id: String,
    name: String,
    metrics: Vec<MetricView>,
}

struct Reproduce {
    version: String,
    command: String,
    caveat: Option<String>,
}

/// Renders the page of a suite.
pub(crate) fn page(site: &Site<'_>, name: &str) -> Result<String, Error> {
    let declared = site.declared(name);
    let mut benchmarks = Vec::new();
    for (position, benchmark) in benchmark_names(site, name).into_iter().enumerate() {
        let Some(shown) = Benchmark::of(site, name, benchmark) else { continue };
        let metrics = shown_metrics(site, name, benchmark)
            .into_iter()
            .map(|metric| shown.metric(site, metric, &format!("c{position}-{}", metric.name)))
            .collect::<Result<Vec<_>, Error>>()?;
        let id = format!("benchmark-{position}");
        benchmarks.push(BenchmarkView { id, name: benchmark.to_owned(), metrics });
    }
    let title = declared.map_or_else(|| name.to_owned(), |suite| suite.title.clone());
    let page = SuitePage {
        layout: Layout::of(&names::suite_page(name), &title),
        title,
        why: declared.map_or_else(
            || {
                vec![
                    "This suite is no longer in the checkout; what was measured is shown."
                        .to_owned(),
                ]
            },
            |suite| suite.why.trim().split("\n\n").map(str::to_owned).collect(),
        ),
        stamp: stamp(site, name),
        ratio_heading: site.ratio_heading(),
        slopes: slope::views(site, name)?,
        benchmarks,
        reproduce: reproduce(site, name),
        first_command: format!("bench run --suite {}", shell_word(name)),
    };
    render(&names::suite_page(name), &page)
}

/// The benchmarks with points: those of the checkout in its order, then others.
pub(crate) fn benchmark_names<'a>(site: &Site<'a>, suite: &str) -> Vec<&'a str> {
    let measured: BTreeSet<&str> = site
        .history
        .suites
        .get(suite)
        .into_iter()
        .flat_map(|lines| lines.keys())
        .map(|key| key.benchmark.as_str())
        .collect();
    let declared = site
        .inputs
        .suites
        .iter()
        .find(|declared| declared.name == suite)
        .map(model::Suite::benchmarks)
        .unwrap_or_default();
    let known: BTreeSet<&str> = declared.iter().copied().collect();
    let first = declared.into_iter().filter(|name| measured.contains(name));
    first.chain(measured.iter().copied().filter(|name| !known.contains(name))).collect()
}

/// The metrics of a benchmark: as the suite lists them, else as measured.
pub(crate) fn shown_metrics(site: &Site<'_>, suite: &str, benchmark: &str) -> Vec<&'static Metric> {
    let declared =
        site.declared(suite).map(|suite| metrics_of(suite, benchmark)).unwrap_or_default();
    if !declared.is_empty() {
        return declared;
    }
    let lines = site.history.suites.get(suite);
    let points = lines
        .into_iter()
        .flatten()
        .filter(|(key, _)| key.benchmark == benchmark)
        .flat_map(|(_, line)| &line.points);
    let measured: BTreeSet<&str> = points
        .flat_map(|point| point.values.iter())
        .filter(|(_, value)| matches!(value, Value::Measured { .. }))
        .map(|(metric, _)| metric.name)
        .collect();
    model::METRICS.iter().filter(|metric| measured.contains(metric.name)).collect()
}

fn stamp(site: &Site<'_>, name: &str) -> String {
    let mut parts = Vec::new();
    if let Some(suite) = site.declared(name) {
        parts.push(format!("Looked after by {}", suite.owner));
        parts.push(format!("suite {}", suite.sha256.short()));
    }
    let lines = site.history.suites.get(name);
    let runs: BTreeSet<usize> = lines
        .into_iter()
        .flat_map(|lines| lines.values())
        .flat_map(|line| &line.points)
        .map(Point::run)
        .collect();
    if let Some(last) = runs.last() {
        let day = words::day(site.history.runs[*last].started_at);
        parts.push(format!("{}, the last on {day}", words::counted(runs.len(), "run")));
    }
    parts.join(" · ")
}

fn reproduce(site: &Site<'_>, name: &str) -> Option<Reproduce> {
    let lines = site.history.suites.get(name)?;
    let newest = lines
        .values()
        .filter(|line| !line.is_anchor)
        .filter_map(|line| trend::newest(site.history, line))
        .max_by_key(|point| site.history.versions.rank(point.at))?;
    let version = site.history.versions.get(newest.at);
    Some(Reproduce {
        version: format!("{}@{}", version.target, version.label()),
        command: version.reproduce(name),
        caveat: version.caveat(),
    })
}
