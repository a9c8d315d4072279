//! One metric of one benchmark: the newest values, the two charts, what
//! changed, and every value as a table.

use super::Site;
use crate::Error;
use crate::chart::{Chart, ChartLine, ChartPoint, Drawing};
use crate::names;
use crate::palette::LineStyle;
use crate::series::{Line, LineKey, Ratio, State};
use crate::swatch;
use crate::trend::{self, Axis, Change, Placed};
use crate::words::{self, Caveat, Said};
use model::{Metric, Suite};

/// What `metric.html` shows.
pub(crate) struct MetricView {
    pub(crate) label: &'static str,
    pub(crate) direction: &'static str,
    /// The newest values in a few words.
    pub(crate) brief: String,
    pub(crate) caption: String,
    pub(crate) data: String,
    pub(crate) legend: Vec<LegendRow>,
    pub(crate) charts: Vec<ChartView>,
    /// How to read the markers.
    pub(crate) notes: Vec<&'static str>,
    pub(crate) changes: Vec<String>,
    pub(crate) versions: Vec<VersionRows>,
}

pub(crate) struct LegendRow {
    pub(crate) swatch: String,
    pub(crate) target: String,
    /// Its parameters; a line may break between them.
    pub(crate) arm: Vec<String>,
    pub(crate) version: String,
    pub(crate) said: Said,
}

pub(crate) struct ChartView {
    pub(crate) caption: String,
    pub(crate) drawing: Option<Drawing>,
    pub(crate) empty: &'static str,
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

/// A line as it is shown everywhere on a page.
pub(crate) struct ShownLine<'a> {
    pub(crate) key: &'a LineKey,
    pub(crate) line: &'a Line,
    pub(crate) style: LineStyle,
    pub(crate) points: Vec<Placed<'a>>,
}

/// What all metrics of a benchmark share.
pub(crate) struct Benchmark<'a> {
    declared: Option<&'a Suite>,
    pub(crate) suite: &'a str,
    pub(crate) name: &'a str,
    pub(crate) axis: Axis,
    pub(crate) lines: Vec<ShownLine<'a>>,
}

type ValueAndInterval = (f64, Option<(f64, f64)>);

/// More rows than this would be too long to read; the JSON has all.
const MOST_TABLE_VERSIONS: usize = 50;

impl<'a> Benchmark<'a> {
    /// Chooses what is shown of a benchmark.
    pub(crate) fn of(site: &Site<'a>, suite: &'a str, name: &'a str) -> Option<Self> {
        let all = site.history.suites.get(suite)?;
        let declared = site.declared(suite);
        let found = trend::lines_of(all, name, declared, &site.config().default_target);
        let axis = Axis::of(site.history, &found);
        let (mut own, mut anchors) = (0, 0);
        let lines = found
            .into_iter()
            .map(|(key, line)| {
                let counter = if line.is_anchor { &mut anchors } else { &mut own };
                let position = std::mem::replace(counter, *counter + 1);
                let style = if line.is_anchor {
                    LineStyle::of_anchor(position)
                } else {
                    LineStyle::of_position(position)
                };
                ShownLine { key, line, style, points: trend::shown(site.history, &axis, line) }
            })
            .collect();
        Some(Self { declared, suite, name, axis, lines })
    }

    /// Makes the view of one metric; `id` is unique on the page.
    pub(crate) fn metric(
        &self,
        site: &Site<'_>,
        metric: &'static Metric,
        id: &str,
    ) -> Result<MetricView, Error> {
        let placed: Vec<_> = self.of_metric(metric).map(|l| (l.key, l.points.clone())).collect();
        let changes = trend::changes(site.history, &placed);
        let legend = self.legend(site, metric);
        Ok(MetricView {
            label: metric.label,
            direction: metric.direction.words(),
            brief: brief(&legend),
            caption: self.caption(metric),
            data: names::data_file(self.suite, self.name, metric.name),
            charts: vec![
                self.value_chart(site, metric, &format!("{id}-value"), &changes)?,
                self.ratio_chart(site, metric, &format!("{id}-ratio"), &changes)?,
            ],
            notes: self.notes(site, metric),
            changes: changes.iter().map(|change| self.change_words(site, change)).collect(),
            versions: self.table(site, metric),
            legend,
        })
    }

