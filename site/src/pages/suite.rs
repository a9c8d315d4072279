//! The page of a suite: its question, the answer in words, its charts, how to
//! measure it.

use super::answer;
use super::metric::{self, MetricView};
use super::shown::Benchmark;
use super::slope::{self, SlopeView};
use super::{Layout, Site, render};
use crate::Error;
use crate::fold::metrics_of;
use crate::names;
use crate::series::Point;
use crate::trend;
use crate::versions::shell_word;
use crate::words;
use askama::Template;
use model::{METRICS, Metric};
use std::collections::BTreeSet;

#[derive(Template)]
#[template(path = "suite.html")]
struct SuitePage {
    layout: Layout,
    title: String,
    /// Paragraphs.
    why: Vec<String>,
    answers: Vec<String>,
    stamp: String,
    ratio_heading: String,
    since_heading: String,
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

/// How a reader measures it.
pub(crate) struct Reproduce {
    pub(crate) version: String,
    pub(crate) command: String,
    pub(crate) caveat: Option<String>,
}

/// Renders the page of a suite.
pub(crate) fn page(site: &Site<'_>, name: &str) -> Result<String, Error> {
    let declared = site.declared(name);
    let (mut benchmarks, mut answers) = (Vec::new(), Vec::new());
    let known = site.history.suites.get_key_value(name).map(|(name, _)| name.as_str());
    for (position, benchmark) in benchmark_names(site, name).into_iter().enumerate() {
        let shown = known.and_then(|name| Benchmark::of(site, name, benchmark));
        let Some(shown) = shown else { continue };
        let metrics = shown_metrics(site, name, benchmark);
        answers.extend(metrics.first().and_then(|main| answer::of_benchmark(site, &shown, main)));
        let view =
            |metric| metric::view(site, &shown, metric, &format!("c{position}-{}", metric.name));
        benchmarks.push(BenchmarkView {
            id: format!("benchmark-{position}"),
            name: benchmark.to_owned(),
            metrics: metrics.into_iter().map(view).collect(),
        });
    }
    let title = declared.map_or_else(|| name.to_owned(), |suite| suite.title.clone());
    let gone = "This suite is no longer in the checkout; what was measured is shown.".to_owned();
    let why: Vec<String> = declared.map_or_else(
        || vec![gone],
        |suite| suite.why.trim().split("\n\n").map(str::to_owned).collect(),
    );
    let path = names::suite_page(name);
    let page = SuitePage {
        layout: Layout::of(&path, &title)
            .described(why.first().cloned().unwrap_or_default())
            .pictured(site.config()),
        title,
        why,
        answers,
        stamp: stamp(site, name),
        ratio_heading: site.ratio_heading(),
        since_heading: site.since_heading(),
        slopes: slope::views(site, name)?,
        benchmarks,
        reproduce: reproduce(site, name),
        first_command: format!("bench run --suite {}", shell_word(name)),
    };
    render(&path, &page)
}

/// The benchmarks with points: those of the checkout in its order, then others.
pub(crate) fn benchmark_names<'a>(site: &Site<'a>, suite: &str) -> Vec<&'a str> {
    let lines = site.history.suites.get(suite).into_iter().flat_map(|lines| lines.keys());
    let measured: BTreeSet<&str> = lines.map(|key| key.benchmark.as_str()).collect();
    let declared = site.declared(suite).map(model::Suite::benchmarks).unwrap_or_default();
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
    let lines = site.history.suites.get(suite).into_iter().flatten();
    let measured: BTreeSet<&str> = lines
        .filter(|(key, _)| key.benchmark == benchmark)
        .flat_map(|(key, _)| site.found.metrics(suite, key))
        .map(|metric| metric.name)
        .collect();
    METRICS.iter().filter(|metric| measured.contains(metric.name)).collect()
}

fn stamp(site: &Site<'_>, name: &str) -> String {
    let mut parts = Vec::new();
    if let Some(suite) = site.declared(name) {
        parts.push(format!("Looked after by {}", suite.owner));
        parts.push(format!("suite {}", suite.sha256.short()));
    }
    let lines = site.history.suites.get(name).into_iter().flat_map(|lines| lines.values());
    let runs: BTreeSet<usize> = lines.flat_map(|line| &line.points).map(Point::run).collect();
    if let Some(last) = runs.last() {
        let run = &site.history.runs[*last];
        let day = words::day(run.started_at);
        let runs = words::counted(runs.len(), "run");
        parts.push(format!("{runs}, the last on {day} on testbed {}", run.epoch));
    }
    parts.join(" · ")
}

/// The command that measures the newest version of a suite again.
pub(crate) fn reproduce(site: &Site<'_>, name: &str) -> Option<Reproduce> {
    let lines = site.history.suites.get(name)?;
    let newest = lines
        .values()
        .filter(|line| !line.is_anchor)
        .filter_map(|line| trend::newest(site.history, line))
        .max_by_key(|point| site.history.versions.rank(point.at))?;
    let version = site.history.versions.get(newest.at);
    Some(Reproduce {
        version: version.full_label(),
        command: version.reproduce(name),
        caveat: version.caveat(),
    })
}
