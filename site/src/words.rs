//! How numbers, dates and states are said, once for every page.

use crate::found::FoundChange;
use crate::judge::Judged;
use crate::pages::Site;
use crate::series::{BlockCounts, Point, Ratio, RunHead, State};
use crate::summary::{MIN_BLOCKS_FOR_INTERVAL, Summary};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{Goal, Label, Metric};

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

/// A whole number with its thousands apart: `684,712`.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if number < 0.0 { format!("-{grouped}") } else { grouped }
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

/// A fraction in percent: `0.42 %`.
pub(crate) fn percent(fraction: f64) -> String {
    let percent = fraction * 100.0;
    let decimals = match percent.abs() {
        magnitude if magnitude >= 10.0 => 0,
        magnitude if magnitude >= 1.0 => 1,
        magnitude if magnitude >= 0.005 || magnitude == 0.0 => 2,
        // Exact metrics tell changes of a byte; a zero with a sign would tell none.
        magnitude => (-magnitude.log10()).ceil().min(6.0) as usize,
    };
    format!("{percent:.decimals$} %")
}

/// A change with its sign: `+4.2 %`; of more than double the factor.
pub(crate) fn signed(ratio: f64) -> String {
    if !(0.5..2.0).contains(&ratio) {
        return times(ratio);
    }
    let sign = if ratio >= 1.0 { "+" } else { "−" };
    format!("{sign}{}", percent((ratio - 1.0).abs()))
}

/// A difference in percent with its sign and so many decimals: `−4.20 %`.
pub(crate) fn difference(fraction: f64, decimals: usize) -> String {
    format!("{:+.decimals$} %", fraction * 100.0).replace('-', "−")
}

/// A verdict as pages say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// `regressed`, `improved`, `equivalent`, `inconclusive` or `incomparable`:
    /// chooses its look, and the shape beside the word.
    pub(crate) kind: &'static str,
    /// In a word or two: `4.2 % slower`.
    pub(crate) short: String,
    /// Its interval, and what could have been seen; or why there is none.
    pub(crate) detail: String,
}

/// Says a verdict, or why there is none.
pub(crate) fn verdict(judged: &Result<Judged, String>) -> Verdict {
    let judged = match judged {
        Ok(judged) => judged,
        Err(reason) => {
            let (kind, short) = ("incomparable", "not compared".to_owned());
            return Verdict { kind, short, detail: reason.clone() };
        }
    };
    let interval = judged.interval.map(|(low, high)| {
        if low == high {
            "exact".to_owned()
        } else {
            format!("{} to {}", signed(low), signed(high))
        }
    });
    // What repeats exactly hides nothing.
    let visible = judged.smallest_visible.filter(|it| it.is_finite() && *it > 0.0);
    let visible = visible.map(|it| format!("a change of {} would have been seen", percent(it)));
    let needs = || "too few blocks and no history: more runs decide".to_owned();
    let detail = match (interval, visible) {
        _ if judged.is_one_binary => {
            "both are the same binary: what was measured differs by noise alone".to_owned()
        }
        (Some(interval), Some(visible)) => format!("{interval}; {visible}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => needs(),
    };
    let kind = judged.verdict.word();
    // In a narrow column a line ends before the word, and not before the percent sign.
    let change = signed(judged.ratio).replace(' ', "\u{a0}");
    let short = match judged.verdict {
        stats::Verdict::Equivalent => "the same".to_owned(),
        stats::Verdict::Inconclusive => "undecided".to_owned(),
        stats::Verdict::Regressed => format!("{change} worse"),
        stats::Verdict::Improved => format!("{change} better"),
    };
    Verdict { kind, short, detail }
}

/// A change of level in a sentence.
pub(crate) fn found_change(site: &Site<'_>, change: &FoundChange) -> String {
    let versions = &site.history.versions;
    let effect = change.effect.map_or_else(
        || if change.rises { "rose".to_owned() } else { "fell".to_owned() },
        |effect| signed(1.0 + effect),
    );
    let sure = if change.is_suspected { ", suspected: few versions follow" } else { "" };
    let said = match (change.state, change.note.is_empty()) {
        ("new", true) => String::new(),
        (state, true) => format!("; {state}"),
        (state, false) => format!("; {state}: {}", change.note),
    };
    format!(
        "{} ({effect}{sure}) at {} on {}{said}",
        change.verdict.word(),
        site.marks().name(site.history, change.first),
        day(versions.get(change.first).time())
    )
}

/// How far a goal is.
pub(crate) fn goal(goal: &Goal, anchor: &str, state: &State<'_>) -> String {
    let wanted = if goal.is_multiple {
        format!("{} {anchor}", times(goal.limit))
    } else {
        goal.metric.display(goal.limit)
    };
    match goal_value(goal, state) {
        None => format!("goal {wanted}: no value yet"),
        Some(value) if goal.is_reached_by(value) => format!("goal {wanted}: reached"),
        Some(value) => {
            format!("goal {wanted}: {} to go", percent((value / goal.limit - 1.0).abs()))
        }
    }
}

/// The value that a goal asks for.
pub(crate) fn goal_value(goal: &Goal, state: &State<'_>) -> Option<f64> {
    match state {
        State::Measured { ratio: Ratio::Measured(measured), .. } if goal.is_multiple => {
            Some(measured.summary.value)
        }
        State::Measured { summary, .. } if !goal.is_multiple => Some(summary.value),
        _ => None,
    }
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

/// The newest value as a multiple of the anchor, and its interval; or why there is
/// none. Both empty where nobody asks for one.
pub(crate) fn multiple(state: &State<'_>, anchor: &str) -> (String, String) {
    let State::Measured { ratio, .. } = state else { return Default::default() };
    let (said, detail) = ratio_said(ratio);
    match ratio {
        Ratio::IsAnchor => Default::default(),
        Ratio::Measured(_) => (format!("{said} {anchor}"), format!("its multiple {detail}")),
        Ratio::Absent(_) => (String::new(), format!("no multiple of {anchor}: {detail}")),
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
    fn a_small_change_is_no_zero() {
        for (ratio, expected) in [
            (1.042, "+4.2 %"),
            (0.99996, "−0.004 %"),
            (1.0 - 26e-6, "−0.003 %"),
            (1.0 + 1e-7, "+0.00001 %"),
            (1.0, "+0.00 %"),
        ] {
            assert_eq!(signed(ratio), expected);
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
