//! The feed, the badges and the pictures: what other programs read.

use super::pages::{Pages, site_of_inputs};
use crate::fixture;
use atom_syndication::Feed;
use std::collections::BTreeSet;

fn pages() -> Pages {
    site_of_inputs(&fixture::all_inputs(), &fixture::all_runs())
}

#[test]
fn the_feed_tells_of_alerts_and_releases() {
    let pages = pages();
    let feed: Feed = pages["feed.xml"].parse().unwrap();
    let of = |kind: &str| {
        feed.entries.iter().filter(|it| it.categories.iter().any(|of| of.term == kind)).count()
    };
    assert_eq!(of("release"), 3, "{}", pages["feed.xml"]);
    assert_eq!(of("alert") + of("release"), feed.entries.len());
    let ids: BTreeSet<&str> = feed.entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids.len(), feed.entries.len(), "two entries share an id");
    for entry in &feed.entries {
        assert!(entry.links.iter().all(|link| pages.contains_key(&link.href)), "{entry:?}");
    }
    let newest = feed.entries.first().unwrap();
    assert!(feed.entries.iter().all(|entry| entry.updated <= newest.updated));
    assert_eq!(feed.updated, newest.updated);
}

#[test]
fn every_badge_is_on_its_page_and_says_one_ratio() {
    let pages = pages();
    let badges: Vec<_> = pages.iter().filter(|(path, _)| path.starts_with("badge/")).collect();
    assert!(badges.len() >= 4, "only {} badges", badges.len());
    for (path, svg) in badges {
        assert!(pages["badges.html"].contains(&format!("src=\"{path}\"")), "{path} is not shown");
        assert!(svg.contains("×") && svg.starts_with("<svg "), "{svg}");
    }
}

#[test]
fn flame_graphs_are_beside_what_they_explain() {
    let pages = pages();
    let drawn: Vec<_> = pages.keys().filter(|path| path.starts_with("profile/")).collect();
    assert_eq!(drawn.len(), 3, "{drawn:?}");
    let compared = pages.iter().filter(|(path, _)| path.starts_with("compare/"));
    let links = |page: &str| drawn.iter().map(|path| page.matches(path.as_str()).count()).sum();
    let most: Option<usize> = compared.map(|(_, page)| links(page)).max();
    assert_eq!(most, Some(3), "not all three of an arm, each once");
}

#[test]
fn previews_have_a_picture() {
    let pages = pages();
    for (page, picture) in [
        ("index.html", "og/index.png"),
        ("releases.html", "og/releases.png"),
        ("suite/size.html", "../og/size.png"),
        ("runs.html", "og/index.png"),
    ] {
        let meta = format!("<meta property=\"og:image\" content=\"{picture}\">");
        assert!(pages[page].contains(&meta), "{page} has not {meta}");
        assert!(pages.contains_key(picture.trim_start_matches("../")), "{picture} is not there");
    }
}
