//! What one step of a parameter costs: a straight line through the blocks of
//! arms that differ only in how often they do the same. The fit is `stats`'; this
//! only chooses the points.

use crate::fold::block_value;
use crate::series::History;
use crate::versions::VersionRef;
use model::{Block, Metric, NoiseClass, Outcome, Run, SlopeSpec, Suite};
use stats::slope::{Slope, least_squares};
use std::collections::BTreeMap;

/// How often an interval holds the true slope.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// The lines of one table of a suite, from one run.
#[derive(Debug, Clone)]
pub(crate) struct Slopes {
    pub(crate) at: VersionRef,
    /// Position in [`History::runs`].
    pub(crate) run: usize,
    pub(crate) suite: String,
    /// Position in the suite's `slopes`.
    pub(crate) spec: usize,
    pub(crate) lines: Vec<SlopeLine>,
}

impl Slopes {
    /// Whether there is anything but reasons.
    pub(crate) fn has_values(&self) -> bool {
        let is_measured = |fit: &Fit| matches!(fit, Fit::Measured { .. });
        self.lines.iter().any(|line| line.fits.iter().any(is_measured))
    }
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct SlopeLine {
    /// The value of the parameter that is compared.
    pub(crate) name: String,
    /// The parameters besides that one and the number of times.
    pub(crate) beside: Vec<(String, String)>,
    /// What is known of each metric of the table, in its order.
    pub(crate) fits: Vec<Fit>,
}

/// A metric of a line.
#[derive(Debug, Clone)]
pub(crate) enum Fit {
    Measured {
        slope: Slope,
        /// Blocks in it that make no verdict, by their labels.
        void: usize,
    },
    /// There is none, for this reason.
    Absent(String),
}

/// Adds what a run says of every suite's slopes.
pub(crate) fn add_run(history: &mut History, run: &Run, suites: &[Suite], versions: &[VersionRef]) {
    for suite in suites {
        for (spec, declared) in suite.slopes.iter().enumerate() {
            for (artifact, at) in versions.iter().enumerate() {
                let is_anchor = |block: &Block| run.anchor.as_deref() == Some(&block.cell.target);
                let blocks = run.blocks.iter().filter(|block| {
                    block.artifact == artifact
                        && block.cell.suite == suite.name
                        && declared.benchmarks.contains(&block.cell.benchmark)
                        && !is_anchor(block)
                });
                let lines = lines(suite, declared, blocks);
                if !lines.is_empty() {
                    let run = history.runs.len() - 1;
                    let suite = suite.name.clone();
                    history.slopes.push(Slopes { at: *at, run, suite, spec, lines });
                }
            }
        }
    }
}

/// Blocks by line: what is compared, and the parameters beside it.
type Groups<'a> = BTreeMap<usize, (SlopeLine, Vec<(f64, &'a Block)>)>;

fn lines<'a>(
    suite: &Suite,
    spec: &SlopeSpec,
    blocks: impl Iterator<Item = &'a Block>,
) -> Vec<SlopeLine> {
    let mut groups = Groups::new();
    for block in blocks {
        // In the order of the suite; of arms it no longer has nothing is told.
        let found = suite.arms.iter().find(|arm| {
            arm.benchmark == block.cell.benchmark
                && arm.name == block.cell.arm
                && arm.definition_sha256 == block.definition_sha256
        });
        let Some(arm) = found else { continue };
        let (Some(times), Some(name)) = (arm.parameter(&spec.over), arm.parameter(&spec.lines))
        else {
            continue;
        };
        let Ok(times) = times.parse() else { continue };
        let is_beside = |key: &str| key != spec.over && key != spec.lines;
        let beside: Vec<(String, String)> =
            arm.parameters.iter().filter(|(key, _)| is_beside(key)).cloned().collect();
        let same = |line: &SlopeLine| line.name == name && line.beside == beside;
        let known = groups.iter().find(|(_, (line, _))| same(line)).map(|(key, _)| *key);
        let key = known.unwrap_or(groups.len());
        let empty = || (SlopeLine { name: name.to_owned(), beside, fits: Vec::new() }, Vec::new());
        groups.entry(key).or_insert_with(empty).1.push((times, block));
    }
    let fitted = groups.into_values().map(|(mut line, blocks)| {
        line.fits = spec.metrics.iter().map(|metric| fit(metric, &blocks)).collect();
        line
    });
    fitted.collect()
}

fn fit(metric: &Metric, blocks: &[(f64, &Block)]) -> Fit {
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut void = 0;
    for (times, block) in blocks {
        if let Some(value) = block_value(block, metric) {
            let is_void = block.labels.iter().any(|label| label.forbids_verdict());
            void += usize::from(is_void);
            // A generator that waits makes requests late, not dearer.
            if !is_void || metric.noise != NoiseClass::Wall {
                points.push((*times, value));
            }
        }
    }
    let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
    match least_squares(&x, &y, CONFIDENCE) {
        Ok(slope) => Fit::Measured { slope, void },
        Err(_) if void > 0 => Fit::Absent(format!("{void} blocks say nothing about the host")),
        Err(_) if x.is_empty() => Fit::Absent(why_none(metric, blocks)),
        Err(error) => Fit::Absent(error.to_string()),
    }
}

/// The first reason that a block gives for having no value.
fn why_none(metric: &Metric, blocks: &[(f64, &Block)]) -> String {
    let reason = blocks.iter().find_map(|(_, block)| match &block.outcome {
        Outcome::Failed { reason, .. } | Outcome::Unsupported { reason } => Some(reason.clone()),
        Outcome::Measured(measurements) => {
            let absent = measurements.absent.iter().find(|absent| absent.metric == metric.name);
            absent.map(|absent| absent.reason.clone())
        }
    });
    reason.unwrap_or_else(|| "not measured".to_owned())
}
