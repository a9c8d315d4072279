//! The rule as rows of data: what goes in, and the line that comes out.

use super::*;

const TIMES_A: [f64; 10] = [100., 102., 99., 101., 103., 100., 98., 104., 101., 100.];
const TIMES_B: [f64; 10] = [103., 104., 103., 103., 107., 103., 101., 108., 103., 104.];

const SECONDS: Options = Options {
    better: Better::Lower,
    margin: 0.01,
    confidence: 0.95,
    repeatability: Repeatability::Noisy,
};
const RATE: Options = Options { better: Better::Higher, ..SECONDS };
const BYTES: Options = Options { repeatability: Repeatability::Deterministic, ..SECONDS };

/// Compares, and holds the answer to `expected`: verdict, ratio, interval,
/// smallest visible effect, method, and the reason when there is one.
fn check(a: &[f64], b: &[f64], options: Options, expected: &str) {
    assert_eq!(told(a, b, options), expected, "{a:?} {b:?} {options:?}");
}

fn told(a: &[f64], b: &[f64], options: Options) -> String {
    let got = match paired(a, b, &options) {
        Ok(got) => got,
        Err(error) => return error.to_string(),
    };
    let interval = match got.interval {
        Some(interval) => format!("[{:.4}, {:.4}]", interval.low, interval.high),
        None => "[]".to_owned(),
    };
    let visible = match got.smallest_visible {
        Some(effect) => format!("{effect:.4}"),
        None => "-".to_owned(),
    };
    let reason = got.undecided.map_or(String::new(), |reason| format!(": {reason}"));
    let (word, method) = (got.verdict.word(), got.method);
    format!("{word} {:.4} {interval} {visible} {method:?}{reason}", got.ratio)
}

/// Golden values (the numbers of the rows below likewise): numpy 2.4.6 and
/// scipy 1.17.1 with
/// `d = np.log(B / A); n = 10; m = d.mean(); se = s.sem(d)`,
/// `np.exp([m, *s.t.interval(c, n - 1, m, se)])` and
/// `np.expm1((s.t.ppf((1 + c) / 2, n - 1) + s.t.ppf(0.8, n - 1)) * se)`.
#[test]
fn numbers_are_scipy_s() {
    let rows = [
        (0.95, [1.0307199819772535, 1.0245666591668225, 1.0369102602959184, 0.0083609030475768]),
        (0.99, [1.0307199819772535, 1.0218915961770807, 1.0396246384857168, 0.011000545982440532]),
    ];
    for (confidence, expected) in rows {
        let options = Options { confidence, ..SECONDS };
        let got = paired(&TIMES_A, &TIMES_B, &options).unwrap();
        let interval = got.interval.unwrap();
        let numbers = [got.ratio, interval.low, interval.high, got.smallest_visible.unwrap()];
        for (number, expected) in numbers.into_iter().zip(expected) {
            assert!((number - expected).abs() < 1e-12, "{number}, scipy {expected}");
        }
        assert_eq!(interval.confidence, confidence);
    }
}

#[test]
fn the_four_verdicts() {
    let a = [100.0; 8];
    let sure = [103.0, 103.1, 102.9, 103.0, 103.2, 102.8, 103.0, 103.1];
    let tiny = [100.5, 100.4, 100.6, 100.5, 100.5, 100.4, 100.6, 100.5];
    let edge = [100.8, 101.1, 100.9, 101.2, 100.8, 101.0, 101.1, 100.9];
    let wild = [103.0, 95.0, 108.0, 99.0, 101.0, 97.0, 110.0, 94.0];
    let wide = Options { margin: 0.2, ..SECONDS };
    let strict = Options { margin: 0.0, ..SECONDS };
    let undecided = "the interval neither excludes 1 nor fits the margin, measure more pairs";
    check(&a, &sure, SECONDS, "regressed 1.0301 [1.0291, 1.0312] 0.0014 StudentT");
    check(&sure, &a, SECONDS, "improved 0.9708 [0.9698, 0.9717] 0.0014 StudentT");
    check(&a, &sure, RATE, "improved 1.0301 [1.0291, 1.0312] 0.0014 StudentT");
    check(&sure, &a, RATE, "regressed 0.9708 [0.9698, 0.9717] 0.0014 StudentT");
    // Sure, but inside the margin; with a margin of nothing it counts.
    check(&a, &tiny, SECONDS, "equivalent 1.0050 [1.0044, 1.0056] 0.0009 StudentT");
    check(&a, &tiny, strict, "regressed 1.0050 [1.0044, 1.0056] 0.0009 StudentT");
    // Surely worse, and not surely within the margin.
    check(&a, &edge, SECONDS, "regressed 1.0097 [1.0085, 1.0110] 0.0017 StudentT");
    let line = format!("inconclusive 1.0073 [0.9601, 1.0568] 0.0684 StudentT: {undecided}");
    check(&a, &wild, SECONDS, &line);
    check(&a, &wild, wide, "equivalent 1.0073 [0.9601, 1.0568] 0.0684 StudentT");
}

#[test]
fn few_pairs_decide_nothing() {
    let a = [100.0; 6];
    let b = [150.0, 151.0, 149.0, 150.0, 152.0, 150.0];
    let few = |pairs| format!("cannot decide with {pairs} pairs, measure at least 6");
    let line = format!("inconclusive 1.5000 [] - Agreement: {}", few(1));
    check(&a[..1], &b[..1], SECONDS, &line);
    let line = format!("inconclusive 1.5050 [1.4428, 1.5699] 0.0479 StudentT: {}", few(2));
    check(&a[..2], &b[..2], SECONDS, &line);
    let line = format!("inconclusive 1.5040 [1.4899, 1.5182] 0.0127 StudentT: {}", few(5));
    check(&a[..5], &b[..5], SECONDS, &line);
    check(&a, &b, SECONDS, "regressed 1.5033 [1.4925, 1.5142] 0.0098 StudentT");
}

