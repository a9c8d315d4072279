//! Every series by name, with its newest value: what a reader searches. A script
//! filters the rows; without it the browser's own search does.

use super::{Layout, Site, render};
use crate::Error;
use crate::names;
use crate::trend;
use crate::words;
use askama::Template;

/// Its path from the site's root.
pub(crate) const PATH: &str = "benchmarks.html";

#[derive(Template)]
#[template(path = "benchmarks.html")]
struct Benchmarks {
    layout: Layout,
    count: usize,
    since_heading: String,
    suites: Vec<OfSuite>,
}

struct OfSuite {
    name: String,
    title: String,
    href: String,
    rows: Vec<Row>,
}

struct Row {
    benchmark: String,
    line: String,
    metric: &'static str,
    href: String,
    value: String,
    since: Option<words::Verdict>,
}

/// Renders the page.
pub(crate) fn page(site: &Site<'_>) -> Result<String, Error> {
    let mut suites: Vec<OfSuite> = Vec::new();
    for (suite, key, found) in site.found.all() {
        if suites.last().is_none_or(|last| last.name != suite) {
            let declared = site.declared(suite);
            suites.push(OfSuite {
                name: suite.to_owned(),
                title: declared.map_or_else(|| suite.to_owned(), |it| it.title.clone()),
                href: names::suite_page(suite),
                rows: Vec::new(),
            });
        }
        let line = site.history.suites.get(suite).and_then(|lines| lines.get(key));
        let newest = line.and_then(|line| trend::newest(site.history, line));
        let said = newest.map(|point| words::said(found.metric, &point.state(found.metric)));
        let row = Row {
            benchmark: key.benchmark.clone(),
            line: format!("{} {}", key.target, key.arm),
            metric: found.metric.label,
            href: names::series_page(suite, key, found.metric),
            value: said.map_or_else(String::new, |said| said.value),
            since: found.since_release.as_ref().map(words::verdict),
        };
        if let Some(last) = suites.last_mut() {
            last.rows.push(row);
        }
    }
    let page = Benchmarks {
        layout: Layout::of(PATH, "Benchmarks").described("Every series that is measured"),
        count: site.found.series(),
        since_heading: site.since_heading(),
        suites,
    };
    render(PATH, &page)
}
