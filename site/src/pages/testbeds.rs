//! The machines: what each epoch stood on, what changed to the one before, and
//! how often the method itself was put to the test on it.

use super::{Layout, Page, Site, render};
use crate::Error;
use crate::bridge;
use crate::calibration::{Calibration, Rate};
use crate::names;
use crate::words;
use askama::Template;
use jiff::Timestamp;
use model::{ProfileName, RunStatus, Testbed};
use std::collections::BTreeSet;

/// The page, from the site's root.
pub(crate) const PATH: &str = "testbeds.html";

#[derive(Template)]
#[template(path = "testbeds.html")]
struct TestbedsPage {
    layout: Layout,
    lead: String,
    epochs: Vec<EpochView>,
    calibrations: Vec<CalibrationView>,
    rates: Vec<RateTable>,
}

struct EpochView {
    id: String,
    name: String,
    runs: String,
    from: String,
    until: String,
    targets: String,
    facts: Vec<(String, String)>,
    /// Field, before, now.
    changes: Vec<(String, String, String)>,
    /// What the same binaries say of the epoch before; `None` of the first.
    bridge: Option<BridgeView>,
}

struct BridgeView {
    caption: String,
    rows: Vec<FactorRow>,
    /// How many more there are.
    left_out: usize,
}

struct FactorRow {
    benchmark: String,
    metric: &'static str,
    factor: String,
    interval: String,
    anchors: usize,
}

struct CalibrationView {
    id: String,
    href: String,
    started: String,
    versions: String,
    blocks: u32,
}

/// What variants of one kind did.
struct RateTable {
    id: &'static str,
    heading: &'static str,
    caption: &'static str,
    rows: Vec<RateRow>,
    /// How many more there are.
    left_out: usize,
}

struct RateRow {
    variant: String,
    of: String,
    planted: String,
    seen: String,
    hits: u64,
    comparisons: u64,
    /// 0 to 100.
    percent: String,
    interval: String,
}

/// More rows than this are in the file.
const MOST_RATES: usize = 40;

/// And more than these are told by the command.
const MOST_FACTORS: usize = 40;

/// An epoch and the runs on it.
struct Epoch<'a> {
    name: &'a str,
    testbed: &'a Testbed,
    runs: usize,
    from: Timestamp,
    until: Timestamp,
}

/// The page of testbeds, the one of the newest run first.
pub(crate) fn pages(site: &Site<'_>) -> Result<Vec<Page>, Error> {
    let mut epochs: Vec<Epoch<'_>> = Vec::new();
    for run in &site.history.runs {
        match epochs.iter_mut().find(|epoch| epoch.name == &*run.epoch) {
            Some(epoch) => {
                epoch.runs += 1;
                epoch.from = epoch.from.min(run.started_at);
                epoch.until = epoch.until.max(run.started_at);
            }
            None => {
                let Some(testbed) = site.history.testbeds.get(&*run.epoch) else { continue };
                let at = run.started_at;
                epochs.push(Epoch { name: &run.epoch, testbed, runs: 1, from: at, until: at });
            }
        }
    }
    epochs.sort_by_key(|epoch| std::cmp::Reverse((epoch.until, epoch.name.to_owned())));
    let before = |at: usize| {
        let older = epochs.iter().filter(|other| other.from < epochs[at].from);
        older.max_by_key(|other| other.from)
    };
    let page = TestbedsPage {
        layout: Layout::of(PATH, "Testbeds")
            .described("The machines that were measured on, and when they changed."),
        lead: match epochs.len() {
            0 => "Nothing has been measured yet.".to_owned(),
            1 => "Everything shown was measured on one testbed.".to_owned(),
            count => format!(
                "{count} testbeds. Values of different ones are never compared; where one follows \
                 another, a chart has a line."
            ),
        },
        epochs: (0..epochs.len()).map(|at| epoch_view(site, &epochs[at], before(at))).collect(),
        calibrations: calibrations(site),
        rates: rates(site.calibration),
    };
    Ok(vec![Page::of(PATH, render(PATH, &page)?)])
}

