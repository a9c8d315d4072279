//! Lines over versions: which point speaks for a version, what may be joined
//! by a line, and where something changed that forbids comparing.

use crate::series::{DefinitionRef, History, Line, LineKey, Point, State};
use crate::versions::VersionRef;
use model::{Metric, Suite};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The versions along the horizontal axis, in order.
#[derive(Debug)]
pub(crate) struct Axis {
    pub(crate) versions: Vec<VersionRef>,
    places: HashMap<VersionRef, usize>,
}

impl Axis {
    /// The versions that any of these lines has a point at.
    pub(crate) fn of(history: &History, lines: &[(&LineKey, &Line)]) -> Self {
        let all: BTreeSet<VersionRef> =
            lines.iter().flat_map(|(_, line)| &line.points).map(|point| point.at).collect();
        let mut versions: Vec<VersionRef> = all.into_iter().collect();
        versions.sort_by_key(|version| history.versions.rank(*version));
        let places =
            versions.iter().enumerate().map(|(place, version)| (*version, place)).collect();
        Self { versions, places }
    }

    /// Where a version stands.
    pub(crate) fn place(&self, version: VersionRef) -> Option<usize> {
        self.places.get(&version).copied()
    }
}

/// The lines of a benchmark in the order they are shown: as the suite lists
/// its arms, anchors last.
pub(crate) fn lines_of<'a>(
    lines: &'a BTreeMap<LineKey, Line>,
    benchmark: &str,
    declared: Option<&Suite>,
    default_target: &str,
) -> Vec<(&'a LineKey, &'a Line)> {
    let arms: Vec<&str> = declared
        .map(|suite| suite.arms_of(benchmark).map(|arm| arm.name.as_str()).collect())
        .unwrap_or_default();
    let mut found: Vec<_> = lines.iter().filter(|(key, _)| key.benchmark == benchmark).collect();
    found.sort_by_key(|(key, line)| {
        let arm = arms.iter().position(|arm| *arm == key.arm).unwrap_or(arms.len());
        (line.is_anchor, key.target != default_target, &key.target, arm, &key.arm)
    });
    found
}

/// A point with its place on the axis.
pub(crate) type Placed<'a> = (usize, &'a Point);

/// One point for each place and segment, in the order of places: the one
/// whose run speaks for the version.
pub(crate) fn shown<'a>(history: &History, axis: &Axis, line: &'a Line) -> Vec<Placed<'a>> {
    let mut best: BTreeMap<(usize, (&str, DefinitionRef)), &Point> = BTreeMap::new();
    for point in &line.points {
        let Some(place) = axis.place(point.at) else { continue };
        let key = (place, point.segment(&history.runs));
        let entry = best.entry(key).or_insert(point);
        if history.rank(point) > history.rank(entry) {
            *entry = point;
        }
    }
    best.into_iter().map(|((place, _), point)| (place, point)).collect()
}

/// The point that speaks for the newest version of a line.
pub(crate) fn newest<'a>(history: &History, line: &'a Line) -> Option<&'a Point> {
    line.points.iter().max_by_key(|point| (history.versions.rank(point.at), history.rank(point)))
}

/// Runs of measured points of one segment. A version that failed interrupts
/// its line: what lies on either side was not connected by a measurement.
pub(crate) fn segments<'a>(
    history: &History,
    points: &[Placed<'a>],
    metric: &Metric,
) -> Vec<Vec<Placed<'a>>> {
    let mut by_segment: BTreeMap<(&str, DefinitionRef), Vec<Vec<Placed<'a>>>> = BTreeMap::new();
    for &(place, point) in points {
        let pieces =
            by_segment.entry(point.segment(&history.runs)).or_insert_with(|| vec![Vec::new()]);
        match (point.state(metric), pieces.last_mut()) {
            (State::Measured { .. }, Some(piece)) => piece.push((place, point)),
            _ => pieces.push(Vec::new()),
        }
    }
    let mut pieces: Vec<_> =
        by_segment.into_values().flatten().filter(|piece| !piece.is_empty()).collect();
    pieces.sort_by_key(|piece| piece[0].0);
    pieces
}

/// Something that changed between two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The first place after it.
    pub(crate) place: usize,
    /// Whether it is the testbed; else it is what a line measures.
    pub(crate) is_testbed: bool,
    /// What changed.
    pub(crate) told: String,
}

/// Where testbed or definition changed, in the order of places.
pub(crate) fn changes(history: &History, lines: &[(&LineKey, &[Placed<'_>])]) -> Vec<Change> {
    let mut found = testbed_changes(history, lines);
    for (key, points) in lines {
        let newest = newest_of_places(history, points.iter().copied());
        for (before, after) in newest.iter().zip(newest.iter().skip(1)) {
            if before.1.definition != after.1.definition {
                let told = format!(
                    "what {} {} measures was defined anew ({} to {})",
                    key.target,
                    key.arm,
                    history.definitions.short(before.1.definition),
                    history.definitions.short(after.1.definition)
                );
                found.push(Change { place: *after.0, is_testbed: false, told });
            }
        }
    }
    found.sort_by_key(|change| change.place);
    found
}

fn testbed_changes(history: &History, lines: &[(&LineKey, &[Placed<'_>])]) -> Vec<Change> {
    let points = lines.iter().flat_map(|(_, points)| points.iter().copied());
    let newest: Vec<(usize, &str)> = newest_of_places(history, points)
        .into_iter()
        .map(|(place, point)| (place, &*history.runs[point.run()].epoch))
        .collect();
    let mut found = Vec::new();
    for ((_, before), (place, after)) in newest.iter().zip(newest.iter().skip(1)) {
        if before == after {
            continue;
        }
        let mut told = format!("testbed {before} became {after}");
        if let (Some(old), Some(new)) =
            (history.testbeds.get(*before), history.testbeds.get(*after))
        {
            for (name, here, there) in old.differences(new) {
                told.push_str(&format!("; {name}: {here} → {there}"));
            }
        }
        found.push(Change { place: *place, is_testbed: true, told });
    }
    found
}

fn newest_of_places<'a>(
    history: &History,
    points: impl Iterator<Item = Placed<'a>>,
) -> BTreeMap<usize, &'a Point> {
    let mut newest: BTreeMap<usize, &Point> = BTreeMap::new();
    for (place, point) in points {
        let entry = newest.entry(place).or_insert(point);
        if history.runs[point.run()].started_at > history.runs[entry.run()].started_at {
            *entry = point;
        }
    }
    newest
}
