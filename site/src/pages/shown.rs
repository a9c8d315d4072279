//! What a page shows of a benchmark: its lines with their looks, and the points
//! that speak for each version.

use super::Site;
use crate::palette::LineStyle;
use crate::series::{History, Line, LineKey, Point};
use crate::trend::{self, Axis, Change, Placed};
use model::{Metric, Suite};
use std::borrow::Cow;
use std::sync::OnceLock;

/// A line as it is shown everywhere on a page.
pub(crate) struct ShownLine<'a> {
    pub(crate) key: &'a LineKey,
    pub(crate) line: &'a Line,
    pub(crate) style: LineStyle,
    pub(crate) points: Vec<Placed<'a>>,
}

impl<'a> ShownLine<'a> {
    /// The points of a place, one for each segment.
    pub(crate) fn at(&self, place: usize) -> impl Iterator<Item = &'a Point> {
        let first = self.points.partition_point(|(at, _)| *at < place);
        self.points[first..].iter().take_while(move |(at, _)| *at == place).map(|(_, point)| *point)
    }

    /// Target and arm, without what goes without saying.
    pub(crate) fn name(&self, site: &Site<'_>) -> String {
        if self.key.target == site.config().default_target {
            self.key.arm.clone()
        } else {
            format!("{} {}", self.key.target, self.key.arm)
        }
    }
}

/// What all metrics of a benchmark share.
pub(crate) struct Benchmark<'a> {
    declared: Option<&'a Suite>,
    pub(crate) suite: &'a str,
    pub(crate) name: &'a str,
    pub(crate) axis: Axis,
    pub(crate) lines: Vec<ShownLine<'a>>,
    /// Made when asked for: every metric asks.
    changes: OnceLock<Vec<Change>>,
}

impl<'a> Benchmark<'a> {
    /// Chooses what is shown of a benchmark.
    pub(crate) fn of(site: &Site<'a>, suite: &'a str, name: &'a str) -> Option<Self> {
        let all = site.history.suites.get(suite)?;
        let declared = site.declared(suite);
        let found = trend::lines_of(all, name, declared, &site.config().default_target);
        Some(Self::with(site, suite, name, found))
    }

    /// The same with these lines only.
    pub(crate) fn with(
        site: &Site<'a>,
        suite: &'a str,
        name: &'a str,
        lines: Vec<(&'a LineKey, &'a Line)>,
    ) -> Self {
        let axis = Axis::of(site.history, &lines);
        let (mut own, mut anchors) = (0, 0);
        let shown = lines.into_iter().map(|(key, line)| {
            let counter = if line.is_anchor { &mut anchors } else { &mut own };
            let position = std::mem::replace(counter, *counter + 1);
            let style = if line.is_anchor {
                LineStyle::of_anchor(position)
            } else {
                LineStyle::of_position(position)
            };
            ShownLine { key, line, style, points: trend::shown(site.history, &axis, line) }
        });
        let lines = shown.collect();
        let changes = OnceLock::new();
        Self { declared: site.declared(suite), suite, name, axis, lines, changes }
    }

    /// Where testbed or definition of these lines changed: see [`trend::changes`].
    pub(crate) fn changes(&self, history: &History, lines: &[&ShownLine<'_>]) -> Cow<'_, [Change]> {
        let of = |lines: &[&ShownLine<'_>]| {
            let placed: Vec<_> = lines.iter().map(|it| (it.key, it.points.as_slice())).collect();
            trend::changes(history, &placed)
        };
        if lines.len() < self.lines.len() {
            return Cow::Owned(of(lines));
        }
        Cow::Borrowed(self.changes.get_or_init(|| of(lines)))
    }

    /// The lines that have something to say of a metric: an arm whose driver
    /// does not report it is no gap in the data.
    pub(crate) fn of_metric(
        &self,
        metric: &'static Metric,
    ) -> impl Iterator<Item = &ShownLine<'a>> {
        self.lines.iter().filter(move |line| {
            let mut arms = self.declared.into_iter().flat_map(|suite| suite.arms_of(self.name));
            let points = &line.line.points;
            let reported = points
                .iter()
                .any(|point| point.values.iter().any(|(of, _)| of.name == metric.name));
            reported || arms.any(|arm| arm.name == line.key.arm && arm.metrics.contains(&metric))
        })
    }
}
