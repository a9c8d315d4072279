//! Runs as they are published: which, under which name, and what is left of
//! them. A summary in the place of a block's samples is their median, as in every
//! comparison and on every page. It must not read or write a file.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use model::{Measurements, Outcome, Publication, Run, RunId, VersionId};
use stats::summary;
use std::collections::{BTreeMap, BTreeSet};

const NS_PER_WEEK: i128 = 7 * 24 * 3_600 * 1_000_000_000;

/// A run with a summary in the place of each block's samples, and coarse
/// histograms or none.
pub(crate) fn published(run: &Run, with_histograms: bool) -> Run {
    let mut run = run.clone();
    for block in &mut run.blocks {
        if let Outcome::Measured(measured) = &mut block.outcome {
            let summary = |metric: &'static model::Metric| {
                let value = summary::median(&measured.values(metric)?).ok()?;
                Some((metric.name.to_owned(), value))
            };
            let coarse = |(name, histogram): (&String, &model::LatencyHistogram)| {
                (name.clone(), histogram.coarse())
            };
            *measured = Measurements {
                samples: BTreeMap::new(),
                summaries: measured.metrics().filter_map(summary).collect(),
                histograms: if with_histograms {
                    measured.histograms.iter().map(coarse).collect()
                } else {
                    BTreeMap::new()
                },
                absent: measured.absent.clone(),
            };
        }
    }
    run
}

/// The name of a run's bundle: date, target, version, and the first digits of the
/// run's name, since one day may see several.
pub(crate) fn file_name(run: &Run) -> String {
    let day = run.started_at.to_zoned(TimeZone::UTC).date();
    let mut versions: Vec<String> =
        under_test(run).map(|(target, version)| format!("{target}-{}", version.label())).collect();
    versions.dedup();
    let what = match versions.as_slice() {
        [] => "anchor-alone".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}-and-{}-more", rest.len()),
    };
    let harmless = |c: char| if c.is_ascii_alphanumeric() || "-.+".contains(c) { c } else { '-' };
    let what: String = what.chars().take(80).map(harmless).collect();
    format!("{day}-{what}-{}.jsonl.gz", &run.id.as_str()[..8])
}

/// Target and version of what was to be measured, with what could not be built.
fn under_test(run: &Run) -> impl Iterator<Item = (&str, &VersionId)> {
    let built = run.artifacts.iter().map(|it| (it.target.as_str(), &it.version));
    let failed = run.failed_builds.iter().map(|it| (it.target.as_str(), &it.version));
    built.chain(failed).filter(|(target, _)| run.anchor.as_deref() != Some(*target))
}

/// What decides whether a run stays published.
pub(crate) struct Head {
    id: RunId,
    started_at: Timestamp,
    profile: String,
    has_release: bool,
    /// What it measured, on which epoch: of runs of a profile that are alike one is enough.
    alike: (String, BTreeSet<String>, BTreeSet<String>),
}

impl Head {
    pub(crate) fn of(run: &Run) -> Self {
        let targets = under_test(run).map(|(target, _)| target.to_owned()).collect();
        let suites = run.blocks.iter().map(|block| block.cell.suite.clone()).collect();
        Self {
            id: run.id.clone(),
            started_at: run.started_at,
            profile: run.profile.clone(),
            has_release: under_test(run)
                .any(|(_, version)| matches!(version, VersionId::Release { .. })),
            alike: (run.testbed.epoch(), targets, suites),
        }
    }
}

/// The runs that are published, and whether with their histograms.
pub(crate) fn chosen(heads: &[Head], policy: &Publication) -> BTreeMap<RunId, bool> {
    let is_published =
        |head: &&Head| policy.profiles.iter().any(|profile| profile.word() == head.profile);
    let mut heads: Vec<&Head> = heads.iter().filter(is_published).collect();
    // Newest first: the first of a week is the one that stays.
    heads.sort_by(|a, b| (b.started_at, &b.id).cmp(&(a.started_at, &a.id)));
    let Some(newest) = heads.first().map(|head| head.started_at) else { return BTreeMap::new() };
    let mut weeks = BTreeSet::new();
    let mut chosen = BTreeMap::new();
    for head in heads {
        let week = head.started_at.as_nanosecond().div_euclid(NS_PER_WEEK);
        let is_young = is_within(newest, head.started_at, policy.every_run_for_days);
        if is_young || head.has_release || weeks.insert((week, &head.profile, &head.alike)) {
            let whole = is_within(newest, head.started_at, policy.histograms_for_days);
            chosen.insert(head.id.clone(), whole);
        }
    }
    chosen
}

fn is_within(newest: Timestamp, then: Timestamp, days: u32) -> bool {
    let span = SignedDuration::from_hours(24 * i64::from(days));
    // A limit before the beginning of time leaves nothing out.
    newest.checked_sub(span).map_or(true, |limit| then >= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(number: u64, day: i64, release: bool, epoch: &str) -> Head {
        Head {
            id: RunId::from_bits(number),
            started_at: Timestamp::from_second(day * 24 * 3_600).unwrap(),
            profile: "full".to_owned(),
            has_release: release,
            alike: (epoch.to_owned(), BTreeSet::new(), BTreeSet::new()),
        }
    }

    #[test]
    fn old_runs_thin_out_and_releases_stay() {
        let policy = Publication {
            profiles: vec![model::ProfileName::Full],
            histograms_for_days: 10,
            every_run_for_days: 30,
            ..Publication::default()
        };
        let check = |heads: &[Head], expected: &[(u64, bool)]| {
            let expected: BTreeMap<_, _> = expected
                .iter()
                .map(|(number, whole)| (RunId::from_bits(*number), *whole))
                .collect();
            assert_eq!(chosen(heads, &policy), expected);
        };
        check(&[], &[]);
        // Days 700 to 706 are one week; 800 is the newest run.
        let newest = || head(1, 800, false, "a");
        check(&[newest(), head(2, 791, false, "a")], &[(1, true), (2, true)]);
        check(&[newest(), head(2, 771, false, "a")], &[(1, true), (2, false)]);
        let week = [head(2, 700, false, "a"), head(3, 706, false, "a"), newest()];
        check(&week, &[(1, true), (3, false)]);
        let next_week = [head(2, 706, false, "a"), head(3, 707, false, "a"), newest()];
        check(&next_week, &[(1, true), (2, false), (3, false)]);
        let release = [head(2, 700, true, "a"), head(3, 706, false, "a"), newest()];
        check(&release, &[(1, true), (2, false), (3, false)]);
        let epochs = [head(2, 700, false, "b"), head(3, 706, false, "a"), newest()];
        check(&epochs, &[(1, true), (2, false), (3, false)]);
        let quick = Head { profile: "quick".to_owned(), ..head(2, 800, false, "a") };
        check(&[newest(), quick], &[(1, true)]);
    }
}
