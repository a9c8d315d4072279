//! One metric of one benchmark on the page of its suite: the newest values, the
//! charts, what happened, and the newest versions as a table.

use super::chart_view::{self, ChartView, Of};
use super::events::{self, Event};
use super::{Site, shown::Benchmark, shown::ShownLine};
use crate::names;
use crate::sparkline;
use crate::swatch;
use crate::trend;
use crate::words::{self, Caveat, Said};
use model::Metric;

/// What `metric.html` shows.
pub(crate) struct MetricView {
    pub(crate) label: &'static str,
    pub(crate) direction: &'static str,
    /// The newest values in a few words.
    pub(crate) brief: String,
    pub(crate) caption: String,
    pub(crate) json: String,
    pub(crate) csv: String,
    pub(crate) legend: Vec<LegendRow>,
    pub(crate) charts: Vec<ChartView>,
    /// How to read the markers.
    pub(crate) notes: Vec<String>,
    pub(crate) events: Vec<Event>,
    pub(crate) versions: Vec<VersionRows>,
    /// How far the numbers can be trusted.
    pub(crate) noise: String,
    /// How often the method was wrong on them.
    pub(crate) calibration: String,
}

pub(crate) struct LegendRow {
    pub(crate) swatch: String,
    pub(crate) sparkline: String,
    pub(crate) target: String,
    /// Its parameters; a line may break between them.
    pub(crate) arm: Vec<String>,
    pub(crate) href: String,
    pub(crate) version: String,
    pub(crate) said: Said,
    pub(crate) since: Option<words::Verdict>,
    pub(crate) noise: String,
    pub(crate) goal: Option<String>,
}

pub(crate) struct VersionRows {
    pub(crate) label: String,
    pub(crate) subject: String,
    pub(crate) day: String,
    pub(crate) rows: Vec<ValueRow>,
}

pub(crate) struct ValueRow {
    pub(crate) target: String,
    pub(crate) arm: String,
    pub(crate) said: Said,
    pub(crate) blocks: String,
    pub(crate) epoch: String,
    pub(crate) run: String,
    pub(crate) run_href: String,
    pub(crate) caveats: Vec<Caveat>,
}

/// More rows than this would be too long to read; the files have all.
const MOST_ROWS: usize = 60;
/// More lines than this cannot be told apart.
const MOST_LINES: usize = 10;

/// Makes the view of one metric; `id` is unique on the page.
pub(crate) fn view(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
    id: &str,
) -> MetricView {
    let lines: Vec<&ShownLine<'_>> = benchmark.of_metric(metric).collect();
    let mut drawn: Vec<&ShownLine<'_>> = lines.clone();
    // The anchors are at the end, and what is compared with must be seen.
    let own = drawn.iter().filter(|line| !line.line.is_anchor).count();
    let most_own = MOST_LINES.saturating_sub(drawn.len() - own).max(1);
    let mut kept = 0;
    drawn.retain(|line| {
        kept += usize::from(!line.line.is_anchor);
        line.line.is_anchor || kept <= most_own
    });
    drawn.truncate(MOST_LINES);
    let events = events::of(site, benchmark, metric, &lines);
    let mut notes = Vec::new();
    if drawn.len() < lines.len() {
        notes.push(format!(
            "{} of {} lines are drawn; every line has a page of its own, linked above.",
            drawn.len(),
            lines.len()
        ));
    }
    notes.extend(chart_view::notes(site, &drawn, metric).into_iter().map(str::to_owned));
    let chart = |of, suffix: &str| {
        let id = format!("{id}-{suffix}");
        chart_view::chart(site, benchmark, &drawn, metric, &events, &chart_view::Wish { id, of })
    };
    let mut charts = vec![chart(Of::Value, "value")];
    if site.config().anchor.is_some() && lines.iter().any(|line| !line.line.is_anchor) {
        charts.push(chart(Of::Ratio, "ratio"));
    }
    let legend: Vec<LegendRow> =
        lines.iter().filter_map(|line| legend_row(site, benchmark, metric, line)).collect();
    let most_versions = (MOST_ROWS / lines.len().max(1)).clamp(2, 50);
    MetricView {
        label: metric.label,
        direction: metric.direction.words(),
        brief: brief(&legend),
        caption: caption(benchmark, metric, most_versions),
        json: names::chart_file(benchmark.suite, benchmark.name, metric.name, "json"),
        csv: names::chart_file(benchmark.suite, benchmark.name, metric.name, "csv"),
        charts,
        notes,
        versions: table(site, benchmark, metric, &lines, most_versions),
        noise: noise(site, benchmark, metric, &lines),
        calibration: site.calibration.of_chart(benchmark.suite, benchmark.name, metric),
        events: events.into_iter().filter(|event| !event.text.is_empty()).collect(),
        legend,
    }
}

