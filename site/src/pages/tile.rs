//! The tile of a suite on the first page: for its first benchmarks the newest
//! values, what became of them, their goals, and where the peers stand.

use super::Site;
use super::shown::{Benchmark, ShownLine};
use super::suite::{benchmark_names, shown_metrics};
use crate::chart_scale::Scale;
use crate::escape::escape;
use crate::names;
use crate::series::{Point, State};
use crate::sparkline;
use crate::trend;
use crate::versions::VersionRef;
use crate::words::{self, Caveat, Said};
use model::Metric;
use std::fmt::Write as _;

/// What `index.html` shows of a suite.
pub(crate) struct Tile {
    pub(crate) title: String,
    pub(crate) href: String,
    pub(crate) why: String,
    pub(crate) badges: Vec<Caveat>,
    pub(crate) groups: Vec<Group>,
    /// What is left out.
    pub(crate) more: String,
    pub(crate) stamp: String,
}

pub(crate) struct Group {
    pub(crate) benchmark: String,
    pub(crate) metric: &'static str,
    pub(crate) direction: &'static str,
    pub(crate) rows: Vec<Row>,
    /// Everything measured on one scale; empty if that is one thing.
    pub(crate) scale: String,
    pub(crate) peers: String,
}

pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) sparkline: String,
    pub(crate) said: Said,
    pub(crate) since: Option<words::Verdict>,
    pub(crate) goal: Option<String>,
    pub(crate) note: Option<String>,
}

/// A tile is read at a glance.
const MOST_GROUPS: usize = 2;
const MOST_ROWS: usize = 3;
const MOST_PEERS: usize = 4;

/// The tile of a suite.
pub(crate) fn of(site: &Site<'_>, name: &str) -> Tile {
    let declared = site.declared(name);
    let benchmarks = benchmark_names(site, name);
    let mut groups = Vec::new();
    let (mut newest, mut rows, mut lines): (Option<&Point>, usize, usize) = (None, 0, 0);
    let known = site.history.suites.get_key_value(name);
    for benchmark in &benchmarks {
        let Some(metric) = shown_metrics(site, name, benchmark).first().copied() else { continue };
        let Some((suite, all)) = known else { continue };
        lines += all.keys().filter(|key| key.benchmark == *benchmark).count();
        if groups.len() >= MOST_GROUPS {
            continue;
        }
        let Some(shown) = Benchmark::of(site, suite, benchmark) else { continue };
        let is_own = is_own(site, shown.lines.iter());
        let points = shown.lines.iter().filter(is_own);
        let points = points.filter_map(|line| trend::newest(site.history, line.line));
        newest = points
            .chain(newest)
            .max_by_key(|point| (site.history.versions.rank(point.at), site.history.rank(point)));
        let group = group(site, &shown, metric);
        rows += group.rows.len();
        groups.push(group);
    }
    let more = lines.saturating_sub(rows);
    Tile {
        title: declared.map_or_else(|| name.to_owned(), |suite| suite.title.clone()),
        href: names::suite_page(name),
        why: declared.map_or_else(
            || "No longer in the checkout.".to_owned(),
            |suite| first_sentence(&suite.why),
        ),
        badges: newest.map(|point| words::caveats(point, &site.history.runs)).unwrap_or_default(),
        stamp: newest.map_or_else(|| "Not measured yet.".to_owned(), |point| stamp(site, point)),
        more: if more > 0 {
            format!(
                "{} in {}",
                words::counted(lines, "line"),
                words::counted(benchmarks.len(), "benchmark")
            )
        } else {
            String::new()
        },
        groups,
    }
}

impl Tile {
    /// Whether there is anything but what the suite asks.
    pub(crate) fn is_measured(&self) -> bool {
        !self.groups.is_empty()
    }
}

/// Whether a line of these is of the default target, or, where none is, not the anchor's.
fn is_own<'a, 's: 'a>(
    site: &'a Site<'_>,
    mut lines: impl Iterator<Item = &'a ShownLine<'s>>,
) -> impl Fn(&&ShownLine<'_>) -> bool {
    let default = &site.config().default_target;
    let has_own = lines.any(|line| line.key.target == *default);
    move |line| !line.line.is_anchor && (line.key.target == *default || !has_own)
}