    /// The lines that have something to say of a metric: an arm whose driver
    /// does not report it is no gap in the data.
    fn of_metric(&self, metric: &'static Metric) -> impl Iterator<Item = &ShownLine<'a>> {
        self.lines.iter().filter(move |line| {
            let mut arms = self.declared.into_iter().flat_map(|suite| suite.arms_of(self.name));
            let reported = line
                .line
                .points
                .iter()
                .any(|point| point.values.iter().any(|(of, _)| of.name == metric.name));
            reported || arms.any(|arm| arm.name == line.key.arm && arm.metrics.contains(&metric))
        })
    }

    fn notes(&self, site: &Site<'_>, metric: &'static Metric) -> Vec<&'static str> {
        let mut notes = Vec::new();
        let points =
            || self.of_metric(metric).flat_map(|line| &line.points).map(|(_, point)| point);
        if points().any(|p| matches!(p.state(metric), State::Failed(_) | State::Unsupported(_))) {
            notes.push("A cross in the colour of a line marks a version that failed or does not support it.");
        }
        if points().any(|point| !words::caveats(point, &site.history.runs).is_empty()) {
            notes.push(
                "A hollow marker carries a caveat, such as the quick profile; the table tells it.",
            );
        }
        notes
    }

    fn caption(&self, metric: &Metric) -> String {
        let mut text =
            format!("{} by version, newest first; {}", metric.label, metric.direction.words());
        let beyond = self.axis.versions.len().saturating_sub(MOST_TABLE_VERSIONS);
        let left_out = self.axis.left_out + beyond;
        if left_out > 0 {
            text.push_str(&format!("; {left_out} older versions are in the JSON file only"));
        }
        text
    }