/// Byte counts are exact; a coarse clock that agrees with itself is not.
#[test]
fn values_that_do_not_vary() {
    let few =
        |pairs, needed| format!("cannot decide with {pairs} pairs, measure at least {needed}");
    let severe = Options { confidence: 0.99, ..SECONDS };
    let bare = Options { margin: 0.0, ..BYTES };
    check(&[1000.0], &[1000.0], BYTES, "equivalent 1.0000 [1.0000, 1.0000] 0.0000 Exact");
    check(&[1000.0; 9], &[1000.0; 9], bare, "equivalent 1.0000 [1.0000, 1.0000] 0.0000 Exact");
    check(&[1000.0], &[1011.0], BYTES, "regressed 1.0110 [1.0110, 1.0110] 0.0000 Exact");
    check(&[1000.0], &[989.0], BYTES, "improved 0.9890 [0.9890, 0.9890] 0.0000 Exact");
    check(&[1000.0], &[1001.0], bare, "regressed 1.0010 [1.0010, 1.0010] 0.0000 Exact");
    // The margin's ends belong to it, and rounding does not change that.
    check(&[1000.0], &[1010.0], BYTES, "equivalent 1.0100 [1.0100, 1.0100] 0.0000 Exact");
    check(&[1010.0], &[1000.0], BYTES, "equivalent 0.9901 [0.9901, 0.9901] 0.0000 Exact");
    // It is 10 % of the ratio, not of its logarithm.
    let wide = Options { margin: 0.1, ..BYTES };
    check(&[1000.0], &[1101.0], wide, "regressed 1.1010 [1.1010, 1.1010] 0.0000 Exact");
    // The same numbers from a clock: agreement counts as much as coins would.
    let line = format!("inconclusive 1.0200 [] - Agreement: {}", few(5, 6));
    check(&[50.0; 5], &[51.0; 5], SECONDS, &line);
    check(&[50.0; 6], &[51.0; 6], SECONDS, "regressed 1.0200 [1.0200, 1.0200] - Agreement");
    check(&[50.0; 6], &[50.0; 6], SECONDS, "equivalent 1.0000 [1.0000, 1.0000] - Agreement");
    let line = format!("inconclusive 1.0200 [] - Agreement: {}", few(7, 8));
    check(&[50.0; 7], &[51.0; 7], severe, &line);
    check(&[50.0; 8], &[51.0; 8], severe, "regressed 1.0200 [1.0200, 1.0200] - Agreement");
    // One ratio but for rounding is no spread either.
    let a = [0.1, 0.3, 0.7];
    let b = a.map(|value: f64| value * 1.7);
    assert_ne!((b[0] / a[0]).ln(), (b[1] / a[1]).ln());
    let line = format!("inconclusive 1.7000 [] - Agreement: {}", few(3, 6));
    check(&a, &b, SECONDS, &line);
    // Said to be deterministic, and found not to be.
    let line = format!("inconclusive 1.0005 [0.9942, 1.0069] 0.0071 StudentT: {}", few(2, 6));
    check(&[1000.0, 1000.0], &[1000.0, 1001.0], BYTES, &line);
}

#[test]
fn bad_input_is_named() {
    let ok = [1.0, 2.0];
    check(&[], &[], SECONDS, "a is empty");
    check(&ok, &[1.0], SECONDS, "the two sides must pair up, got 2 and 1 values");
    let text = "value 1 of b is NaN, which is not a finite number";
    check(&ok, &[1.0, f64::NAN], SECONDS, text);
    let text = "value 0 of a is inf, which is not a finite number";
    check(&[f64::INFINITY, 1.0], &ok, SECONDS, text);
    let text = "value 1 of a is 0, and a ratio needs values above zero";
    check(&[1.0, 0.0], &ok, SECONDS, text);
    let text = "value 0 of b is -3, and a ratio needs values above zero";
    check(&ok, &[-3.0, 1.0], BYTES, text);
    let text = "the result is outside what a 64-bit float can hold";
    check(&[1e-300], &[1e300], BYTES, text);
    for margin in [-0.01, 1.0, f64::NAN] {
        let text = format!("margin is {margin}, and must be at least 0 and below 1 (0.01 is 1 %)");
        check(&ok, &ok, Options { margin, ..SECONDS }, &text);
    }
    let text = "confidence is 95, and must be from 0.5 to 0.999999";
    check(&ok, &ok, Options { confidence: 95.0, ..SECONDS }, text);
}

/// Ten pairs around 1 and two wild ones: the mean moves, the ranks do not.
#[test]
fn ranks_doubt_what_a_few_wild_pairs_make() {
    let a = vec![100.0; 12];
    let mut b: Vec<f64> = (0..12).map(|i| 100.0 * (1.0 + 0.001 * f64::from(i % 3 - 1))).collect();
    let changed = Comparison { verdict: Verdict::Regressed, ..paired(&a, &b, &SECONDS).unwrap() };
    assert!(changed.is_doubted_by_ranks(rank_p(&a, &b).unwrap()));
    b.iter_mut().for_each(|b| *b *= 1.1);
    let p = rank_p(&a, &b).unwrap();
    assert!(p < 0.001 && !paired(&a, &b, &SECONDS).unwrap().is_doubted_by_ranks(p), "{p}");
    assert!(rank_p(&a, &[0.0; 12]).is_err() && rank_p(&a, &b[1..]).is_err());
}
