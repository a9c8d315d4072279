//! What the pages are made of: for every arm of every benchmark on every
//! target a line of compact points, one for each run and version. Samples are
//! gone by then, the values of blocks are not. It must not read runs; `fold` does.

use crate::summary::Summary;
use crate::versions::{VersionRef, Versions};
use jiff::Timestamp;
use model::{Digest, Metric, RunId, Testbed};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything measured, ready to be shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// Every version met.
    pub(crate) versions: Versions,
    /// Heads of the runs, oldest first.
    pub(crate) runs: Vec<RunHead>,
    /// Testbeds by the name of their epoch.
    pub(crate) testbeds: BTreeMap<String, Testbed>,
    /// Lines of each suite.
    pub(crate) suites: BTreeMap<String, BTreeMap<LineKey, Line>>,
    pub(crate) definitions: Definitions,
    pub(crate) texts: Texts,
    pub(crate) rounds: Rounds,
}

/// What is remembered of a run.
#[derive(Debug, Clone)]
pub(crate) struct RunHead {
    pub(crate) id: RunId,
    pub(crate) started_at: Timestamp,
    pub(crate) profile: String,
    pub(crate) epoch: Arc<str>,
    pub(crate) not_built: Vec<NotBuilt>,
}

/// A version that could not be built.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NotBuilt {
    /// `target@label`.
    pub(crate) version: String,
    pub(crate) reason: String,
}

/// Names a line of a suite.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LineKey {
    pub(crate) benchmark: String,
    pub(crate) target: String,
    pub(crate) arm: String,
}

/// One arm of one benchmark on one target.
#[derive(Debug, Clone, Default)]
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
    /// The version measured; differs from `at` for an anchor or a peer, which is
    /// measured beside the version under test.
    pub(crate) measured: VersionRef,
    /// Position in [`History::runs`].
    run: u32,
    /// What defines its numbers.
    pub(crate) definition: DefinitionRef,
    /// How many blocks ended how.
    pub(crate) blocks: BlockCounts,
    /// The first reason of a failure.
    pub(crate) failure: Option<Arc<str>>,
    /// The reason why it is not supported.
    pub(crate) unsupported: Option<Arc<str>>,
    /// The measured blocks.
    pub(crate) rounds: Arc<[Round]>,
    /// Values, by metric.
    pub(crate) values: Arc<[(&'static Metric, Value)]>,
    /// One row for each of `values`, as long as `rounds`: the value of each
    /// block, NaN where it has none.
    pub(crate) of_blocks: Arc<[f64]>,
}

/// A measured block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Round {
    /// Blocks of one round and run pair up.
    pub(crate) round: u32,
    /// It says nothing about the host, by its labels.
    pub(crate) is_void: bool,
}

/// Names a definition inside one build of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct DefinitionRef(u32);

/// The definitions met so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Definitions {
    /// Each with its short form.
    all: Vec<(Digest, String)>,
    known: BTreeMap<Digest, DefinitionRef>,
}

/// Sentences that return in many points, kept once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts(BTreeSet<Arc<str>>);

/// Rounds, which are the same of nearly every point, kept once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rounds(BTreeSet<Arc<[Round]>>);

/// How many blocks ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BlockCounts {
    pub(crate) measured: u32,
    pub(crate) failed: u32,
    pub(crate) unsupported: u32,
    /// Measured blocks with this label.
    pub(crate) generator_bound: u32,
    /// Measured blocks with this label.
    pub(crate) generator_starved: u32,
    /// Measured blocks that say nothing about the host, by their labels.
    pub(crate) void: u32,
    /// Measured blocks with this label.
    pub(crate) shared_cpus: u32,
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
    Absent(Arc<str>),
}

/// A series as a ratio to the anchor.
#[derive(Debug, Clone)]
pub(crate) enum Ratio {
    /// The line is the anchor's own.
    IsAnchor,
    /// Summary of the ratios of rounds.
    Measured(Arc<MeasuredRatio>),
    /// There is none, for this reason.
    Absent(Arc<str>),
}

/// A ratio that is known.
#[derive(Debug, Clone)]
pub(crate) struct MeasuredRatio {
    pub(crate) summary: Summary,
    /// The anchor's arm it is a ratio to.
    pub(crate) anchor_arm: Arc<str>,
    /// Rounds left out because a block says nothing about the host.
    pub(crate) left_out: usize,
}

