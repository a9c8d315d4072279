//! The Atom feed of alerts and releases. Links are relative to it, so it works
//! wherever the site lies; nothing in it depends on when it was built.

use crate::Error;
use crate::names;
use crate::pages::alerts::{self, Alert};
use crate::pages::{Page, Site};
use crate::prepared;
use crate::versions::VersionRef;
use atom_syndication::{Category, Content, Entry, Feed, FixedDateTime, Link, Person, Text};
use jiff::Timestamp;
use model::Digest;

/// The feed, from the site's root.
pub(crate) const PATH: &str = "feed.xml";
/// Entries, the newest.
const MOST: usize = 100;

/// The feed.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let mut entries: Vec<(Timestamp, String, Entry)> = Vec::new();
    for alert in alerts::all(site) {
        let entry = of_alert(site, &alert);
        entries.push((
            site.history.versions.get(alert.change.first).time(),
            entry.id.clone(),
            entry,
        ));
    }
    for target in prepared::targets(site) {
        let releases = prepared::releases_of(site, target);
        for (at, release) in releases.iter().enumerate() {
            let before = at.checked_sub(1).map(|at| releases[at]);
            let entry = of_release(site, *release, before);
            let time = site.history.versions.get(*release).time();
            entries.push((time, entry.id.clone(), entry));
        }
    }
    entries.sort_by(|a, b| (b.0, &a.1).cmp(&(a.0, &b.1)));
    let feed = Feed {
        title: Text::plain("are we fast yet?"),
        subtitle: Some(Text::plain("Changes of level and releases")),
        id: "urn:x-arewefastyet:feed".to_owned(),
        updated: entries.first().map_or_else(FixedDateTime::default, |(time, ..)| date(*time)),
        authors: vec![Person { name: "arewefastyet".to_owned(), ..Person::default() }],
        links: vec![link("self", PATH), link("alternate", "index.html")],
        entries: entries.into_iter().take(MOST).map(|(.., entry)| entry).collect(),
        ..Feed::default()
    };
    Ok(vec![Page::of(PATH, feed.to_string())])
}

fn of_alert(site: &Site<'_>, alert: &Alert<'_>) -> Entry {
    let Alert { suite, key, metric, change } = alert;
    let name = |version: VersionRef| site.history.versions.get(version).full_label();
    let effect = change.effect.map_or_else(String::new, |it| format!(" by {:+.2} %", it * 100.0));
    let arm = if key.arm == "default" { String::new() } else { format!(" {}", key.arm) };
    let series = format!("{} {suite}/{}{arm}, {}", key.target, key.benchmark, metric.label);
    let standing = if change.is_suspected { "suspected" } else { "established" };
    let (after, first) = (name(change.after), name(change.first));
    let note = if change.note.is_empty() { String::new() } else { format!(" {}", change.note) };
    let about = format!(
        "The level changed after {after} and not after {first}; {standing}, {}.{note}",
        change.state
    );
    // The state is part of what is told, not of which change it is.
    let identity = format!("{series} {} {first}", change.verdict.word());
    let href = names::series_page(suite, key, metric);
    entry(
        "alert",
        &identity,
        format!("{series}: {}{effect}", change.verdict.word()),
        about,
        &href,
        site.history.versions.get(change.first).time(),
    )
}

fn of_release(site: &Site<'_>, release: VersionRef, before: Option<VersionRef>) -> Entry {
    let version = site.history.versions.get(release);
    let name = prepared::release_name(site, release).unwrap_or_else(|| version.label());
    let full = version.full_label();
    let (about, href) = match before {
        Some(before) => {
            let before = site.history.versions.get(before).full_label();
            (format!("Measured; the release before is {before}."), "releases.html".to_owned())
        }
        None => ("The first release that was measured.".to_owned(), "releases.html".to_owned()),
    };
    entry("release", &full, format!("{} {name}", version.target), about, &href, version.time())
}

fn entry(
    kind: &str,
    identity: &str,
    title: String,
    about: String,
    href: &str,
    time: Timestamp,
) -> Entry {
    let digest = Digest::of(identity).to_string();
    Entry {
        title: Text::plain(title),
        id: format!("urn:x-arewefastyet:{kind}:{}", &digest[..24]),
        updated: date(time),
        links: vec![link("alternate", href)],
        categories: vec![Category { term: kind.to_owned(), ..Category::default() }],
        content: Some(Content {
            value: Some(about),
            content_type: Some("text".to_owned()),
            ..Content::default()
        }),
        ..Entry::default()
    }
}

fn link(rel: &str, href: &str) -> Link {
    Link { href: href.to_owned(), rel: rel.to_owned(), ..Link::default() }
}

/// What the library calls a date; to the second, in UTC.
fn date(time: Timestamp) -> FixedDateTime {
    let text = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    text.parse().unwrap_or_default()
}
