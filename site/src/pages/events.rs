//! What happened along a chart: changes of level, releases, new testbeds and
//! definitions, and what people remarked.

use super::Site;
use super::shown::{Benchmark, ShownLine};
use crate::chart::Mark;
use crate::names;
use crate::versions::VersionRef;
use crate::words;
use model::{Annotation, Metric, Moment, VersionId};

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// The first place after it.
    pub(crate) place: usize,
    /// `regressed`, `improved`, `release`, `epoch`, `definition`, `note`.
    pub(crate) class: &'static str,
    /// What stands above the chart; empty where a marker on the line says it.
    pub(crate) name: String,
    /// The sentence below the chart; empty where there is nothing to add.
    pub(crate) text: String,
    /// Where more is said: from the site's root, or elsewhere.
    pub(crate) link: Option<Link>,
}

/// Where more is said.
#[derive(Debug, Clone)]
pub(crate) enum Link {
    Page(String),
    Elsewhere(String),
}

impl Event {
    /// The address for a page that lies `root` below the site's root.
    pub(crate) fn href(&self, root: &str) -> Option<String> {
        Some(match self.link.as_ref()? {
            Link::Page(path) => format!("{root}{path}"),
            Link::Elsewhere(address) => address.clone(),
        })
    }

    /// The vertical line of it.
    pub(crate) fn mark(&self) -> Option<Mark> {
        let Self { place, class, name, .. } = self;
        let is_line = !matches!(*class, "regressed" | "improved");
        is_line.then(|| Mark { place: *place, class, name: name.clone() })
    }
}

/// More sentences than this nobody reads; the pages of series have all.
const MOST_CHANGES: usize = 12;

/// Everything that happened to a metric of these lines, newest first.
pub(crate) fn of(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
    lines: &[&ShownLine<'_>],
) -> Vec<Event> {
    let mut events = changes_of_level(site, benchmark, metric, lines);
    events.sort_by_key(|event| std::cmp::Reverse(event.place));
    let left_out = events.len().saturating_sub(MOST_CHANGES);
    events.truncate(MOST_CHANGES);
    if left_out > 0 {
        let text = format!("{left_out} older changes are on the pages of the series.");
        events.push(Event { place: 0, class: "regressed", name: String::new(), text, link: None });
    }
    for change in benchmark.changes(site.history, lines).iter() {
        let version = site.history.versions.get(benchmark.axis.versions[change.place]);
        events.push(Event {
            place: change.place,
            class: if change.is_testbed { "epoch" } else { "definition" },
            name: if change.is_testbed { "testbed" } else { "redefined" }.to_owned(),
            text: format!("from {}: {}", version.label(), change.told),
            link: None,
        });
    }
    for release in &site.marks().releases {
        if let Some(place) = benchmark.axis.place(release.version) {
            let (class, name) = ("release", release.name.clone());
            events.push(Event { place, class, name, text: String::new(), link: None });
        }
    }
    events.extend(remarks(site, benchmark));
    events.sort_by_key(|event| std::cmp::Reverse(event.place));
    events
}

fn changes_of_level(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
    lines: &[&ShownLine<'_>],
) -> Vec<Event> {
    let mut events = Vec::new();
    for line in lines {
        let found = site.found.series_of(benchmark.suite, line.key, metric);
        for change in found.into_iter().flat_map(|series| &series.changes) {
            let Some(place) = benchmark.axis.place(change.first) else { continue };
            events.push(Event {
                place,
                class: change.verdict.word(),
                name: String::new(),
                text: format!("{} {}", line.name(site), words::found_change(site, change)),
                link: Some(Link::Page(names::series_page(benchmark.suite, line.key, metric))),
            });
        }
    }
    events
}

fn remarks(site: &Site<'_>, benchmark: &Benchmark<'_>) -> Vec<Event> {
    let concerns = |own: &Option<String>, name: &str| own.as_deref().is_none_or(|own| own == name);
    let is_of_suite = |target: &Option<String>| {
        let default = &site.config().default_target;
        let mut targets = benchmark.lines.iter().map(|line| &line.key.target);
        target.is_none()
            || target.as_ref() == Some(default)
            || targets.any(|it| concerns(target, it))
    };
    let all = site.inputs.annotations.iter();
    let own = all.filter(|it| concerns(&it.suite, benchmark.suite) && is_of_suite(&it.target));
    own.filter_map(|remark| {
        let place = benchmark.axis.versions.iter().position(|at| is_at(site, *at, &remark.at))?;
        let version = site.history.versions.get(benchmark.axis.versions[place]).label();
        Some(Event {
            place,
            class: "note",
            name: "note".to_owned(),
            text: format!("{version}: {}", remark.text),
            link: remark.link.clone().map(Link::Elsewhere),
        })
    })
    .collect()
}

/// Remarks that are on no page, since nothing was measured of what they are about.
pub(crate) fn without_place(site: &Site<'_>) -> Vec<Annotation> {
    let versions = &site.history.versions;
    let has_place = |remark: &&Annotation| {
        versions.all().any(|version| {
            let target = &versions.get(version).target;
            remark.target.as_ref().is_none_or(|own| own == target)
                && is_at(site, version, &remark.at)
        })
    };
    site.inputs.annotations.iter().filter(|remark| !has_place(remark)).cloned().collect()
}

/// Whether a version is the first one that a remark is about.
fn is_at(site: &Site<'_>, version: VersionRef, moment: &Moment) -> bool {
    let version = site.history.versions.get(version);
    match (moment, &version.id) {
        (Moment::Commit(digits), VersionId::Commit { sha, .. }) => sha.starts_with(digits),
        (Moment::Release(name), VersionId::Release { version }) => name == version,
        (Moment::Release(name), VersionId::Commit { sha, .. }) => {
            let release = site.inputs.release(&version.target, sha);
            release.is_some_and(|release| release.name == *name)
        }
        (Moment::Day(day), _) => version.time().to_zoned(jiff::tz::TimeZone::UTC).date() >= *day,
        _ => false,
    }
}
