//! The host against its peers and the floor: for every benchmark the newest value
//! of each target, and its ratio to the default one. Ratios are of values measured
//! on one testbed, and are no verdicts.

use super::{Layout, Page, Site, render};
use crate::Error;
use crate::anchor;
use crate::names;
use crate::pages::suite;
use crate::prepared;
use crate::series::{Line, LineKey, Point, State};
use crate::trend;
use crate::words;
use askama::Template;
use model::Metric;
use std::collections::{BTreeMap, BTreeSet};

/// The page, from the site's root.
pub(crate) const PATH: &str = "targets.html";

#[derive(Template)]
#[template(path = "targets.html")]
struct TargetsPage {
    layout: Layout,
    default_target: String,
    targets: Vec<TargetView>,
    tables: Vec<TableView>,
}

struct TargetView {
    name: String,
    about: String,
    role: &'static str,
    versions: usize,
    newest: String,
}

/// A benchmark: a row for each arm, a column for each target.
struct TableView {
    id: String,
    suite: String,
    href: String,
    benchmark: String,
    caption: String,
    targets: Vec<String>,
    rows: Vec<RowView>,
}

struct RowView {
    arm: String,
    cells: Vec<CellView>,
}

#[derive(Default)]
struct CellView {
    kind: &'static str,
    value: String,
    ratio: String,
    version: String,
}

/// The page of targets.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let default = &site.config().default_target;
    let mut names: Vec<&str> = prepared::targets(site);
    let anchor = site.config().anchor.as_deref();
    names.extend(anchor.filter(|anchor| !site.history.versions.of_target(anchor).is_empty()));
    let targets = names.iter().map(|name| target_view(site, name)).collect();
    let mut tables = Vec::new();
    for suite in site.suite_names() {
        for benchmark in suite::benchmark_names(site, suite) {
            tables.extend(table(site, suite, benchmark, &names, tables.len()));
        }
    }
    let page = TargetsPage {
        layout: Layout::of(PATH, "Targets")
            .described("The newest version of the host beside its peers and the floor."),
        default_target: default.clone(),
        targets,
        tables,
    };
    Ok(vec![Page::of(PATH, render(PATH, &page)?)])
}

fn target_view(site: &Site<'_>, name: &str) -> TargetView {
    let config = site.config();
    let versions = site.history.versions.of_target(name);
    TargetView {
        name: name.to_owned(),
        about: config
            .target(name)
            .map_or_else(|| "no longer in bench.toml".to_owned(), |target| target.about.clone()),
        role: match () {
            () if name == config.default_target => "the host",
            () if config.anchor.as_deref() == Some(name) => "the floor",
            () => "a peer",
        },
        versions: versions.len(),
        newest: versions
            .last()
            .map(|newest| site.history.versions.get(*newest).label())
            .unwrap_or_default(),
    }
}

/// None if only one target was measured: there is nothing beside it.
fn table(
    site: &Site<'_>,
    suite: &str,
    benchmark: &str,
    names: &[&str],
    position: usize,
) -> Option<TableView> {
    let metric = *suite::shown_metrics(site, suite, benchmark).first()?;
    let anchor = site.config().anchor.as_deref();
    let lines = site.history.suites.get(suite)?;
    let of_benchmark: Vec<(&LineKey, &Line)> =
        lines.iter().filter(|(key, _)| key.benchmark == benchmark).collect();
    let measured: BTreeSet<&str> =
        of_benchmark.iter().map(|(key, _)| key.target.as_str()).collect();
    let targets: Vec<&str> = names.iter().copied().filter(|name| measured.contains(name)).collect();
    if targets.len() < 2 {
        return None;
    }
    let mut arms: BTreeMap<&str, BTreeMap<&str, &Line>> = BTreeMap::new();
    for (key, line) in of_benchmark {
        arms.entry(&key.arm).or_default().insert(&key.target, line);
    }
    let rows = arms
        .iter()
        // What only the floor measures stands beside the arms that are held against it.
        .filter(|(_, lines)| lines.keys().any(|target| anchor != Some(*target)))
        .map(|(arm, _)| {
            let newest =
                |target: &str| trend::newest(site.history, line_of(site, &arms, target, arm)?);
            let base = newest(&site.config().default_target);
            let cells = targets.iter().map(|target| cell(site, metric, newest(target), base));
            RowView {
                arm: if *arm == "default" { "all".to_owned() } else { arm.replace(',', ", ") },
                cells: cells.collect(),
            }
        })
        .collect();
    Some(TableView {
        id: format!("table-{position}"),
        suite: suite.to_owned(),
        href: names::suite_page(suite),
        benchmark: benchmark.to_owned(),
        caption: format!("{}, {}", metric.label, metric.direction.words()),
        targets: targets.into_iter().map(str::to_owned).collect(),
        rows,
    })
}

/// The line of a target for an arm: of the anchor, that of the arm it is compared by.
fn line_of<'a>(
    site: &Site<'_>,
    arms: &BTreeMap<&str, BTreeMap<&str, &'a Line>>,
    target: &str,
    arm: &str,
) -> Option<&'a Line> {
    let of = |arm: &str| arms.get(arm)?.get(target).copied();
    if site.config().anchor.as_deref() != Some(target) {
        return of(arm);
    }
    let measured = arms.iter().filter(|(_, lines)| lines.contains_key(target));
    of(anchor::matching_arm(arm, measured.map(|(arm, _)| *arm))?)
}

fn cell(site: &Site<'_>, metric: &Metric, point: Option<&Point>, base: Option<&Point>) -> CellView {
    let Some(point) = point else {
        return CellView { kind: "none", value: "not measured".to_owned(), ..CellView::default() };
    };
    let version = site.history.versions.get(point.measured).label();
    let said = words::said(metric, &point.state(metric));
    let ratio = match (point.state(metric), base.map(|base| (base, base.state(metric)))) {
        (
            State::Measured { summary, .. },
            Some((base, State::Measured { summary: of_base, .. })),
        ) if !std::ptr::eq(base, point)
            && of_base.value > 0.0
            && point.segment(&site.history.runs).0 == base.segment(&site.history.runs).0 =>
        {
            words::times(summary.value / of_base.value)
        }
        _ => String::new(),
    };
    CellView { kind: said.kind, value: said.value, ratio, version }
}
