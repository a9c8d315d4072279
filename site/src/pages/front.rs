//! What the first page says beside its tiles: a sentence on the newest release and
//! one on what came after it, how old the numbers are, the goals, and the changes
//! somebody should look at.

use super::Site;
use super::answer;
use crate::found::{FoundChange, OfSeries};
use crate::judge::Judged;
use crate::names;
use crate::series::LineKey;
use crate::trend;
use crate::versions::VersionRef;
use crate::words;
use stats::Verdict;

/// What became of a version.
pub(crate) struct Sentence {
    /// `regressed`, `improved`, `equivalent`, `inconclusive` or `incomparable`.
    pub(crate) kind: &'static str,
    /// What it is about.
    pub(crate) of: String,
    pub(crate) text: String,
    /// The series that got worst: name and address.
    pub(crate) worst: Vec<(String, String)>,
}

/// How old the numbers are.
pub(crate) struct Fresh {
    pub(crate) is_stale: bool,
    pub(crate) text: String,
    /// When the newest run started, for the script that reads a clock.
    pub(crate) until: String,
    pub(crate) stale_after_days: u32,
    pub(crate) testbed: String,
}

/// A goal and how far it is.
pub(crate) struct GoalRow {
    pub(crate) series: String,
    pub(crate) href: String,
    pub(crate) value: String,
    pub(crate) told: String,
    pub(crate) is_reached: bool,
    /// How much of the way is done, from 0 to 100.
    pub(crate) percent: u32,
    pub(crate) why: String,
}

/// A change of level.
pub(crate) struct Change {
    pub(crate) kind: &'static str,
    pub(crate) series: String,
    pub(crate) href: String,
    pub(crate) told: String,
}

const MOST_WORST: usize = 3;
const MOST_CHANGES: usize = 6;

/// On the newest release, and on the newest version.
pub(crate) fn sentences(site: &Site<'_>) -> Vec<Sentence> {
    let marks = site.marks();
    let name = |version| marks.name(site.history, version);
    let mut sentences = Vec::new();
    match (marks.of_release(), marks.last_release()) {
        (Some([before, last]), _) => {
            let of = format!("Release {}", name(last));
            sentences.push(sentence(site, of, [before, last], |series| series.of_release.as_ref()));
        }
        (None, Some(only)) => sentences.push(Sentence {
            kind: "incomparable",
            of: format!("Release {}", only.name),
            text: "is the first that was measured: there is none to compare it with.".to_owned(),
            worst: Vec::new(),
        }),
        (None, None) => {}
    }
    let newest = marks
        .newest
        .filter(|newest| marks.last_release().is_none_or(|release| release.version != *newest));
    if let Some((newest, pair)) = newest.zip(marks.since_release()) {
        let of = format!("Main at {}", name(newest));
        sentences.push(sentence(site, of, pair, |series| series.since_release.as_ref()));
    }
    sentences
}

fn sentence<'a>(
    site: &'a Site<'_>,
    of: String,
    [base, version]: [VersionRef; 2],
    judged: impl Fn(&'a OfSeries) -> Option<&'a Result<Judged, String>>,
) -> Sentence {
    let base_name = site.marks().name(site.history, base);
    if site.history.versions.are_one_binary(base, version) {
        let text = format!("is the same binary as {base_name}: nothing can have changed.");
        return Sentence { kind: "equivalent", of, text, worst: Vec::new() };
    }
    let (mut verdicts, mut not_compared, mut worse) = (Vec::new(), 0, Vec::new());
    for (suite, key, series) in site.found.all() {
        match judged(series) {
            None => {}
            Some(Err(_)) => not_compared += 1,
            Some(Ok(judged)) => {
                verdicts.push(judged.verdict);
                if judged.verdict == Verdict::Regressed {
                    worse.push((judged.ratio.ln().abs(), suite, key, series, judged));
                }
            }
        }
    }
    worse.sort_by(|a, b| b.0.total_cmp(&a.0));
    let worst = worse.iter().take(MOST_WORST).map(|(_, suite, key, series, judged)| {
        let name =
            format!("{} {}", series_name(site, suite, key, series), words::signed(judged.ratio));
        (name, names::series_page(suite, key, series.metric))
    });
    let has = |verdict| verdicts.contains(&verdict);
    let kind = match () {
        () if has(Verdict::Regressed) => "regressed",
        () if has(Verdict::Improved) => "improved",
        () if has(Verdict::Inconclusive) => "inconclusive",
        () if has(Verdict::Equivalent) => "equivalent",
        () => "incomparable",
    };
    let mut counts = answer::counted(&verdicts);
    if not_compared > 0 {
        counts.push(format!("{not_compared} not comparable"));
    }
    let lead = match kind {
        "regressed" => "got slower or larger in places",
        "improved" => "got better, and nothing worse that we could see",
        "equivalent" => "is as it was",
        "inconclusive" => "shows no change that we could be sure of",
        _ => "cannot be compared",
    };
    Sentence {
        kind,
        of,
        text: format!("{lead}: of the series, {} since {base_name}.", counts.join(", ")),
        worst: worst.collect(),
    }
}

