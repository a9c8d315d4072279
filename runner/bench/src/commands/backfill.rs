//! `bench backfill TARGET RANGE`: measure the versions of a range that are not
//! stored yet, in an order in which a picture appears early.

use super::bridge::Owed;
use super::run::open;
use crate::campaign::{self, Came, Campaign, Extent, Resume};
use crate::cli::Backfill;
use crate::exit::Exit;
use crate::obtain;
use crate::output::{note, table};
use crate::project::Project;
use crate::queue::{self, Place};
use anyhow::{Context, Result, bail};
use model::{RunId, Target, VersionSpec};
use serde::Serialize;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::runtime::Runtime;

#[derive(Serialize)]
struct Outcome {
    version: String,
    /// `measured`, `stored` (before), `not-built`, `interrupted` or `left`.
    outcome: &'static str,
    run: Option<RunId>,
    /// Blocks that failed.
    failed: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) fn run(project: &Project, arguments: &Backfill, runtime: Runtime) -> Result<Exit> {
    let begun = Instant::now();
    let target = project.config.target(&arguments.target).with_context(|| {
        let names: Vec<&str> = project.config.targets.iter().map(|it| it.name.as_str()).collect();
        format!(
            "there is no target `{}`; bench.toml declares {}",
            arguments.target,
            names.join(", ")
        )
    })?;
    let extent = Extent {
        suites: project.suites(&arguments.selection.suite)?,
        quick: arguments.quick,
        blocks: arguments.selection.blocks,
        seed: arguments.selection.seed,
    };
    let versions = versions(project, target, &arguments.range)?;
    let sink = open(project, runtime)?;
    // Quick blocks link nothing.
    if !extent.quick
        && let Some(owed) = Owed::find(project, &sink, &extent.suites)?
        && !owed.measure(project, &sink, (extent.blocks, extent.seed))?.finished
    {
        return Ok(Exit::Incomplete);
    }
    let mut campaign = Campaign::new(project, &sink, target, extent)?;
    let is_done = campaign.are_done(&versions)?;
    // Newest first, as the queue counts.
    let line: Vec<Place> =
        is_done.iter().rev().map(|done| Place { is_done: *done, is_release: false }).collect();
    let order: Vec<usize> =
        queue::queue(&line).into_iter().map(|(at, _)| versions.len() - 1 - at).collect();
    note(&format!(
        "{} of {} versions are to be measured, {} are stored",
        order.len(),
        versions.len(),
        versions.len() - order.len()
    ));
    let resume = if arguments.resume { Resume::Interrupted } else { Resume::Nothing };
    let mut outcomes: Vec<Outcome> = Vec::new();
    for (version, _) in versions.iter().zip(&is_done).filter(|(_, is_done)| **is_done) {
        outcomes.push(outcome(target, version, Some(Came::Stored)));
    }
    let mut is_over = false;
    for at in order {
        let spent = arguments.budget.is_some_and(|budget| begun.elapsed() >= budget);
        is_over |= spent || campaign.session.cancel.load(Ordering::Relaxed);
        if is_over {
            outcomes.push(outcome(target, &versions[at], None));
            continue;
        }
        let came = campaign.measure(&versions[at], resume)?;
        is_over |= matches!(came, Came::Interrupted { .. });
        let outcome = outcome(target, &versions[at], Some(came));
        note(&format!("{} {}: {}", target.name, outcome.version, outcome.outcome));
        outcomes.push(outcome);
    }
    tell(&outcomes, arguments.json)?;
    let is_fine = |it: &Outcome| matches!(it.outcome, "measured" | "stored") && it.failed == 0;
    Ok(if outcomes.iter().all(is_fine) { Exit::Fine } else { Exit::Incomplete })
}

/// The exact versions of the range, oldest first.
fn versions(project: &Project, target: &Target, range: &str) -> Result<Vec<VersionSpec>> {
    let asked = format!("{}@{range}", target.name);
    let versions = obtain::named(project, &project.builder()?, &[asked])?;
    let builder = project.builder()?;
    let exact = versions.into_iter().map(|version| {
        let id = builder.identify(target, &version.version)?;
        match id.and_then(|id| obtain::exact(&id)) {
            Some(exact) => Ok(exact),
            None => bail!("`{range}` names no commits or releases of {}", target.name),
        }
    });
    exact.collect()
}

fn outcome(target: &Target, version: &VersionSpec, came: Option<Came>) -> Outcome {
    let version = campaign::short(target, version);
    let (outcome, run, failed, reason) = match came {
        None => ("left", None, 0, None),
        Some(Came::Stored) => ("stored", None, 0, None),
        Some(Came::Measured { run, failed }) => ("measured", Some(run), failed, None),
        Some(Came::NotBuilt { run, reason }) => ("not-built", Some(run), 0, Some(reason)),
        Some(Came::Interrupted { run }) => ("interrupted", Some(run), 0, None),
    };
    Outcome { version, outcome, run, failed, reason }
}

fn tell(outcomes: &[Outcome], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(outcomes)?);
        return Ok(());
    }
    let rows = outcomes.iter().map(|it| {
        let run = it.run.as_ref().map(ToString::to_string).unwrap_or_default();
        let failed = if it.failed == 0 { String::new() } else { it.failed.to_string() };
        vec![
            it.version.clone(),
            it.outcome.to_owned(),
            run,
            failed,
            it.reason.clone().unwrap_or_default(),
        ]
    });
    let headings = ["version", "outcome", "run", "failed blocks", "reason"];
    anstream::println!("{}", table(&headings, &[3], rows.collect()));
    if outcomes.iter().any(|it| matches!(it.outcome, "left" | "interrupted")) {
        note("the same command with --resume goes on");
    }
    Ok(())
}
