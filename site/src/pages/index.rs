//! The first page: the answer at one glance, what became of the newest release
//! and of what came after it, how old the numbers are, a tile for each suite, the
//! goals, and what needs looking at.

use super::front::{self, Change, Fresh, GoalRow, Sentence};
use super::shown::{Benchmark, ShownLine};
use super::suite::{benchmark_names, shown_metrics};
use super::tile::{self, Tile};
use super::{Layout, Site, render};
use crate::Error;
use crate::claim::{self, Claim};
use crate::names;
use crate::series::{Point, State};
use crate::source::RunEntry;
use crate::trend;
use crate::words::{self, Caveat};
use askama::Template;
use model::{Metric, RunStatus};

#[derive(Template)]
#[template(path = "index.html")]
struct Index {
    layout: Layout,
    answer: Option<Answer>,
    empty: &'static str,
    sentences: Vec<Sentence>,
    fresh: Option<Fresh>,
    ratio_heading: String,
    since_heading: String,
    tiles: Vec<Tile>,
    goals: Vec<GoalRow>,
    changes: Vec<Change>,
    changes_caption: String,
    runs: Vec<RunRow>,
    runs_caption: String,
}

struct Answer {
    claim: Claim,
    basis: String,
    caveats: Vec<Caveat>,
    notes: Vec<String>,
}

struct RunRow {
    id: String,
    href: Option<String>,
    started: String,
    status: &'static str,
    note: Option<String>,
    profile: String,
    blocks: String,
    versions: String,
}

const MOST_RUNS: usize = 8;

/// Renders the page.
pub(crate) fn page(site: &Site<'_>) -> Result<String, Error> {
    let shown = site.entries.len().min(MOST_RUNS);
    let (changes, changes_caption) = front::changes(site);
    let answer = answer(site);
    let told = answer.as_ref().map_or_else(
        || "Benchmarks of a WebAssembly component host".to_owned(),
        |answer| {
            let Claim { before, number, after, ratio } = &answer.claim;
            let ratio = ratio.as_ref().map(|ratio| format!(": {ratio}")).unwrap_or_default();
            format!("{before}{number}{after}{ratio}")
        },
    );
    let page = Index {
        layout: Layout::of("index.html", "Benchmarks of a WebAssembly component host")
            .described(told)
            .pictured(site.config()),
        answer,
        empty: if site.entries.iter().any(|entry| entry.status == RunStatus::Complete) {
            "no run has measured it successfully."
        } else {
            "nothing has been measured."
        },
        sentences: front::sentences(site),
        fresh: front::fresh(site),
        ratio_heading: site.ratio_heading(),
        since_heading: site.since_heading(),
        tiles: tiles(site),
        goals: front::goals(site),
        changes,
        changes_caption,
        runs: site.entries.iter().take(MOST_RUNS).map(|entry| run_row(site, entry)).collect(),
        runs_caption: format!("The newest {shown} of {} runs", site.entries.len()),
    };
    render("index.html", &page)
}

/// A candidate for the sentence at the top.
struct Candidate<'a> {
    metric: &'static Metric,
    line: ShownLine<'a>,
    /// Whether the anchor does the same.
    has_floor: bool,
    /// The newest point with a value.
    point: &'a Point,
    /// Newer versions without one.
    newer: Option<&'a Point>,
}

