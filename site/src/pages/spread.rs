//! How the blocks of two versions lie: every block a dot, the newest version below
//! what it is held against.

use super::Site;
use crate::chart_scale::Scale;
use crate::escape::escape;
use crate::series::{Line, State};
use crate::versions::VersionRef;
use crate::words;
use model::Metric;
use std::fmt::Write as _;

/// What `series.html` shows of it.
pub(crate) struct SpreadView {
    pub(crate) svg: String,
    pub(crate) rows: Vec<SpreadRow>,
}

pub(crate) struct SpreadRow {
    pub(crate) name: String,
    pub(crate) blocks: usize,
    pub(crate) least: String,
    pub(crate) median: String,
    pub(crate) greatest: String,
    pub(crate) interval: String,
}

struct Side {
    name: String,
    /// In ascending order.
    values: Vec<f64>,
    median: f64,
    interval: Option<(f64, f64)>,
    row: SpreadRow,
}

const ROW: f64 = 46.0;
/// More dots than this are a blot.
const MOST_DOTS: usize = 200;

/// The blocks of these versions; `None` unless all have some.
pub(crate) fn of(
    site: &Site<'_>,
    line: &Line,
    metric: &'static Metric,
    versions: &[VersionRef],
) -> Option<SpreadView> {
    let sides = versions.iter().map(|version| side(site, line, metric, *version));
    let sides: Vec<Side> = sides.collect::<Option<_>>()?;
    let scale = Scale::of(sides.iter().flat_map(|side| side.values.iter().copied()), false)?;
    let svg = draw(&sides, &scale, metric);
    Some(SpreadView { svg, rows: sides.into_iter().map(|side| side.row).collect() })
}

fn side(
    site: &Site<'_>,
    line: &Line,
    metric: &'static Metric,
    version: VersionRef,
) -> Option<Side> {
    let own = line.points.iter().filter(|point| point.measured == version);
    let point = own.max_by_key(|point| site.history.rank(point))?;
    let State::Measured { summary, .. } = point.state(metric) else { return None };
    let mut values: Vec<f64> = point.block_values(metric).map(|(_, value)| value).collect();
    values.sort_by(f64::total_cmp);
    let (least, greatest) = (*values.first()?, *values.last()?);
    let name = site.marks().name(site.history, version);
    Some(Side {
        row: SpreadRow {
            name: name.clone(),
            blocks: values.len(),
            least: metric.display(least),
            median: metric.display(summary.value),
            greatest: metric.display(greatest),
            interval: words::interval(summary, "blocks", |end| metric.display(end)),
        },
        median: summary.value,
        interval: summary.interval,
        name,
        values,
    })
}

fn draw(sides: &[Side], scale: &Scale, metric: &Metric) -> String {
    let height = ROW * sides.len() as f64 + 22.0;
    let across = |value: f64| 2.0 + (1.0 - scale.at(value)) * 96.0;
    let told: Vec<String> =
        sides.iter().map(|side| format!("{}: {}", side.name, side.row.median)).collect();
    let mut svg = format!(
        "<svg class=\"spread\" role=\"img\" width=\"100%\" height=\"{height}\" \
         aria-labelledby=\"spread-title spread-about\"><title id=\"spread-title\">Values of \
         blocks</title><desc id=\"spread-about\">{}</desc>",
        escape(&told.join("; "))
    );
    for (value, _) in scale.marks() {
        let x = across(value);
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y2=\"{0:.0}\"/>\
             <text class=\"tick\" x=\"{x:.2}%\" y=\"{1:.0}\" text-anchor=\"middle\">{2}</text>",
            height - 18.0,
            height - 4.0,
            escape(&metric.display(value))
        );
    }
    for (row, side) in sides.iter().enumerate() {
        let middle = ROW * row as f64 + 30.0;
        let class = if row + 1 == sides.len() { "l1" } else { "la" };
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"0\" y=\"{:.0}\">{}</text>",
            middle - 16.0,
            escape(&side.name)
        );
        if let Some((low, high)) = side.interval {
            let _ = write!(
                svg,
                "<line class=\"interval {class}\" x1=\"{:.2}%\" x2=\"{:.2}%\" y1=\"{middle}\" y2=\"{middle}\"/>",
                across(low),
                across(high)
            );
        }
        let step = side.values.len().div_ceil(MOST_DOTS).max(1);
        for (position, value) in side.values.iter().enumerate().step_by(step) {
            // A little up and down, so that equal values can be told apart.
            let y = middle + (position % 3) as f64 * 4.0 - 4.0;
            let _ = write!(
                svg,
                "<circle class=\"{class}\" cx=\"{:.2}%\" cy=\"{y}\" r=\"3.5\"/>",
                across(*value)
            );
        }
        let x = across(side.median);
        let _ = write!(
            svg,
            "<line class=\"median\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"{}\" y2=\"{}\"/>",
            middle - 11.0,
            middle + 11.0
        );
    }
    svg.push_str("</svg>");
    svg
}
