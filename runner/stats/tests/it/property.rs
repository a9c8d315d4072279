//! What holds whatever the numbers are.

use proptest::prelude::*;
use stats::compare::{Comparison, Options, Repeatability, paired};
use stats::{Better, Verdict, interval, slope, summary};

type Pairs = (Vec<f64>, Vec<f64>);

/// Pairs near each other, some of them coarse enough to agree exactly.
fn pairs() -> impl Strategy<Value = Pairs> {
    let fine = prop::collection::vec((1.0..100.0f64, 0.9..1.1f64), 1..25)
        .prop_map(|rows| rows.into_iter().map(|(a, ratio)| (a, a * ratio)).unzip());
    let coarse = prop::collection::vec((10..12u8, 10..12u8), 1..12)
        .prop_map(|rows| rows.into_iter().map(|(a, b)| (f64::from(a), f64::from(b))).unzip());
    prop_oneof![3 => fine, 1 => coarse]
}

fn options() -> impl Strategy<Value = Options> {
    let better = prop_oneof![Just(Better::Lower), Just(Better::Higher)];
    let repeatability = prop_oneof![Just(Repeatability::Noisy), Just(Repeatability::Deterministic)];
    let confidence = prop_oneof![Just(0.9), Just(0.95), Just(0.999)];
    (better, 0.0..0.1f64, confidence, repeatability).prop_map(
        |(better, margin, confidence, repeatability)| Options {
            better,
            margin,
            confidence,
            repeatability,
        },
    )
}

/// Any float at all, the odd ones often.
fn any_float() -> impl Strategy<Value = f64> {
    let odd = prop::sample::select(vec![
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        f64::EPSILON,
    ]);
    prop_oneof![1 => odd, 1 => any::<f64>(), 2 => 1e-3..1e3f64, 1 => 0.0..=f64::MAX]
}

fn turned(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Regressed => Verdict::Improved,
        Verdict::Improved => Verdict::Regressed,
        same => same,
    }
}

fn near(left: f64, right: f64) -> bool {
    (left / right - 1.0).abs() < 1e-9
}

