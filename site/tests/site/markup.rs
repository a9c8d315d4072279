//! Valid HTML that obeys the content policy.

use super::pages::{Pages, fixture_site, html, site_of};
use crate::fixture;
use scraper::Selector;
use std::collections::BTreeSet;

#[test]
fn pages_parse_without_an_error() {
    let broken = scraper::Html::parse_document("<!doctype html><p id=a></div>");
    assert!(!broken.errors.is_empty(), "the parser would not complain");
    for pages in [fixture_site(), site_of(&fixture::suites(), &[])] {
        for (path, page) in html(&pages) {
            assert_eq!(page.errors, Vec::<String>::new(), "{path}");
        }
        assert_harmless(&pages);
    }
}

/// Nothing that the content policy would have to stop, and ids are unique.
pub(crate) fn assert_harmless(pages: &Pages) {
    let all = Selector::parse("*").unwrap();
    for (path, page) in html(pages) {
        let mut ids = BTreeSet::new();
        for element in page.select(&all) {
            let name = element.value().name();
            let forbidden = ["style", "iframe", "object", "embed", "form", "base"];
            assert!(!forbidden.contains(&name), "{path} has a <{name}>");
            if name == "script" {
                let is_file = element.attr("src").is_some() && element.text().next().is_none();
                assert!(is_file, "{path} has a script inside");
            }
            for (attribute, value) in element.value().attrs() {
                let inline = attribute == "style" || attribute.starts_with("on");
                assert!(!inline, "{path} has {attribute}={value} on <{name}>");
                assert!(attribute != "id" || ids.insert(value), "{path} has the id {value} twice");
            }
        }
    }
}

#[test]
fn what_helps_to_read_is_there() {
    let count = |page: &scraper::Html, selector: &str| {
        page.select(&Selector::parse(selector).unwrap()).count()
    };
    for (path, page) in html(&fixture_site()) {
        for (selector, expected) in [
            ("html[lang=en]", 1),
            ("h1", 1),
            ("main#main", 1),
            (".skip[href='#main']", 1),
            ("meta[http-equiv=Content-Security-Policy]", 1),
            ("table:not(:has(> caption))", 0),
            ("th:not([scope])", 0),
            ("svg:not([aria-hidden]):not([role=img])", 0),
            ("svg[role=img]:not(:has(> title))", 0),
            ("svg[role=img]:not(:has(> desc))", 0),
            (".scroll:not([tabindex])", 0),
        ] {
            assert_eq!(count(&page, selector), expected, "{selector} in {path}");
        }
    }
}
