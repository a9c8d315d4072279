//! Badges: small pictures of one ratio, for the README of a project, and the page
//! that shows what to paste. A ratio is no verdict, so they have no colour of one.

use super::{Layout, Page, Site, render};
use crate::Error;
use crate::names;
use crate::pages::suite;
use crate::prepared;
use crate::series::{Line, LineKey, Point, Ratio, State};
use crate::trend;
use crate::words;
use askama::Template;
use model::Metric;
use std::collections::BTreeMap;

/// The page, from the site's root.
pub(crate) const PATH: &str = "badges.html";

#[derive(Template)]
#[template(path = "badge.svg")]
struct BadgeSvg {
    label: String,
    value: String,
    label_px: usize,
    value_px: usize,
}

#[derive(Template)]
#[template(path = "badges.html")]
struct BadgesPage {
    layout: Layout,
    /// Before the path of a picture: where the site lies, if `bench.toml` says so.
    address: String,
    badges: Vec<BadgeView>,
}

struct BadgeView {
    path: String,
    text: String,
    /// What it is of.
    about: String,
    suite_href: String,
    width: usize,
}

/// Every badge and the page with all of them.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let (mut pages, mut badges) = (Vec::new(), Vec::new());
    for suite in site.suite_names() {
        for benchmark in suite::benchmark_names(site, suite) {
            let shown = suite::shown_metrics(site, suite, benchmark);
            let Some(metric) = shown.first() else { continue };
            for badge in of_benchmark(site, suite, benchmark, metric) {
                let svg = BadgeSvg {
                    label_px: width(&badge.label),
                    value_px: width(&badge.value),
                    label: badge.label,
                    value: badge.value,
                };
                badges.push(BadgeView {
                    width: svg.label_px + svg.value_px,
                    path: badge.path.clone(),
                    text: format!("{}: {}", svg.label, svg.value),
                    about: badge.about,
                    suite_href: names::suite_page(suite),
                });
                let text = render(&badge.path, &svg)?;
                pages.push(Page::of(badge.path, text));
            }
        }
    }
    let address = site.config().site.url.clone().unwrap_or_default();
    let layout = Layout::of(PATH, "Badges")
        .described("Small pictures of how the host stands beside its peers, to paste elsewhere.");
    pages.push(Page::of(PATH, render(PATH, &BadgesPage { layout, address, badges })?));
    Ok(pages)
}

struct Badge {
    path: String,
    label: String,
    value: String,
    about: String,
}

/// A badge for each arm that a peer was measured on too; of what no peer was, the
/// ratio to the floor.
fn of_benchmark(
    site: &Site<'_>,
    suite: &str,
    benchmark: &str,
    metric: &'static Metric,
) -> Vec<Badge> {
    let Some(lines) = site.history.suites.get(suite) else { return Vec::new() };
    let mut arms: BTreeMap<&str, Vec<(&LineKey, &Line)>> = BTreeMap::new();
    for (key, line) in lines.iter().filter(|(key, _)| key.benchmark == benchmark) {
        arms.entry(&key.arm).or_default().push((key, line));
    }
    let peers = prepared::targets(site);
    let default = site.config().default_target.as_str();
    let mut badges = Vec::new();
    for (arm, lines) in arms {
        let line = |target: &str| Some(lines.iter().find(|(key, _)| key.target == target)?.1);
        let of = |target: &str| trend::newest(site.history, line(target)?);
        let Some((own_line, own)) = line(default).zip(of(default)) else { continue };
        let beside = peers
            .iter()
            .filter(|peer| **peer != default)
            .filter_map(|peer| Some((*peer, ratio(site, metric, own, of(peer)?)?)));
        let mut ratios: Vec<(&str, f64)> = beside.collect();
        if ratios.is_empty() {
            let to_anchor = to_anchor(site, metric, own_line, own);
            ratios.extend(to_anchor.map(|ratio| (site.anchor(), ratio)));
        }
        for (peer, ratio) in ratios {
            let name = if arm == "default" { String::new() } else { format!(" {arm}") };
            badges.push(Badge {
                path: names::badge(suite, benchmark, arm, peer),
                label: format!("{suite}{}", short(arm)),
                value: format!("{} {peer}", words::times(ratio)),
                about: format!(
                    "{suite}/{benchmark}{name}: {} of {default} over that of {peer}, {}",
                    metric.label,
                    metric.direction.words()
                ),
            });
        }
    }
    badges
}

/// The values of an arm's parameters.
fn short(arm: &str) -> String {
    if arm == "default" {
        return String::new();
    }
    let values = arm.split(',').map(|part| part.split_once('=').map_or(part, |(_, value)| value));
    values.map(|value| format!(" {value}")).collect()
}

/// Of two values of one testbed.
fn ratio(site: &Site<'_>, metric: &Metric, own: &Point, peer: &Point) -> Option<f64> {
    let runs = &site.history.runs;
    let on_one_testbed = own.segment(runs).0 == peer.segment(runs).0;
    match (own.state(metric), peer.state(metric)) {
        (State::Measured { summary: own, .. }, State::Measured { summary: peer, .. })
            if on_one_testbed && peer.value > 0.0 =>
        {
            Some(own.value / peer.value)
        }
        _ => None,
    }
}

/// The ratio of the newest version to the anchor, by the run that speaks most for it
/// among those that measured both.
fn to_anchor(site: &Site<'_>, metric: &Metric, line: &Line, newest: &Point) -> Option<f64> {
    let ratio = |point: &Point| match point.state(metric) {
        State::Measured { ratio: Ratio::Measured(measured), .. } => Some(measured.summary.value),
        _ => None,
    };
    let of_version = line.points.iter().filter(|point| point.at == newest.at);
    let measured = of_version.filter_map(|point| Some((site.history.rank(point), ratio(point)?)));
    measured.max_by_key(|(rank, _)| *rank).map(|(_, ratio)| ratio)
}

/// Pixels of a text of 11 pixels in a usual sans-serif, and a margin: `textLength`
/// makes any font fit.
fn width(text: &str) -> usize {
    let tenths: usize = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | ':' | '\'' | '|' | '!' => 32,
            'f' | 't' | 'r' | ' ' | '-' | '/' | '(' | ')' => 42,
            'm' | 'w' | 'M' | 'W' | '×' | '%' => 92,
            c if c.is_ascii_uppercase() => 76,
            _ => 66,
        })
        .sum();
    tenths.div_ceil(10) + 12
}
