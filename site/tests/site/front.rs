//! What the first page and the pages of series say of releases, goals, remarks,
//! and of numbers that are old.

use super::pages::{Pages, read, texts};
use crate::fixture;
use ::site::{AlertNote, Inputs, Release, SiteBuilder};
use expect_test::{Expect, expect};
use jiff::SignedDuration;
use model::{Annotation, Config, Run, VersionId};
use std::path::Path;

fn check(pages: &Pages, page: &str, selector: &str, expected: Expect) {
    expected.assert_eq(&texts(&pages[page], selector));
}

/// The site of these runs, built some days after the fixture's last run.
fn site_of(inputs: &Inputs, runs: &[Run], days: i64) -> Pages {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let now = fixture::now() + SignedDuration::from_hours(24 * days);
    let entries = fixture::entries(runs);
    let mut builder = SiteBuilder::start(inputs, entries, &out, None, now).unwrap();
    for run in runs {
        builder.add_run(run).unwrap();
    }
    builder.finish().unwrap();
    read(&out)
}

fn release(runs: &[Run], position: usize, name: &str) -> Release {
    let VersionId::Commit { sha, committed_at, .. } = &runs[position].artifacts[0].version else {
        panic!("the host's versions are commits");
    };
    Release {
        target: "host".to_owned(),
        name: name.to_owned(),
        sha: sha.clone(),
        committed_at: *committed_at,
    }
}

/// `bench.toml` of the checkout with these tables in place of its own.
fn config(tables: &str) -> Config {
    let text = include_str!("../../../bench.toml");
    let (before, rest) = text.split_once("[site]").unwrap();
    let after = &rest[rest.find("[targets.host]").unwrap()..];
    let text = format!("{before}{tables}\n{after}");
    let config = Config::parse(Path::new("bench.toml"), &text).unwrap();
    Config { default_target: "host".to_owned(), anchor: Some("native".to_owned()), ..config }
}

fn inputs() -> (Inputs, Vec<Run>) {
    let runs = fixture::runs();
    let tables = r#"
[site]
url = "https://bench.example.org/"

[[goal]]
suite = "http-invoke"
benchmark = "hello-latency"
arm = "wasi=p3"
metric = "latency_p50_ns"
at_most = 120_000
why = "Less than the network"

[[goal]]
suite = "size"
benchmark = "binary"
arm = "default"
metric = "binary_bytes"
at_most = 20.0
times_anchor = true
why = "Fits where it must"
"#;
    let mut inputs = Inputs::of(fixture::suites(), config(tables));
    inputs.releases = vec![release(&runs, 8, "v1.0"), release(&runs, 9, "v1.1")];
    let remark = "[[annotation]]\nday = '2026-11-01'\ntext = 'The <new> allocator'";
    inputs.annotations = Annotation::parse(Path::new("annotations.toml"), remark).unwrap();
    (inputs, runs)
}

#[test]
fn releases_goals_and_age_are_told_at_a_glance() {
    let (inputs, runs) = inputs();
    let pages = site_of(&inputs, &runs, 0);
    check(&pages, "index.html", ".sentences li", expect![[""]]);
    check(&pages, "index.html", ".goals li", expect![[""]]);
    check(&pages, "index.html", ".fresh", expect![[""]]);
    let old = site_of(&inputs, &runs, 30);
    check(&old, "index.html", ".fresh.stale", expect![[""]]);
    assert!(pages["sitemap.xml"].contains("<loc>https://bench.example.org/suite/size.html</loc>"));
    check(&pages, "suite/size.html", ".events", expect![[""]]);
    check(&pages, "suite/http-invoke.html", ".answers li", expect![[""]]);
}

#[test]
fn a_series_has_a_page_with_its_numbers() {
    let (mut inputs, runs) = inputs();
    let page = "series/size/binary/host.binary_bytes.html";
    let pages = site_of(&inputs, &runs, 0);
    check(&pages, page, "h1, .claim, .facts div", expect![[""]]);
    let lines = pages["series/size/binary/host.binary_bytes.csv"].lines();
    let lines: Vec<&str> = lines.take(2).collect();
    expect![[""]].assert_eq(&lines.join("\n"));
    let json: serde_json::Value =
        serde_json::from_str(&pages["series/size/binary/host.binary_bytes.json"]).unwrap();
    let columns = json["columns"].as_object().unwrap();
    let lengths: std::collections::BTreeSet<usize> =
        columns.values().map(|column| column.as_array().unwrap().len()).collect();
    assert_eq!(lengths.len(), 1, "columns of unequal length: {lengths:?}");
    // What people say of a change does not change what is found.
    inputs.alerts = vec![AlertNote {
        target: "host".to_owned(),
        suite: "size".to_owned(),
        benchmark: "binary".to_owned(),
        arm: "default".to_owned(),
        metric: "binary_bytes".to_owned(),
        verdict: "regressed".to_owned(),
        first: "nowhere".to_owned(),
        state: "invalid",
        note: String::new(),
    }];
    assert_eq!(site_of(&inputs, &runs, 0)[page], pages[page]);
}
