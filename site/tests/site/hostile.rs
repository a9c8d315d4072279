//! Names that are markup stay text, on every page: suites, benchmarks, arms,
//! subjects of commits, reasons of failures, notes of people.

use super::pages::{Pages, html, site_of_inputs};
use crate::fixture::more;
use model::{Outcome, VersionId};
use scraper::Selector;

#[test]
fn names_that_are_markup_stay_text() {
    let (inputs, runs) = more::hostile();
    let pages = site_of_inputs(&inputs, &runs);
    assert_no_foreign_markup(&pages);
    let shown = pages.iter().filter(|(path, _)| path.ends_with(".html"));
    let with_name = shown.filter(|(_, text)| text.contains("&#60;script&#62;")).count();
    assert!(with_name > 10, "the names are shown on {with_name} pages only");
    // Both ways into a subject and a reason are covered by the fixture.
    let run = &runs[0];
    assert!(matches!(&run.artifacts[0].version, VersionId::Commit { subject, .. }
        if subject.contains(more::HOSTILE)));
    assert!(runs.iter().flat_map(|run| &run.blocks).any(|block| matches!(&block.outcome,
        Outcome::Failed { reason, .. } if reason.contains(more::HOSTILE))));
}

/// Scripts come from files of the site only, and pictures are well-formed.
fn assert_no_foreign_markup(pages: &Pages) {
    let scripts = Selector::parse("script").unwrap();
    let images = Selector::parse("img").unwrap();
    for (path, page) in html(pages) {
        for script in page.select(&scripts) {
            let source = script.value().attr("src").unwrap_or_else(|| panic!("{path}: inline"));
            assert!(source.ends_with(".js") && script.inner_html().is_empty(), "{path}: {source}");
        }
        for image in page.select(&images) {
            let source = image.value().attr("src").unwrap_or_default();
            let file = source.trim_start_matches("../");
            assert!(pages.contains_key(file), "{path} shows {source}, which is not there");
        }
        assert_eq!(page.errors, Vec::<String>::new(), "{path}");
    }
    for (path, text) in pages.iter().filter(|(path, _)| path.ends_with(".svg")) {
        assert!(!text.contains("<script"), "{path} has a script");
    }
    let feed = &pages["feed.xml"];
    assert!(!feed.contains("<script"), "the feed has a script");
}
