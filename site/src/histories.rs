//! A series as the search for changes sees it: one value for each version of a
//! target, in order, on one testbed and of one definition. The values are those
//! that `bench detect` looks at. It must not judge; `stats` finds the changes.

use crate::series::{DefinitionRef, History, Line, Point};
use crate::versions::VersionRef;
use model::Metric;
use stats::summary;
use std::collections::BTreeMap;

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
    let mut values: BTreeMap<(&str, DefinitionRef), OfSegment> = BTreeMap::new();
    for point in points(history, line) {
        let Some(place) = history.versions.place_rank(point.measured) else { continue };
        let sound = point.block_values(metric).filter(|(round, _)| !round.is_void);
        let sound: Vec<f64> = sound.map(|(_, value)| value).collect();
        if sound.is_empty() {
            continue;
        }
        let epoch = history.runs[point.run()].epoch.as_ref();
        let segment = values.entry((epoch, point.definition)).or_default();
        segment.0 = segment.0.max(point.run());
        let version = segment.1.entry(place).or_insert((point.measured, Vec::new()));
        version.1.extend(sound);
    }
    let mut segments: Vec<_> = values
        .into_iter()
        .map(|((epoch, definition), (newest_run, of_versions))| {
            let medians = of_versions
                .into_values()
                .filter_map(|(version, blocks)| Some((version, summary::median(&blocks).ok()?)));
            let (versions, values) = medians.unzip();
            (newest_run, Segment { epoch, definition, versions, values })
        })
        .collect();
    segments.sort_by_key(|(newest_run, _)| *newest_run);
    segments.into_iter().map(|(_, segment)| segment).collect()
}

/// The newest run of a segment, and its versions by their places.
type OfSegment = (usize, BTreeMap<u32, OfVersion>);

/// A version and the values of its blocks.
type OfVersion = (VersionRef, Vec<f64>);
