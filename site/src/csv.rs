//! The numbers of charts and series as CSV, for whoever wants to draw their own.
//! A chart's file is a table to plot: a row for each version, a column for each
//! line. A series' files say everything of each point, so many versions a file.

use crate::data::{self, VALUE_DIGITS};
use crate::names;
use crate::pages::Site;
use crate::pages::shown::{Benchmark, ShownLine};
use crate::series::{Point, State};
use crate::trend::Placed;
use crate::words;
use model::Metric;
use std::fmt::Write as _;

/// Points of a file of a series: what a reader of the newest loads of the oldest
/// stays small, however long a history grows.
const MOST_POINTS: usize = 800;

const HEAD: &str =
    "version,day,value,low,high,ratio,blocks,state,reason,testbed,definition,profile\n";

/// The files of a series, the one with the newest points first: name from the
/// site's root, and text.
pub(crate) fn of_series(
    site: &Site<'_>,
    suite: &str,
    line: &ShownLine<'_>,
    metric: &'static Metric,
) -> Vec<(String, String)> {
    let files = names_of(suite, line, metric).into_iter();
    let parts = line.points.rchunks(MOST_POINTS).chain(std::iter::repeat(&[][..]));
    files.zip(parts).map(|(name, points)| (name, text_of(site, points, metric))).collect()
}

/// Where the files of a series lie, the one with the newest points first.
pub(crate) fn names_of(suite: &str, line: &ShownLine<'_>, metric: &Metric) -> Vec<String> {
    let files = line.points.len().div_ceil(MOST_POINTS).max(1);
    let older = (2..=files).map(|part| format!("{part}.csv"));
    let kinds = std::iter::once("csv".to_owned()).chain(older);
    kinds.map(|kind| names::series_file(suite, line.key, metric, &kind)).collect()
}

/// Points as rows, oldest first.
fn text_of(site: &Site<'_>, points: &[Placed<'_>], metric: &'static Metric) -> String {
    let history = site.history;
    let mut text = HEAD.to_owned();
    for (_, point) in points {
        let run = &history.runs[point.run()];
        let version = history.versions.get(point.measured);
        let (state, reason) = match point.state(metric) {
            State::Measured { .. } => ("measured", ""),
            State::Failed(reason) => ("failed", reason),
            State::Unsupported(reason) => ("unsupported", reason),
            State::Absent(reason) => ("absent", reason),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{},{},{},{},{state},{},{},{},{}",
            field(&version.label()),
            words::day(version.time()),
            numbers(point, metric).join(","),
            point.blocks.measured,
            field(reason),
            run.epoch,
            history.definitions.get(point.definition).short(),
            field(&run.profile),
        );
    }
    text
}

/// Value, ends of its interval and ratio; empty where there is none.
fn numbers(point: &Point, metric: &Metric) -> [String; 4] {
    data::rounded_numbers(point, metric)
        .map(|number| number.map_or_else(String::new, |it| it.to_string()))
}

/// All lines of a chart: of each version the point that speaks for it.
pub(crate) fn of_chart(
    site: &Site<'_>,
    benchmark: &Benchmark<'_>,
    metric: &'static Metric,
) -> String {
    let lines: Vec<&ShownLine<'_>> = benchmark.of_metric(metric).collect();
    let mut text = "version,day".to_owned();
    for line in &lines {
        text.push(',');
        text.push_str(&field(&format!("{} {}", line.key.target, line.key.arm)));
    }
    text.push('\n');
    for (place, at) in benchmark.axis.versions.iter().enumerate() {
        let version = site.history.versions.get(*at);
        text.push_str(&format!("{},{}", field(&version.label()), words::day(version.time())));
        for line in &lines {
            text.push(',');
            let newest = line.at(place).max_by_key(|point| site.history.rank(point));
            if let Some(State::Measured { summary, .. }) = newest.map(|point| point.state(metric))
                && let Some(value) = data::rounded(Some(summary.value), VALUE_DIGITS)
            {
                text.push_str(&value.to_string());
            }
        }
        text.push('\n');
    }
    text
}

/// A field of a CSV file (RFC 4180). What a spreadsheet would take for a formula is
/// made text.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted() {
        for (text, expected) in
            [("a", "a"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("=1+1", "'=1+1")]
        {
            assert_eq!(field(text), expected);
        }
    }
}
