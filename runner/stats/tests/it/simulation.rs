//! Whether the stated coverage, false alarms and power are reached, on noise
//! whose truth is known. Seeds are fixed, so an outcome never changes by chance.

use stats::compare::{Options, Repeatability, paired};
use stats::{Better, Verdict, interval, slope};

const ROUNDS: usize = 4_000;

/// SplitMix64 (Steele, Lea & Flood 2014) and Box & Muller's normals.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    /// From 0 to 1, both excluded.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Pairs that share a disturbance of 10 %, and have 1 % of their own each.
    fn pairs(&mut self, pairs: usize, true_ratio: f64) -> (Vec<f64>, Vec<f64>) {
        let pair = |_| {
            let shared = 50.0 * (0.1 * self.normal()).exp();
            let own = [self.normal(), self.normal()].map(|noise| (0.01 * noise).exp());
            (shared * own[0], shared * own[1] * true_ratio)
        };
        (0..pairs).map(pair).unzip()
    }
}

const STRICT: Options = Options {
    better: Better::Lower,
    margin: 0.0,
    confidence: 0.95,
    repeatability: Repeatability::Noisy,
};

/// The share of rounds, each drawing on the same stream, in which `hit` holds.
fn share(seed: u64, mut hit: impl FnMut(&mut Noise) -> bool) -> f64 {
    let mut noise = Noise(seed);
    let hits = (0..ROUNDS).filter(|_| hit(&mut noise)).count();
    hits as f64 / ROUNDS as f64
}

fn check(what: &str, share: f64, low: f64, high: f64) {
    assert!((low..=high).contains(&share), "{what}: {share}, not from {low} to {high}");
}

#[test]
fn nineteen_in_twenty_intervals_hold_the_true_ratio() {
    for (seed, pairs, truth) in [(1, 10, 1.0), (2, 10, 1.05), (3, 10, 0.7), (4, 6, 1.02)] {
        let covered = share(seed, |noise| {
            let (a, b) = noise.pairs(pairs, truth);
            let interval = paired(&a, &b, &STRICT).unwrap().interval.unwrap();
            interval.low <= truth && truth <= interval.high
        });
        check(&format!("coverage of {pairs} pairs at {truth}"), covered, 0.935, 0.965);
    }
}

#[test]
fn the_same_version_is_seldom_an_alarm() {
    let alarm = |options: Options| {
        move |noise: &mut Noise| {
            let (a, b) = noise.pairs(10, 1.0);
            let verdict = paired(&a, &b, &options).unwrap().verdict;
            matches!(verdict, Verdict::Regressed | Verdict::Improved)
        }
    };
    check("alarms, no margin", share(5, alarm(STRICT)), 0.035, 0.06);
    // A margin takes away the alarms about effects that are surely too small.
    let margin = Options { margin: 0.01, ..STRICT };
    check("alarms, margin of 1 %", share(5, alarm(margin)), 0.0, 0.06);
    let few = |noise: &mut Noise| {
        let (a, b) = noise.pairs(5, 2.0);
        paired(&a, &b, &STRICT).unwrap().verdict != Verdict::Inconclusive
    };
    check("decisions from five pairs", share(6, few), 0.0, 0.0);
}

/// A coarse clock: all pairs of a noisy metric agree now and then, and may not
/// be believed more often than chance allows.
#[test]
fn a_coarse_clock_raises_no_more_alarms() {
    for pairs in [2, 5, 6, 10] {
        let alarms = share(7, |noise| {
            // Either value with one chance in two: no difference in the median.
            let b: Vec<f64> =
                (0..pairs).map(|_| if noise.uniform() < 0.5 { 10.0 } else { 14.4 }).collect();
            let verdict = paired(&vec![12.0; pairs], &b, &STRICT).unwrap().verdict;
            matches!(verdict, Verdict::Regressed | Verdict::Improved)
        });
        let limit = if pairs < 6 { 0.0 } else { 0.06 };
        check(&format!("alarms from {pairs} coarse pairs"), alarms, 0.0, limit);
    }
}

/// An effect of the size said to be visible is found about as often as said.
#[test]
fn the_smallest_visible_effect_is_seen_four_times_in_five() {
    for (seed, pairs) in [(8, 6), (9, 10), (10, 30)] {
        // What is said varies from round to round, so take its typical value.
        let mut noise = Noise(seed);
        let said: f64 = (0..ROUNDS)
            .map(|_| {
                let (a, b) = noise.pairs(pairs, 1.0);
                paired(&a, &b, &STRICT).unwrap().smallest_visible.unwrap().powi(2)
            })
            .sum();
        let visible = 1.0 + (said / ROUNDS as f64).sqrt();
        let seen = share(seed + 100, |noise| {
            let (a, b) = noise.pairs(pairs, visible);
            paired(&a, &b, &STRICT).unwrap().verdict == Verdict::Regressed
        });
        check(&format!("power with {pairs} pairs"), seen, 0.77, 0.85);
    }
}

#[test]
fn other_intervals_cover_what_they_say() {
    let x: Vec<f64> = (0..20).map(f64::from).collect();
    let line = |noise: &mut Noise| x.iter().map(|x| 3.0 - 0.2 * x + noise.normal()).collect();
    let holds = |interval: stats::Interval, truth| interval.low <= truth && truth <= interval.high;
    let of_mean = share(11, |noise| {
        let values: Vec<f64> = (0..8).map(|_| noise.normal()).collect();
        holds(interval::of_mean(&values, 0.95).unwrap(), 0.0)
    });
    check("t interval of the mean", of_mean, 0.935, 0.965);
    let of_median = share(12, |noise| {
        // Skewed: the median of exp(normal) is 1. Ranks reach 0.9785 here.
        let values: Vec<f64> = (0..10).map(|_| noise.normal().exp()).collect();
        holds(interval::of_median(&values, 0.95).unwrap(), 1.0)
    });
    check("order-statistic interval of the median", of_median, 0.97, 0.987);
    let of_slope = share(13, |noise| {
        let y: Vec<f64> = line(noise);
        holds(slope::least_squares(&x, &y, 0.95).unwrap().interval.unwrap(), -0.2)
    });
    check("least squares", of_slope, 0.935, 0.965);
    let of_slope = share(14, |noise| {
        let y: Vec<f64> = line(noise);
        holds(slope::theil_sen(&x, &y, 0.95).unwrap().interval.unwrap(), -0.2)
    });
    check("Theil-Sen", of_slope, 0.935, 0.965);
}
