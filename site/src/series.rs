//! What the pages are made of: for every arm of every benchmark on every
//! target a line of compact points, one for each run and version. Samples are
//! gone by then. It must not read runs; `fold` does.

use crate::slope::Slopes;
use crate::summary::Summary;
use crate::versions::{VersionRef, Versions};
use jiff::Timestamp;
use model::{Digest, Metric, RunId, Testbed};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Everything measured, ready to be shown.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Every version met.
    pub(crate) versions: Versions,
    /// Heads of the runs, oldest first.
    pub(crate) runs: Vec<RunHead>,
    /// Testbeds by the name of their epoch.
    pub(crate) testbeds: BTreeMap<String, Testbed>,
    /// Lines of each suite.
    pub(crate) suites: BTreeMap<String, BTreeMap<LineKey, Line>>,
    /// What one step of a parameter costs, in the order of runs.
    pub(crate) slopes: Vec<Slopes>,
}

/// What is remembered of a run.
#[derive(Debug, Clone)]
pub(crate) struct RunHead {
    pub(crate) id: RunId,
    pub(crate) started_at: Timestamp,
    pub(crate) profile: String,
    pub(crate) epoch: String,
}

/// Names a line of a suite.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LineKey {
    pub(crate) benchmark: String,
    pub(crate) target: String,
    pub(crate) arm: String,
}

/// One arm of one benchmark on one target.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Whether its target is the anchor.
    pub(crate) is_anchor: bool,
    /// In the order of runs.
    pub(crate) points: Vec<Point>,
}

/// What one run says of a line at one version.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    /// Where it stands on the axis: the version under test.
    pub(crate) at: VersionRef,
    /// The version measured; differs from `at` for an anchor, which is
    /// measured beside the version under test.
    pub(crate) measured: VersionRef,
    /// Position in [`History::runs`].
    pub(crate) run: usize,
    /// What defines its numbers.
    pub(crate) definition: Digest,
    /// How many blocks ended how.
    pub(crate) blocks: BlockCounts,
    /// The first reason of a failure.
    pub(crate) failure: Option<String>,
    /// The reason why it is not supported.
    pub(crate) unsupported: Option<String>,
    /// Values, by metric.
    pub(crate) values: Vec<(&'static Metric, Value)>,
}

/// How many blocks ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BlockCounts {
    pub(crate) measured: usize,
    pub(crate) failed: usize,
    pub(crate) unsupported: usize,
    /// Measured blocks with this label.
    pub(crate) generator_bound: usize,
    /// Measured blocks with this label.
    pub(crate) generator_starved: usize,
    /// Measured blocks that say nothing about the host, by their labels.
    pub(crate) void: usize,
    /// Measured blocks with this label.
    pub(crate) shared_cpus: usize,
}

/// A metric at a point.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// It has a value.
    Measured {
        /// What the blocks say.
        summary: Summary,
        /// The same as a ratio to the anchor.
        ratio: Ratio,
    },
    /// It has none, for this reason.
    Absent(String),
}

/// A series as a ratio to the anchor.
#[derive(Debug, Clone)]
pub(crate) enum Ratio {
    /// The line is the anchor's own.
    IsAnchor,
    /// Summary of the ratios of rounds.
    Measured {
        summary: Summary,
        /// The anchor's arm it is a ratio to.
        anchor_arm: String,
        /// Rounds left out because a block says nothing about the host.
        left_out: usize,
    },
    /// There is none, for this reason.
    Absent(Cow<'static, str>),
}

/// The state of a metric at a point, in the order in which pages look.
#[derive(Debug)]
pub(crate) enum State<'a> {
    Measured { summary: &'a Summary, ratio: &'a Ratio },
    Failed(&'a str),
    Unsupported(&'a str),
    Absent(&'a str),
}

impl Point {
    /// What is known of a metric here.
    pub(crate) fn state(&self, metric: &Metric) -> State<'_> {
        let value = self.values.iter().find(|(of, _)| of.name == metric.name);
        match (value, &self.failure, &self.unsupported) {
            (Some((_, Value::Measured { summary, ratio })), _, _) => {
                State::Measured { summary, ratio }
            }
            (Some((_, Value::Absent(reason))), _, _) => State::Absent(reason),
            (None, Some(reason), _) => State::Failed(reason),
            (None, None, Some(reason)) => State::Unsupported(reason),
            (None, None, None) => State::Absent("not reported by this run"),
        }
    }

    /// What must not be joined by a line differs in this.
    pub(crate) fn segment<'a>(&self, runs: &'a [RunHead]) -> (&'a str, Digest) {
        (&runs[self.run].epoch, self.definition)
    }
}

impl RunHead {
    /// Whether its numbers are an indication only.
    pub(crate) fn is_quick(&self) -> bool {
        self.profile == model::ProfileName::Quick.word()
    }
}

impl History {
    /// Which run speaks for a version: a newer one, but never a quick one
    /// before another.
    pub(crate) fn rank(&self, point: &Point) -> (bool, Timestamp, usize) {
        let run = &self.runs[point.run];
        (!run.is_quick(), run.started_at, point.run)
    }
}
