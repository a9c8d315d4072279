//! The page of a series and its files: every point, what changed and when, the
//! newest version against what it is held against, and how to measure it again.

use super::chart_view::{self, ChartView, Of, Wish};
use super::events::{self, Event};
use super::shown::{Benchmark, ShownLine};
use super::spread::{self, SpreadView};
use super::zoomed::{self, Zoomed};
use super::{Layout, Page, Site, render};
use crate::Error;
use crate::csv;
use crate::data;
use crate::found;
use crate::names;
use crate::series::{Line, LineKey, State};
use crate::trend;
use crate::versions::{VersionRef, shell_word};
use crate::words::{self, Caveat, Said};
use askama::Template;
use model::{Metric, VersionId};

#[derive(Template)]
#[template(path = "series.html")]
struct SeriesPage {
    layout: Layout,
    suite: String,
    suite_href: String,
    benchmark: String,
    name: String,
    target: String,
    metric: &'static Metric,
    direction: &'static str,
    version: String,
    said: Said,
    /// Beside the value: `6.13× native`; empty without one.
    multiple: String,
    /// Its interval, or why there is none.
    multiple_detail: String,
    caveats: Vec<Caveat>,
    facts: Vec<(String, String)>,
    since_heading: String,
    since: Option<words::Verdict>,
    goal: Option<String>,
    points: Zoomed,
    chart: ChartView,
    log: Option<ChartView>,
    ratio: Option<ChartView>,
    ratio_heading: String,
    notes: Vec<&'static str>,
    changes: Vec<ChangeRow>,
    events: Vec<EventRow>,
    spread: Option<SpreadView>,
    between: Vec<(String, String, String)>,
    between_caption: String,
    rows: Vec<PointRow>,
    rows_caption: String,
    json: String,
    /// The newest points first.
    csv: Vec<String>,
    commands: Vec<(&'static str, String)>,
}

struct ChangeRow {
    verdict: &'static str,
    effect: String,
    anchor: String,
    first: String,
    after: String,
    day: String,
    subject: String,
    standing: &'static str,
    state: &'static str,
    note: String,
    look: Option<String>,
}

struct EventRow {
    class: &'static str,
    text: String,
    href: Option<String>,
}

struct PointRow {
    version: String,
    subject: String,
    day: String,
    said: Said,
    blocks: String,
    epoch: String,
    run: String,
    run_href: String,
    caveats: Vec<Caveat>,
}

const MOST_ROWS: usize = 50;
const MOST_BETWEEN: usize = 20;

/// The pages and files of all metrics of a line.
pub(crate) fn pages(
    site: &Site<'_>,
    suite: &str,
    key: &LineKey,
    line: &Line,
) -> Result<Vec<Page>, Error> {
    let shown = Benchmark::with(site, suite, &key.benchmark, vec![(key, line)]);
    let Some(only) = shown.lines.first() else { return Ok(Vec::new()) };
    let versions = zoomed::names(site, &shown);
    let mut pages = Vec::new();
    for metric in found::metrics_of(line) {
        let file = |kind| names::series_file(suite, key, metric, kind);
        let json = data::series_json(site, suite, only, metric, &file("json"))?;
        pages.push(Page::of(file("json"), json));
        pages.extend(csv::of_series(site, suite, only, metric)?);
        pages.push(Page::of(file("html"), page(site, &shown, only, metric, &versions)?));
    }
    Ok(pages)
}

fn page(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    line: &ShownLine<'_>,
    metric: &'static Metric,
    versions: &str,
) -> Result<String, Error> {
    let (suite, key) = (benchmark.suite, line.key);
    let path = names::series_page(suite, key, metric);
    let title = site.declared(suite).map_or_else(|| suite.to_owned(), |it| it.title.clone());
    let name = line.name(site);
    let heading = format!("{title}: {} {name}, {}", benchmark.name, metric.label);
    let events = events::of(site, benchmark, metric, &[line]);
    let Some(newest) = trend::newest(site.history, line.line) else {
        return Ok(String::new());
    };
    let found = site.found.series_of(suite, key, metric);
    let state = newest.state(metric);
    let (chart, log, ratio) = charts(site, benchmark, line, metric, &events);
    let pair = site.marks().since_release();
    let (multiple, multiple_detail) = words::multiple(&state, site.anchor());
    let (between, between_caption) = between(site, benchmark, pair);
    let file = |kind| names::series_file(suite, key, metric, kind);
    let layout = Layout::of(&path, &heading);
    let root = layout.root.clone();
    let page = SeriesPage {
        suite_href: format!("{root}{}", names::suite_page(suite)),
        benchmark: benchmark.name.to_owned(),
        target: key.target.clone(),
        direction: metric.direction.words(),
        version: site.marks().name(site.history, newest.measured),
        said: words::said(metric, &state),
        multiple,
        multiple_detail,
        caveats: words::caveats(newest, &site.history.runs),
        facts: facts(site, suite, line, metric, found.and_then(|it| it.noise)),
        since_heading: site.since_heading(),
        since: found.and_then(|it| it.since_release.as_ref()).map(words::verdict),
        goal: site
            .goal(suite, key, metric)
            .map(|goal| format!("{} ({})", words::goal(goal, site.anchor(), &state), goal.why)),
        points: zoomed::of(benchmark, line, metric, versions),
        chart,
        log,
        ratio,
        ratio_heading: site.ratio_heading(),
        notes: chart_view::notes(site, &[line], metric),
        changes: changes(site, found.map_or(&[][..], |it| &it.changes), suite),
        events: event_rows(&events, &root),
        spread: pair.and_then(|pair| spread::of(site, line.line, metric, &pair)),
        between,
        between_caption,
        rows: rows(site, line, metric, &root),
        rows_caption: rows_caption(line, metric),
        json: last(&file("json")),
        csv: csv::names_of(suite, line, metric).iter().map(|name| last(name)).collect(),
        commands: commands(site, suite, key, newest.measured, pair),
        suite: title,
        name,
        metric,
        layout,
    };
    render(&path, &page)
}

/// Its values, the same on a logarithmic scale if that can be drawn, and as a multiple
/// of the anchor if there is one.
fn charts(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    line: &ShownLine<'_>,
    metric: &'static Metric,
    events: &[Event],
) -> (ChartView, Option<ChartView>, Option<ChartView>) {
    let wish = |of, id: &str| Wish { id: id.to_owned(), of };
    let value = wish(Of::Value, "value");
    let [chart, log] =
        chart_view::chart_and_log(site, benchmark, &[line], metric, events, &value, "log");
    let has_ratio = site.config().anchor.is_some() && !line.line.is_anchor;
    let ratio = has_ratio.then(|| {
        let ratio = wish(Of::Ratio, "ratio");
        chart_view::chart(site, benchmark, &[line], metric, events, &ratio)
    });
    (chart, log.drawing.is_some().then_some(log), ratio)
}

/// What happened to it besides changes of level, which have a table.
fn event_rows(events: &[Event], root: &str) -> Vec<EventRow> {
    let in_table = |event: &&Event| matches!(event.class, "regressed" | "improved" | "release");
    let others = events.iter().filter(|event| !in_table(event));
    others
        .map(|event| EventRow {
            class: event.class,
            text: event.text.clone(),
            href: event.href(root),
        })
        .collect()
}

fn facts(
    site: &Site<'_>,
    suite: &str,
    line: &ShownLine<'_>,
    metric: &'static Metric,
    noise: Option<f64>,
) -> Vec<(String, String)> {
    let measured = line
        .points
        .iter()
        .filter(|(_, point)| matches!(point.state(metric), State::Measured { .. }));
    let values = measured.count();
    let mut facts = vec![
        ("Points".to_owned(), format!("{values} with a value of {}", line.points.len())),
        (
            "Noise".to_owned(),
            noise.map_or_else(
                || "not known yet".to_owned(),
                |noise| format!("{} from one value to the next", words::percent(noise)),
            ),
        ),
    ];
    let epochs: std::collections::BTreeSet<&str> =
        line.points.iter().map(|(_, point)| &*site.history.runs[point.run()].epoch).collect();
    let calibration = site.calibration.of_chart(suite, &line.key.benchmark, metric);
    facts.push(("Calibration".to_owned(), calibration));
    facts.push(("Testbeds".to_owned(), epochs.into_iter().collect::<Vec<_>>().join(", ")));
    facts
}

fn changes(site: &Site<'_>, changes: &[found::FoundChange], suite: &str) -> Vec<ChangeRow> {
    let versions = &site.history.versions;
    let row = |change: &found::FoundChange| {
        let (after, first) = (versions.get(change.after), versions.get(change.first));
        let both = [after, first].map(|version| match &version.id {
            VersionId::Commit { sha, .. } => Some(sha.chars().take(12).collect::<String>()),
            _ => None,
        });
        let look = match both {
            [Some(after), Some(first)] => Some(format!("git log --oneline {after}..{first}")),
            _ => None,
        };
        let named = |version: &crate::versions::Version| shell_word(&version.full_label());
        let suspected = format!(
            "bench compare {} {} --suite {}",
            named(after),
            named(first),
            shell_word(suite)
        );
        ChangeRow {
            verdict: change.verdict.word(),
            effect: change.effect.map_or_else(
                || if change.rises { "rose" } else { "fell" }.to_owned(),
                |effect| words::signed(1.0 + effect),
            ),
            anchor: format!("at-{}-{}", names::slug(&first.name()), change.epoch),
            first: site.marks().name(site.history, change.first),
            after: site.marks().name(site.history, change.after),
            day: words::day(first.time()),
            subject: first.subject(),
            standing: if change.is_suspected { "suspected" } else { "established" },
            state: change.state,
            note: change.note.clone(),
            look: if change.is_suspected { Some(suspected) } else { look },
        }
    };
    changes.iter().rev().map(row).collect()
}

/// The measured versions after A up to B, newest first.
fn between(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    pair: Option<[VersionRef; 2]>,
) -> (Vec<(String, String, String)>, String) {
    let places = pair.and_then(|[a, b]| Some((benchmark.axis.place(a)?, benchmark.axis.place(b)?)));
    let Some((from, to)) = places.filter(|(from, to)| from < to) else {
        return (Vec::new(), String::new());
    };
    let name = |place: usize| site.marks().name(site.history, benchmark.axis.versions[place]);
    let rows = (from + 1..=to).rev().take(MOST_BETWEEN).map(|place| {
        let version = site.history.versions.get(benchmark.axis.versions[place]);
        (name(place), version.subject(), words::day(version.time()))
    });
    let shown = (to - from).min(MOST_BETWEEN);
    let caption = format!(
        "The newest {shown} of {} after {} up to {}",
        words::counted(to - from, "measured version"),
        name(from),
        name(to)
    );
    (rows.collect(), caption)
}

fn rows(
    site: &Site<'_>,
    line: &ShownLine<'_>,
    metric: &'static Metric,
    root: &str,
) -> Vec<PointRow> {
    let history = site.history;
    let row = |(_, point): &trend::Placed<'_>| {
        let version = history.versions.get(point.at);
        let run = &history.runs[point.run()];
        PointRow {
            version: site.marks().name(history, point.at),
            subject: version.subject(),
            day: words::day(version.time()),
            said: words::said(metric, &point.state(metric)),
            blocks: words::block_counts(&point.blocks),
            epoch: run.epoch.to_string(),
            run: run.id.as_str().chars().take(8).collect(),
            run_href: format!("{root}{}", names::run_page(&run.id)),
            caveats: words::caveats(point, &history.runs),
        }
    };
    line.points.iter().rev().take(MOST_ROWS).map(row).collect()
}

