//! `bench show RUN`: everything about one run.

use crate::cli::Show;
use crate::exit::Exit;
use crate::output::{BAD, QUIET, STRONG, table};
use crate::project::Project;
use anyhow::Result;
use model::{Block, Cell, FailedBuild, METRICS, Metric, Outcome, Run, RunStatus};
use serde_json::{Value, json};
use stats::{interval, summary};
use std::collections::{BTreeMap, BTreeSet};
use store::Store;

mod same;

/// The blocks of one arm of one version.
type Arms<'a> = BTreeMap<(&'a Cell, usize), Vec<&'a Block>>;

pub(super) async fn run(project: &Project, arguments: &Show) -> Result<Exit> {
    let store = Store::open_read_only(&project.database).await?;
    let run = store.run(&arguments.run).await?;
    if !arguments.same_as.is_empty() {
        let mut runs = vec![run];
        for name in &arguments.same_as {
            runs.push(store.run(name).await?);
        }
        return same::print(&runs, arguments.json);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&as_json(&run))?);
        return Ok(Exit::Fine);
    }
    anstream::println!(
        "{STRONG}run {}{STRONG:#} {}, profile {}",
        run.id,
        run.status.word(),
        run.profile
    );
    anstream::println!("started {}, seed {}, {}", run.started_at, run.seed, run.harness);
    if run.status != RunStatus::Complete {
        anstream::println!(
            "{} of {} blocks; not shown on the site",
            run.blocks.len(),
            run.planned_blocks
        );
    }
    for artifact in &run.artifacts {
        let version = artifact.version.label();
        anstream::println!("{} {version}: binary {}", artifact.target, artifact.binary_sha256);
    }
    let testbed: Vec<String> =
        run.testbed.fields().into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    anstream::println!("{QUIET}epoch {}: {}{QUIET:#}", run.testbed.epoch(), testbed.join(", "));
    print_summary(&run, |_, _| true);
    Ok(Exit::Fine)
}

fn arms(run: &Run) -> Arms<'_> {
    let mut arms = Arms::new();
    for block in run.counted_blocks() {
        arms.entry((&block.cell, block.artifact)).or_default().push(block);
    }
    arms
}

/// Every metric of an arm: its blocks' medians.
fn metrics<'a>(blocks: &[&'a Block]) -> Vec<(&'static Metric, Vec<f64>)> {
    let measured = |block: &&'a Block| match &block.outcome {
        Outcome::Measured(measurements) => Some(measurements),
        _ => None,
    };
    let of_metric = |metric: &'static Metric| {
        let values: Vec<f64> = blocks
            .iter()
            .filter_map(measured)
            .filter_map(|m| summary::median(&m.values(metric)?).ok())
            .collect();
        (!values.is_empty()).then_some((metric, values))
    };
    METRICS.iter().filter(|metric| metric.is_comparable()).filter_map(of_metric).collect()
}

/// The table of medians of the wanted metrics, and what failed.
pub(super) fn print_summary(run: &Run, wanted: impl Fn(&Cell, &Metric) -> bool) {
    let mut rows = Vec::new();
    let mut failures = Vec::new();
    let mut absent = BTreeSet::new();
    for ((cell, artifact), blocks) in arms(run) {
        let version = run.artifacts[artifact].version.label();
        let mut labels: Vec<&str> =
            blocks.iter().flat_map(|b| &b.labels).map(|l| l.word()).collect();
        labels.sort_unstable();
        labels.dedup();
        for (metric, values) in metrics(&blocks) {
            if !wanted(cell, metric) {
                continue;
            }
            let Ok(median) = summary::median(&values) else { continue };
            rows.push(vec![
                format!("{}/{} {}", cell.suite, cell.benchmark, cell.arm),
                format!("{} {version}", cell.target),
                metric.name.to_owned(),
                metric.display(median),
                values.len().to_string(),
                labels.join(" "),
            ]);
        }
        for block in &blocks {
            if let Outcome::Measured(measurements) = &block.outcome {
                let reasons = measurements.absent.iter().map(|a| (&a.metric, &a.reason));
                absent.extend(reasons);
            }
            if let Outcome::Failed { reason, log_tail } = &block.outcome {
                failures
                    .push(format!("{BAD}failed{BAD:#} {cell} block {}: {reason}", block.ordinal));
                failures.extend(log_tail.lines().map(|line| format!("  {QUIET}{line}{QUIET:#}")));
            }
        }
    }
    for failed in &run.failed_builds {
        let FailedBuild { target, version, reason, log_tail, .. } = failed;
        failures.push(format!("{BAD}not built{BAD:#} {target} {}: {reason}", version.label()));
        failures.extend(log_tail.lines().map(|line| format!("  {QUIET}{line}{QUIET:#}")));
    }
    let headings = ["benchmark", "version", "metric", "median", "blocks", "labels"];
    if !rows.is_empty() || failures.is_empty() {
        anstream::println!("{}", table(&headings, &[3, 4], rows));
    }
    for (metric, reason) in absent {
        anstream::println!("{QUIET}not measured: {metric}: {reason}{QUIET:#}");
    }
    for line in failures {
        anstream::println!("{line}");
    }
}

fn as_json(run: &Run) -> Value {
    let arms: Vec<Value> = arms(run)
        .into_iter()
        .map(|((cell, artifact), blocks)| {
            let metrics: Vec<Value> = metrics(&blocks)
                .into_iter()
                .map(|(metric, values)| {
                    let interval = interval::of_mean(&values, 0.95).ok();
                    json!({ "metric": metric.name, "unit": metric.unit.symbol(),
                        "median": summary::median(&values).ok(), "blocks": values,
                        "mean_low": interval.map(|i| i.low), "mean_high": interval.map(|i| i.high) })
                })
                .collect();
            json!({ "target": cell.target, "suite": cell.suite, "benchmark": cell.benchmark,
                "arm": cell.arm, "version": run.artifacts[artifact].version.label(),
                "outcomes": blocks.iter().map(|b| outcome(b)).collect::<Vec<_>>(),
                "metrics": metrics })
        })
        .collect();
    json!({ "run": run.id, "status": run.status, "profile": run.profile, "seed": run.seed,
        "started_at": run.started_at, "finished_at": run.finished_at, "harness": run.harness,
        "testbed": run.testbed, "epoch": run.testbed.epoch(), "artifacts": run.artifacts,
        "failed_builds": run.failed_builds, "arms": arms })
}

fn outcome(block: &Block) -> Value {
    let labels: Vec<&str> = block.labels.iter().map(|label| label.word()).collect();
    match &block.outcome {
        Outcome::Measured(m) => {
            json!({ "outcome": "measured", "labels": labels, "absent": m.absent })
        }
        Outcome::Failed { reason, log_tail } => {
            json!({ "outcome": "failed", "reason": reason, "log_tail": log_tail })
        }
        Outcome::Unsupported { reason } => json!({ "outcome": "unsupported", "reason": reason }),
    }
}
