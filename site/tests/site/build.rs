//! What the pages say.

use super::pages::{Pages, fixture_site, site_of, texts};
use crate::fixture;
use expect_test::{Expect, expect};
use model::Outcome;
use scraper::Html;

#[test]
fn the_same_runs_give_the_same_bytes() {
    let (one, other) = (fixture_site(), fixture_site());
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (path, text) in &one {
        assert_eq!(text, &other[path], "{path} differs between two builds");
    }
}

fn check(pages: &Pages, page: &str, selector: &str, expected: Expect) {
    expected.assert_eq(&texts(&pages[page], selector));
}

#[test]
fn an_empty_database_says_how_to_get_numbers() {
    let pages = site_of(&fixture::suites(), &[]);
    check(
        &pages,
        "index.html",
        ".answer",
        expect![
            "Are we fast yet? Nobody knows yet: nothing has been measured. To get a first number, which takes minutes once the host is built: bench run --quick bench site build --out site/out"
        ],
    );
    check(
        &pages,
        "index.html",
        ".tile .stamp, #runs ~ p",
        expect![[r#"
        Not measured yet.
        Not measured yet.
        Not measured yet.
        No run is in the database."#]],
    );
    check(
        &pages,
        "suite/size.html",
        ".notice",
        expect![
            "Nothing of this suite has been measured yet. To measure it: bench run --suite size"
        ],
    );
    check(
        &site_of(&[], &[]),
        "index.html",
        "#suites ~ p",
        expect!["There is no suite in this checkout."],
    );
}

#[test]
fn the_first_page_answers_at_a_glance() {
    let pages = fixture_site();
    check(
        &pages,
        "index.html",
        ".answer",
        expect![[
            r#"Are we fast yet? host answers a P3 request in 156 µs : 6.11× the native floor . Main at 96a89be1 got slower or larger in places: of the series, 1 worse, 12 undecided, 11 not comparable since c295ea9b. Worst: size/binary default size of the host's binary +0.04 % . fresh the newest run is of 2026-11-20, 2 days before this page was built (2026-11-22). Testbed 41634927: AMD EPYC 7763 64-Core Processor, 4 CPUs, Linux 6.12.31. Version 96a89be1 (Keep fibers between requests), median of 8 blocks on testbed 41634927, measured 2026-11-16. The multiple compares with native's own blocks of the same rounds; rounds bound by the load generator are left out."#
        ]],
    );
    check(
        &pages,
        "index.html",
        ".tile",
        expect![[r#"
        One HTTP request How much does it cost to answer one HTTP request from a component, and how far is that from answering it in plain Rust? hello-latency : median latency, lower is better trend value vs native since c295ea9b wasi=p2 99.1 µs 3.87× undecided wasi=p3 156 µs 6.11× undecided wasi=p2 99.1 µs; wasi=p3 156 µs; native wasi=native 25.8 µs beside it: native wasi=native 25.8 µs hello-throughput : throughput, higher is better trend value vs native since c295ea9b wasi=p2 35.4 k req/s 0.26× undecided wasi=p3 22.8 k req/s 0.16× undecided wasi=p2 35.4 k req/s; wasi=p3 22.8 k req/s; native wasi=native 140 k req/s beside it: native wasi=native 140 k req/s host@96a89be1 · measured 2026-11-16 · testbed 41634927 · 6 lines in 2 benchmarks
        Cold start quick profile How long does it take from spawning the host to its first right answer? hello : spawn to first right answer, lower is better trend value vs native since c295ea9b wasi=p2,code=compile 47.1 ms 26.4× not compared wasi=p2,code=precompiled 7.93 ms 4.44× not compared wasi=p3,code=precompiled 8.95 ms 5.00× not compared wasi=p2,code=compile 47.1 ms; wasi=p2,code=precompiled 7.93 ms; wasi=p3,code=precompiled 8.95 ms; native wasi=native 1.79 ms beside it: native wasi=native 1.79 ms host@96a89be1 · measured 2026-11-20 · testbed 41634927 · 4 lines in 1 benchmark
        Size How many bytes must be shipped to run a component? binary : size of the host's binary, lower is better trend value vs native since c295ea9b default 20.2 MiB 14.3× +0.04 % worse default 20.2 MiB; native default 1.41 MiB beside it: native default 1.41 MiB host@96a89be1 · measured 2026-11-16 · testbed 41634927 · 2 lines in 1 benchmark"#]],
    );
    check(
        &pages,
        "index.html",
        "#runs ~ .scroll tbody tr:nth-child(-n+3)",
        expect![[r#"
        2026-11-20 11:00 UTC interrupted none of its numbers are shown quick host@96a89be1 2 of 8 measured 000000000000dead
        2026-11-20 08:00 UTC complete quick host@96a89be1 8 of 8 measured 10000da740da7404
        2026-11-16 04:00 UTC complete full host@96a89be1 64 of 64 measured 10000c83fb72ea59"#]],
    );
}

#[test]
fn a_first_quick_run_is_shown_as_such() {
    let pages = site_of(&fixture::suites(), &[fixture::first_run()]);
    check(
        &pages,
        "index.html",
        ".answer",
        expect![[
            r#"Are we fast yet? host answers a P3 request in 159 µs : 6.08× the native floor . stale the newest run is of 2026-11-12, 10 days before this page was built (2026-11-22). Testbed 41634927: AMD EPYC 7763 64-Core Processor, 4 CPUs, Linux 6.12.31. Version c295ea9b (Bump wasmtime to 48.0.8), median of 2 blocks on testbed 41634927, measured 2026-11-12. The multiple compares with native's own blocks of the same rounds; rounds bound by the load generator are left out. quick profile few blocks: an indication, which never decides anything."#
        ]],
    );
    check(
        &pages,
        "index.html",
        ".tile .badge",
        expect![[r#"
        quick profile
        quick profile
        quick profile"#]],
    );
    check(
        &pages,
        "suite/http-invoke.html",
        "div.metric .newest tbody tr",
        expect![[r#"
        host wasi=p2 98.7 µs 3.77× 2 of 6 blocks needed – c295ea9b
        host wasi=p3 159 µs 6.08× 2 of 6 blocks needed – c295ea9b
        native wasi=native 26.2 µs anchor 2 of 6 blocks needed – sha256:bef32d2c
        host wasi=p2 35.6 k req/s 0.27× 2 of 6 blocks needed – c295ea9b
        host wasi=p3 22.9 k req/s 0.17× 2 of 6 blocks needed – c295ea9b
        native wasi=native 136 k req/s anchor 2 of 6 blocks needed – sha256:bef32d2c"#]],
    );
}

#[test]
fn a_newest_version_that_failed_is_not_passed_over() {
    let mut runs = fixture::runs();
    for run in runs.iter_mut().skip(fixture::VERSIONS - 1) {
        for block in run.blocks.iter_mut().filter(|block| block.cell.target == "host") {
            let (reason, log_tail) = ("answered 500".to_owned(), String::new());
            block.outcome = Outcome::Failed { reason, log_tail };
        }
    }
    let pages = site_of(&fixture::suites(), &runs);
    check(
        &pages,
        "index.html",
        ".claim, .notice",
        expect![[r#"
        host answers a P3 request in 157 µs : 6.11× the native floor .
        The newer version 96a89be1 has no such number: failed (answered 500)."#]],
    );
    check(
        &pages,
        "index.html",
        ".tile tbody.failed",
        expect![[r#"
        wasi=p2 failed : answered 500 last measured at c295ea9b: 99.5 µs
        wasi=p3 failed : answered 500 last measured at c295ea9b: 157 µs
        wasi=p2 failed : answered 500 last measured at c295ea9b: 36.0 k req/s
        wasi=p3 failed : answered 500 last measured at c295ea9b: 22.9 k req/s
        wasi=p2,code=compile failed : answered 500 last measured at c295ea9b: 46.6 ms
        wasi=p2,code=precompiled failed : answered 500 last measured at c295ea9b: 7.77 ms
        wasi=p3,code=precompiled failed : answered 500 last measured at c295ea9b: 8.79 ms
        default failed : answered 500 last measured at c295ea9b: 20.2 MiB"#]],
    );
}

#[test]
fn failed_and_unsupported_cells_are_said_in_words() {
    let pages = fixture_site();
    let page = "suite/cold-start.html";
    check(
        &pages,
        page,
        "div.metric tr.failed",
        expect![
            "host wasi=p3,code=precompiled failed the host exited with signal 6 before it was ready 0, 8 failed 09f905e1 100006d3"
        ],
    );
    check(
        &pages,
        page,
        "div.metric tr.unsupported",
        expect![[r#"
        host wasi=p3,code=precompiled not supported needs `http-p3`, which this version does not offer 0, 8 not supported 09f905e1 10000246
        host wasi=p3,code=precompiled not supported needs `http-p3`, which this version does not offer 0, 8 not supported 09f905e1 10000123
        host wasi=p3,code=precompiled not supported needs `http-p3`, which this version does not offer 0, 8 not supported 09f905e1 10000000"#]],
    );
    let absent = ".newest tr.absent";
    check(
        &pages,
        "suite/http-invoke.html",
        absent,
        expect![[r#"
        host wasi=p2 not measured not compared perf_event_open is not permitted here (kernel.perf_event_paranoid = 4) – 96a89be1
        host wasi=p3 not measured not compared perf_event_open is not permitted here (kernel.perf_event_paranoid = 4) – 96a89be1
        native wasi=native not measured perf_event_open is not permitted here (kernel.perf_event_paranoid = 4) – sha256:bef32d2c"#]],
    );
}

#[test]
fn changes_are_told_and_never_joined() {
    let pages = fixture_site();
    check(
        &pages,
        "suite/size.html",
        ".changes li",
        expect![[r#"
            from 9520fafe: testbed 09f905e1 became 41634927; kernel: 6.1.0-37-amd64 → 6.12.31
            from 677186f8: what host default measures was defined anew (c27487c25fe8 to 998cfe140284)
            from 677186f8: what native default measures was defined anew (c27487c25fe8 to 998cfe140284)"#]],
    );
    let page = Html::parse_document(&pages["suite/size.html"]);
    let lines = scraper::Selector::parse("figure:first-child path[class='line l1']").unwrap();
    let pieces = page.select(&lines).count();
    assert_eq!(pieces, 3, "the host's line has a piece for each definition and testbed");
}

#[test]
fn a_generator_bound_round_makes_no_ratio() {
    let pages = fixture_site();
    let row = "#benchmark-1 ~ div.metric .values tbody:nth-of-type(1) tr";
    check(
        &pages,
        "suite/http-invoke.html",
        row,
        expect![[r#"
            96a89be1 Keep fibers between requests 2026-11-15 host wasi=p2 35.4 k req/s 34.0 k req/s to 36.6 k req/s 8 0.26× 5 of 6 rounds needed; 3 rounds left out for the generator 41634927 10000c83
            host wasi=p3 22.8 k req/s 22.2 k req/s to 24.2 k req/s 8 0.16× 5 of 6 rounds needed; 3 rounds left out for the generator 41634927 10000c83
            native wasi=native 140 k req/s 138 k req/s to 144 k req/s generator-bound 8 anchor 41634927 10000c83"#]],
    );
}

#[test]
fn hostile_names_stay_text() {
    let hostile = r#"<script>alert("1")</script>'"><img src=x onerror=alert(1)> ../../x"#;
    let mut runs = fixture::runs();
    runs.truncate(2);
    for run in &mut runs {
        for block in &mut run.blocks {
            block.cell.suite = hostile.to_owned();
            block.cell.benchmark = format!("{hostile} b");
            block.cell.arm = format!("{hostile} a");
        }
        run.profile = hostile.to_owned();
        run.harness = hostile.to_owned();
        run.plan = hostile.to_owned();
    }
    let pages = site_of(&[], &runs);
    let suite = pages.keys().find(|path| path.starts_with("suite/")).unwrap();
    check(
        &pages,
        suite,
        "h1",
        expect![[r#"<script>alert("1")</script>'"><img src=x onerror=alert(1)> ../../x"#]],
    );
    check(
        &pages,
        suite,
        "#reproduce ~ pre",
        expect![[
            r#"bench run host@e600c0cb4a6e --suite '<script>alert("1")</script>'\''"><img src=x onerror=alert(1)> ../../x'"#
        ]],
    );
    let outside = ["badge/", "compare/", "data/", "og/", "series/"];
    let files = pages.keys().filter(|path| !outside.iter().any(|it| path.starts_with(it)));
    expect![[r#"
        404.html
        alerts-past.html
        alerts.html
        badges.html
        benchmarks.html
        compare.js
        compare.wasm
        docs/index.html
        failures.html
        feed.xml
        icon.svg
        index.html
        made-by-arewefastyet.txt
        plugin-or-service.html
        releases.html
        run/1000000000000000.html
        run/1000000000000000.json
        run/10000123456789ab.html
        run/10000123456789ab.json
        runs.html
        schemas/bench.schema.json
        schemas/bundle.schema.json
        schemas/suite.schema.json
        site.js
        style.css
        suite/script-alert-1-script-img-src-x-onerror-alert-1-x_3689a613f52b110007772da5.html
        targets.html
        testbeds.html
        tiny.html"#]]
    .assert_eq(&files.cloned().collect::<Vec<_>>().join("\n"));
    let harmless = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "/-_.".contains(c);
    for path in pages.keys() {
        assert!(path.chars().all(harmless) && !path.contains(".."), "{path}");
    }
    super::markup::assert_harmless(&pages);
}
