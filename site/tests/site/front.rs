//! What the first page and the pages of series say of releases, goals, remarks,
//! and of numbers that are old.

use super::pages::{Pages, read, texts};
use crate::fixture;
use ::site::{AlertNote, Inputs, Release, SiteBuilder};
use expect_test::{Expect, expect};
use jiff::SignedDuration;
use model::{Annotation, Config, FailedBuild, ProfileName, Run, RunId, VersionId};
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
fn one_binary_is_no_worse_than_itself() {
    let (inputs, mut runs) = inputs();
    let of_release = runs[9].artifacts[0].binary_sha256;
    for run in &mut runs[10..] {
        run.artifacts[0].binary_sha256 = of_release;
    }
    let pages = site_of(&inputs, &runs, 0);
    let told = texts(&pages["index.html"], ".sentences li");
    assert!(
        told.ends_with("Main at 96a89be1 is the same binary as v1.1: nothing can have changed."),
        "{told}"
    );
    assert!(pages["suite/http-invoke.html"].contains("both are the same binary"));
}

#[test]
fn a_remark_about_what_nobody_measured_is_told() {
    let (mut inputs, runs) = inputs();
    let VersionId::Commit { sha, .. } = &runs[9].artifacts[0].version else { unreachable!() };
    let remarks = [(&sha[..8], "host"), (&sha[..8], "native"), ("0123456789", "host"), ("v9", "")];
    for (at, target) in remarks {
        let kind = if target.is_empty() { "release" } else { "commit" };
        let of = if target.is_empty() { String::new() } else { format!("target = '{target}'\n") };
        let remark = format!("[[annotation]]\n{kind} = '{at}'\n{of}text = 'A remark'");
        let remark = Annotation::parse(Path::new("annotations.toml"), &remark).unwrap();
        inputs.annotations.extend(remark);
    }
    let dir = tempfile::tempdir().unwrap();
    let entries = fixture::entries(&runs);
    let out = dir.path().join("out");
    let mut builder = SiteBuilder::start(&inputs, entries, &out, None, fixture::now()).unwrap();
    runs.iter().for_each(|run| builder.add_run(run).unwrap());
    let told = builder.finish().unwrap().without_place;
    let told: Vec<String> = told.iter().map(|remark| remark.at.to_string()).collect();
    assert_eq!(told, [&sha[..8], "0123456789", "v9"]);
}

#[test]
fn a_version_that_could_not_be_built_is_told_until_it_is_built() {
    let (inputs, mut runs) = inputs();
    let never = VersionId::Release { version: "9.9.9".to_owned() };
    let once = runs[9].artifacts[0].version.clone();
    for (reason, version) in [("no <linker>", never), ("no memory", once)] {
        runs[8].failed_builds.push(FailedBuild {
            target: "host".to_owned(),
            version,
            rustc: None,
            reason: reason.to_owned(),
            log_tail: String::new(),
        });
    }
    let page = &site_of(&inputs, &runs, 0)["failures.html"];
    assert_eq!(texts(page, "#not-built + .scroll tbody th"), "host@9.9.9");
    assert_eq!(texts(page, "#not-built + .scroll tbody .reason"), "no <linker>");
}

/// It measures the method and no version, so it makes no data fresh.
#[test]
fn a_calibration_is_no_news() {
    let (inputs, mut runs) = inputs();
    let fresh = |runs: &[Run]| texts(&site_of(&inputs, runs, 0)["index.html"], ".fresh");
    let before = fresh(&runs);
    let mut calibration = runs.last().unwrap().clone();
    calibration.id = RunId::from_bits(7);
    calibration.started_at += SignedDuration::from_hours(24);
    calibration.profile = ProfileName::Calibrate.word().to_owned();
    runs.push(calibration);
    assert_eq!(fresh(&runs), before);
}

#[test]
fn testbeds_are_linked_by_what_was_measured_on_both() {
    let (inputs, mut runs) = inputs();
    let told = |runs: &[Run]| texts(&site_of(&inputs, runs, 0)["testbeds.html"], "main");
    assert!(told(&runs).contains("Nothing links it to the epoch before"));
    let at = (1..runs.len()).find(|at| runs[at - 1].testbed != runs[*at].testbed).unwrap();
    runs[at].artifacts[0].binary_sha256 = runs[at - 1].artifacts[0].binary_sha256;
    let linked = told(&runs);
    assert!(linked.contains("The same binaries on both: 41634927 over 09f905e1"), "{linked}");
    let row = linked.split("http-invoke/hello-latency ").nth(1).unwrap();
    assert!(row.starts_with("median latency 0.8"), "{row}");
}

