//! Changes of level, open and past, with what people said of them.

use super::paging::{self, Position};
use super::{Layout, Page, Site, render};
use crate::Error;
use crate::found::FoundChange;
use crate::names;
use crate::profiles::{self, Picture};
use crate::series::LineKey;
use crate::versions::{VersionRef, shell_word};
use crate::words;
use askama::Template;
use model::Metric;

#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsPage {
    layout: Layout,
    heading: &'static str,
    lead: String,
    other: (&'static str, String),
    position: Position,
    rows: Vec<RowView>,
    states: Vec<(&'static str, &'static str)>,
    unknown: Vec<String>,
}

struct RowView {
    id: String,
    state: &'static str,
    verdict: &'static str,
    change: String,
    name: String,
    metric: &'static str,
    href: String,
    after: String,
    first: String,
    subject: String,
    day: String,
    standing: &'static str,
    epoch: String,
    note: String,
    command: String,
    /// What says why, where it can.
    explain: Option<String>,
    pictures: Vec<Picture>,
}

/// A change of a series.
pub(crate) struct Alert<'a> {
    pub(crate) suite: &'a str,
    pub(crate) key: &'a LineKey,
    pub(crate) metric: &'static Metric,
    pub(crate) change: &'a FoundChange,
}

/// What the states mean.
const STATES: [(&str, &str); 6] = [
    ("new", "nobody looked yet"),
    ("confirmed", "measuring both sides again showed it"),
    ("acknowledged", "known, and lived with"),
    ("invalid", "there is no change"),
    ("infra", "the machine or the measuring changed"),
    ("fixed", "a later version undid it"),
];

/// Every change there is, the newest first, then the largest.
pub(crate) fn all<'a>(site: &Site<'a>) -> Vec<Alert<'a>> {
    let mut alerts: Vec<Alert<'a>> = Vec::new();
    for (suite, key, series) in site.found.all() {
        let of_series = series.changes.iter();
        alerts.extend(of_series.map(|change| Alert { suite, key, metric: series.metric, change }));
    }
    let size = |alert: &Alert<'_>| alert.change.effect.map_or(0.0, |effect| effect.ln_1p().abs());
    alerts.sort_by(|a, b| {
        let rank = |alert: &Alert<'_>| site.history.versions.rank(alert.change.first);
        rank(b).cmp(&rank(a)).then_with(|| size(b).total_cmp(&size(a)))
    });
    alerts
}

/// The pages of open and of past changes.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let (open, past): (Vec<_>, Vec<_>) =
        all(site).into_iter().partition(|alert| alert.change.is_open());
    let unknown = unknown(site);
    let counts = [open.len(), past.len()];
    let mut pages = Vec::new();
    for (name, heading, alerts, other) in [
        ("alerts", "Alerts", &open, ("Past changes", "alerts-past.html", counts[1])),
        ("alerts-past", "Past changes", &past, ("Open alerts", "alerts.html", counts[0])),
    ] {
        let lead = lead(name == "alerts", alerts);
        for (position, alerts) in paging::chunks(name, alerts) {
            let first = position.newer.is_none();
            let layout = Layout::of(&position.path, heading).described(lead.clone());
            let rows = alerts.iter().enumerate().map(|(at, alert)| row(site, at, alert)).collect();
            let page = AlertsPage {
                layout,
                heading,
                lead: lead.clone(),
                other: (other.1, format!("{} ({})", other.0, other.2)),
                rows,
                states: STATES.to_vec(),
                unknown: if first && name == "alerts" { unknown.clone() } else { Vec::new() },
                position,
            };
            let text = render(&page.position.path, &page)?;
            pages.push(Page::of(page.position.path, text));
        }
    }
    Ok(pages)
}

