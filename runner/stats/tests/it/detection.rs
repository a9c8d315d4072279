//! Change points and decisions from samples: what holds whatever the numbers
//! are, a few golden histories, and input that is out to break them.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use proptest::prelude::*;
use stats::compare::{self, Repeatability, paired};
use stats::decide::{self, Decision, Samples, decide};
use stats::detect::{Change, MOST_VALUES, Options, Standing, between_binaries, changes};
use stats::{Better, Error, Verdict, history, interval, rank, slope, summary};

const OPTIONS: Options = Options { smallest_change: 0.003 };

/// Values about each level, which wobble by up to `spread` to either side.
fn levels(levels: &[(usize, f64)], spread: f64) -> Vec<f64> {
    let all = levels.iter().flat_map(|&(count, level)| vec![level; count]);
    let wobble = |index: usize| ((index * 7919 % 1009) as f64 / 504.0) - 1.0;
    all.enumerate().map(|(index, level)| level * (1.0 + spread * wobble(index))).collect()
}

fn positions(values: &[f64]) -> Vec<usize> {
    changes(values, &OPTIONS).unwrap().iter().map(|change| change.position).collect()
}

#[test]
fn golden_histories() {
    type Row = (&'static [(usize, f64)], &'static [usize]);
    let rows: [Row; 7] = [
        (&[(100, 10.0)], &[]),
        (&[(60, 10.0), (60, 10.3)], &[60]),
        (&[(60, 10.0), (60, 1.0)], &[60]),
        (&[(60, 10.0), (20, 10.5), (60, 10.0)], &[60, 80]),
        (&[(60, 10.0), (3, 15.0), (60, 10.0)], &[]),
        (&[(110, 10.0), (6, 11.0)], &[110]),
        // Smaller than asked for, however sure.
        (&[(200, 10.0), (200, 10.02)], &[]),
    ];
    for (shape, expected) in rows {
        assert_eq!(positions(&levels(shape, 0.01)), expected, "{shape:?}");
    }
    let found = changes(&levels(&[(110, 10.0), (6, 11.0)], 0.01), &OPTIONS).unwrap()[0];
    assert!(found.rises && found.standing == Standing::Suspected);
    assert!((found.effect.unwrap() - 0.1).abs() < 0.01, "{found:?}");
    // Values that are not all above zero differ, and have no ratio.
    let about_zero: Vec<f64> =
        levels(&[(60, 10.0), (60, 11.0)], 0.01).iter().map(|v| v - 10.5).collect();
    let found = changes(&about_zero, &OPTIONS).unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].position == 60 && found[0].effect.is_none() && found[0].rises);
}

#[test]
fn a_change_is_where_a_binary_changed_or_nowhere() {
    let change = |position, rises, evidence| Change {
        position,
        rises,
        effect: Some(0.1),
        evidence,
        standing: Standing::Established,
    };
    let check = |found: &[Change], differ: &[usize], expected: &[usize]| {
        let is_same = |at: usize| !differ.contains(&at);
        let placed = between_binaries(found.to_vec(), 40, is_same);
        assert_eq!(placed.iter().map(|it| it.position).collect::<Vec<_>>(), expected, "{differ:?}");
        placed
    };
    let one = [change(20, true, 9.0)];
    check(&one, &[20, 21], &[20]);
    check(&one, &[15, 24], &[24]);
    check(&one, &[15, 25], &[15]);
    check(&one, &[14, 26], &[]);
    check(&[change(2, true, 9.0)], &[0, 40], &[]);
    // Two steps to one place are one, and one up and down again is none.
    let placed = check(&[change(17, true, 4.0), change(22, true, 9.0)], &[20], &[20]);
    assert_eq!(placed[0].evidence, 9.0);
    check(&[change(17, true, 4.0), change(22, false, 9.0)], &[20], &[]);
}

