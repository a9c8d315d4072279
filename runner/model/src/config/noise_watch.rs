//! When a block counts as disturbed, by what its surroundings say and never by
//! what it measured. It must not look at either.

use crate::diagnostic::{Diagnostic, SourceText};
use crate::spanned::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// The limits above which a block is disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoiseWatch {
    /// Part of the CPUs' time that a hypervisor took.
    pub steal: f64,
    /// Part of the CPUs' time that programs used which belong to no block.
    pub others: f64,
    /// Involuntary context switches of the load generator in a second.
    pub preemptions_per_s: f64,
}

pub(super) fn checked(
    source: SourceText<'_>,
    wire: &Spanned<NoiseWatch>,
) -> Result<NoiseWatch, Diagnostic> {
    let it = *wire.get_ref();
    let are_fractions = [it.steal, it.others].iter().all(|share| (0.0..1.0).contains(share));
    if are_fractions && it.preemptions_per_s.is_finite() && it.preemptions_per_s > 0.0 {
        return Ok(it);
    }
    let problem = "`steal` and `others` are fractions from 0 to below 1, `preemptions_per_s` a \
                   number above 0";
    Err(source.at(wire.span(), problem))
}
