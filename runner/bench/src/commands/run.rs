//! `bench run`: measure versions, check them, or go on with a run.

use crate::cli::{Arms, Run};
use crate::doctor;
use crate::exit::Exit;
use crate::measure;
use crate::obtain::{self, FailedBuilds};
use crate::output::{self, BAD, GOOD, QUIET, note};
use crate::plan::Part;
use crate::progress::Progress;
use crate::project::Project;
use crate::session::{Amount, Asked, Measured, Session, Sink, Straight, with_anchor};
use anyhow::{Context, Result};
use model::{Outcome, ProfileName, RunStatus, Suite, TargetVersion};
use serde::Serialize;
use std::sync::atomic::Ordering;
use store::Store;
use tokio::runtime::Runtime;

pub(super) fn run(project: &Project, arguments: &Run, runtime: Runtime) -> Result<Exit> {
    if arguments.strict {
        doctor::insist_on_quiet()?;
    }
    if let Some(which) = &arguments.resume {
        return resume(project, which, arguments.json, runtime);
    }
    let versions = with_anchor(project, versions(project, &arguments.versions)?);
    let mut suites = project.suites(&arguments.selection.suite)?;
    let is_quick_arms = arguments.arms.map_or(arguments.quick, |arms| arms == Arms::Quick);
    if is_quick_arms {
        only_quick(&mut suites);
    }
    if arguments.check {
        let session = Session::with(project, suites, &versions, FailedBuilds::Stored)?;
        return check_all(&session, arguments.json);
    }
    // Opened before the builds: a database that cannot be written should not
    // show after a long wait.
    let sink = open(project, runtime)?;
    let session = Session::with(project, suites, &versions, FailedBuilds::Stored)?;
    if arguments.strict {
        // Again: a build takes its time, and warms the machine.
        doctor::insist_on_quiet()?;
    }
    let amount = Amount {
        profile: if arguments.quick { ProfileName::Quick } else { ProfileName::Full },
        quick: is_quick_arms,
        blocks: arguments.selection.blocks,
        seed: arguments.selection.seed,
        budget: None,
        compared: 0,
        variants: Vec::new(),
    };
    let measured = session.measure(&sink, &versions, &amount, &mut Straight)?;
    report(&sink, &session, &measured, arguments.json)
}

/// The database to measure into.
pub(super) fn open(project: &Project, runtime: Runtime) -> Result<Sink> {
    let store = runtime.block_on(Store::open(&project.database))?;
    Ok(Sink { runtime, store })
}

fn versions(project: &Project, asked: &[String]) -> Result<Vec<TargetVersion>> {
    let asked = if asked.is_empty() { &project.config.run } else { asked };
    let builder = project.builder()?;
    obtain::named(project, &builder, asked)
}

/// What is not measured needs nothing built.
fn only_quick(suites: &mut [Suite]) {
    for suite in suites {
        suite.arms.retain(|arm| arm.quick);
    }
}

fn resume(project: &Project, which: &str, json: bool, runtime: Runtime) -> Result<Exit> {
    let sink = open(project, runtime)?;
    let Sink { runtime, store } = &sink;
    let id = match which {
        "latest" => {
            let runs = runtime.block_on(store.runs())?;
            let newest = runs.into_iter().find(|run| run.status == RunStatus::Interrupted);
            newest.context("no run was interrupted; there is nothing to go on with")?.id
        }
        _ => runtime.block_on(store.run_id(which))?,
    };
    let run = runtime.block_on(store.run(id.as_str()))?;
    let asked: Asked = serde_json::from_str(&run.plan)
        .with_context(|| format!("reading the plan of run {id}, which another program made"))?;
    let parsed = asked.versions.iter().map(|text| project.config.parse_version(text));
    let versions = parsed.collect::<Result<Vec<_>, _>>()?;
    let mut suites = project.suites(&asked.suites)?;
    if asked.quick {
        only_quick(&mut suites);
    }
    let session = Session::with(project, suites, &versions, FailedBuilds::Stored)?;
    let measured = session.resume(&sink, &id, &asked)?;
    report(&sink, &session, &measured, json)
}

