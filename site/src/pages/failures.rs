//! What failed: the arms whose newest measurement failed, then every failure there
//! was, and what versions do not support. A failure is never a gap.

use super::paging::{self, Position};
use super::{Layout, Page, Site, render};
use crate::Error;
use crate::names;
use crate::series::{LineKey, NotBuilt, Point, RunHead};
use crate::trend;
use crate::words;
use askama::Template;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Template)]
#[template(path = "failures.html")]
struct FailuresPage {
    layout: Layout,
    lead: String,
    /// The newest measurement of these failed.
    now: Vec<FailureView>,
    position: Position,
    rows: Vec<FailureView>,
    unsupported: Vec<UnsupportedView>,
    not_built: Vec<NotBuiltView>,
}

/// A version that could not be built, and never was since.
struct NotBuiltView {
    version: String,
    reason: String,
    run: String,
    run_href: String,
    day: String,
}

struct FailureView {
    name: String,
    suite_href: String,
    version: String,
    day: String,
    blocks: String,
    reason: String,
    run: String,
    run_href: String,
}

/// What versions cannot do, by reason.
struct UnsupportedView {
    reason: String,
    arms: usize,
    versions: String,
}

struct Failed<'a> {
    suite: &'a str,
    key: &'a LineKey,
    point: &'a Point,
    reason: &'a str,
}

/// The pages of failures.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let (mut now, mut all) = (Vec::new(), Vec::new());
    for (suite, lines) in &site.history.suites {
        for (key, line) in lines {
            let newest = trend::newest(site.history, line);
            for point in &line.points {
                let Some(reason) = &point.failure else { continue };
                // An anchor stands at every version it was measured beside, once a run.
                let failed = Failed { suite, key, point, reason };
                let is_newest = newest.is_some_and(|newest| std::ptr::eq(newest, point));
                if is_newest {
                    now.push(view(site, &failed));
                }
                all.push(failed);
            }
        }
    }
    all.sort_by_key(|it| (std::cmp::Reverse(it.point.run()), it.suite, it.key.clone()));
    all.dedup_by_key(|it| (it.point.run(), it.suite, it.key.clone(), it.point.measured));
    let lead = match (now.len(), all.len()) {
        (_, 0) => "No block of a complete run has failed.".to_owned(),
        (0, all) => format!(
            "Nothing fails now. {} of the past {} kept, with the reason.",
            words::counted(all, "failure"),
            if all == 1 { "is" } else { "are" }
        ),
        (now, all) => format!(
            "{} now failing; {} in all, each with its reason.",
            words::counted(now, "arm"),
            words::counted(all, "failure")
        ),
    };
    let mut pages = Vec::new();
    for (position, failed) in paging::chunks("failures", &all) {
        let is_first = position.newer.is_none();
        let page = FailuresPage {
            layout: Layout::of(&position.path, "Failures").described(lead.clone()),
            lead: lead.clone(),
            now: if is_first { std::mem::take(&mut now) } else { Vec::new() },
            rows: failed.iter().map(|failed| view(site, failed)).collect(),
            unsupported: if is_first { unsupported(site) } else { Vec::new() },
            not_built: if is_first { not_built(site) } else { Vec::new() },
            position,
        };
        let text = render(&page.position.path, &page)?;
        pages.push(Page::of(page.position.path, text));
    }
    Ok(pages)
}

fn view(site: &Site<'_>, failed: &Failed<'_>) -> FailureView {
    let Failed { suite, key, point, reason } = failed;
    let run = &site.history.runs[point.run()];
    let arm = if key.arm == "default" { String::new() } else { format!(" {}", key.arm) };
    let version = site.history.versions.get(point.measured);
    FailureView {
        name: format!("{suite}/{}{arm}", key.benchmark),
        suite_href: names::suite_page(suite),
        version: version.full_label(),
        day: words::day(run.started_at),
        blocks: words::block_counts(&point.blocks),
        reason: (*reason).to_owned(),
        run: run.id.to_string(),
        run_href: names::run_page(&run.id),
    }
}

/// By version, as its newest build told.
fn not_built(site: &Site<'_>) -> Vec<NotBuiltView> {
    let versions = &site.history.versions;
    let built: BTreeSet<String> =
        versions.all().map(|version| versions.get(version).full_label()).collect();
    let mut newest = BTreeMap::new();
    for run in &site.history.runs {
        for failed in run.not_built.iter().filter(|failed| !built.contains(&failed.version)) {
            newest.insert(failed.version.as_str(), (failed, run));
        }
    }
    let view = |(failed, run): (&NotBuilt, &RunHead)| NotBuiltView {
        version: failed.version.clone(),
        reason: failed.reason.clone(),
        run: run.id.to_string(),
        run_href: names::run_page(&run.id),
        day: words::day(run.started_at),
    };
    newest.into_values().map(view).collect()
}

/// Of the newest measurement of each line.
fn unsupported(site: &Site<'_>) -> Vec<UnsupportedView> {
    let mut by_reason: BTreeMap<&str, (usize, Vec<String>)> = BTreeMap::new();
    for line in site.history.suites.values().flat_map(BTreeMap::values) {
        let Some(point) = trend::newest(site.history, line) else { continue };
        let Some(reason) = &point.unsupported else { continue };
        let (arms, versions) = by_reason.entry(reason).or_default();
        *arms += 1;
        versions.push(site.history.versions.get(point.measured).full_label());
    }
    let view = |(reason, (arms, mut versions)): (&str, (usize, Vec<String>))| {
        versions.sort();
        versions.dedup();
        UnsupportedView { reason: reason.to_owned(), arms, versions: versions.join(", ") }
    };
    by_reason.into_iter().map(view).collect()
}