fn lead(is_open: bool, alerts: &[Alert<'_>]) -> String {
    let count = alerts.len();
    let worse = alerts.iter().filter(|it| it.change.verdict == stats::Verdict::Regressed).count();
    match (is_open, count) {
        (true, 0) => "No series changed its level without somebody having said why.".to_owned(),
        (true, _) => format!(
            "{} in the level of a series that nobody has settled: {worse} for the worse, {} for \
             the better.",
            words::counted(count, "change"),
            count - worse
        ),
        (false, 0) => "No change has been settled yet.".to_owned(),
        (false, _) => format!("{} that somebody has settled.", words::counted(count, "change")),
    }
}

fn row(site: &Site<'_>, at: usize, alert: &Alert<'_>) -> RowView {
    let Alert { suite, key, metric, change } = alert;
    let versions = &site.history.versions;
    let first = versions.get(change.first);
    let arm = if key.arm == "default" { String::new() } else { format!(" {}", key.arm) };
    let full = |version: VersionRef| versions.get(version).full_label();
    let shell = |version: VersionRef| shell_word(&full(version));
    let after = shell(change.after);
    RowView {
        id: format!("alert-{at}"),
        state: change.state,
        verdict: change.verdict.word(),
        change: change
            .effect
            .map_or_else(|| "unknown".to_owned(), |effect| words::difference(effect, 2)),
        name: format!("{} {suite}/{}{arm}", key.target, key.benchmark),
        metric: metric.label,
        href: names::series_page(suite, key, metric),
        after: name(site, change.after),
        first: name(site, change.first),
        subject: first.subject(),
        day: words::day(first.time()),
        standing: if change.is_suspected { "suspected" } else { "established" },
        epoch: change.epoch.clone(),
        note: change.note.clone(),
        command: command(site, suite, change),
        explain: can_be_explained(site, suite, key).then(|| {
            let series = shell_word(&format!("{suite}/{}/{}", key.benchmark, key.arm));
            format!("bench explain {after} {} {series}", shell(change.first))
        }),
        pictures: profiles::links(
            &site.inputs.profiles,
            (suite, &key.benchmark, &key.arm),
            [change.after, change.first].map(full).each_ref().map(String::as_str),
            "",
        ),
    }
}

fn name(site: &Site<'_>, version: VersionRef) -> String {
    crate::prepared::release_name(site, version)
        .unwrap_or_else(|| site.history.versions.get(version).label())
}

/// Whether there is a load of requests to look into.
fn can_be_explained(site: &Site<'_>, suite: &str, key: &LineKey) -> bool {
    let of_suite = site.inputs.suite(suite);
    of_suite.is_some_and(|suite| {
        let mut arms = suite.arms_of(&key.benchmark);
        arms.any(|arm| arm.name == key.arm && arm.driver.has_load())
    })
}

/// What decides it: measuring both sides again.
fn command(site: &Site<'_>, suite: &str, change: &FoundChange) -> String {
    let version = |version: VersionRef| {
        let version = site.history.versions.get(version);
        shell_word(&version.full_label())
    };
    let (after, first) = (version(change.after), version(change.first));
    format!("bench compare {after} {first} --suite {}", shell_word(suite))
}

/// What people noted of changes that are not found (any more).
fn unknown(site: &Site<'_>) -> Vec<String> {
    let found = all(site);
    let is_found = |note: &crate::inputs::AlertNote| {
        found.iter().any(|alert| {
            (alert.suite, alert.metric.name, alert.change.verdict.word())
                == (note.suite.as_str(), note.metric.as_str(), note.verdict.as_str())
                && (&alert.key.target, &alert.key.benchmark, &alert.key.arm)
                    == (&note.target, &note.benchmark, &note.arm)
                && alert.change.state == note.state
                && alert.change.note == note.note
        })
    };
    let told = |note: &crate::inputs::AlertNote| {
        let first: String = note.first.chars().take(12).collect();
        format!(
            "{} {}/{} {} {}, {} since {first}: {} {}",
            note.target,
            note.suite,
            note.benchmark,
            note.arm,
            note.metric,
            note.verdict,
            note.state,
            note.note
        )
    };
    site.inputs.alerts.iter().filter(|note| !is_found(note)).map(told).collect()
}