fn report(sink: &Sink, session: &Session<'_>, measured: &Measured, json: bool) -> Result<Exit> {
    let run = sink.runtime.block_on(sink.store.run(measured.run.as_str()))?;
    let count =
        |wanted: fn(&Outcome) -> bool| run.blocks.iter().filter(|b| wanted(&b.outcome)).count();
    let failed = count(|outcome| matches!(outcome, Outcome::Failed { .. }));
    let good = count(|outcome| matches!(outcome, Outcome::Measured(_)));
    let is_whole = measured.finished && failed == 0 && run.failed_builds.is_empty();
    let exit = if is_whole { Exit::Fine } else { Exit::Incomplete };
    if json {
        let status = run.status.word();
        let planned = run.planned_blocks;
        println!(
            "{}",
            serde_json::json!({ "run": run.id, "status": status, "planned": planned,
                "measured": good, "failed": failed,
                "unsupported": run.blocks.len() - good - failed,
                "failed_builds": run.failed_builds })
        );
        return Ok(exit);
    }
    if !measured.finished {
        output::error(&anyhow::anyhow!(
            "run {} was interrupted after {} of {} blocks; `bench run --resume` goes on",
            run.id,
            run.blocks.len(),
            run.planned_blocks
        ));
        return Ok(exit);
    }
    super::show::print_summary(&run, |cell, metric| session.reports(cell, metric));
    note(&format!("stored as run {}; `bench show {0}` shows every number", run.id));
    super::bridge::note_new_epoch(sink, &run.id)?;
    Ok(exit)
}

/// An answer of one arm on one version.
#[derive(Serialize)]
pub(super) struct Checked<'a> {
    version: String,
    suite: &'a str,
    benchmark: &'a str,
    arm: &'a str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// One checked answer of every arm on every version, printed.
pub(super) fn check_all(session: &Session<'_>, json: bool) -> Result<Exit> {
    let Some(checked) = answers(session) else { return Ok(Exit::Incomplete) };
    print_checked(&checked, json)?;
    Ok(standing(&checked))
}

/// The same, to be told; `None` if it was interrupted.
pub(super) fn answers<'a>(session: &'a Session<'_>) -> Option<Vec<Checked<'a>>> {
    let bench = session.bench(None);
    let arms: Vec<_> = session
        .suites
        .iter()
        .flat_map(|suite| suite.arms.iter().map(move |arm| (suite, arm)))
        .collect();
    let pairs: Vec<_> = arms
        .into_iter()
        .flat_map(|(suite, arm)| session.subjects.iter().map(move |subject| (suite, arm, subject)))
        .filter(|(suite, arm, subject)| session.part(suite, arm, subject) != Part::None)
        .collect();
    let total = pairs.len() as u64;
    let mut progress = Progress::start("checking answers", Some(total));
    let mut checked = Vec::new();
    for (suite, arm, subject) in pairs {
        progress.at(checked.len() as u64, Some(total), &format!("{} {}", suite.name, arm.name));
        let (outcome, reason) = match session.unsupported(arm, subject) {
            Some(reason) => ("unsupported", Some(reason)),
            None => match measure::check(&bench, subject, arm) {
                Ok(()) => ("right", None),
                Err(reason) => ("wrong", Some(reason)),
            },
        };
        checked.push(Checked {
            version: subject.label(),
            suite: &suite.name,
            benchmark: &arm.benchmark,
            arm: &arm.name,
            outcome,
            reason,
        });
        if session.cancel.load(Ordering::Relaxed) {
            progress.end();
            return None;
        }
    }
    progress.end();
    Some(checked)
}

/// What the answers come to.
pub(super) fn standing(checked: &[Checked<'_>]) -> Exit {
    let answered = |outcome| checked.iter().any(|checked| checked.outcome == outcome);
    match (answered("wrong"), answered("right")) {
        (true, _) => Exit::Regression,
        (false, true) => Exit::Fine,
        (false, false) => Exit::Incomplete,
    }
}

pub(super) fn print_checked(checked: &[Checked<'_>], json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(checked)?);
        return Ok(());
    }
    for Checked { version, suite, benchmark, arm, outcome, reason } in checked {
        let style = match *outcome {
            "right" => GOOD,
            "wrong" => BAD,
            _ => QUIET,
        };
        let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        anstream::println!(
            "{style}{outcome:11}{style:#} {version:24} {suite}/{benchmark} {arm}{reason}"
        );
    }
    Ok(())
}
