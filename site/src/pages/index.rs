//! The first page: the answer at one glance, a tile for each suite, and what
//! has run.

use super::metric::{Benchmark, ShownLine};
use super::suite::{benchmark_names, shown_metrics};
use super::{Layout, Site, render};
use crate::Error;
use crate::claim::{self, Claim};
use crate::names;
use crate::series::{Point, State};
use crate::source::RunEntry;
use crate::sparkline;
use crate::trend;
use crate::versions::VersionRef;
use crate::words::{self, Caveat, Said};
use askama::Template;
use model::{Metric, RunStatus};

#[derive(Template)]
#[template(path = "index.html")]
struct Index {
    layout: Layout,
    answer: Option<Answer>,
    empty: &'static str,
    ratio_heading: String,
    tiles: Vec<Tile>,
    runs: Vec<RunRow>,
    runs_caption: String,
}

struct Answer {
    claim: Claim,
    basis: String,
    caveats: Vec<Caveat>,
    notes: Vec<String>,
}

struct Tile {
    title: String,
    href: String,
    why: String,
    badges: Vec<Caveat>,
    groups: Vec<Group>,
    stamp: String,
}

struct Group {
    benchmark: String,
    metric: &'static str,
    direction: &'static str,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    sparkline: String,
    said: Said,
    note: Option<String>,
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

const MOST_RUNS: usize = 30;

/// Renders the page.
pub(crate) fn page(site: &Site<'_>) -> Result<String, Error> {
    let shown = site.entries.len().min(MOST_RUNS);
    let page = Index {
        layout: Layout::of("index.html", "Benchmarks of a WebAssembly component host"),
        answer: answer(site),
        empty: if site.entries.iter().any(|entry| entry.status == RunStatus::Complete) {
            "no run has measured it successfully."
        } else {
            "nothing has been measured."
        },
        ratio_heading: site.ratio_heading(),
        tiles: site.suite_names().into_iter().map(|name| tile(site, name)).collect(),
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

fn tile(site: &Site<'_>, name: &str) -> Tile {
    let declared = site.declared(name);
    let mut groups = Vec::new();
    let mut newest: Option<&Point> = None;
    for benchmark in benchmark_names(site, name) {
        let Some(metric) = shown_metrics(site, name, benchmark).first().copied() else { continue };
        let Some(shown) = Benchmark::of(site, name, benchmark) else { continue };
        let own = || shown.lines.iter().filter(|line| !line.line.is_anchor);
        let points = own().filter_map(|line| trend::newest(site.history, line.line));
        newest = points
            .chain(newest)
            .max_by_key(|point| (site.history.versions.rank(point.at), site.history.rank(point)));
        let newest_of_group = shown.axis.versions.last().copied();
        groups.push(Group {
            benchmark: benchmark.to_owned(),
            metric: metric.label,
            direction: metric.direction.words(),
            rows: own()
                .filter_map(|line| {
                    row(site, metric, line, shown.axis.versions.len(), newest_of_group)
                })
                .collect(),
        });
    }
    Tile {
        title: declared.map_or_else(|| name.to_owned(), |suite| suite.title.clone()),
        href: names::suite_page(name),
        why: declared.map_or_else(
            || "No longer in the checkout.".to_owned(),
            |suite| first_sentence(&suite.why),
        ),
        badges: newest.map(|point| words::caveats(point, &site.history.runs)).unwrap_or_default(),
        stamp: newest.map_or_else(|| "Not measured yet.".to_owned(), |point| stamp(site, point)),
        groups,
    }
}

fn stamp(site: &Site<'_>, point: &Point) -> String {
    let run = &site.history.runs[point.run()];
    let version = site.history.versions.get(point.at);
    format!(
        "{}@{} · measured {} · testbed {}",
        version.target,
        version.label(),
        words::day(run.started_at),
        run.epoch
    )
}

fn row(
    site: &Site<'_>,
    metric: &'static Metric,
    line: &ShownLine<'_>,
    places: usize,
    newest_of_group: Option<VersionRef>,
) -> Option<Row> {
    let point = trend::newest(site.history, line.line)?;
    let pieces: Vec<Vec<(usize, f64)>> = trend::segments(site.history, &line.points, metric)
        .iter()
        .map(|piece| {
            let value = |(place, point): &(usize, &Point)| match point.state(metric) {
                State::Measured { summary, .. } => Some((*place, summary.value)),
                _ => None,
            };
            piece.iter().filter_map(value).collect()
        })
        .collect();
    let name = if line.key.target == site.config().default_target {
        line.key.arm.clone()
    } else {
        format!("{} {}", line.key.target, line.key.arm)
    };
    Some(Row {
        name,
        sparkline: sparkline::svg(places, &pieces, line.style),
        said: words::said(metric, &point.state(metric)),
        note: note(site, metric, line, point, newest_of_group),
    })
}

/// What a reader must know beside the number.
fn note(
    site: &Site<'_>,
    metric: &'static Metric,
    line: &ShownLine<'_>,
    point: &Point,
    newest_of_group: Option<VersionRef>,
) -> Option<String> {
    if !matches!(point.state(metric), State::Measured { .. }) {
        let measured = |point: &&Point| matches!(point.state(metric), State::Measured { .. });
        let last = newest_where(line, measured)?;
        let label = site.history.versions.get(last.at).label();
        let said = words::said(metric, &last.state(metric));
        return Some(format!("last measured at {label}: {}", said.value));
    }
    let mut parts = Vec::new();
    if newest_of_group.is_some_and(|newest| newest != point.at) {
        let label = site.history.versions.get(point.at).label();
        parts.push(format!("of {label}; newer versions were not measured"));
    }
    if point.blocks.failed > 0 {
        parts.push(format!("{} of its blocks failed", point.blocks.failed));
    }
    if point.blocks.void > 0 {
        parts.push("limited by the load generator: says nothing about the host".to_owned());
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn first_sentence(text: &str) -> String {
    let text = text.trim();
    let end = [". ", ".\n", "? ", "?\n"].iter().filter_map(|end| text.find(end)).min();
    end.map_or(text, |end| &text[..=end]).split_whitespace().collect::<Vec<_>>().join(" ")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_shows_the_question_only() {
        assert_eq!(first_sentence("  How fast\n is it? More text."), "How fast is it?");
        assert_eq!(first_sentence("P2 at 1.5 ms. More"), "P2 at 1.5 ms.");
        assert_eq!(first_sentence("No end"), "No end");
    }
}
