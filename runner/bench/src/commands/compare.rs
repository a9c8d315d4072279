//! `bench compare A B`: build both, measure them interleaved, say what
//! changed; or compare two stored runs.

use super::run::open;
use crate::adaptive::UntilDecided;
use crate::cli::Compare;
use crate::exit::Exit;
use crate::obtain;
use crate::output::note;
use crate::project::Project;
use crate::received::{self, Terms};
use crate::report::{html, markdown, terminal};
use crate::session::{Amount, Session, with_anchor};
use crate::verdicts::{self, Earlier, Known, Report, Side};
use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use model::{ProfileName, Run, TargetVersion};
use std::path::Path;
use store::Store;
use tokio::runtime::Runtime;

pub(super) fn run(project: &Project, arguments: &Compare, runtime: Runtime) -> Result<Exit> {
    let (a, b) = (arguments.a.as_str(), arguments.b.as_deref());
    let report = match (a.strip_prefix("run:"), b.map(|b| b.strip_prefix("run:"))) {
        (Some(_), _) | (_, Some(Some(_))) if arguments.bundle.is_some() => {
            bail!("a bundle is of two commits, and run:ID names a stored run")
        }
        (Some(a), Some(Some(b))) => runtime.block_on(stored(project, a, b))?,
        (Some(_), None) => bail!("`{a}` is one run; name two"),
        (None, None | Some(None)) => {
            let versions = obtain::two(project, a, b)?;
            if let Some(file) = &arguments.bundle {
                return tell(of_bundle(project, arguments, &versions, file)?, arguments);
            }
            match measured(project, arguments, versions, runtime)? {
                Some(report) => report,
                None => return Ok(Exit::Incomplete),
            }
        }
        _ => bail!(
            "a stored run and a version cannot be compared: they were not measured side by side; \
             name two versions, or two runs"
        ),
    };
    tell(report, arguments)
}

fn tell(mut report: Report, arguments: &Compare) -> Result<Exit> {
    report.excuse_same_binary();
    if let Some(file) = &arguments.html {
        std::fs::write(file, html::page(&report)?)
            .with_context(|| format!("writing {}", file.display()))?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else if arguments.markdown {
        print!("{}", markdown::text(&report));
    } else {
        terminal::print(&report, arguments.all);
    }
    Ok(report.exit())
}

fn measured(
    project: &Project,
    arguments: &Compare,
    versions: [TargetVersion; 2],
    runtime: Runtime,
) -> Result<Option<Report>> {
    let versions = with_anchor(project, versions.into());
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
        budget: arguments.budget,
        compared: 2,
        variants: Vec::new(),
    };
    let earlier = Earlier::read(&sink, &session)?;
    let known = Known { suites: &session.suites, config: &project.config, earlier: &earlier };
    let mut steer = UntilDecided::new(|run: &Run| {
        let side = |artifact| Side { run, artifact };
        verdicts::collect(side(0), side(1), known).pairs
    });
    let measured = session.measure(&sink, &versions, &amount, &mut steer)?;
    if !measured.finished {
        note(&format!("run {} was interrupted; `bench compare` starts anew", measured.run));
        return Ok(None);
    }
    let run = sink.runtime.block_on(sink.store.run(measured.run.as_str()))?;
    let side = |artifact| Side { run: &run, artifact };
    Ok(Some(verdicts::compare(side(0), side(1), known)?))
}

/// What somebody else measured, judged without a history of this machine.
fn of_bundle(
    project: &Project,
    arguments: &Compare,
    versions: &[TargetVersion; 2],
    file: &Path,
) -> Result<Report> {
    let suites = project.suites(&[])?;
    let terms = Terms { versions, testbed: &arguments.testbed, now: Timestamp::now() };
    let run = received::read(project, &suites, file, &terms)?;
    let side = |artifact| Side { run: &run, artifact };
    let earlier = Earlier::default();
    let known = Known { suites: &suites, config: &project.config, earlier: &earlier };
    verdicts::compare(side(0), side(1), known)
}

async fn stored(project: &Project, a: &str, b: &str) -> Result<Report> {
    let store = Store::open_read_only(&project.database).await?;
    let (a, b) = (store.run(a).await?, store.run(b).await?);
    let suites = project.suites(&[])?;
    let side = |run| Ok::<_, anyhow::Error>(Side { run, artifact: subject_of(run)? });
    // What is noisy in runs of their own makes no verdict, so no history is asked.
    let earlier = Earlier::default();
    let known = Known { suites: &suites, config: &project.config, earlier: &earlier };
    verdicts::compare(side(&a)?, side(&b)?, known)
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
