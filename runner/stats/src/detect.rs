//! Change points: where the level of a history changed for good.
//!
//! Input is a history: one value for each version, in order. What is looked for
//! are levels, each of at least [`SHORTEST_SEGMENT`] values, and the places
//! where one gives way to the next. A wild value or a short burst of them is no
//! level, and a slow drift or values that depend on their neighbours raise the
//! bar instead of alarms.
//!
//! # The method
//!
//! 1. Logs are taken, so that a change is a ratio and no unit matters.
//! 2. **Fit**: optimal partitioning ([`partition`]) with a loss that is bounded
//!    for wild values. It is first the normal one; what is left over then shows
//!    the shape of the noise ([`density`]), and the fit is repeated with the
//!    likelihood of that shape. Noise with a sharp edge or with two modes tells
//!    its level to a fraction of its spread.
//! 3. **Dependence** ([`dependence`]): how much further means of neighbouring
//!    points wander than those of independent ones would, at each length. The
//!    penalty for a change and the evidence are in that measure.
//! 4. **Judge** ([`judge`]): the weakest change goes, and its neighbours are
//!    measured anew, until all that are left are large enough and sure enough,
//!    and short ones stand out from the other excursions of the same history
//!    ([`excursions`]).
//!
//! Sources: Jackson et al. 2005 (optimal partitioning); Killick, Fearnhead &
//! Eckley 2012 (PELT); Fearnhead & Rigaill 2019 (bounded losses); Fleming et al.
//! 2023, "Hunter: using change point detection to hunt for performance
//! regressions" (what histories of benchmarks look like); van den Burg &
//! Williams 2020 (how detectors compare).
//!
//! This module must not learn what a value is, when it was measured, or what
//! was decided of its neighbours before.

mod density;
mod dependence;
mod excursions;
mod judge;
mod newest;
mod partition;
mod prepare;

use crate::error::{Error, require_finite};
use density::{Density, Grid, scale_of};
use dependence::Dependence;
use excursions::Excursions;
use judge::{Found, Rule};
use partition::Losses;
use prepare::Prepared;
pub(crate) use prepare::first_scale;

/// The least number of values at one level. Bursts of wild values are shorter.
pub const SHORTEST_SEGMENT: usize = 5;

/// With fewer values at the newest level a change is suspected only.
pub const VALUES_TO_ESTABLISH: usize = 10;

/// The most values that are looked at.
pub const MOST_VALUES: usize = 100_000;

/// How often the shape of the noise is learnt.
const ROUNDS: usize = 2;
/// The penalty for a change, in logs of the number of values: before anything
/// is known of the noise, while its shape is learnt, where dependence and
/// excursions are measured (on what is surely no change), and at last.
const FIRST_PENALTY: f64 = 1.5;
const LEARNING_PENALTY: f64 = 1.7;
const STRICT_PENALTY: f64 = 3.0;
const PENALTY: f64 = 1.8;
/// The least evidence for a change, in standard errors.
const LEAST_EVIDENCE: f64 = 5.2;
/// See [`Rule`].
const FEW_VALUES: f64 = 60.0;
const BURSTS: f64 = 3.0;
/// The least length of the segments that excursions are measured about.
const LONG_SEGMENT: usize = 15;
/// The length at which dependence scales the penalty.
const DEPENDENCE_LENGTH: usize = 8;
/// The noise is taken to be at least this part of the smallest change.
const LEAST_NOISE: f64 = 0.1;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// The smallest change that is reported, a fraction from 0 to below 1. With
    /// values that are not all above zero it plays no part.
    pub smallest_change: f64,
}

impl Default for Options {
    /// 0.3 %.
    fn default() -> Self {
        Self { smallest_change: 0.003 }
    }
}

/// A change found this near to another in the same series is the same one: noise moves
/// where it is found, and so do further values.
pub const SAME_WITHIN: usize = 5;

/// How sure a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Enough values have been seen at the new level.
    Established,
    /// It is so near the end that measuring both sides again should confirm it.
    Suspected,
}

/// A change of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Position of the first value at the new level, from 0.
    pub position: usize,
    /// Whether the new level is higher.
    pub rises: bool,
    /// New level over old, less 1: 0.02 is 2 % more. Absent if some value of
    /// the history is not above zero.
    pub effect: Option<f64>,
    /// What speaks for it, in standard errors: the root of twice the log of the
    /// likelihood ratio, after dependence is taken out.
    pub evidence: f64,
    /// How sure it is.
    pub standing: Standing,
}

