//! A series as the search for changes sees it: one value for each version of a
//! target, in order, on one testbed and of one definition. The values are those
//! that `bench detect` looks at. It must not judge; `stats` finds the changes.

use crate::series::{DefinitionRef, History, Line, Point};
use crate::versions::VersionRef;
use model::Metric;
use stats::summary;

/// A stretch of a series that nothing separates.
#[derive(Debug, Clone)]
pub(crate) struct Segment<'a> {
    pub(crate) epoch: &'a str,
    pub(crate) definition: DefinitionRef,
    /// In order.
    pub(crate) versions: Vec<VersionRef>,
    /// One value for each: the median of its blocks.
    pub(crate) values: Vec<f64>,
}

impl Segment<'_> {
    /// Where a version stands.
    pub(crate) fn position(&self, version: VersionRef) -> Option<usize> {
        self.versions.iter().position(|known| *known == version)
    }
}

/// The points that histories are made of. Quick runs measure less than others; of
/// what stands in no order there is no history; and what was measured beside
/// several versions was still measured once.
pub(crate) fn points<'a>(history: &'a History, line: &'a Line) -> impl Iterator<Item = &'a Point> {
    let mut last = None;
    line.points.iter().filter(move |point| {
        let this = Some((point.run(), point.measured, point.definition));
        let is_again = std::mem::replace(&mut last, this) == this;
        !is_again
            && !history.runs[point.run()].is_quick()
            && history.versions.place_rank(point.measured).is_some()
    })
}

/// The segments of a series, the newest last.
pub(crate) fn of<'a>(history: &'a History, line: &Line, metric: &Metric) -> Vec<Segment<'a>> {
    let mut blocks: Vec<f64> = Vec::new();
    let mut found: Vec<OfPoint<'a>> = Vec::new();
    for point in points(history, line) {
        let Some(place) = history.versions.place_rank(point.measured) else { continue };
        let first = blocks.len();
        let sound = point.block_values(metric).filter(|(round, _)| !round.is_void);
        blocks.extend(sound.map(|(_, value)| value));
        if blocks.len() > first {
            let epoch = history.runs[point.run()].epoch.as_ref();
            found.push(OfPoint {
                of: (epoch, point.definition),
                place,
                version: point.measured,
                run: point.run(),
                blocks: first..blocks.len(),
            });
        }
    }
    // Stable: what was measured first names the version.
    found.sort_by_key(|point| (point.of, point.place));
    let mut segments: Vec<(usize, Segment<'a>)> = Vec::new();
    let mut values = Vec::new();
    for of_segment in found.chunk_by(|a, b| a.of == b.of) {
        let (epoch, definition) = of_segment[0].of;
        let newest_run = of_segment.iter().map(|point| point.run).max().unwrap_or_default();
        let mut segment = Segment { epoch, definition, versions: Vec::new(), values: Vec::new() };
        for of_version in of_segment.chunk_by(|a, b| a.place == b.place) {
            values.clear();
            values.extend(of_version.iter().flat_map(|it| &blocks[it.blocks.clone()]));
            if let Ok(median) = summary::median(&values) {
                segment.versions.push(of_version[0].version);
                segment.values.push(median);
            }
        }
        segments.push((newest_run, segment));
    }
    segments.sort_by_key(|(newest_run, _)| *newest_run);
    segments.into_iter().map(|(_, segment)| segment).collect()
}

/// A point of a segment, with its blocks among all.
struct OfPoint<'a> {
    of: (&'a str, DefinitionRef),
    place: u32,
    version: VersionRef,
    run: usize,
    blocks: std::ops::Range<usize>,
}
