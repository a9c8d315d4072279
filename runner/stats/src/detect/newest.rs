//! Whether the newest few values are at a level of their own.
//!
//! A fit to the whole history asks this too, among hundreds of other places,
//! and with noise whose shape the newest values helped to make. Asked alone it
//! is asked of few places, and the others tell what noise looks like.

use super::density::{Density, scale_of};
use super::judge::{Found, Rule, Segment};
use super::{Prepared, SHORTEST_SEGMENT, VALUES_TO_ESTABLISH};

/// The least evidence for the longest of them, in standard errors: fewer places
/// are looked at than in the whole history.
const LEAST_EVIDENCE: f64 = 3.25;
/// More for each value less: whoever looks after every new value looks often,
/// and sees the shortest first.
const EACH_MISSING: f64 = 0.1;
/// These two are higher than for the whole history, because short bursts and
/// little knowledge of the noise matter most here.
const FEW_VALUES: f64 = 110.0;
const BURSTS: f64 = 12.0;
/// The least number of values at the level before.
const BEFORE: usize = 2 * VALUES_TO_ESTABLISH;

/// The change to the newest level, given the last change before and what is
/// left of every value after its level.
pub(crate) fn change(
    prepared: &Prepared,
    last: usize,
    residuals: &[f64],
    floor: f64,
    rule: &Rule<'_>,
) -> Option<Found> {
    let x = &prepared.x;
    if x.len() < last + BEFORE + VALUES_TO_ESTABLISH {
        return None;
    }
    let others = &residuals[..x.len() - VALUES_TO_ESTABLISH];
    let density = Density::of(others, scale_of(others, floor));
    let grid = density.grid(prepared.low, prepared.high, prepared.most_levels());
    let cells = grid.cells(x);
    let losses = grid.losses(&cells);
    let shortest = x.len() - SHORTEST_SEGMENT;
    let mut before = Segment::of(&losses, last, x.len() - VALUES_TO_ESTABLISH);
    let mut best: Option<(Found, f64)> = None;
    for start in x.len() - VALUES_TO_ESTABLISH + 1..=shortest {
        before.join(&Segment::of(&losses, start - 1, start));
        let newest = Segment::of(&losses, start, x.len());
        let missing = (VALUES_TO_ESTABLISH - 1 - newest.points()) as f64;
        let rule = Rule {
            least_evidence: LEAST_EVIDENCE + EACH_MISSING * missing,
            few_values: FEW_VALUES,
            bursts: BURSTS,
            ..*rule
        };
        let examined = rule.examine(&grid, &before, &newest, x.len());
        if best.is_none_or(|best| examined.1 > best.1) {
            best = Some(examined);
        }
    }
    best.filter(|(_, beyond)| *beyond >= 0.0).map(|(found, _)| found)
}