/// Equal but for rounding.
fn same(left: &Comparison, right: &Comparison) -> bool {
    let ends = match (left.interval, right.interval) {
        (Some(left), Some(right)) => near(left.low, right.low) && near(left.high, right.high),
        (None, None) => true,
        _ => false,
    };
    ends && near(left.ratio, right.ratio) && left.method == right.method
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_unit_changes_nothing((a, b) in pairs(), options in options(), power in -40..40i32, any in 1e-3..1e3f64) {
        let plain = paired(&a, &b, &options).unwrap();
        let scaled = |by: f64| {
            let times = |values: &[f64]| values.iter().map(|v| v * by).collect::<Vec<f64>>();
            paired(&times(&a), &times(&b), &options).unwrap()
        };
        // A power of two does not round, so nothing at all may change.
        prop_assert_eq!(scaled(2f64.powi(power)), plain);
        prop_assert!(same(&scaled(any), &plain), "{plain:?} became {:?}", scaled(any));
    }

    #[test]
    fn swapping_turns_the_answer_around((a, b) in pairs(), options in options()) {
        let there = paired(&a, &b, &options).unwrap();
        let back = paired(&b, &a, &options).unwrap();
        prop_assert!(near(there.ratio * back.ratio, 1.0));
        prop_assert_eq!(back.verdict, turned(there.verdict));
        prop_assert_eq!(back.undecided, there.undecided);
        prop_assert_eq!(back.smallest_visible, there.smallest_visible);
        prop_assert_eq!(back.interval.is_some(), there.interval.is_some());
        if let (Some(there), Some(back)) = (there.interval, back.interval) {
            prop_assert!(near(there.low * back.high, 1.0) && near(there.high * back.low, 1.0));
        }
    }

    #[test]
    fn the_other_direction_turns_the_verdict_only((a, b) in pairs(), options in options()) {
        let lower = paired(&a, &b, &Options { better: Better::Lower, ..options }).unwrap();
        let higher = paired(&a, &b, &Options { better: Better::Higher, ..options }).unwrap();
        prop_assert_eq!(Comparison { verdict: turned(lower.verdict), ..lower }, higher);
    }

    #[test]
    fn a_larger_effect_is_never_a_milder_verdict((a, b) in pairs(), options in options()) {
        let options = Options { better: Better::Lower, ..options };
        let severity = |verdict| match verdict {
            Verdict::Improved => 0,
            Verdict::Equivalent | Verdict::Inconclusive => 1,
            Verdict::Regressed => 2,
        };
        let mut before = None;
        for step in -12..=12 {
            let slower: Vec<f64> = b.iter().map(|value| value * 1.03f64.powi(step)).collect();
            let now = paired(&a, &slower, &options).unwrap();
            if let Some((ratio, verdict)) = before {
                prop_assert!(now.ratio > ratio);
                prop_assert!(severity(now.verdict) >= verdict, "milder at step {step}");
            }
            before = Some((now.ratio, severity(now.verdict)));
        }
    }

    #[test]
    fn the_answer_holds_together((a, b) in pairs(), options in options()) {
        let got = paired(&a, &b, &options).unwrap();
        prop_assert_eq!(got, paired(&a, &b, &options).unwrap());
        prop_assert_eq!(got.undecided.is_some(), got.verdict == Verdict::Inconclusive);
        if let Some(interval) = got.interval {
            prop_assert!(interval.low <= got.ratio && got.ratio <= interval.high);
            prop_assert!(interval.confidence >= options.confidence);
            // Half the interval is part of what could be seen.
            if let Some(visible) = got.smallest_visible {
                prop_assert!(interval.high / got.ratio - 1.0 <= visible + 1e-12);
            }
        } else {
            prop_assert_eq!(got.verdict, Verdict::Inconclusive);
        }
    }

    #[test]
    fn adversarial_pairs_give_an_error_or_finite_numbers(
        a in prop::collection::vec(any_float(), 0..8),
        b in prop::collection::vec(any_float(), 0..8),
        margin in any_float(),
        confidence in prop_oneof![Just(0.95), any_float()],
        options in options(),
    ) {
        for (margin, confidence) in [(margin, confidence), (0.01, 0.95)] {
            let Ok(got) = paired(&a, &b, &Options { margin, confidence, ..options }) else { continue };
            prop_assert!(got.ratio.is_finite() && got.ratio > 0.0);
            prop_assert!(got.smallest_visible.is_none_or(f64::is_finite));
            if let Some(interval) = got.interval {
                prop_assert!(0.0 < interval.low && interval.low <= got.ratio);
                prop_assert!(got.ratio <= interval.high && interval.high.is_finite());
            }
        }
    }

    #[test]
    fn adversarial_values_give_an_error_or_finite_numbers(
        x in prop::collection::vec(any_float(), 0..8),
        y in prop::collection::vec(any_float(), 0..8),
        part in any_float(),
    ) {
        let numbers = [
            summary::median(&x),
            summary::mad(&x),
            summary::quantile(&x, part),
            summary::mean(&x),
            summary::trimmed_mean(&x, part),
            summary::spread(&x),
        ];
        for number in numbers.into_iter().flatten() {
            prop_assert!(number.is_finite());
        }
        let lines = [slope::least_squares(&x, &y, 0.9), slope::theil_sen(&x, &y, 0.9)];
        let of_lines = lines.into_iter().flatten().filter_map(|line| line.interval);
        let of_values = [interval::of_mean(&x, 0.9), interval::of_median(&x, 0.6)];
        for interval in of_lines.chain(of_values.into_iter().flatten()) {
            prop_assert!(interval.low <= interval.high);
            prop_assert!(interval.low.is_finite() && interval.high.is_finite());
        }
    }

    #[test]
    fn estimates_lie_inside_their_intervals(
        y in prop::collection::vec(-100.0..100.0f64, 6..30),
        seed in prop::collection::vec(0..20u8, 30),
    ) {
        let x: Vec<f64> = seed.iter().take(y.len()).map(|&value| f64::from(value)).collect();
        let lines = [slope::least_squares(&x, &y, 0.95), slope::theil_sen(&x, &y, 0.95)];
        for line in lines.into_iter().flatten() {
            if let Some(interval) = line.interval {
                prop_assert!(interval.low <= line.slope && line.slope <= interval.high);
            }
        }
        let (median, mean) = (summary::median(&y).unwrap(), summary::mean(&y).unwrap());
        let of_median = interval::of_median(&y, 0.95).unwrap();
        let of_mean = interval::of_mean(&y, 0.95).unwrap();
        prop_assert!(of_median.low <= median && median <= of_median.high);
        prop_assert!(of_mean.low <= mean && mean <= of_mean.high);
    }

    #[test]
    fn order_does_not_matter_and_extremes_bound(mut values in prop::collection::vec(-1e6..1e6f64, 1..40)) {
        let before = [summary::median(&values), summary::mad(&values), summary::quantile(&values, 0.9)];
        let [low, high] = [0.0, 1.0].map(|part| summary::quantile(&values, part).unwrap());
        for number in [summary::mean(&values), summary::trimmed_mean(&values, 0.2), before[0]] {
            prop_assert!((low..=high).contains(&number.unwrap()));
        }
        values.reverse();
        let after = [summary::median(&values), summary::mad(&values), summary::quantile(&values, 0.9)];
        prop_assert_eq!(before, after);
    }
}
