//! Rows of counts of both versions, round by round; which of them differ for sure is said
//! by `stats`.

use anyhow::Result;
use serde::Serialize;
use stats::difference::{self, Rounds};
use std::collections::BTreeMap;

/// The chance that any row of a table is called sure and is not.
const ALPHA: f64 = 0.02;

/// Counts by name, of A and of B.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    rounds: usize,
    rows: BTreeMap<String, Cells>,
}

/// A name's numbers.
#[derive(Debug, Clone)]
struct Cells {
    sides: [Vec<f64>; 2],
    /// Where something was added, be it zero.
    counted: [Vec<bool>; 2],
    /// What one event more or less is, in the unit of the numbers.
    resolution: f64,
}

/// One count of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) a: f64,
    pub(crate) b: f64,
    /// B less A.
    pub(crate) difference: f64,
    /// Interval of the difference; null with fewer than three rounds.
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
    /// Whether the interval excludes zero.
    pub(crate) sure: bool,
}

impl Counts {
    pub(crate) fn new(rounds: usize) -> Self {
        Self { rounds, rows: BTreeMap::new() }
    }

    /// Adds to what was counted on a side in a round; what is never added is zero. One
    /// event more or less is `resolution`; of several rounds the coarsest counts.
    pub(crate) fn add(
        &mut self,
        (side, round): (usize, usize),
        name: &str,
        value: f64,
        resolution: f64,
    ) {
        let rounds = self.rounds;
        let row = self.rows.entry(name.to_owned());
        let row = row.or_insert_with(|| Cells {
            sides: [vec![0.0; rounds], vec![0.0; rounds]],
            counted: [vec![false; rounds], vec![false; rounds]],
            resolution,
        });
        if let Some(cell) = row.sides.get_mut(side).and_then(|side| side.get_mut(round)) {
            *cell += value;
            row.counted[side][round] = true;
        }
        row.resolution = row.resolution.max(resolution);
    }

    /// Forgets what was not counted in every round of both sides: of what is always there,
    /// that is a gap and no zero.
    pub(crate) fn without_gaps(mut self) -> Self {
        self.rows.retain(|_, cells| cells.counted.iter().flatten().all(|is_counted| *is_counted));
        self
    }

    /// The rows that have at least such a share of all, what differs for sure and most
    /// first. The choice looks at both sides together, never at their difference.
    ///
    /// # Errors
    /// When what was counted is no number.
    pub(crate) fn rows(&self, least_share: f64) -> Result<Vec<Row>> {
        let sum = |row: &Cells| row.sides.iter().flatten().sum::<f64>();
        let all: f64 = self.rows.values().map(sum).sum();
        let is_large = |row: &Cells| sum(row) >= least_share * all;
        let chosen: Vec<_> = self.rows.iter().filter(|(_, row)| is_large(row)).collect();
        let rounds: Vec<Rounds<'_>> = chosen
            .iter()
            .map(|(_, Cells { sides: [a, b], resolution, .. })| Rounds {
                a,
                b,
                resolution: *resolution,
            })
            .collect();
        let judged = difference::of_rows(&rounds, ALPHA)?;
        let mut rows: Vec<Row> = chosen
            .iter()
            .zip(judged)
            .map(|((name, _), judged)| Row {
                name: (*name).clone(),
                a: judged.a,
                b: judged.b,
                difference: judged.of_means(),
                low: judged.interval.map(|interval| interval.low),
                high: judged.interval.map(|interval| interval.high),
                sure: judged.is_sure(),
            })
            .collect();
        rows.sort_by(|one, other| {
            let key = |row: &Row| (row.sure, row.difference.abs());
            let (one, other) = (key(one), key(other));
            other.0.cmp(&one.0).then(other.1.total_cmp(&one.1))
        });
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_for_sure_comes_first_and_what_is_small_does_not_come() {
        let mut counts = Counts::new(4);
        for round in 0..4 {
            let wobble = [0.0, 30.0, -20.0, 10.0][round];
            for side in 0..2 {
                counts.add((side, round), "same", 100.0, 0.01);
                counts.add(
                    (side, round),
                    "noisy",
                    500.0 + if side == 0 { wobble } else { -wobble },
                    0.01,
                );
                counts.add((side, round), "tiny", 0.001, 0.01);
            }
            counts.add((1, round), "new", 64.0, 0.01);
        }
        let rows = counts.rows(0.001).unwrap();
        let told: Vec<_> =
            rows.iter().map(|row| (row.name.as_str(), row.difference, row.sure)).collect();
        assert_eq!(told, [("new", 64.0, true), ("noisy", -10.0, false), ("same", 0.0, false)]);
        assert_eq!((rows[0].a, rows[0].b), (0.0, 64.0));
        let names = counts.without_gaps().rows(0.0).unwrap();
        assert_eq!(names.len(), 3, "what A never had is a gap among totals");
    }
}