fn answer(site: &Site<'_>) -> Option<Answer> {
    let best = candidates(site).into_iter().min_by_key(|candidate| {
        let point = candidate.point;
        let arm = &candidate.line.key.arm;
        (
            site.history.runs[point.run()].is_quick(),
            // What has a floor is the host's own doing.
            !candidate.has_floor,
            point.blocks.void > 0,
            claim::preference(candidate.metric),
            // The newest interface is what the question is about.
            ["wasi=p3", "wasi=p2"].iter().position(|wasi| arm.contains(wasi)).unwrap_or(2),
        )
    })?;
    let Candidate { metric, line, point, newer, .. } = best;
    let state = point.state(metric);
    let claim = claim::claim(metric, &line.key.target, &line.key.arm, site.anchor(), &state)?;
    let run = &site.history.runs[point.run()];
    let version = site.history.versions.get(point.at);
    let basis = format!(
        "Version {} ({}), median of {} on testbed {}, measured {}.{}",
        version.label(),
        version.subject(),
        words::blocks(point.blocks.measured),
        run.epoch,
        words::day(run.started_at),
        if claim.ratio.is_some() {
            format!(
                " The multiple compares with {}'s own blocks of the same rounds; rounds bound \
                 by the load generator are left out.",
                site.anchor()
            )
        } else {
            String::new()
        }
    );
    let notes = newer
        .map(|newer| {
            let said = words::said(metric, &newer.state(metric));
            let label = site.history.versions.get(newer.at).label();
            format!(
                "The newer version {label} has no such number: {} ({}).",
                said.value, said.detail
            )
        })
        .into_iter()
        .collect();
    Some(Answer { claim, basis, caveats: words::caveats(point, &site.history.runs), notes })
}

fn candidates<'a>(site: &Site<'a>) -> Vec<Candidate<'a>> {
    let mut candidates = Vec::new();
    for suite in site.history.suites.keys() {
        for benchmark in benchmark_names(site, suite) {
            let Some(metric) = shown_metrics(site, suite, benchmark).first().copied() else {
                continue;
            };
            let Some(shown) = Benchmark::of(site, suite, benchmark) else { continue };
            let has_floor = shown.lines.iter().any(|line| line.line.is_anchor);
            for line in shown.lines {
                if line.key.target != site.config().default_target || line.line.is_anchor {
                    continue;
                }
                let newest = trend::newest(site.history, line.line);
                let measured =
                    |point: &&Point| matches!(point.state(metric), State::Measured { .. });
                let Some(point) = newest_where(&line, measured) else { continue };
                let newer = newest.filter(|newest| newest.at != point.at);
                candidates.push(Candidate { metric, line, has_floor, point, newer });
            }
        }
    }
    candidates
}

/// The newest shown point that satisfies a condition.
fn newest_where<'a>(
    line: &ShownLine<'a>,
    condition: impl Fn(&&'a Point) -> bool,
) -> Option<&'a Point> {
    let matching = line.points.iter().filter(|(_, point)| condition(point));
    matching.max_by_key(|(place, point)| (*place, point.run())).map(|(_, point)| *point)
}

fn run_row(site: &Site<'_>, entry: &RunEntry) -> RunRow {
    let anchor = format!("{}@", site.anchor());
    let under_test = entry.versions.iter().filter(|version| !version.starts_with(&anchor));
    let complete = entry.status == RunStatus::Complete;
    RunRow {
        id: entry.id.to_string(),
        href: complete.then(|| names::run_page(&entry.id)),
        started: words::minute(entry.started_at),
        status: entry.status.word(),
        note: match entry.status {
            RunStatus::Complete => None,
            RunStatus::Interrupted => Some("none of its numbers are shown".to_owned()),
            RunStatus::Running => Some("its numbers are shown when it is complete".to_owned()),
        },
        profile: entry.profile.clone(),
        blocks: blocks_words(entry),
        versions: under_test.map(String::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn blocks_words(entry: &RunEntry) -> String {
    let mut text = format!("{} of {} measured", entry.measured, entry.planned);
    for (count, word) in [(entry.failed, "failed"), (entry.unsupported, "not supported")] {
        if count > 0 {
            text.push_str(&format!(", {count} {word}"));
        }
    }
    text
}

/// A tile for each suite; what was measured is what people come for, so it is first.
fn tiles(site: &Site<'_>) -> Vec<Tile> {
    let mut tiles: Vec<Tile> =
        site.suite_names().into_iter().map(|name| tile::of(site, name)).collect();
    tiles.sort_by_key(|tile| !tile.is_measured());
    tiles
}