#[test]
fn hostile_histories_are_refused_or_have_no_change() {
    let refused = |values: &[f64]| changes(values, &OPTIONS).unwrap_err();
    assert_eq!(refused(&[]), Error::Empty { what: "values" });
    assert!(matches!(refused(&[1.0, f64::NAN]), Error::NotFinite { index: 1, .. }));
    assert!(matches!(refused(&[f64::NEG_INFINITY; 20]), Error::NotFinite { .. }));
    let long = vec![1.0; MOST_VALUES + 1];
    assert!(matches!(refused(&long), Error::TooMany { .. }));
    for smallest_change in [f64::NAN, -0.1, 1.0] {
        assert!(changes(&[1.0; 20], &Options { smallest_change }).is_err());
    }
    for value in [0.0, 1.0, -1.0, f64::MAX, f64::MIN, 5e-324] {
        assert_eq!(positions(&[value; 50]), [], "{value}");
        assert_eq!(positions(&[value; 2]), []);
    }
    // The longest that is taken, alternating as fast as levels can.
    let restless: Vec<f64> = (0..MOST_VALUES).map(|i| f64::from(i as u32 / 5 % 2 + 1)).collect();
    changes(&restless, &OPTIONS).unwrap();
}

fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(f64::MAX),
        Just(f64::MIN),
        Just(5e-324),
        Just(f64::NAN),
        Just(f64::INFINITY),
        any::<f64>(),
        1.0..2.0f64,
        0.0..=f64::MAX
    ]
}

fn shape() -> impl Strategy<Value = Vec<f64>> {
    let one = (8..40usize, 1.0..1.2f64);
    (prop::collection::vec(one, 1..5), 0.0005..0.03f64).prop_map(|(s, spread)| levels(&s, spread))
}

fn runs() -> impl Strategy<Value = Vec<Vec<f64>>> {
    prop::collection::vec(prop::collection::vec(9.0..11.0f64, 1..6), 1..6)
}

fn ask(a: &[Vec<f64>], b: &[Vec<f64>], history: &[f64]) -> Decision {
    let neighbours = a.len() == b.len();
    let options = decide::Options { better: Better::Lower, margin: 0.0, alpha: 0.02 };
    decide(&Samples { a, b, neighbours, history }, &options).unwrap()
}

