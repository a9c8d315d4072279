//! A chart of some lines of a benchmark: what becomes a line, what is said at
//! each place, and which levels and events stand beside it.

use super::Site;
use super::events::Event;
use super::shown::{Benchmark, ShownLine};
use crate::chart::{Chart, ChartLine, ChartPoint, Drawing, Level, Tip};
use crate::chart_path::{named_places, places_a_column};
use crate::series::{Point, Ratio, State};
use crate::trend::{self, Placed};
use crate::words;
use model::{Metric, Unit};
use std::fmt::Write as _;

/// A chart with its caption.
pub(crate) struct ChartView {
    pub(crate) caption: String,
    pub(crate) drawing: Option<Drawing>,
    pub(crate) empty: &'static str,
}

/// What is drawn of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Value,
    Ratio,
}

/// How a chart is wanted.
pub(crate) struct Wish {
    /// Unique on the page.
    pub(crate) id: String,
    pub(crate) of: Of,
}

type ValueAndInterval = (f64, Option<(f64, f64)>);

/// With more places than this several share what is said of them.
const MOST_TIPS: usize = 90;
/// With more places, names along the axis are days.
const MOST_NAMED: usize = 30;

impl Of {
    fn value(self, state: &State<'_>) -> Option<ValueAndInterval> {
        match (self, state) {
            (Self::Value, State::Measured { summary, .. }) => {
                Some((summary.value, summary.interval))
            }
            (Self::Ratio, State::Measured { ratio: Ratio::Measured(measured), .. }) => {
                Some((measured.summary.value, measured.summary.interval))
            }
            _ => None,
        }
    }
}

