//! Dividing suites among machines. Pure. All versions of a suite stay on one
//! machine: numbers of different machines cannot be compared.

use model::{Arm, NoiseClass, Suite};
use std::cmp::Reverse;

/// Starting, stopping and waiting around a block, in milliseconds; a rough figure,
/// for balance only.
const AROUND_A_BLOCK_MS: u64 = 1_000;

/// What one machine measures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Shard {
    /// Names of suites.
    pub(crate) suites: Vec<String>,
    /// Roughly how long it measures, in milliseconds; builds come before.
    pub(crate) estimate_ms: u64,
    /// When it must have ended at the latest, in milliseconds: every block's budget.
    pub(crate) most_ms: u64,
}

/// How much is measured of every arm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) quick: bool,
    pub(crate) blocks: u32,
    /// Overrides the measured part of a block.
    pub(crate) measure_ms: Option<u64>,
    /// Versions, the anchor included.
    pub(crate) versions: usize,
}

/// Divides suites among at most so many machines, the longest first to whoever
/// has least to do. There are never more shards than suites.
pub(crate) fn divide(suites: &[Suite], amount: Amount, machines: usize) -> Vec<Shard> {
    let mut by_length: Vec<(&str, u64, u64)> = suites
        .iter()
        .map(|suite| {
            let (mut estimate, mut most) = (0, 0);
            for arm in suite.arms.iter().filter(|arm| arm.quick || !amount.quick) {
                let (one, at_most) = of_arm(arm, amount);
                (estimate, most) = (estimate + one, most + at_most);
            }
            (suite.name.as_str(), estimate, most)
        })
        .filter(|(_, estimate, _)| *estimate > 0)
        .collect();
    by_length.sort_by_key(|(name, estimate, _)| (Reverse(*estimate), *name));
    let mut shards = vec![Shard::default(); machines.min(by_length.len())];
    for (name, estimate, most) in by_length {
        let Some(shard) = shards.iter_mut().min_by_key(|shard| shard.estimate_ms) else { break };
        shard.suites.push(name.to_owned());
        shard.estimate_ms += estimate;
        shard.most_ms += most;
    }
    shards
}

fn of_arm(arm: &Arm, amount: Amount) -> (u64, u64) {
    let blocks = if arm.noise == NoiseClass::Exact { 1 } else { u64::from(amount.blocks) };
    let versions = if arm.floor { 1 } else { amount.versions as u64 };
    let at_most = u64::from(arm.budget_s) * 1_000;
    let measured = amount.measure_ms.unwrap_or(arm.load.measure_ms);
    let one = (arm.load.warmup_ms + measured + AROUND_A_BLOCK_MS).min(at_most);
    (blocks * versions * one, blocks * versions * at_most)
}
