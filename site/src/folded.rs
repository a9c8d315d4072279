//! One run, folded: what the history takes from it, and nothing that depends on
//! any other run. It is what the cache keeps, so that a run is read once.

use crate::series::{
    BlockCounts, History, MeasuredRatio, NotBuilt, PointParts, Ratio, Round, RunHead, Value,
};
use crate::summary::Summary;
use crate::versions::VersionRef;
use jiff::Timestamp;
use model::{Digest, METRICS, RunId, Testbed, VersionId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A run without its samples.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FoldedRun {
    pub(crate) id: RunId,
    pub(crate) started_at: Timestamp,
    pub(crate) profile: String,
    pub(crate) testbed: Testbed,
    /// Target, version and binary of each artifact.
    pub(crate) versions: Vec<(String, VersionId, Digest)>,
    pub(crate) definitions: Vec<Digest>,
    pub(crate) not_built: Vec<NotBuilt>,
    #[serde(skip)]
    pub(crate) cells: Vec<FoldedCell>,
}

/// The blocks of one arm on one artifact, of one definition.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FoldedCell {
    pub(crate) suite: String,
    pub(crate) benchmark: String,
    pub(crate) target: String,
    pub(crate) arm: String,
    pub(crate) is_anchor: bool,
    /// Where it stands on the axis: positions in the run's versions.
    pub(crate) places: Vec<u32>,
    /// Position in the run's versions.
    pub(crate) measured: u32,
    /// Position in the run's definitions.
    pub(crate) definition: u32,
    pub(crate) blocks: [u32; 7],
    pub(crate) failure: Option<String>,
    pub(crate) unsupported: Option<String>,
    /// Round, and whether the block says nothing about the host.
    pub(crate) rounds: Vec<(u32, bool)>,
    /// Position of the metric in the table of metrics, and its value.
    pub(crate) values: Vec<(u16, FoldedValue)>,
    pub(crate) of_blocks: Vec<f64>,
}

/// See [`Value`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FoldedValue {
    Measured { summary: Summary, ratio: FoldedRatio },
    Absent(String),
}

/// See [`Ratio`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FoldedRatio {
    IsAnchor,
    Measured { summary: Summary, anchor_arm: String, left_out: usize },
    Absent(String),
}

/// Why bytes are no folded run.
pub(crate) type Damaged = Box<dyn std::error::Error + Send + Sync>;

impl FoldedRun {
    /// The bytes that the cache keeps: the head as JSON, since its types describe
    /// themselves, then the cells.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Damaged> {
        let head = serde_json::to_vec(self)?;
        let mut bytes = u32::try_from(head.len())?.to_le_bytes().to_vec();
        bytes.extend(head);
        Ok(postcard::to_extend(&self.cells, bytes)?)
    }

    /// Reads such bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Damaged> {
        let (length, rest) = bytes.split_first_chunk().ok_or("cut off")?;
        let (head, cells) =
            rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or("cut off")?;
        let mut run: Self = serde_json::from_slice(head)?;
        run.cells = postcard::from_bytes(cells)?;
        Ok(run)
    }
}

impl History {
    /// Adds a run, in the order in which they started.
    pub(crate) fn add(&mut self, run: FoldedRun) {
        let epoch = run.testbed.epoch();
        let head_epoch = self.texts.intern(&epoch);
        self.testbeds.entry(epoch).or_insert(run.testbed);
        self.runs.push(RunHead {
            id: run.id,
            started_at: run.started_at,
            profile: run.profile,
            epoch: head_epoch,
            not_built: run.not_built,
        });
        let started_at = run.started_at;
        let versions: Vec<VersionRef> = run
            .versions
            .iter()
            .map(|(target, id, binary)| self.versions.intern(target, id, *binary, started_at))
            .collect();
        for cell in run.cells {
            self.add_cell(&versions, &run.definitions, cell);
        }
    }

    fn add_cell(&mut self, versions: &[VersionRef], definitions: &[Digest], cell: FoldedCell) {
        let texts = &mut self.texts;
        let values: Vec<_> = cell
            .values
            .into_iter()
            .map(|(metric, value)| {
                let value = match value {
                    FoldedValue::Absent(reason) => Value::Absent(texts.intern(&reason)),
                    FoldedValue::Measured { summary, ratio } => {
                        let ratio = match ratio {
                            FoldedRatio::IsAnchor => Ratio::IsAnchor,
                            FoldedRatio::Absent(reason) => Ratio::Absent(texts.intern(&reason)),
                            FoldedRatio::Measured { summary, anchor_arm, left_out } => {
                                let anchor_arm = texts.intern(&anchor_arm);
                                Ratio::Measured(Arc::new(MeasuredRatio {
                                    summary,
                                    anchor_arm,
                                    left_out,
                                }))
                            }
                        };
                        Value::Measured { summary, ratio }
                    }
                };
                (&METRICS[usize::from(metric)], value)
            })
            .collect();
        let rounds = cell.rounds.into_iter().map(|(round, is_void)| Round { round, is_void });
        let parts = PointParts {
            measured: versions[cell.measured as usize],
            run: self.runs.len() - 1,
            definition: self.definitions.intern(definitions[cell.definition as usize]),
            blocks: BlockCounts::from(cell.blocks),
            failure: cell.failure.map(|reason| texts.intern(&reason)),
            unsupported: cell.unsupported.map(|reason| texts.intern(&reason)),
            rounds: self.rounds.intern(rounds.collect()),
            values: values.into(),
            of_blocks: cell.of_blocks.into(),
        };
        let key = crate::series::LineKey {
            benchmark: cell.benchmark,
            target: cell.target,
            arm: cell.arm,
        };
        let line = self.suites.entry(cell.suite).or_default().entry(key).or_default();
        line.is_anchor = cell.is_anchor;
        line.points.extend(cell.places.iter().map(|place| parts.at(versions[*place as usize])));
    }
}

impl From<[u32; 7]> for BlockCounts {
    fn from(counts: [u32; 7]) -> Self {
        let [measured, failed, unsupported, generator_bound, generator_starved, void, shared_cpus] =
            counts;
        Self {
            measured,
            failed,
            unsupported,
            generator_bound,
            generator_starved,
            void,
            shared_cpus,
        }
    }
}
