//! The numbers of charts and series as CSV, for whoever wants to draw their own.
//! A chart's file is a table to plot: a row for each version, a column for each
//! line. A series' files say everything of each point, so many versions a file.

use crate::Error;
use crate::data::{self, VALUE_DIGITS};
use crate::names;
use crate::pages::shown::{Benchmark, ShownLine};
use crate::pages::{Page, Site};
use crate::series::State;
use crate::trend::Placed;
use model::{Digest, Metric};
use std::borrow::Cow;
use std::fmt::Write as _;

/// Points of an older file of a series. Older files are counted from the oldest, so
/// that they never change while a history grows, and what a reader of the newest
/// points loads of the others stays small.
const OLDER_POINTS: usize = 400;

const HEAD: &str =
    "version,day,value,low,high,ratio,blocks,state,reason,testbed,definition,profile\n";

/// The files of a series; of an older one that was written by the last build nothing.
pub(crate) fn of_series(
    site: &Site<'_>,
    suite: &str,
    line: &ShownLine<'_>,
    metric: &'static Metric,
) -> Result<Vec<Page>, Error> {
    let older = older_files(line.points.len());
    let (old, newest) = line.points.split_at(older * OLDER_POINTS);
    let name = |kind: &str| names::series_file(suite, line.key, metric, kind);
    let mut files = vec![Page::of(name("csv"), text_of(site, newest, metric))];
    for (part, points) in (1..).zip(old.chunks(OLDER_POINTS)) {
        let (path, key) = (name(&older_kind(part)), key_of(site, points));
        if !site.output.take_over(&[&path], key)? {
            files.push(Page::for_next(path, text_of(site, points, metric), key));
        }
    }
    Ok(files)
}

/// Where the files of a series lie, the one with the newest points first.
pub(crate) fn names_of(suite: &str, line: &ShownLine<'_>, metric: &Metric) -> Vec<String> {
    let older = (1..=older_files(line.points.len())).rev().map(older_kind);
    let kinds = std::iter::once("csv".to_owned()).chain(older);
    kinds.map(|kind| names::series_file(suite, line.key, metric, &kind)).collect()
}

/// How many older files there are: the newest one has nearly as many points as two.
fn older_files(points: usize) -> usize {
    (points / OLDER_POINTS).saturating_sub(1)
}

fn older_kind(part: usize) -> String {
    format!("{part}.csv")
}

/// Differs where the text of these points does: runs never change, so which runs and
/// versions they are of says all.
fn key_of(site: &Site<'_>, points: &[Placed<'_>]) -> Digest {
    let history = site.history;
    let mut all = Vec::new();
    for (_, point) in points {
        all.extend(history.runs[point.run()].id.as_str().as_bytes());
        all.extend(history.versions.digest(point.measured).to_bytes());
        all.extend(history.definitions.get(point.definition).to_bytes());
    }
    Digest::of(all)
}

/// Points as rows, oldest first.
fn text_of(site: &Site<'_>, points: &[Placed<'_>], metric: &'static Metric) -> String {
    let history = site.history;
    let mut text = String::with_capacity(HEAD.len() + 120 * points.len());
    text.push_str(HEAD);
    for (_, point) in points {
        let run = &history.runs[point.run()];
        let (state, reason) = match point.state(metric) {
            State::Measured { .. } => ("measured", ""),
            State::Failed(reason) => ("failed", reason),
            State::Unsupported(reason) => ("unsupported", reason),
            State::Absent(reason) => ("absent", reason),
        };
        let label = field(history.versions.label(point.measured));
        // Writing to a string cannot fail.
        let _ = write!(text, "{label},{},", history.versions.day(point.measured));
        for number in data::rounded_numbers(point, metric) {
            push_number(&mut text, number);
            text.push(',');
        }
        let _ = writeln!(
            text,
            "{},{state},{},{},{},{}",
            point.blocks.measured,
            field(reason),
            run.epoch,
            history.definitions.short(point.definition),
            field(&run.profile),
        );
    }
    text
}

/// A number; nothing where there is none.
fn push_number(text: &mut String, number: Option<f64>) {
    if let Some(number) = number {
        // Writing to a string cannot fail.
        let _ = write!(text, "{number}");
    }
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
        text.push_str(&field(site.history.versions.label(*at)));
        text.push(',');
        text.push_str(site.history.versions.day(*at));
        for line in &lines {
            text.push(',');
            let newest = line.at(place).max_by_key(|point| site.history.rank(point));
            if let Some(State::Measured { summary, .. }) = newest.map(|point| point.state(metric)) {
                push_number(&mut text, data::rounded(Some(summary.value), VALUE_DIGITS));
            }
        }
        text.push('\n');
    }
    text
}

/// A field of a CSV file (RFC 4180). What a spreadsheet would take for a formula is
/// made text.
fn field(text: &str) -> Cow<'_, str> {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) };
    if text.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
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

    #[test]
    fn older_files_stay_while_a_history_grows() {
        let parts = [0, 1, 799, 800, 1199, 1200, 2000].map(older_files);
        assert_eq!(parts, [0, 0, 0, 1, 1, 2, 4]);
    }
}
