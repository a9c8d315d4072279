//! `bench calibrate`: measure one binary as several versions, and tell from all
//! such runs how often the method is wrong and how often it finds what is there.

use super::run::open;
use crate::calibration::{BASE, Pool, Rate, SAME, TWIN};
use crate::cli::Calibrate;
use crate::exit::Exit;
use crate::output::{QUIET, STRONG, note, table};
use crate::project::Project;
use crate::report::cells::change;
use crate::session::{Amount, Session, Sink, Straight};
use anyhow::{Context, Result, bail};
use model::ProfileName;
use tokio::runtime::Runtime;

/// What the twin's environment is larger by. The stack begins below it, so that
/// everything on it lies elsewhere (Mytkowicz et al. 2009).
const PADDING_BYTES: usize = 3001;

pub(super) fn run(project: &Project, arguments: &Calibrate, runtime: Runtime) -> Result<Exit> {
    let sink = open(project, runtime)?;
    if arguments.rounds > 0 && !measure(project, arguments, &sink)? {
        return Ok(Exit::Incomplete);
    }
    let suites = project.suites(&[])?;
    let (mut pool, mut runs) = (Pool::default(), 0);
    let mut epoch = None;
    // Newest first: what an earlier testbed did says little of this one.
    for summary in sink.runtime.block_on(sink.store.runs())? {
        if summary.profile != ProfileName::Calibrate.word() {
            continue;
        }
        if *epoch.get_or_insert_with(|| summary.epoch.clone()) == summary.epoch {
            let run = sink.runtime.block_on(sink.store.run(summary.id.as_str()))?;
            pool.add(&run, &suites, &project.config)?;
            runs += 1;
        }
    }
    let rates = pool.rates()?;
    if rates.is_empty() {
        bail!(
            "no calibration is stored that is as long as a comparison ({} rounds); measure more \
             with --rounds",
            project.config.compare.blocks
        );
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rates)?);
    } else {
        print(&rates, arguments.all);
        note(&format!("from {runs} stored calibrations on this testbed"));
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
    let mut session = Session::prepare(project, suites, std::slice::from_ref(&version))?;
    let base = session.subjects.first().context("no version was built")?.clone();
    let mut variants = vec![BASE.to_owned(), SAME.to_owned(), TWIN.to_owned()];
    session.subjects.push(base.clone());
    let mut twin = base.clone();
    let padding = ("BENCH_PADDING".to_owned(), "x".repeat(PADDING_BYTES));
    twin.launch.environment.push(padding);
    session.subjects.push(twin);
    for planted in &plan.planted {
        let mut slowed = base.clone();
        slowed.launch.start.extend(planted.arguments.iter().cloned());
        session.subjects.push(slowed);
        variants.push(planted.name.clone());
    }
    let versions = vec![version; variants.len()];
    let amount = Amount {
        profile: ProfileName::Calibrate,
        quick: false,
        blocks: Some(arguments.rounds),
        seed: arguments.seed,
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

fn print(rates: &[Rate], all: bool) {
    let (nulls, planted): (Vec<&Rate>, Vec<&Rate>) = rates.iter().partition(|rate| rate.is_null);
    for (title, rates) in
        [("Nothing differs: false alarms", nulls), ("A slowdown is planted: found", planted)]
    {
        let shown = |rate: &&&Rate| all || rate.series.as_deref().is_none_or(is_summary);
        let rows: Vec<_> = rates.iter().filter(shown).map(|rate| row(rate)).collect();
        if !rows.is_empty() {
            anstream::println!("{STRONG}{title}{STRONG:#}");
            let headings = ["variant", "of", "", "rate", "95 %", "effect"];
            anstream::println!("{}\n", table(&headings, &[2, 3, 4, 5], rows));
        }
    }
    if !all {
        anstream::println!("{QUIET}--all shows every series with the effect seen{QUIET:#}");
    }
}

fn is_summary(series: &str) -> bool {
    series == "every series"
}

fn row(rate: &Rate) -> Vec<String> {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    vec![
        rate.variant.clone(),
        rate.series.clone().unwrap_or_else(|| "comparisons, any metric".to_owned()),
        format!("{} of {}", rate.hits, rate.comparisons),
        percent(rate.hits as f64 / rate.comparisons as f64),
        format!("{} to {}", percent(rate.low), percent(rate.high)),
        rate.effect.map(|effect| change(1.0 + effect)).unwrap_or_default(),
    ]
}