fn rows_caption(line: &ShownLine<'_>, metric: &Metric) -> String {
    let all = line.points.len();
    let left_out = all.saturating_sub(MOST_ROWS);
    let rest = if left_out > 0 {
        format!("; {left_out} older ones are in the files below")
    } else {
        String::new()
    };
    format!("{} of {}, newest first{rest}", metric.label, words::counted(all, "point"))
}

fn commands(
    site: &Site<'_>,
    suite: &str,
    key: &LineKey,
    newest: VersionRef,
    pair: Option<[VersionRef; 2]>,
) -> Vec<(&'static str, String)> {
    let version = site.history.versions.get(newest);
    let mut commands = vec![("Measure the newest version again", version.reproduce(suite))];
    if let Some(pair) = pair.filter(|_| key.target == site.config().default_target) {
        let [a, b] = pair.map(|it| {
            let version = site.history.versions.get(it);
            let name: String = version.name().chars().take(12).collect();
            shell_word(&format!("{}@{name}", version.target))
        });
        let suite = shell_word(suite);
        commands.push((
            "Compare it with what it is held against, side by side",
            format!("bench compare {a} {b} --suite {suite}"),
        ));
    }
    commands
}

/// The file's name: it lies beside the page.
fn last(path: &str) -> String {
    path.rsplit('/').next().unwrap_or(path).to_owned()
}
