//! Made-up histories whose changes are known: for tests of what looks for
//! changes, and to see how the store and the pages bear many series. Everything
//! follows from a seed.

mod noise;
mod runs;

use noise::{Kind, Noise};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

pub(crate) use runs::{Name, run, sha};

/// The least number of versions between two changes, and from either end.
const LEAST_DISTANCE: usize = 15;
/// A change in so many versions, on average.
const VERSIONS_PER_CHANGE: f64 = 120.0;
/// Steps are from 0.5 to 10 %, small ones more often (evenly on a log scale).
const STEPS: (f64, f64) = (0.005, 0.1);

/// How much is made up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) series: usize,
    pub(crate) versions: usize,
    pub(crate) seed: u64,
}

/// A made-up series.
pub(crate) struct History {
    pub(crate) kind: Kind,
    /// One value for each version, in the metric's unit.
    pub(crate) values: Vec<f64>,
    pub(crate) changes: Vec<Change>,
}

/// A change of level that is really there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Change {
    /// The first version at the new level, counted from 0.
    pub(crate) version: usize,
    /// New level over old, less 1.
    pub(crate) effect: f64,
}

/// The series of that number: always the same one for a size and seed.
pub(crate) fn history(size: &Size, number: usize) -> History {
    let mut rng = ChaCha8Rng::seed_from_u64(size.seed);
    // Streams of one seed are independent, so more series change none.
    rng.set_stream(number as u64 + 1);
    let kind = Kind::ALL[number % Kind::ALL.len()];
    let changes = changes(&mut rng, size.versions);
    let mut level = 10f64.powf(rng.random_range(5.0..8.0));
    let mut noise = Noise::new(kind, &mut rng);
    let mut upcoming = changes.iter().peekable();
    let values = (0..size.versions)
        .map(|version| {
            if let Some(change) = upcoming.next_if(|change| change.version == version) {
                level *= 1.0 + change.effect;
            }
            level * noise.next(&mut rng).exp()
        })
        .collect();
    History { kind, values, changes }
}

fn changes(rng: &mut ChaCha8Rng, versions: usize) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for version in LEAST_DISTANCE..versions.saturating_sub(LEAST_DISTANCE) {
        let far = changes.last().is_none_or(|last| version - last.version >= LEAST_DISTANCE);
        if far && rng.random_bool(1.0 / VERSIONS_PER_CHANGE) {
            let size = rng.random_range(STEPS.0.ln()..STEPS.1.ln()).exp();
            let effect = if rng.random() { size } else { 1.0 / (1.0 + size) - 1.0 };
            changes.push(Change { version, effect });
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::{Size, history};

    #[test]
    fn a_history_is_its_seed_s_and_changes_where_it_says() {
        let size = Size { series: 12, versions: 400, seed: 7 };
        let mut changes = 0;
        for number in 0..size.series {
            let (one, again) = (history(&size, number), history(&size, number));
            assert_eq!(one.values, again.values);
            assert!(one.values.iter().all(|value| value.is_finite() && *value > 0.0));
            for change in &one.changes {
                let mean = |range: std::ops::Range<usize>| {
                    let logs = one.values[range.clone()].iter().map(|value| value.ln());
                    logs.sum::<f64>() / range.len() as f64
                };
                let seen = mean(change.version..change.version + 15)
                    - mean(change.version - 15..change.version);
                assert!((seen - change.effect.ln_1p()).abs() < 0.1, "{seen} {change:?}");
            }
            changes += one.changes.len();
        }
        assert!((12..120).contains(&changes), "{changes}");
        assert_ne!(history(&size, 0).values, history(&Size { seed: 8, ..size }, 0).values);
    }
}
