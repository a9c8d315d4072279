//! `bench calibrate`: measure one version as several, and tell from all such runs
//! how often the method is wrong and how often it finds what is there.

use super::run::open;
use crate::calibration::{self, BASE, Pool, Rate, SAME, TWIN};
use crate::cli::Calibrate;
use crate::exit::Exit;
use crate::output::{QUIET, STRONG, note, table};
use crate::project::Project;
use crate::report::cells::change;
use crate::session::{Amount, Session, Sink, Straight, random_seed};
use anyhow::{Context, Result, bail};
use model::{ProfileName, TargetVersion, VersionSpec};
use tokio::runtime::Runtime;

/// What the twin's environment is larger by. The stack begins below it, so that
/// everything on it lies elsewhere (Mytkowicz et al. 2009).
const PADDING_BYTES: usize = 3001;
/// As many layouts are built, each linked in another order; a run has two of them.
const LAYOUTS: u64 = 4;

pub(super) fn run(project: &Project, arguments: &Calibrate, runtime: Runtime) -> Result<Exit> {
    let sink = open(project, runtime)?;
    if arguments.rounds > 0 && !measure(project, arguments, &sink)? {
        return Ok(Exit::Incomplete);
    }
    let runs = sink.runtime.block_on(calibration::stored(&sink.store, None))?;
    let rounds = arguments.pairs.unwrap_or(project.config.compare.blocks);
    let pool = Pool::of(&runs, &project.suites(&[])?, &project.config, rounds)?;
    let rates = pool.rates()?;
    if rates.is_empty() {
        bail!(
            "no calibration is stored that is as long as a comparison ({rounds} rounds); measure \
             more with --rounds"
        );
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rates)?);
    } else {
        print(&rates, arguments.all);
        let (runs, blocks) = (runs.len(), pool.blocks());
        note(&format!(
            "{runs} stored calibrations on this testbed, {blocks} blocks, judged as comparisons of \
             {rounds} pairs"
        ));
    }
    Ok(Exit::Fine)
}

/// Measures the variants side by side; false if it was interrupted.
fn measure(project: &Project, arguments: &Calibrate, sink: &Sink) -> Result<bool> {
    let plan = project.config.calibrate.as_ref();
    let plan = plan.context("bench.toml has no [calibrate]: it names a target and suites")?;
    let patterns = if arguments.suite.is_empty() { &plan.suites } else { &arguments.suite };
    let asked = arguments.version.as_ref().unwrap_or(&plan.target);
    let version = project.config.parse_version(asked)?;
    let suites = project.suites(patterns)?;
    let seed = arguments.seed.map_or_else(random_seed, Ok)?;
    let mut session = Session::prepare(project, suites, std::slice::from_ref(&version))?;
    let mut base = session.subjects.first().context("no version was built")?.clone();
    let mut variants = vec![BASE.to_owned(), SAME.to_owned()];
    if arguments.only_same {
        session.subjects.push(base);
    } else {
        let mut twin = base.clone();
        if other_layout(&version) {
            // Both are drawn: one that was chosen by the linker is no twin of one that was not.
            base = session.built_otherwise(&version, |it| it.with_shuffled_layout(layout(seed)))?;
            twin = session.built_otherwise(&version, |it| {
                it.with_shuffled_layout(layout(seed.wrapping_add(1)))
            })?;
        } else {
            note("a given binary cannot be linked anew; its twin differs in its environment");
        }
        session.subjects = vec![base.clone(), base.clone()];
        let padding = ("BENCH_PADDING".to_owned(), "x".repeat(PADDING_BYTES));
        twin.launch.environment.push(padding);
        session.subjects.push(twin);
        variants.push(TWIN.to_owned());
        for planted in &plan.planted {
            let mut slowed = base.clone();
            slowed.launch.start.extend(planted.arguments.iter().cloned());
            session.subjects.push(slowed);
            variants.push(planted.name.clone());
        }
    }
    let versions = vec![version; variants.len()];
    let amount = Amount {
        profile: ProfileName::Calibrate,
        quick: false,
        blocks: Some(arguments.rounds),
        seed: Some(seed),
        budget: None,
        compared: variants.len(),
        variants,
    };
    let measured = session.measure(sink, &versions, &amount, &mut Straight)?;
    if !measured.finished {
        note(&format!("run {} was interrupted, and does not count", measured.run));
    }
    Ok(measured.finished)
}

/// The seed of a layout.
fn layout(seed: u64) -> u32 {
    (seed % LAYOUTS) as u32 + 1
}

/// Whether it is built from sources, and so can be linked anew.
fn other_layout(version: &TargetVersion) -> bool {
    !matches!(version.version, VersionSpec::Path(_))
}

fn print(rates: &[Rate], all: bool) {
    let (nulls, planted): (Vec<&Rate>, Vec<&Rate>) = rates.iter().partition(|rate| rate.is_null);
    let is_summary = |rate: &Rate| rate.series.is_none() || rate.is_suite;
    show("Nothing differs: false alarms", nulls, |rate| all || is_summary(rate));
    // Where nobody knows what was planted, "found" says little.
    let mut planted = planted;
    planted.sort_by(|a, b| a.planted.unwrap_or(0.0).total_cmp(&b.planted.unwrap_or(0.0)));
    show("A slowdown is planted: found", planted, |rate| {
        all || rate.planted.is_some() || rate.series.is_none()
    });
    if !all {
        anstream::println!("{QUIET}--all shows every series{QUIET:#}");
    }
}

fn show(title: &str, rates: Vec<&Rate>, is_shown: impl Fn(&Rate) -> bool) {
    let shown = rates.into_iter().filter(|rate| is_shown(rate));
    let rows: Vec<_> = shown.map(row).collect();
    if !rows.is_empty() {
        anstream::println!("{STRONG}{title}{STRONG:#}");
        let headings = ["variant", "of", "planted", "", "rate", "95 %", "seen", "bias"];
        anstream::println!("{}\n", table(&headings, &[2, 3, 4, 5, 6, 7], rows));
    }
}

fn row(rate: &Rate) -> Vec<String> {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let ratio = |effect: Option<f64>| effect.map(|it| change(1.0 + it)).unwrap_or_default();
    vec![
        rate.variant.clone(),
        rate.series.clone().unwrap_or_else(|| "comparisons, any metric".to_owned()),
        ratio(rate.planted),
        format!("{} of {}", rate.hits, rate.comparisons),
        percent(rate.hits as f64 / rate.comparisons as f64),
        format!("{} to {}", percent(rate.low), percent(rate.high)),
        ratio(rate.effect),
        ratio(rate.bias),
    ]
}
