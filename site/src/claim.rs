//! The sentence at the top of the index: a number a reader can hold on to.
//! It states what was measured; a verdict would need two versions and `stats`.

use crate::series::{Ratio, State};
use crate::words;
use model::{Direction, Metric};

/// A sentence in parts, so that a page can set off the number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// What comes before the number.
    pub(crate) before: String,
    /// The number with its unit.
    pub(crate) number: String,
    /// What comes after, with its leading space or punctuation.
    pub(crate) after: String,
    /// The comparison with the anchor, if one may be claimed.
    pub(crate) ratio: Option<String>,
}

/// How well a metric serves as the first thing to say; lower comes first.
pub(crate) fn preference(metric: &Metric) -> usize {
    ["latency_p50_ns", "throughput_rps", "cold_start_ns"]
        .iter()
        .position(|name| *name == metric.name)
        .unwrap_or(3)
}

/// Says a measured state; `None` for every other.
pub(crate) fn claim(
    metric: &Metric,
    target: &str,
    arm: &str,
    anchor: &str,
    state: &State<'_>,
) -> Option<Claim> {
    let State::Measured { summary, ratio } = state else { return None };
    let (kind, rest) = arm_words(arm);
    let kind = if kind.is_empty() { String::new() } else { format!("{kind} ") };
    let (before, after) = match metric.name {
        "latency_p50_ns" => (format!("{target} answers a {kind}request in "), String::new()),
        "throughput_rps" => (format!("{target} answers {kind}requests at "), String::new()),
        "cold_start_ns" => {
            (format!("{target} needs "), format!(" from spawn to its first {kind}answer"))
        }
        _ => (format!("{target}: {kind}{} ", metric.label), String::new()),
    };
    let after = if rest.is_empty() { after } else { format!("{after} ({rest})") };
    Some(Claim {
        before,
        number: metric.display(summary.value),
        after,
        ratio: ratio_words(metric, anchor, ratio),
    })
}

fn ratio_words(metric: &Metric, anchor: &str, ratio: &Ratio) -> Option<String> {
    let Ratio::Measured(measured) = ratio else { return None };
    let times = words::times(measured.summary.value);
    Some(match metric.direction {
        Direction::Lower => format!("{times} the {anchor} floor"),
        Direction::Higher => format!("{times} what {anchor} reaches"),
        Direction::Neither => format!("{times} {anchor}"),
    })
}

/// `wasi=p3,body=64k` reads `P3` and `body=64k`.
fn arm_words(arm: &str) -> (String, String) {
    let (wasi, rest): (Vec<&str>, Vec<&str>) = arm
        .split(',')
        .filter(|part| *part != "default")
        .partition(|part| part.starts_with("wasi="));
    let wasi = wasi.iter().map(|part| part.trim_start_matches("wasi=").to_uppercase());
    (wasi.collect::<Vec<_>>().join(" "), rest.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::MeasuredRatio;
    use crate::summary::Summary;
    use std::sync::Arc;

    #[test]
    fn claims_are_sentences() {
        let check = |metric: &str, arm: &str, value: f64, expected: &str| {
            let metric = Metric::named(metric).unwrap();
            let summary = Summary { value, interval: None, blocks: 3 };
            let of_rounds = Summary { value: 6.13, interval: None, blocks: 3 };
            let anchor_arm = "wasi=native".into();
            let ratio = MeasuredRatio { summary: of_rounds, anchor_arm, left_out: 0 };
            let ratio = Ratio::Measured(Arc::new(ratio));
            let state = State::Measured { summary: &summary, ratio: &ratio };
            let Claim { before, number, after, ratio } =
                claim(metric, "host", arm, "native", &state).unwrap();
            assert_eq!(format!("{before}{number}{after}: {}", ratio.unwrap()), expected);
        };
        let text = "host answers a P3 request in 184 µs: 6.13× the native floor";
        check("latency_p50_ns", "wasi=p3", 184_000.0, text);
        let text = "host answers requests at 45.1 k req/s (body=64k): 6.13× what native reaches";
        check("throughput_rps", "body=64k", 45_100.0, text);
        let text = "host needs 12.0 ms from spawn to its first P2 answer (code=compile): 6.13× the native floor";
        check("cold_start_ns", "wasi=p2,code=compile", 12e6, text);
        let text = "host: size of the host's binary 4.00 KiB: 6.13× the native floor";
        check("binary_bytes", "default", 4096.0, text);
    }

    #[test]
    fn nothing_is_claimed_of_what_failed() {
        let metric = Metric::named("latency_p50_ns").unwrap();
        assert_eq!(claim(metric, "host", "default", "native", &State::Failed("died")), None);
    }
}
