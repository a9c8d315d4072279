//! `bench compare A B`: build both, measure them interleaved, say what
//! changed; or compare two stored runs.

use super::run::open;
use crate::cli::Compare;
use crate::exit::Exit;
use crate::output::{BAD, GOOD, QUIET, STRONG, UNSURE, note, table};
use crate::project::Project;
use crate::session::{Amount, Session, with_anchor};
use crate::verdicts::{self, Comparison, Report, Side};
use anyhow::{Context, Result, bail};
use model::{Metric, ProfileName, Run};
use store::Store;
use tokio::runtime::Runtime;

pub(super) fn run(project: &Project, arguments: &Compare, runtime: Runtime) -> Result<Exit> {
    let report = match (arguments.a.strip_prefix("run:"), arguments.b.strip_prefix("run:")) {
        (Some(a), Some(b)) => runtime.block_on(stored(project, a, b))?,
        (None, None) => match measured(project, arguments, runtime)? {
            Some(report) => report,
            None => return Ok(Exit::Incomplete),
        },
        _ => bail!(
            "a stored run and a version cannot be compared: they were not measured side by side; \
             name two versions, or two runs"
        ),
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(report.exit())
}

fn measured(project: &Project, arguments: &Compare, runtime: Runtime) -> Result<Option<Report>> {
    let asked = [&arguments.a, &arguments.b];
    let versions = asked
        .iter()
        .map(|text| project.config.parse_version(text))
        .collect::<Result<Vec<_>, _>>()?;
    let versions = with_anchor(project, versions);
    let suites = project.suites(&arguments.selection.suite)?;
    let sink = open(project, runtime)?;
    let session = Session::prepare(project, suites, &versions)?;
    if session.subjects[0].artifact.binary_sha256 == session.subjects[1].artifact.binary_sha256 {
        note("both versions are the same binary: what differs is noise");
    }
    let amount = Amount {
        profile: ProfileName::Compare,
        quick: arguments.quick,
        blocks: arguments.selection.blocks,
        seed: arguments.selection.seed,
    };
    let measured = session.measure(&sink, &versions, &amount)?;
    if !measured.finished {
        note(&format!(
            "run {} was interrupted; `bench run --resume` finishes it, `bench compare` starts anew",
            measured.run
        ));
        return Ok(None);
    }
    let run = sink.runtime.block_on(sink.store.run(measured.run.as_str()))?;
    let side = |artifact| Side { run: &run, artifact };
    Ok(Some(verdicts::compare(side(0), side(1), &session.suites, &project.config)?))
}

async fn stored(project: &Project, a: &str, b: &str) -> Result<Report> {
    let store = Store::open_read_only(&project.database).await?;
    let (a, b) = (store.run(a).await?, store.run(b).await?);
    let suites = project.suites(&[])?;
    let side = |run| Ok::<_, anyhow::Error>(Side { run, artifact: subject_of(run)? });
    verdicts::compare(side(&a)?, side(&b)?, &suites, &project.config)
}

/// The version a run is about: the only one that is not the anchor.
fn subject_of(run: &Run) -> Result<usize> {
    let is_anchor = |target: &String| run.anchor.as_ref() == Some(target);
    let mut subjects =
        (0..run.artifacts.len()).filter(|index| !is_anchor(&run.artifacts[*index].target));
    let first = subjects.next().or_else(|| (run.artifacts.len() == 1).then_some(0));
    let chosen: Result<usize> = match (first, subjects.next()) {
        (Some(first), None) => Ok(first),
        (None, _) => bail!("run {} measured nothing but the anchor", run.id),
        (Some(_), Some(_)) => {
            bail!("run {} measured several versions; compare runs of one each", run.id)
        }
    };
    chosen.with_context(|| format!("choosing the version of run {}", run.id))
}

fn print(report: &Report) {
    let side = |side: &verdicts::SideReport| format!("{} {}", side.target, side.version);
    anstream::println!(
        "{STRONG}A{STRONG:#} {}   {STRONG}B{STRONG:#} {}   run {}",
        side(&report.a),
        side(&report.b),
        report.b.run
    );
    let mut suites: Vec<&str> = report.comparisons.iter().map(|c| c.suite.as_str()).collect();
    suites.dedup();
    for suite in suites {
        anstream::println!("\n{STRONG}{suite}{STRONG:#}");
        let rows = report.comparisons.iter().filter(|c| c.suite == suite).map(row).collect();
        let headings = ["benchmark", "metric", "A", "B", "B/A", "interval", "visible", "verdict"];
        anstream::println!("{}", table(&headings, &[2, 3, 4, 5, 6], rows));
    }
    for missing in &report.missing {
        let version = missing.version.to_uppercase();
        anstream::println!(
            "{BAD}missing{BAD:#} {version} {}/{} {}: {}",
            missing.suite,
            missing.benchmark,
            missing.arm,
            missing.reason
        );
    }
    let mut whys: Vec<&String> = report.comparisons.iter().filter_map(|c| c.why.as_ref()).collect();
    whys.sort();
    whys.dedup();
    for why in whys {
        anstream::println!("{QUIET}inconclusive where {why}{QUIET:#}");
    }
    let percent = report.confidence * 100.0;
    anstream::println!(
        "{QUIET}Intervals of the ratio hold at {percent:.2} % each, at 95 % all together. \
         \"visible\" is the smallest change this comparison would see 4 times in 5.{QUIET:#}"
    );
    anstream::println!("{STRONG}{}{STRONG:#}", in_words(report));
}

fn row(c: &Comparison) -> Vec<String> {
    let metric = Metric::named(c.metric);
    let value = |value| metric.map_or_else(String::new, |metric| metric.display(value));
    let change = |ratio: f64| format!("{:+.2} %", (ratio - 1.0) * 100.0);
    let interval = match (c.low, c.high) {
        (Some(low), Some(high)) => format!("{} to {}", change(low), change(high)),
        _ => "none".to_owned(),
    };
    let visible =
        c.smallest_visible.map_or_else(|| "unknown".to_owned(), |v| format!("{:.2} %", v * 100.0));
    let style = match c.verdict {
        "regressed" => BAD,
        "improved" => GOOD,
        "inconclusive" => UNSURE,
        _ => QUIET,
    };
    vec![
        format!("{} {}", c.benchmark, c.arm),
        c.metric.to_owned(),
        value(c.a),
        value(c.b),
        change(c.ratio),
        interval,
        visible,
        format!("{style}{}{style:#}", c.verdict),
    ]
}

fn in_words(report: &Report) -> String {
    let count = |verdict: &str| report.comparisons.iter().filter(|c| c.verdict == verdict).count();
    let counted = ["regressed", "improved", "equivalent", "inconclusive"]
        .into_iter()
        .filter(|verdict| count(verdict) > 0)
        .map(|verdict| format!("{} {verdict}", count(verdict)))
        .collect::<Vec<_>>()
        .join(", ");
    format!("{}: {counted}, {} missing", report.verdict, report.missing.len())
}
