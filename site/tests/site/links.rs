//! Links of the fixture's site.

use super::pages::{Pages, fixture_site, html, site_of_inputs};
use crate::fixture;
use scraper::Selector;

#[test]
fn every_link_leads_to_a_file_of_the_site() {
    let pages = site_of_inputs(&fixture::all_inputs(), &fixture::all_runs());
    let links = Selector::parse("[href], [src]").unwrap();
    let mut checked = 0;
    for (path, page) in html(&pages) {
        for element in page.select(&links) {
            let link = element.attr("href").or(element.attr("src")).unwrap();
            check(&pages, path, link);
            checked += 1;
        }
    }
    assert!(checked > 200, "only {checked} links were found");
}

fn check(pages: &Pages, from: &str, link: &str) {
    assert!(!link.contains(':') && !link.starts_with('/'), "{from} links to {link}");
    let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { from.to_owned() } else { resolve(from, file) };
    let text = pages.get(&target).unwrap_or_else(|| panic!("{from} links to {link}, not there"));
    let id = format!("id=\"{fragment}\"");
    assert!(fragment.is_empty() || text.contains(&id), "{from} links to {link}: no such id");
}

/// `../data/x.json` seen from `suite/y.html` is `data/x.json`.
fn resolve(from: &str, link: &str) -> String {
    let mut folders: Vec<&str> = from.split('/').collect();
    folders.pop();
    for part in link.split('/') {
        match part {
            ".." => assert!(folders.pop().is_some(), "{from} links outside: {link}"),
            part => folders.push(part),
        }
    }
    folders.join("/")
}

#[test]
fn nothing_comes_from_elsewhere() {
    for (path, text) in fixture_site() {
        // Names of formats, which nobody asks for; and what is no text.
        let formats = [
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/2005/Atom",
            "http://json-schema.org/draft-07/schema",
        ];
        let text = formats.iter().fold(text, |text, format| text.replace(format, ""));
        if path.ends_with(".wasm") || path.ends_with(".png") {
            continue;
        }
        for outside in ["http://", "https://", "@import", "url(", "//cdn"] {
            assert!(!text.contains(outside), "{path} contains {outside}");
        }
    }
}