fn caption(benchmark: &Benchmark<'_>, metric: &Metric, most: usize) -> String {
    let mut text =
        format!("{} by version, newest first; {}", metric.label, metric.direction.words());
    let left_out = benchmark.axis.versions.len().saturating_sub(most);
    if left_out > 0 {
        text.push_str(&format!("; {left_out} older versions are in the files below"));
    }
    text
}

fn legend_row(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
    line: &ShownLine<'_>,
) -> Option<LegendRow> {
    let point = trend::newest(site.history, line.line)?;
    let found = site.found.series_of(benchmark.suite, line.key, metric);
    let goal = site.goal(benchmark.suite, line.key, metric);
    let state = point.state(metric);
    Some(LegendRow {
        swatch: swatch::svg(line.style),
        sparkline: sparkline::of_line(site.history, benchmark.axis.versions.len(), line, metric),
        target: line.key.target.clone(),
        arm: line.key.arm.split(',').map(str::to_owned).collect(),
        href: names::series_page(benchmark.suite, line.key, metric),
        version: site.marks().name(site.history, point.measured),
        said: words::said(metric, &state),
        since: found.and_then(|it| it.since_release.as_ref()).map(words::verdict),
        noise: found.and_then(|it| it.noise).map_or_else(|| "–".to_owned(), words::percent),
        goal: goal.map(|goal| words::goal(goal, site.anchor(), &state)),
    })
}

/// How far the numbers of a metric can be trusted.
fn noise(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &Metric,
    lines: &[&ShownLine<'_>],
) -> String {
    let found: Vec<_> = lines
        .iter()
        .filter_map(|line| site.found.series_of(benchmark.suite, line.key, metric))
        .collect();
    let mut noises: Vec<f64> = found.iter().filter_map(|series| series.noise).collect();
    noises.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (noises.first(), noises.last()) else {
        let needed = stats::history::FEWEST_VALUES;
        return format!("Noise: not known before {needed} versions on one testbed.");
    };
    let changes = || found.iter().flat_map(|series| &series.changes);
    let invalid = changes().filter(|change| change.state == "invalid").count();
    let values: usize = found.iter().map(|series| series.values).sum();
    let range = if least == most {
        words::percent(*least)
    } else {
        format!("{} to {}", words::percent(*least), words::percent(*most))
    };
    format!(
        "Noise: a value differs from the next by {range} where nothing changed (standard deviation). \
         {} found in {values} values; {invalid} of them turned out to be false alarms.",
        words::counted(changes().count(), "change")
    )
}

fn table(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
    lines: &[&ShownLine<'_>],
    most: usize,
) -> Vec<VersionRows> {
    let places = (0..benchmark.axis.versions.len()).rev().take(most);
    places.map(|place| version_rows(site, benchmark, metric, lines, place)).collect()
}

fn version_rows(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
    lines: &[&ShownLine<'_>],
    place: usize,
) -> VersionRows {
    let history = site.history;
    let at = benchmark.axis.versions[place];
    let version = history.versions.get(at);
    let mut rows = Vec::new();
    for line in lines {
        for point in line.at(place) {
            let run = &history.runs[point.run()];
            rows.push(ValueRow {
                target: line.key.target.clone(),
                arm: line.key.arm.clone(),
                said: words::said(metric, &point.state(metric)),
                blocks: words::block_counts(&point.blocks),
                epoch: run.epoch.to_string(),
                run: run.id.as_str().chars().take(8).collect(),
                run_href: names::run_page(&run.id),
                caveats: words::caveats(point, &history.runs),
            });
        }
    }
    VersionRows {
        label: site.marks().name(history, at),
        subject: version.subject(),
        day: words::day(version.time()),
        rows,
    }
}

fn brief(legend: &[LegendRow]) -> String {
    const FEW: usize = 4;
    let each = legend.iter().take(FEW);
    let each: Vec<String> = each
        .map(|row| format!("{} {} {}", row.target, row.arm.join(","), row.said.value))
        .collect();
    let more = legend.len().saturating_sub(FEW);
    let more = if more > 0 { format!(" · {more} more") } else { String::new() };
    each.join(" · ") + &more
}
