//! One number and one interval for the blocks of a series' point. Every
//! statistic comes from `stats`; this only says which one a page shows.

use serde::{Deserialize, Serialize};
use stats::{interval, summary};

/// How often an interval on a page holds the true value.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// Fewer blocks give a value without an interval: with five, even the
/// smallest and the largest do not enclose the median often enough.
pub(crate) const MIN_BLOCKS_FOR_INTERVAL: usize = 6;

/// What the blocks say together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Median of the blocks.
    pub(crate) value: f64,
    /// Ends of the interval of the median; `None` with too few blocks.
    pub(crate) interval: Option<(f64, f64)>,
    /// How many blocks there were.
    pub(crate) blocks: usize,
}

impl Summary {
    /// Summarises block values.
    ///
    /// # Errors
    /// Empty or non-finite values.
    pub(crate) fn of_blocks(values: &[f64]) -> Result<Self, stats::Error> {
        Ok(Self {
            value: summary::median(values)?,
            interval: interval::of_median(values, CONFIDENCE)
                .ok()
                .map(|interval| (interval.low, interval.high)),
            blocks: values.len(),
        })
    }
}

/// One value for the samples of one block.
///
/// # Errors
/// Empty or non-finite values.
pub(crate) fn of_block(samples: &[f64]) -> Result<f64, stats::Error> {
    summary::median(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_needs_as_many_blocks_as_pages_say() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let few = Summary::of_blocks(&values[..MIN_BLOCKS_FOR_INTERVAL - 1]).unwrap();
        assert_eq!((few.value, few.interval, few.blocks), (3.0, None, 5));
        let enough = Summary::of_blocks(&values).unwrap();
        assert_eq!((enough.value, enough.interval), (3.5, Some((1.0, 6.0))));
        assert!(Summary::of_blocks(&[]).is_err());
    }
}