/// The state of a metric at a point, in the order in which pages look.
#[derive(Debug)]
pub(crate) enum State<'a> {
    Measured { summary: &'a Summary, ratio: &'a Ratio },
    Failed(&'a str),
    Unsupported(&'a str),
    Absent(&'a str),
}

/// What a point consists of, before it is placed.
pub(crate) struct PointParts {
    pub(crate) measured: VersionRef,
    pub(crate) run: usize,
    pub(crate) definition: DefinitionRef,
    pub(crate) blocks: BlockCounts,
    pub(crate) failure: Option<Arc<str>>,
    pub(crate) unsupported: Option<Arc<str>>,
    pub(crate) rounds: Arc<[Round]>,
    pub(crate) values: Arc<[(&'static Metric, Value)]>,
    pub(crate) of_blocks: Arc<[f64]>,
}

impl PointParts {
    /// The point at a place of the axis.
    pub(crate) fn at(&self, at: VersionRef) -> Point {
        Point {
            at,
            measured: self.measured,
            run: self.run as u32,
            definition: self.definition,
            blocks: self.blocks,
            failure: self.failure.clone(),
            unsupported: self.unsupported.clone(),
            rounds: Arc::clone(&self.rounds),
            values: Arc::clone(&self.values),
            of_blocks: Arc::clone(&self.of_blocks),
        }
    }
}

impl Point {
    /// Position of its run in [`History::runs`].
    pub(crate) fn run(&self) -> usize {
        self.run as usize
    }

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

    /// The value of each block that has one, in the order of blocks.
    pub(crate) fn block_values(&self, metric: &Metric) -> impl Iterator<Item = (Round, f64)> {
        let row = self.values.iter().position(|(of, _)| of.name == metric.name);
        let of_row = row.map(|row| row * self.rounds.len()).unwrap_or(self.of_blocks.len());
        let values = self.of_blocks.get(of_row..).unwrap_or_default();
        let all = self.rounds.iter().copied().zip(values.iter().copied());
        all.filter(|(_, value)| !value.is_nan())
    }

    /// Whether a reader must be told something beside its numbers.
    pub(crate) fn has_caveats(&self, runs: &[RunHead]) -> bool {
        let BlockCounts { generator_bound, generator_starved, shared_cpus, .. } = self.blocks;
        runs[self.run()].is_quick() || generator_bound + generator_starved + shared_cpus > 0
    }

    /// What must not be joined by a line differs in this.
    pub(crate) fn segment<'a>(&self, runs: &'a [RunHead]) -> (&'a str, DefinitionRef) {
        (&runs[self.run()].epoch, self.definition)
    }
}

impl RunHead {
    /// Whether its numbers are an indication only.
    pub(crate) fn is_quick(&self) -> bool {
        self.profile == model::ProfileName::Quick.word()
    }
}

impl Definitions {
    /// The reference of a definition, which is new or known.
    pub(crate) fn intern(&mut self, digest: Digest) -> DefinitionRef {
        *self.known.entry(digest).or_insert_with(|| {
            self.all.push((digest, digest.short()));
            DefinitionRef(self.all.len() as u32 - 1)
        })
    }

    /// The digest a reference of this collection stands for.
    pub(crate) fn get(&self, reference: DefinitionRef) -> Digest {
        self.all[reference.0 as usize].0
    }

    /// Its short form.
    pub(crate) fn short(&self, reference: DefinitionRef) -> &str {
        &self.all[reference.0 as usize].1
    }
}

impl Texts {
    /// The one copy of a text.
    pub(crate) fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}

impl Rounds {
    /// The one copy of these rounds.
    pub(crate) fn intern(&mut self, rounds: Vec<Round>) -> Arc<[Round]> {
        if let Some(known) = self.0.get(rounds.as_slice()) {
            return Arc::clone(known);
        }
        let new: Arc<[Round]> = rounds.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}

impl History {
    /// Once every run is in: orders the versions, and gives back what memory is spare.
    pub(crate) fn settle(&mut self) {
        self.versions.settle();
        for line in self.suites.values_mut().flat_map(BTreeMap::values_mut) {
            line.points.shrink_to_fit();
        }
    }

    /// Which run speaks for a version: a newer one, but never a quick one
    /// before another.
    pub(crate) fn rank(&self, point: &Point) -> (bool, Timestamp, usize) {
        let run = &self.runs[point.run()];
        (!run.is_quick(), run.started_at, point.run())
    }
}