fn times(runs: &[Vec<f64>], by: f64) -> Vec<Vec<f64>> {
    runs.iter().map(|run| run.iter().map(|value| value * by).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changes_hold_together(values in shape()) {
        let found = changes(&values, &OPTIONS).unwrap();
        prop_assert_eq!(&found, &changes(&values, &OPTIONS).unwrap());
        let mut before = 0;
        for Change { position, rises, effect, evidence, .. } in found {
            prop_assert!(position >= before + 5 && position + 5 <= values.len());
            prop_assert!(evidence > 3.0 && evidence.is_finite());
            let effect = effect.unwrap();
            prop_assert!(rises == (effect > 0.0) && effect.abs() > 0.002);
            before = position;
        }
    }

    #[test]
    fn a_unit_moves_no_change(values in shape(), power in -30..30i32) {
        let other: Vec<f64> = values.iter().map(|value| value * 10f64.powi(power)).collect();
        let [left, right] = [&values, &other].map(|v| changes(v, &OPTIONS).unwrap());
        prop_assert_eq!(left.len(), right.len());
        for (left, right) in left.iter().zip(&right) {
            prop_assert!(left.position.abs_diff(right.position) <= 1 && left.rises == right.rises);
        }
    }

    #[test]
    fn a_large_step_is_found_where_it_is(before in 60..120usize, after in 60..120usize, ratio in 1.2..5.0f64, spread in 0.001..0.02f64) {
        let up = levels(&[(before, 3.0), (after, 3.0 * ratio)], spread);
        prop_assert_eq!(positions(&up), [before]);
        let down = levels(&[(before, 3.0 * ratio), (after, 3.0)], spread);
        prop_assert_eq!(positions(&down), [before]);
    }

    #[test]
    fn hostile_values_do_no_harm(values in prop::collection::vec(wild(), 0..60), few in prop::collection::vec(prop::sample::select(vec![0.0, 1.0, -1.0, f64::MAX, f64::MIN, 5e-324]), 0..60)) {
        for values in [values, few] {
            if let Ok(found) = changes(&values, &OPTIONS) {
                for change in found {
                    prop_assert!(change.evidence.is_finite() && change.position < values.len());
                    prop_assert!(change.effect.is_none_or(f64::is_finite));
                }
            }
            let _ = (history::noise(&values), rank::signed_rank(&values));
            let runs = [values.clone()];
            let options = decide::Options { better: Better::Higher, margin: 0.01, alpha: 0.02 };
            for history in [&[] as &[f64], &values] {
                let samples = Samples { a: &runs, b: &runs, neighbours: true, history };
                if let Ok(got) = decide(&samples, &options) {
                    prop_assert!(got.ratio.is_finite());
                    prop_assert!(got.interval.is_none_or(|i| i.low.is_finite() && i.high.is_finite()));
                }
            }
        }
    }

    #[test]
    fn swapping_and_units_of_samples(a in runs(), b in runs(), past in prop::collection::vec(9.0..11.0f64, 8..20), by in 1e-3..1e3f64) {
        // A history is A's, so only without one are the two sides alike.
        let (there, back) = (ask(&a, &b, &[]), ask(&b, &a, &[]));
        prop_assert!((there.ratio * back.ratio - 1.0).abs() < 1e-9);
        let turned = match there.verdict {
            Verdict::Regressed => Verdict::Improved,
            Verdict::Improved => Verdict::Regressed,
            same => same,
        };
        prop_assert_eq!(back.verdict, turned);
        let scaled_past: Vec<f64> = past.iter().map(|value| value * by).collect();
        let (plain, scaled) = (ask(&a, &b, &past), ask(&times(&a, by), &times(&b, by), &scaled_past));
        prop_assert!((plain.ratio / scaled.ratio - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_slower_b_is_never_judged_milder(a in runs(), b in runs(), past in prop::collection::vec(9.0..11.0f64, 0..20)) {
        let severity = |by: f64| match ask(&a, &times(&b, by), &past).verdict {
            Verdict::Improved => 0,
            Verdict::Equivalent | Verdict::Inconclusive => 1,
            Verdict::Regressed => 2,
        };
        let steps: Vec<i32> = (-8..=8).map(|step| severity(1.04f64.powi(step))).collect();
        prop_assert!(steps.is_sorted(), "{steps:?}");
    }
}

/// One process a side and no history: however many samples, no verdict.
#[test]
fn one_process_a_side_decides_nothing() {
    let side = |level: f64| [levels(&[(100, level)], 0.01)];
    let got = ask(&side(10.0), &side(20.0), &[]);
    assert_eq!((got.verdict, got.interval), (Verdict::Inconclusive, None));
    assert!((got.ratio - 2.0).abs() < 0.01);
    let got = ask(&side(10.0), &side(20.0), &levels(&[(8, 10.0)], 0.02));
    assert_eq!(got.verdict, Verdict::Regressed);
}

/// Ten million values: refused, or answered in the time it takes to sort them.
#[test]
fn ten_million_values_do_no_harm() {
    const MANY: usize = 10_000_000;
    let values: Vec<f64> = (0..MANY as u32)
        .map(|i| 1.0 + f64::from(i.wrapping_mul(2_654_435_769) >> 8) / f64::from(1u32 << 24))
        .collect();
    let refused = changes(&values, &OPTIONS);
    assert_eq!(refused, Err(Error::TooMany { most: MOST_VALUES, got: MANY }));
    let shifted: Vec<f64> = values.iter().map(|value| value * 1.01).collect();
    let options = compare::Options {
        better: Better::Lower,
        margin: 0.0,
        confidence: 0.95,
        repeatability: Repeatability::Noisy,
    };
    assert_eq!(paired(&values, &shifted, &options).unwrap().verdict, Verdict::Regressed);
    assert!(compare::rank_p(&values, &shifted).unwrap() < 0.001);
    assert!(summary::median(&values).unwrap() > 1.0 && history::noise(&values).unwrap() > 0.0);
    assert!(interval::of_median(&values, 0.95).is_ok_and(|it| it.low < it.high));
    assert!(slope::least_squares(&values, &shifted, 0.95).is_ok());
    let refused = slope::theil_sen(&values, &shifted, 0.95).unwrap_err();
    assert!(matches!(refused, Error::TooMany { .. }));
    let [a, b] = [[values], [shifted]];
    let samples = Samples { a: &a, b: &b, neighbours: true, history: &[] };
    let options = decide::Options { better: Better::Lower, margin: 0.0, alpha: 0.02 };
    assert_eq!(decide(&samples, &options).unwrap().verdict, Verdict::Inconclusive);
}