/// The changes of a history, by position.
///
/// `values` are in any unit, in order of version. Values that are not all
/// above zero are compared by difference instead of by ratio. Fewer than two
/// segments' worth of values, and values that are all the same, have no change.
///
/// # Errors
///
/// Empty or non-finite input; more than [`MOST_VALUES`]; an option out of range.
pub fn changes(values: &[f64], options: &Options) -> Result<Vec<Change>, Error> {
    require_finite("values", values)?;
    if !(0.0..1.0).contains(&options.smallest_change) {
        return Err(Error::BadParameter {
            what: "smallest_change",
            value: options.smallest_change,
            allowed: "at least 0 and below 1 (0.01 is 1 %)",
        });
    }
    if values.len() > MOST_VALUES {
        return Err(Error::TooMany { most: MOST_VALUES, got: values.len() });
    }
    if values.len() < 2 * SHORTEST_SEGMENT {
        return Ok(Vec::new());
    }
    let prepared = Prepared::of(values, options.smallest_change);
    let last = values.len();
    let change = |found: Found| Change {
        position: found.position,
        rises: found.difference > 0.0,
        effect: prepared.logs.then(|| found.difference.exp_m1().min(f64::MAX)),
        evidence: found.evidence,
        standing: if last - found.position < VALUES_TO_ESTABLISH {
            Standing::Suspected
        } else {
            Standing::Established
        },
    };
    Ok(search(&prepared).into_iter().map(change).collect())
}

/// The changes of a history some of whose neighbours are one binary.
///
/// `is_same(p)` tells whether the values at positions `p - 1` and `p`, with `p` from 1 to
/// `values - 1`, are of one binary, between which there is nothing that could have changed.
/// A change found there is put where the nearest binary changed, if that is at most
/// [`SAME_WITHIN`] values away, since noise moves where a change is found; otherwise it is
/// noise, and left out. Of several that come to one place the strongest is kept if all go
/// the same way; if not, they take each other back.
pub fn between_binaries(
    changes: Vec<Change>,
    values: usize,
    is_same: impl Fn(usize) -> bool,
) -> Vec<Change> {
    let nearest = |found: usize| {
        let around = found.saturating_sub(SAME_WITHIN).max(1)..values.min(found + SAME_WITHIN + 1);
        around.filter(|place| !is_same(*place)).min_by_key(|place| place.abs_diff(found))
    };
    let mut moved: Vec<Change> = changes
        .into_iter()
        .filter_map(|change| Some(Change { position: nearest(change.position)?, ..change }))
        .collect();
    moved.sort_by_key(|change| change.position);
    let of_place = moved.chunk_by(|a, b| a.position == b.position);
    of_place
        .filter(|together| together.iter().all(|change| change.rises == together[0].rises))
        .filter_map(|together| {
            together.iter().max_by(|a, b| a.evidence.total_cmp(&b.evidence)).copied()
        })
        .collect()
}

/// One fit after the other, each with what the one before taught.
fn search(prepared: &Prepared) -> Vec<Found> {
    let x = &prepared.x;
    let unit = (x.len() as f64).ln();
    let floor = prepared.smallest * LEAST_NOISE + f64::EPSILON;
    let mut density = Density::normal(prepared.scale.max(floor));
    for round in 0..=ROUNDS {
        let grid = density.grid(prepared.low, prepared.high, prepared.most_levels());
        let cells = grid.cells(x);
        let losses = grid.losses(&cells);
        let fit =
            |penalty: f64| partition::partition(&losses, (penalty * unit) as f32, SHORTEST_SEGMENT);
        if round == 0 {
            let left = residuals(x, &losses, &grid, &fit(FIRST_PENALTY));
            density = Density::of(&left, scale_of(&left, floor));
            continue;
        }
        let surely = residuals(x, &losses, &grid, &fit(STRICT_PENALTY));
        let dependence = Dependence::of(&density.scores(&surely));
        let inflation = dependence.at(DEPENDENCE_LENGTH);
        if round < ROUNDS {
            let left = residuals(x, &losses, &grid, &fit(LEARNING_PENALTY * inflation));
            density = Density::of(&left, scale_of(&left, floor));
            continue;
        }
        let penalty = (STRICT_PENALTY * inflation * unit) as f32;
        let coarse = partition::partition(&losses, penalty, LONG_SEGMENT);
        let excursions = Excursions::of(&losses, &judge::levels(&losses, &coarse), &coarse);
        let rule = Rule {
            smallest: prepared.smallest,
            least_evidence: LEAST_EVIDENCE,
            few_values: FEW_VALUES,
            bursts: BURSTS,
            dependence: &dependence,
            excursions: &excursions,
        };
        let mut found = rule.keep_strong(&losses, &grid, &fit(PENALTY * inflation));
        let positions: Vec<usize> = found.iter().map(|found| found.position).collect();
        let left = residuals(x, &losses, &grid, &positions);
        let last = positions.last().copied().unwrap_or(0);
        found.extend(newest::change(prepared, last, &left, floor, &rule));
        return found;
    }
    Vec::new()
}

fn residuals(x: &[f64], losses: &Losses<'_>, grid: &Grid, changes: &[usize]) -> Vec<f64> {
    let levels = judge::levels(losses, changes);
    x.iter().zip(levels).map(|(x, level)| x - grid.value(level)).collect()
}