fn epoch_view(site: &Site<'_>, epoch: &Epoch<'_>, before: Option<&Epoch<'_>>) -> EpochView {
    let spoken = |name: &str| name.replace('_', " ");
    let fields = epoch.testbed.fields().into_iter();
    let differences = before.map(|before| before.testbed.differences(epoch.testbed));
    EpochView {
        id: format!("epoch-{}", epoch.name),
        name: epoch.name.to_owned(),
        runs: words::counted(epoch.runs, "run"),
        from: words::day(epoch.from),
        until: words::day(epoch.until),
        targets: targets(site, epoch.name),
        facts: fields.map(|(name, value)| (spoken(name), value)).collect(),
        changes: differences
            .unwrap_or_default()
            .into_iter()
            .map(|(name, was, is)| (spoken(name), was, is))
            .collect(),
        bridge: before.map(|before| bridge_view(site, before.name, epoch.name)),
    }
}

fn bridge_view(site: &Site<'_>, old: &str, new: &str) -> BridgeView {
    let links = bridge::links(site.history, [old, new]);
    let factor = |value: f64| format!("{value:.4}");
    let row = |it: &bridge::Linked<'_>| FactorRow {
        benchmark: format!("{}/{}", it.suite, it.benchmark),
        metric: it.metric.label,
        factor: factor(it.link.factor),
        interval: format!("{} to {}", factor(it.link.interval.low), factor(it.link.interval.high)),
        anchors: it.link.anchors,
    };
    BridgeView {
        caption: format!("The same binaries on both: {new} over {old}"),
        rows: links.iter().take(MOST_FACTORS).map(row).collect(),
        left_out: links.len().saturating_sub(MOST_FACTORS),
    }
}

/// What was measured on it.
fn targets(site: &Site<'_>, epoch: &str) -> String {
    let on_it: BTreeSet<&str> = site
        .history
        .runs
        .iter()
        .filter(|run| &*run.epoch == epoch)
        .map(|run| run.id.as_str())
        .collect();
    let entries = site.entries.iter().filter(|entry| on_it.contains(entry.id.as_str()));
    let names: BTreeSet<&str> = entries
        .flat_map(|entry| &entry.versions)
        .filter_map(|name| Some(name.split_once('@')?.0))
        .collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn calibrations(site: &Site<'_>) -> Vec<CalibrationView> {
    let of_method = site.entries.iter().filter(|entry| {
        entry.profile == ProfileName::Calibrate.word() && entry.status == RunStatus::Complete
    });
    of_method
        .map(|entry| CalibrationView {
            id: entry.id.to_string(),
            href: names::run_page(&entry.id),
            started: words::minute(entry.started_at),
            versions: entry.versions.join(", "),
            blocks: entry.measured,
        })
        .collect()
}

/// False alarms over suites and whole comparisons, and what was found of what was
/// planted, the smallest first.
fn rates(calibration: &Calibration) -> Vec<RateTable> {
    let (nulls, planted): (Vec<&Rate>, Vec<&Rate>) =
        calibration.rates.iter().partition(|rate| rate.is_null);
    let nulls = nulls.into_iter().filter(|rate| rate.series.is_none() || rate.is_suite);
    // Where nobody knows how much was planted, "found" says little.
    let mut planted: Vec<&Rate> = planted.into_iter().filter(|it| it.planted.is_some()).collect();
    planted.sort_by(|a, b| a.planted.unwrap_or(0.0).total_cmp(&b.planted.unwrap_or(0.0)));
    let table = |id, heading, caption, rates: Vec<&Rate>| RateTable {
        id,
        heading,
        caption,
        left_out: rates.len().saturating_sub(MOST_RATES),
        rows: rates.into_iter().take(MOST_RATES).map(rate_row).collect(),
    };
    let tables = [
        table(
            "false-alarms",
            "False alarms where nothing differs",
            "same: the same file twice; twin: the same sources built to another layout",
            nulls.collect(),
        ),
        table(
            "planted",
            "Slowdowns that were planted, and how many were found",
            "By how much was planted, the least first",
            planted,
        ),
    ];
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn rate_row(rate: &Rate) -> RateRow {
    let effect = |effect: Option<f64>| effect.map(|it| words::signed(1.0 + it)).unwrap_or_default();
    let share = rate.hits as f64 / rate.comparisons.max(1) as f64;
    RateRow {
        variant: rate.variant.clone(),
        of: rate.of_what().to_owned(),
        planted: effect(rate.planted),
        seen: effect(rate.effect),
        hits: rate.hits,
        comparisons: rate.comparisons,
        percent: format!("{:.0}", share * 100.0),
        interval: format!("{} to {}", words::percent(rate.low), words::percent(rate.high)),
    }
}