#[test]
fn releases_goals_and_age_are_told_at_a_glance() {
    let (inputs, runs) = inputs();
    let pages = site_of(&inputs, &runs, 0);
    check(
        &pages,
        "index.html",
        ".sentences li",
        expect![[r#"
        Release v1.1 got slower or larger in places: of the series, 1 worse, 2 the same, 19 undecided, 2 not comparable since v1.0. Worst: size/binary default size of the host's binary +0.04 % .
        Main at 96a89be1 got slower or larger in places: of the series, 5 worse, 8 undecided, 11 not comparable since v1.1. Worst: http-invoke/hello-throughput wasi=p2 CPU time per request +7.6 % ; http-invoke/hello-throughput wasi=p3 throughput −6.7 % ; http-invoke/hello-throughput wasi=p3 CPU time per request +7.2 % ."#]],
    );
    check(
        &pages,
        "index.html",
        ".goals li",
        expect![[r#"
        http-invoke/hello-latency wasi=p3 median latency 156 µs goal 120 µs: 30 % to go 77 % Less than the network
        size/binary default size of the host's binary 14.3× goal 20.0× native: reached 100 % Fits where it must"#]],
    );
    check(
        &pages,
        "index.html",
        ".fresh",
        expect![
            "fresh the newest run is of 2026-11-20, 2 days before this page was built (2026-11-22). Testbed 41634927: AMD EPYC 7763 64-Core Processor, 4 CPUs, Linux 6.12.31."
        ],
    );
    let old = site_of(&inputs, &runs, 30);
    check(
        &old,
        "index.html",
        ".fresh.stale",
        expect![
            "stale the newest run is of 2026-11-20, 32 days before this page was built (2026-12-22). Testbed 41634927: AMD EPYC 7763 64-Core Processor, 4 CPUs, Linux 6.12.31."
        ],
    );
    assert!(pages["sitemap.xml"].contains("<loc>https://bench.example.org/suite/size.html</loc>"));
    check(
        &pages,
        "suite/size.html",
        ".events",
        expect![
            "from 9520fafe: testbed 09f905e1 became 41634927; kernel: 6.1.0-37-amd64 → 6.12.31 9520fafe: The <new> allocator from 677186f8: what host default measures was defined anew (c27487c25fe8 to 998cfe140284) from 677186f8: what native default measures was defined anew (c27487c25fe8 to 998cfe140284)"
        ],
    );
    check(
        &pages,
        "suite/http-invoke.html",
        ".answers li",
        expect![[r#"
        hello-latency: median latency is 99.1 µs by wasi=p2 (3.87× native), 156 µs by wasi=p3 (6.11× native). Since v1.1: 2 undecided.
        hello-throughput: throughput is 35.4 k req/s by wasi=p2 (0.26× native), 22.8 k req/s by wasi=p3 (0.16× native). Since v1.1: 2 worse."#]],
    );
}

#[test]
fn a_series_has_a_page_with_its_numbers() {
    let (mut inputs, runs) = inputs();
    let page = "series/size/binary/host.binary_bytes.html";
    let pages = site_of(&inputs, &runs, 0);
    check(
        &pages,
        page,
        "h1, .claim, .facts div",
        expect![[r#"
        binary default
        20.2 MiB : 14.3× native
        Points 12 with a value of 12
        Noise not known yet
        Calibration False alarms: not calibrated here (bench calibrate).
        Testbeds 09f905e1, 41634927"#]],
    );
    let lines = pages["series/size/binary/host.binary_bytes.csv"].lines();
    let lines: Vec<&str> = lines.take(2).collect();
    expect![[r#"
        version,day,value,low,high,ratio,blocks,state,reason,testbed,definition,profile
        077a459b,2026-09-30,24310000,24310000,24310000,16.42,8,measured,,09f905e1,c27487c25fe8,full"#]].assert_eq(&lines.join("\n"));
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