/// A series in a few words.
fn series_name(site: &Site<'_>, suite: &str, key: &LineKey, series: &OfSeries) -> String {
    let target = if key.target == site.config().default_target {
        String::new()
    } else {
        format!("{} ", key.target)
    };
    format!("{target}{suite}/{} {} {}", key.benchmark, key.arm, series.metric.label)
}

/// How old the numbers are; `None` without any.
pub(crate) fn fresh(site: &Site<'_>) -> Option<Fresh> {
    let until = site.data_until()?;
    let days = site.now.duration_since(until).as_hours().max(0) / 24;
    let stale_after_days = site.config().site.stale_after_days;
    let is_stale = days >= i64::from(stale_after_days);
    let newest = site.history.runs.last();
    let epoch = newest.map_or_else(String::new, |run| run.epoch.to_string());
    let testbed = site.history.testbeds.get(&epoch).map(|testbed| {
        let cpu = testbed.cpu_model.as_deref().unwrap_or("unknown CPU");
        format!("{epoch}: {cpu}, {} CPUs, Linux {}", testbed.cpus, testbed.kernel)
    });
    Some(Fresh {
        is_stale,
        text: format!(
            "the newest run is of {}, {} before this page was built ({})",
            words::day(until),
            words::counted(usize::try_from(days).unwrap_or_default(), "day"),
            words::day(site.now)
        ),
        until: until.to_string(),
        stale_after_days,
        testbed: testbed.unwrap_or(epoch),
    })
}

/// Every goal of `bench.toml`.
pub(crate) fn goals(site: &Site<'_>) -> Vec<GoalRow> {
    let row = |goal: &model::Goal| {
        let key = LineKey {
            benchmark: goal.benchmark.clone(),
            target: goal.target.clone(),
            arm: goal.arm.clone(),
        };
        let line = site.history.suites.get(&goal.suite).and_then(|lines| lines.get(&key));
        let newest = line.and_then(|line| trend::newest(site.history, line));
        let state = newest.map(|point| point.state(goal.metric));
        let reached = state.as_ref().and_then(|state| words::goal_value(goal, state));
        let part = reached.map_or(0.0, |value| match goal.metric.direction {
            model::Direction::Higher => value / goal.limit,
            model::Direction::Lower | model::Direction::Neither => goal.limit / value,
        });
        let has_page = site.found.series_of(&goal.suite, &key, goal.metric).is_some();
        GoalRow {
            series: format!("{}/{} {} {}", goal.suite, goal.benchmark, goal.arm, goal.metric.label),
            href: if has_page {
                names::series_page(&goal.suite, &key, goal.metric)
            } else {
                names::suite_page(&goal.suite)
            },
            value: state.as_ref().map_or_else(
                || "not measured yet".to_owned(),
                |state| {
                    let said = words::said(goal.metric, state);
                    if goal.is_multiple { said.ratio } else { said.value }
                },
            ),
            told: match &state {
                Some(state) => words::goal(goal, site.anchor(), state),
                None => "no value yet".to_owned(),
            },
            is_reached: reached.is_some_and(|value| goal.is_reached_by(value)),
            percent: (part.clamp(0.0, 1.0) * 100.0).round() as u32,
            why: goal.why.clone(),
        }
    };
    site.config().goals.iter().map(row).collect()
}

/// The newest changes that are open, and how many there are.
pub(crate) fn changes(site: &Site<'_>) -> (Vec<Change>, String) {
    let mut open: Vec<(&str, &LineKey, &OfSeries, &FoundChange)> = Vec::new();
    for (suite, key, series) in site.found.all() {
        let own = series.changes.iter().filter(|change| change.is_open());
        open.extend(own.map(|change| (suite, key, series, change)));
    }
    let versions = &site.history.versions;
    open.sort_by_key(|(.., change)| std::cmp::Reverse(versions.rank(change.first)));
    let shown = open.len().min(MOST_CHANGES);
    let caption = format!("The newest {shown} of {} open changes of level", open.len());
    let rows = open.into_iter().take(MOST_CHANGES).map(|(suite, key, series, change)| Change {
        kind: change.verdict.word(),
        series: series_name(site, suite, key, series),
        href: names::series_page(suite, key, series.metric),
        told: words::found_change(site, change),
    });
    (rows.collect(), caption)
}
