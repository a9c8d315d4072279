//! The whole procedure on noise whose truth is known: measured round by round
//! within a budget, looked at, stopped where decided, by Holm's rule.

use crate::simulation::Noise;
use stats::compare::Repeatability;
use stats::procedure::{Look, Series, follow};
use stats::{Better, Verdict};

const ARMS: usize = 8;
/// Metrics of an arm: they come from the same blocks, and depend on each other.
const METRICS: usize = 3;
const FIRST_LOOK: u32 = 6;
const LOOKS: [f64; 2] = [0.5, 0.75];
const ALPHA: f64 = 0.05;

/// A comparison of arms whose metrics have these true ratios, as `bench compare`
/// makes it: the time that decided arms leave goes to the others.
fn compared(noise: &mut Noise, truths: &[f64; ARMS], budget: f64) -> Vec<(f64, Verdict)> {
    let mut all: Vec<Series> = vec![
        Series {
            rounds: Vec::new(),
            a: Vec::new(),
            b: Vec::new(),
            better: Better::Lower,
            margin: 0.01,
            repeatability: Repeatability::Noisy,
            tolerated: None,
            least_noise: 0.0,
        };
        ARMS * METRICS
    ];
    let (mut looks, mut open): (Vec<Look>, Vec<usize>) = (Vec::new(), (0..ARMS).collect());
    let (mut spent, mut round) = (0.0, 0);
    while !open.is_empty() && spent + open.len() as f64 <= budget {
        for &arm in &open {
            let shared = 0.01 * noise.normal();
            for series in &mut all[arm * METRICS..][..METRICS] {
                let own = 0.01 * noise.normal();
                series.rounds.push(round);
                series.a.push(50.0);
                series.b.push(50.0 * truths[arm] * (shared + own).exp());
            }
        }
        spent += open.len() as f64;
        round += 1;
        let share = spent / budget;
        let due = LOOKS.get(looks.len()).is_some_and(|due| share >= *due);
        if due && round >= FIRST_LOOK && share < 1.0 {
            looks.push(Look { rounds: round, share });
            let standings = follow(&all, &looks, ALPHA).expect("looks that ascend");
            let is_open = |arm: &usize| {
                standings[arm * METRICS..][..METRICS].iter().any(|it| it.decided_after.is_none())
            };
            open.retain(is_open);
        }
    }
    if !open.is_empty() {
        looks.push(Look { rounds: round, share: 1.0 });
    }
    let verdicts = follow(&all, &looks, ALPHA).expect("looks that ascend").into_iter();
    let verdicts = verdicts.map(|it| it.comparison.expect("values above zero").verdict);
    verdicts.enumerate().map(|(index, verdict)| (truths[index / METRICS], verdict)).collect()
}

/// The share of comparisons in which any verdict is wrong, and the share of
/// changed series that were found.
fn wrong_and_found(seed: u64, truths: &[f64; ARMS], budget: f64) -> (f64, f64) {
    const COMPARISONS: usize = 1_500;
    let mut noise = Noise(seed);
    let (mut wrong, mut found, mut changed) = (0, 0, 0);
    for _ in 0..COMPARISONS {
        let verdicts = compared(&mut noise, truths, budget);
        let is_wrong = |(truth, verdict): &(f64, Verdict)| match verdict {
            Verdict::Regressed => *truth <= 1.0,
            Verdict::Improved => *truth >= 1.0,
            Verdict::Equivalent => (truth - 1.0).abs() > 0.011,
            Verdict::Inconclusive => false,
        };
        wrong += usize::from(verdicts.iter().any(is_wrong));
        let of_changed = verdicts.iter().filter(|(truth, _)| *truth != 1.0);
        changed += of_changed.clone().count();
        found += of_changed.filter(|(_, verdict)| *verdict == Verdict::Regressed).count();
    }
    (wrong as f64 / COMPARISONS as f64, found as f64 / f64::from(changed.max(1) as u32))
}

/// With 1,500 comparisons chance moves a true 5 % by 1.1 % (two standard errors).
#[test]
fn one_comparison_in_twenty_at_most_says_anything_wrong() {
    let same = [1.0; ARMS];
    let half = [1.0, 1.0, 1.0, 1.0, 1.04, 1.04, 1.04, 1.04];
    let nearly = [1.0, 1.05, 1.05, 1.05, 1.05, 1.05, 1.05, 1.05];
    // Just outside the margin, where "equivalent" would be wrong.
    let edge = [1.0, 1.0, 1.0, 1.0, 1.0112, 1.0112, 1.0112, 1.0112];
    for (seed, truths, rounds) in
        [(21, same, 8.0), (22, same, 20.0), (23, half, 12.0), (24, nearly, 12.0), (25, edge, 40.0)]
    {
        let (wrong, _) = wrong_and_found(seed, &truths, rounds * ARMS as f64);
        assert!(wrong <= 0.061, "{truths:?} in {rounds} rounds: {wrong}");
    }
}

/// The time that decided arms leave finds what would else stay open.
#[test]
fn spare_time_goes_where_it_is_needed() {
    let one = [1.015, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2];
    let alone = wrong_and_found(26, &[1.015; ARMS], 12.0 * ARMS as f64).1;
    let mut noise = Noise(27);
    let rounds = 400;
    let found: usize = (0..rounds)
        .map(|_| compared(&mut noise, &one, 12.0 * ARMS as f64))
        .map(|verdicts| verdicts[..METRICS].iter().filter(|it| it.1 == Verdict::Regressed).count())
        .sum();
    let found = found as f64 / (rounds * METRICS) as f64;
    assert!(found > alone + 0.2, "{found} with spare time, {alone} without");
}