fn group(site: &Site<'_>, shown: &Benchmark<'_>, metric: &'static Metric) -> Group {
    let is_own = is_own(site, shown.of_metric(metric));
    let rows = shown.of_metric(metric).filter(&is_own).take(MOST_ROWS);
    let rows: Vec<Row> = rows.filter_map(|line| row(site, shown, metric, line)).collect();
    let mut marks: Vec<ScaleMark> = Vec::new();
    let mut peers = Vec::new();
    for (position, line) in shown.of_metric(metric).enumerate() {
        let point = trend::newest(site.history, line.line);
        let Some(State::Measured { summary, .. }) = point.map(|point| point.state(metric)) else {
            continue;
        };
        let is_row = is_own(&line) && position < MOST_ROWS;
        let is_peer = !is_own(&line) && peers.len() < MOST_PEERS;
        if is_peer {
            let name =
                if line.key.arm.is_empty() { line.key.target.clone() } else { line.name(site) };
            peers.push(format!("{name} {}", metric.display(summary.value)));
        }
        if is_row || is_peer {
            let (class, symbol) = (line.style.class(), line.style.marker.id());
            marks.push(ScaleMark { value: summary.value, class, symbol, name: line.name(site) });
        }
        let goal = site.goal(shown.suite, line.key, metric).filter(|goal| !goal.is_multiple);
        if let Some(goal) = goal.filter(|_| is_row) {
            let name = format!("goal of {}", goal.arm);
            marks.push(ScaleMark { value: goal.limit, class: "goal", symbol: "m-bar", name });
        }
    }
    Group {
        benchmark: shown.name.to_owned(),
        metric: metric.label,
        direction: metric.direction.words(),
        rows,
        scale: if peers.is_empty() { String::new() } else { scale_svg(&marks, metric) },
        peers: peers.join(" · "),
    }
}

struct ScaleMark {
    value: f64,
    class: &'static str,
    symbol: &'static str,
    name: String,
}

/// All values on one logarithmic scale.
fn scale_svg(marks: &[ScaleMark], metric: &Metric) -> String {
    let Some(scale) = Scale::of(marks.iter().map(|mark| mark.value), true) else {
        return String::new();
    };
    let told: Vec<String> =
        marks.iter().map(|mark| format!("{} {}", mark.name, metric.display(mark.value))).collect();
    let mut svg = format!(
        "<svg class=\"scale\" width=\"100%\" height=\"22\" aria-hidden=\"true\" focusable=\"false\">\
         <title>{}</title><line class=\"grid\" x2=\"100%\" y1=\"11\" y2=\"11\"/>",
        escape(&told.join("; "))
    );
    for mark in marks {
        let x = 2.0 + (1.0 - scale.at(mark.value)) * 96.0;
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<use href=\"#{}\" class=\"{}\" x=\"{x:.1}%\" y=\"11\"/>",
            mark.symbol, mark.class
        );
    }
    svg.push_str("</svg>");
    svg
}

fn stamp(site: &Site<'_>, point: &Point) -> String {
    let run = &site.history.runs[point.run()];
    let version = site.history.versions.get(point.at);
    format!(
        "{}@{} · measured {} · testbed {}",
        version.target,
        site.marks().name(site.history, point.at),
        words::day(run.started_at),
        run.epoch
    )
}

fn row(
    site: &Site<'_>,
    shown: &Benchmark<'_>,
    metric: &'static Metric,
    line: &ShownLine<'_>,
) -> Option<Row> {
    let point = trend::newest(site.history, line.line)?;
    let is_own = |at: &VersionRef| site.history.versions.get(*at).target == line.key.target;
    let newest_of_target = shown.axis.versions.iter().copied().rfind(is_own);
    let state = point.state(metric);
    let found = site.found.series_of(shown.suite, line.key, metric);
    let goal = site.goal(shown.suite, line.key, metric);
    Some(Row {
        name: line.name(site),
        href: found.map_or_else(
            || names::suite_page(shown.suite),
            |_| names::series_page(shown.suite, line.key, metric),
        ),
        sparkline: sparkline::of_line(site.history, shown.axis.versions.len(), line, metric),
        said: words::said(metric, &state),
        since: found.and_then(|it| it.since_release.as_ref()).map(words::verdict),
        goal: goal.map(|goal| words::goal(goal, site.anchor(), &state)),
        note: note(site, metric, line, point, newest_of_target),
    })
}

/// What a reader must know beside the number.
fn note(
    site: &Site<'_>,
    metric: &'static Metric,
    line: &ShownLine<'_>,
    point: &Point,
    newest_of_target: Option<VersionRef>,
) -> Option<String> {
    let is_measured = |point: &Point| matches!(point.state(metric), State::Measured { .. });
    if !is_measured(point) {
        let measured = line.points.iter().filter(|(_, point)| is_measured(point));
        let last = measured.max_by_key(|(place, point)| (*place, point.run()))?.1;
        let label = site.marks().name(site.history, last.at);
        let said = words::said(metric, &last.state(metric));
        return Some(format!("last measured at {label}: {}", said.value));
    }
    let mut parts = Vec::new();
    if newest_of_target.is_some_and(|newest| newest != point.at) {
        let label = site.marks().name(site.history, point.at);
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