/// Draws lines.
pub(crate) fn chart(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    lines: &[&ShownLine<'_>],
    metric: &'static Metric,
    events: &[Event],
    wish: &Wish,
) -> ChartView {
    view(undrawn(site, benchmark, lines, metric, events, wish), wish.of)
}

/// Draws lines twice: on a linear scale, and, as `log_id`, on a logarithmic one.
pub(crate) fn chart_and_log(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    lines: &[&ShownLine<'_>],
    metric: &'static Metric,
    events: &[Event],
    wish: &Wish,
    log_id: &str,
) -> [ChartView; 2] {
    let (chart, caption) = undrawn(site, benchmark, lines, metric, events, wish);
    let log = Chart { id: log_id.to_owned(), is_log: true, ..chart.clone() };
    [(chart, caption.clone()), (log, caption)].map(|both| view(both, wish.of))
}

fn view((chart, caption): (Chart, String), of: Of) -> ChartView {
    let empty = match of {
        Of::Value => "No version has a value yet.",
        Of::Ratio => {
            "No ratio can be shown: no round measured both this and the anchor, with neither \
             bound by the load generator."
        }
    };
    ChartView { drawing: chart.svg(), caption, empty }
}

fn undrawn(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    lines: &[&ShownLine<'_>],
    metric: &'static Metric,
    events: &[Event],
    wish: &Wish,
) -> (Chart, String) {
    let of = wish.of;
    let drawn: Vec<&ShownLine<'_>> =
        lines.iter().copied().filter(|line| of == Of::Value || !line.line.is_anchor).collect();
    let chart_lines: Vec<ChartLine> =
        drawn.iter().map(|line| chart_line(site, benchmark, metric, line, of)).collect();
    let largest = chart_lines
        .iter()
        .flat_map(|line| line.segments.iter().flatten())
        .map(|point| point.value)
        .fold(0.0, f64::max);
    let direction = metric.direction.words();
    let caption = match of {
        Of::Value => format!("{} by version, {direction}", metric.label),
        Of::Ratio => format!("as a multiple of {} measured beside it, {direction}", site.anchor()),
    };
    let scale = match of {
        Of::Value => metric.unit.scale(largest),
        Of::Ratio => (1.0, "×"),
    };
    let chart = Chart {
        id: wish.id.clone(),
        title: format!("{}: {}", benchmark.name, caption),
        description: description(site, benchmark, metric, &drawn, of),
        places: benchmark.axis.versions.len(),
        names: place_names(site, benchmark),
        scale,
        is_log: false,
        levels: levels(site, benchmark, &drawn, metric, of),
        marks: events.iter().filter_map(Event::mark).collect(),
        tips: tips(site, benchmark, metric, &drawn, of),
        lines: chart_lines,
    };
    (chart, caption)
}

/// How to read what is drawn.
pub(crate) fn notes(
    site: &Site<'_>,
    lines: &[&ShownLine<'_>],
    metric: &'static Metric,
) -> Vec<&'static str> {
    let mut notes = Vec::new();
    let points = || lines.iter().flat_map(|line| &line.points).map(|(_, point)| *point);
    if lines.iter().any(|line| !gaps(line, metric).is_empty()) {
        notes.push(
            "A cross in the colour of a line marks a version that failed or does not support it.",
        );
    }
    if points().any(|point| point.has_caveats(&site.history.runs)) {
        notes.push(
            "A hollow marker carries a caveat, such as the quick profile; the table tells it.",
        );
    }
    notes
}

fn chart_line(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
    line: &ShownLine<'_>,
    of: Of,
) -> ChartLine {
    let point_of = |&(place, point): &Placed<'_>| {
        let (value, interval) = of.value(&point.state(metric))?;
        let hollow = point.has_caveats(&site.history.runs);
        Some(ChartPoint { place, value, interval, hollow })
    };
    let segments: Vec<Vec<ChartPoint>> = trend::segments(site.history, &line.points, metric)
        .iter()
        .map(|segment| segment.iter().filter_map(point_of).collect())
        .collect();
    let found = site.found.series_of(benchmark.suite, line.key, metric);
    let changes = found.into_iter().flat_map(|series| &series.changes).filter_map(|change| {
        let place = benchmark.axis.place(change.first)?;
        let mut at = line.at(place);
        let value = at.find_map(|point| of.value(&point.state(metric)))?.0;
        (of == Of::Value).then_some((place, value, change.verdict.word()))
    });
    ChartLine { style: line.style, changes: changes.collect(), segments, gaps: gaps(line, metric) }
}

/// The places where a line has no value. What no version supports has none, since the table
/// says so once, and crosses for it would hide the others' values.
fn gaps(line: &ShownLine<'_>, metric: &'static Metric) -> Vec<usize> {
    let is_unsupported = |point: &Point| matches!(point.state(metric), State::Unsupported(_));
    if line.points.iter().all(|(_, point)| is_unsupported(point)) {
        return Vec::new();
    }
    let is_failed = |point: &Point| matches!(point.state(metric), State::Failed(_));
    let gaps = line.points.iter().filter(|(_, point)| is_failed(point) || is_unsupported(point));
    gaps.map(|(place, _)| *place).collect()
}

fn levels(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    lines: &[&ShownLine<'_>],
    metric: &'static Metric,
    of: Of,
) -> Vec<Level> {
    let mut levels: Vec<Level> = lines
        .iter()
        .filter_map(|line| site.goal(benchmark.suite, line.key, metric))
        .filter(|goal| goal.is_multiple == (of == Of::Ratio))
        .map(|goal| {
            let value = if goal.is_multiple {
                words::times(goal.limit)
            } else {
                metric.display(goal.limit)
            };
            let name = format!("goal of {}: {value}", goal.arm);
            Level { value: goal.limit, name, class: "goal" }
        })
        .collect();
    if of == Of::Ratio {
        levels.push(Level { value: 1.0, name: site.anchor().to_owned(), class: "floor" });
    }
    levels
}

/// The places with a name along the axis.
fn place_names(site: &Site<'_>, benchmark: &Benchmark<'_>) -> Vec<(usize, String)> {
    let versions = &benchmark.axis.versions;
    let name = |place: usize| {
        let at = versions[place];
        let (history, marks) = (site.history, site.marks());
        let is_day = versions.len() > MOST_NAMED;
        let name = if is_day { history.versions.day(at) } else { marks.named(history, at) };
        (place, name.to_owned())
    };
    named_places(versions.len()).into_iter().map(name).collect()
}

fn description(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
    lines: &[&ShownLine<'_>],
    of: Of,
) -> String {
    let newest = lines.iter().filter_map(|line| {
        let point = trend::newest(site.history, line.line)?;
        let said = words::said(metric, &point.state(metric));
        let value = if of == Of::Ratio { said.ratio } else { said.value };
        Some(format!("{}: {value}", line.name(site)))
    });
    let newest: Vec<String> = newest.collect();
    let versions = words::counted(benchmark.axis.versions.len(), "version");
    format!(
        "{versions}. Newest: {}. Values are in the table and the files below.",
        newest.join("; ")
    )
}

/// What is said at the places, several together if there are many.
fn tips(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
    lines: &[&ShownLine<'_>],
    of: Of,
) -> Vec<Tip> {
    let count = benchmark.axis.versions.len();
    let together = if count <= MOST_TIPS {
        1
    } else {
        // As wide as columns are, or a multiple of it.
        let column = places_a_column(count);
        count.div_ceil(MOST_TIPS).div_ceil(column) * column
    };
    (0..count)
        .step_by(together)
        .map(|from| {
            let to = (from + together).min(count);
            let text = if to - from == 1 {
                tip_of_one(site, benchmark, metric, lines, from)
            } else {
                tip_of_many(site, benchmark, metric, lines, of, from..to)
            };
            Tip { from, to, text }
        })
        .collect()
}

fn tip_of_one(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
    lines: &[&ShownLine<'_>],
    place: usize,
) -> String {
    let at = benchmark.axis.versions[place];
    let version = site.history.versions.get(at);
    let mut text = format!(
        "{} {} ({})",
        site.marks().name(site.history, at),
        version.subject(),
        words::day(version.time())
    );
    for line in lines {
        for point in line.at(place) {
            let said = words::said(metric, &point.state(metric));
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{}: {} ({})", line.name(site), said.value, said.detail);
            if !said.ratio.is_empty() && !line.line.is_anchor {
                let _ = write!(text, ", {} {}", said.ratio, site.ratio_heading());
            }
            for caveat in words::caveats(point, &site.history.runs) {
                let _ = write!(text, "; {}", caveat.word);
            }
        }
    }
    text
}

fn tip_of_many(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
    lines: &[&ShownLine<'_>],
    of: Of,
    places: std::ops::Range<usize>,
) -> String {
    let name = |place: usize| {
        let at = benchmark.axis.versions[place];
        let day = site.history.versions.day(at);
        format!("{} ({day})", site.marks().named(site.history, at))
    };
    let mut text =
        format!("{} to {}, {} versions", name(places.start), name(places.end - 1), places.len());
    for line in lines {
        let first = line.points.partition_point(|(at, _)| *at < places.start);
        let own = line.points[first..].iter().take_while(|(at, _)| *at < places.end);
        let values = own.filter_map(|(_, point)| Some(of.value(&point.state(metric))?.0));
        let range = values.fold(None, |range: Option<(f64, f64)>, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        let unit: fn(Unit, f64) -> String = match of {
            Of::Value => Unit::display,
            Of::Ratio => |_, value| words::times(value),
        };
        // Writing to a string cannot fail.
        let _ = match range {
            Some((low, high)) => write!(
                text,
                "\n{}: {} to {}",
                line.name(site),
                unit(metric.unit, low),
                unit(metric.unit, high)
            ),
            None => write!(text, "\n{}: no value", line.name(site)),
        };
    }
    text
}
