//! A run by arm and version: the median of each block, for formats that hold one number.
//! Blocks that were measured again do not count twice.

use model::{Block, Cell, METRICS, Metric, Outcome, Run};
use stats::summary;
use std::collections::BTreeMap;

/// The blocks of one arm of one version, by cell and position in the run's artifacts.
pub(super) type Arms<'a> = BTreeMap<(&'a Cell, usize), Vec<&'a Block>>;

/// The arms of a run.
pub(super) fn arms(run: &Run) -> Arms<'_> {
    let mut arms = Arms::new();
    for block in run.counted_blocks() {
        arms.entry((&block.cell, block.artifact)).or_default().push(block);
    }
    arms
}

/// The median of a metric in a block.
pub(super) fn value(block: &Block, metric: &Metric) -> Option<f64> {
    let Outcome::Measured(measurements) = &block.outcome else { return None };
    summary::median(&measurements.values(metric)?).ok()
}

/// Every comparable metric of an arm, with the medians of its blocks.
pub(super) fn metrics(blocks: &[&Block]) -> Vec<(&'static Metric, Vec<f64>)> {
    let comparable = METRICS.iter().filter(|metric| metric.is_comparable());
    comparable
        .map(|metric| {
            let values = blocks.iter().filter_map(|block| value(block, metric)).collect();
            (metric, values)
        })
        .filter(|(_, values): &(_, Vec<f64>)| !values.is_empty())
        .collect()
}
