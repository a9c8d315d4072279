//! What the pages say.

use super::pages::{Pages, fixture_site, site_of, texts};
use crate::fixture;
use expect_test::{Expect, expect};
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
    check(&pages, "index.html", ".answer", expect![]);
    check(&pages, "index.html", ".tile .stamp, #runs ~ p", expect![]);
    check(&pages, "suite/size.html", ".notice", expect![]);
    check(&site_of(&[], &[]), "index.html", "#suites ~ p", expect![]);
}

#[test]
fn the_first_page_answers_at_a_glance() {
    let pages = fixture_site();
    check(&pages, "index.html", ".answer", expect![]);
    check(&pages, "index.html", ".tile", expect![]);
    check(&pages, "index.html", "#runs ~ .scroll tbody tr:nth-child(-n+3)", expect![]);
}

#[test]
fn failed_and_unsupported_cells_are_said_in_words() {
    let pages = fixture_site();
    let page = "suite/cold-start.html";
    check(&pages, page, "div.metric tr.failed", expect![]);
    check(&pages, page, "div.metric tr.unsupported", expect![]);
    let absent = ".newest tr.absent";
    check(&pages, "suite/http-invoke.html", absent, expect![]);
}

#[test]
fn changes_are_told_and_never_joined() {
    let pages = fixture_site();
    check(&pages, "suite/size.html", ".changes li", expect![]);
    let page = Html::parse_document(&pages["suite/size.html"]);
    let lines = scraper::Selector::parse("figure:first-child polyline[stroke='#0B0001'][stroke-width='4']").unwrap();
    let pieces = page.select(&lines).count();
    assert_eq!(pieces, 3, "the host's line has a piece for each definition and testbed");
}

#[test]
fn a_generator_bound_round_makes_no_ratio() {
    let pages = fixture_site();
    let row = "#benchmark-1 ~ div.metric .values tbody:nth-of-type(1) tr";
    check(&pages, "suite/http-invoke.html", row, expect![]);
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
    check(&pages, suite, "h1", expect![]);
    check(&pages, suite, "#reproduce ~ pre", expect![]);
    expect![].assert_eq(&pages.keys().cloned().collect::<Vec<_>>().join("\n"));
    super::markup::assert_harmless(&pages);
}
