//! How numbers, dates and states are said, once for every page.

use crate::series::{BlockCounts, Point, Ratio, RunHead, State};
use crate::summary::{MIN_BLOCKS_FOR_INTERVAL, Summary};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{Label, Metric};

/// The day, in UTC.
pub(crate) fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
}

/// The minute, in UTC.
pub(crate) fn minute(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The second, in UTC.
pub(crate) fn second(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A ratio with three digits: `6.13×`.
pub(crate) fn times(ratio: f64) -> String {
    let decimals = match ratio.abs() {
        magnitude if magnitude >= 100.0 => 0,
        magnitude if magnitude >= 10.0 => 1,
        magnitude if magnitude >= 0.1 => 2,
        _ => 4,
    };
    format!("{ratio:.decimals$}×")
}

/// One block or several.
pub(crate) fn blocks(count: u32) -> String {
    counted(count as usize, "block")
}

/// `1 thing`, `2 things`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// An interval, or how many blocks or rounds it would need.
pub(crate) fn interval(summary: &Summary, of: &str, shown: impl Fn(f64) -> String) -> String {
    match summary.interval {
        Some((low, high)) if low == high => "no spread".to_owned(),
        Some((low, high)) => format!("{} to {}", shown(low), shown(high)),
        None => format!("{} of {MIN_BLOCKS_FOR_INTERVAL} {of} needed", summary.blocks),
    }
}

/// How the blocks of a point ended.
pub(crate) fn block_counts(counts: &BlockCounts) -> String {
    let mut text = counts.measured.to_string();
    for (count, word) in [(counts.failed, "failed"), (counts.unsupported, "not supported")] {
        if count > 0 {
            text.push_str(&format!(", {count} {word}"));
        }
    }
    text
}

/// A caveat that goes with a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caveat {
    /// One or two words.
    pub(crate) word: String,
    /// What it means.
    pub(crate) meaning: String,
}

/// What a reader must know of all numbers of a run.
pub(crate) fn run_caveats(run: &RunHead) -> Vec<Caveat> {
    let quick = run.is_quick().then(|| Caveat {
        word: "quick profile".to_owned(),
        meaning: "few blocks: an indication, which never decides anything".to_owned(),
    });
    quick.into_iter().collect()
}

/// What a reader must know of a point's numbers.
pub(crate) fn caveats(point: &Point, runs: &[RunHead]) -> Vec<Caveat> {
    let mut caveats = run_caveats(&runs[point.run()]);
    let counts = &point.blocks;
    let labels = [
        (counts.generator_bound, Label::GeneratorBound),
        (counts.generator_starved, Label::GeneratorStarved),
        (counts.shared_cpus, Label::SharedCpus),
    ];
    for (count, label) in labels.into_iter().filter(|(count, _)| *count > 0) {
        caveats.push(Caveat {
            word: label.word().to_owned(),
            meaning: format!("{count} of {}: {}", blocks(counts.measured), label.meaning()),
        });
    }
    caveats
}

/// A state as pages say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// `measured`, `failed`, `unsupported` or `absent`: chooses its look.
    pub(crate) kind: &'static str,
    /// The value, or what there is in its place.
    pub(crate) value: String,
    /// The interval, or the reason why there is no value.
    pub(crate) detail: String,
    /// The ratio to the anchor, or why there is none.
    pub(crate) ratio: String,
    /// The interval of the ratio, and what was left out.
    pub(crate) ratio_detail: String,
}

/// Says the state of a metric.
pub(crate) fn said(metric: &Metric, state: &State<'_>) -> Said {
    let without = |kind, value: &str, reason: &str| Said {
        kind,
        value: value.to_owned(),
        detail: reason.to_owned(),
        ratio: String::new(),
        ratio_detail: String::new(),
    };
    match state {
        State::Measured { summary, ratio } => {
            let (ratio, ratio_detail) = ratio_said(ratio);
            Said {
                kind: "measured",
                value: metric.display(summary.value),
                detail: interval(summary, "blocks", |end| metric.display(end)),
                ratio,
                ratio_detail,
            }
        }
        State::Failed(reason) => without("failed", "failed", reason),
        State::Unsupported(reason) => without("unsupported", "not supported", reason),
        State::Absent(reason) => without("absent", "not measured", reason),
    }
}

fn ratio_said(ratio: &Ratio) -> (String, String) {
    match ratio {
        Ratio::IsAnchor => ("anchor".to_owned(), String::new()),
        Ratio::Absent(reason) => ("none".to_owned(), reason.to_string()),
        Ratio::Measured(measured) => {
            let summary = &measured.summary;
            let mut detail = interval(summary, "rounds", times);
            if measured.left_out > 0 {
                let rounds = counted(measured.left_out, "round");
                detail.push_str(&format!("; {rounds} left out for the generator"));
            }
            (times(summary.value), detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::MeasuredRatio;
    use std::sync::Arc;

    #[test]
    fn ratios_read_well() {
        for (ratio, expected) in [
            (6.1289, "6.13×"),
            (61.28, "61.3×"),
            (612.8, "613×"),
            (0.31, "0.31×"),
            (0.0123, "0.0123×"),
        ] {
            assert_eq!(times(ratio), expected);
        }
    }

    #[test]
    fn states_are_said_in_words() {
        let metric = Metric::named("latency_p50_ns").unwrap();
        let check = |state: State<'_>, expected: &str| {
            let said = said(metric, &state);
            let all = [said.kind, &said.value, &said.detail, &said.ratio, &said.ratio_detail];
            assert_eq!(all.join(" | "), expected);
        };
        let summary =
            Summary { value: 184_000.0, interval: Some((180_000.0, 190_000.0)), blocks: 10 };
        let few = Summary { value: 6.0, interval: None, blocks: 3 };
        let ratio = Ratio::Measured(Arc::new(MeasuredRatio {
            summary: few,
            anchor_arm: "wasi=native".into(),
            left_out: 2,
        }));
        check(
            State::Measured { summary: &summary, ratio: &ratio },
            "measured | 184 µs | 180 µs to 190 µs | 6.00× | 3 of 6 rounds needed; 2 rounds left out for the generator",
        );
        check(
            State::Measured { summary: &few, ratio: &Ratio::IsAnchor },
            "measured | 6 ns | 3 of 6 blocks needed | anchor | ",
        );
        check(State::Failed("answered 500"), "failed | failed | answered 500 |  | ");
        check(State::Unsupported("needs p3"), "unsupported | not supported | needs p3 |  | ");
        check(State::Absent("no counters"), "absent | not measured | no counters |  | ");
    }
}