    fn legend(&self, site: &Site<'_>, metric: &'static Metric) -> Vec<LegendRow> {
        let newest = |line: &ShownLine<'_>| {
            let point = trend::newest(site.history, line.line)?;
            Some(LegendRow {
                swatch: swatch::svg(line.style),
                target: line.key.target.clone(),
                arm: line.key.arm.split(',').map(str::to_owned).collect(),
                version: site.history.versions.get(point.measured).label(),
                said: words::said(metric, &point.state(metric)),
            })
        };
        self.of_metric(metric).filter_map(newest).collect()
    }

    fn value_chart(
        &self,
        site: &Site<'_>,
        metric: &'static Metric,
        id: &str,
        changes: &[Change],
    ) -> Result<ChartView, Error> {
        let value = |state: &State<'_>| match state {
            State::Measured { summary, .. } => Some((summary.value, summary.interval)),
            _ => None,
        };
        let lines: Vec<ChartLine> = self
            .of_metric(metric)
            .map(|line| self.chart_line(site, metric, line, &value))
            .collect();
        let largest = lines
            .iter()
            .flat_map(|line| line.segments.iter().flatten())
            .map(|point| point.value)
            .fold(0.0, f64::max);
        let caption = format!("{} by version, {}", metric.label, metric.direction.words());
        let chart = Chart {
            id: id.to_owned(),
            title: format!("{}: {caption}", self.name),
            description: self.description(site, metric),
            places: self.place_names(site),
            scale: metric.unit.scale(largest),
            reference: None,
            changes: changes.iter().map(|change| change.place).collect(),
            lines,
        };
        let empty = "No version has a value yet.";
        Ok(ChartView { drawing: chart.svg()?, caption, empty })
    }

    fn ratio_chart(
        &self,
        site: &Site<'_>,
        metric: &'static Metric,
        id: &str,
        changes: &[Change],
    ) -> Result<ChartView, Error> {
        let value = |state: &State<'_>| match state {
            State::Measured { ratio: Ratio::Measured(measured), .. } => {
                Some((measured.summary.value, measured.summary.interval))
            }
            _ => None,
        };
        let own = self.of_metric(metric).filter(|line| !line.line.is_anchor);
        let lines = own.map(|line| self.chart_line(site, metric, line, &value)).collect();
        let caption = format!("the same as a multiple of {} measured beside it", site.anchor());
        let chart = Chart {
            id: id.to_owned(),
            title: format!("{}: {}, {caption}", self.name, metric.label),
            description: self.description(site, metric),
            places: self.place_names(site),
            scale: (1.0, "×"),
            reference: Some(1.0),
            changes: changes.iter().map(|change| change.place).collect(),
            lines,
        };
        let empty = "No ratio can be shown: no round measured both this and the anchor, with \
                     neither bound by the load generator.";
        Ok(ChartView { drawing: chart.svg()?, caption, empty })
    }

    fn chart_line(
        &self,
        site: &Site<'_>,
        metric: &'static Metric,
        line: &ShownLine<'_>,
        value: &dyn Fn(&State<'_>) -> Option<ValueAndInterval>,
    ) -> ChartLine {
        let point_of = |&(place, point): &Placed<'_>| {
            let (value, interval) = value(&point.state(metric))?;
            let hollow = !words::caveats(point, &site.history.runs).is_empty();
            Some(ChartPoint {
                place,
                value,
                interval,
                hollow,
                told: self.told(site, metric, line, point),
            })
        };
        let gap_of = |&(place, point): &Placed<'_>| match point.state(metric) {
            State::Failed(_) | State::Unsupported(_) => {
                Some((place, self.told(site, metric, line, point)))
            }
            _ => None,
        };
        ChartLine {
            style: line.style,
            segments: trend::segments(site.history, &line.points, metric)
                .iter()
                .map(|segment| segment.iter().filter_map(point_of).collect())
                .collect(),
            gaps: line.points.iter().filter_map(gap_of).collect(),
        }
    }

    fn told(
        &self,
        site: &Site<'_>,
        metric: &'static Metric,
        line: &ShownLine<'_>,
        point: &crate::series::Point,
    ) -> String {
        let version = site.history.versions.get(point.at);
        let said = words::said(metric, &point.state(metric));
        let mut text = format!(
            "{} {}\n{} {}: {} ({})",
            version.label(),
            version.subject(),
            line.key.target,
            line.key.arm,
            said.value,
            said.detail
        );
        if !said.ratio.is_empty() && !line.line.is_anchor {
            text.push_str(&format!("\n{} {}", site.ratio_heading(), said.ratio));
        }
        for caveat in words::caveats(point, &site.history.runs) {
            text.push_str(&format!("\n{}", caveat.word));
        }
        text
    }

    fn place_names(&self, site: &Site<'_>) -> Vec<String> {
        self.axis.versions.iter().map(|v| site.history.versions.get(*v).label()).collect()
    }

    fn description(&self, site: &Site<'_>, metric: &'static Metric) -> String {
        let newest: Vec<String> = self
            .legend(site, metric)
            .into_iter()
            .map(|row| {
                let arm = row.arm.join(",");
                format!("{} {arm} at {}: {}", row.target, row.version, row.said.value)
            })
            .collect();
        let versions = words::counted(self.axis.versions.len(), "version");
        format!("{versions}. Newest: {}. The table below has every value.", newest.join("; "))
    }

    fn change_words(&self, site: &Site<'_>, change: &Change) -> String {
        let version = site.history.versions.get(self.axis.versions[change.place]);
        format!("from {}: {}", version.label(), change.told)
    }

    fn table(&self, site: &Site<'_>, metric: &'static Metric) -> Vec<VersionRows> {
        let places = (0..self.axis.versions.len()).rev().take(MOST_TABLE_VERSIONS);
        places.map(|place| self.version_rows(site, metric, place)).collect()
    }

    fn version_rows(&self, site: &Site<'_>, metric: &'static Metric, place: usize) -> VersionRows {
        let history = site.history;
        let version = history.versions.get(self.axis.versions[place]);
        let mut rows = Vec::new();
        for line in self.of_metric(metric) {
            for (_, point) in line.points.iter().filter(|(at, _)| *at == place) {
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
            label: version.label(),
            subject: version.subject(),
            day: words::day(version.time()),
            rows,
        }
    }
}

fn brief(legend: &[LegendRow]) -> String {
    let each: Vec<String> = legend
        .iter()
        .map(|row| format!("{} {} {}", row.target, row.arm.join(","), row.said.value))
        .collect();
    each.join(" · ")
}
