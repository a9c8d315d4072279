//! `bench list`: suites, benchmarks, targets, runs.

use crate::cli::{List, Listed};
use crate::exit::Exit;
use crate::output::{note, table};
use crate::project::Project;
use anyhow::Result;
use model::{Origin, Target, VersionId};
use serde_json::{Value, json};
use store::{Store, VersionSummary};

/// Rows for people, and the same as JSON.
struct Listing {
    headings: &'static [&'static str],
    rows: Vec<Vec<String>>,
    json: Vec<Value>,
}

pub(super) async fn run(project: &Project, arguments: &List) -> Result<Exit> {
    let listing = match arguments.what {
        Listed::Suites => suites(project)?,
        Listed::Benchmarks => benchmarks(project)?,
        Listed::Targets => targets(project),
        Listed::Versions => versions(project).await?,
        Listed::Runs => runs(project).await?,
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&listing.json)?);
    } else if listing.rows.is_empty() {
        note("nothing yet; measure with `bench run --quick`");
    } else {
        anstream::println!("{}", table(listing.headings, &[], listing.rows));
    }
    Ok(Exit::Fine)
}

fn suites(project: &Project) -> Result<Listing> {
    let suites = project.suites(&[])?;
    let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    Ok(Listing {
        headings: &["suite", "arms", "question"],
        rows: suites
            .iter()
            .map(|s| vec![s.name.clone(), s.arms.len().to_string(), first_line(&s.why)])
            .collect(),
        json: suites
            .iter()
            .map(|s| {
                json!({ "suite": s.name, "title": s.title, "why": s.why, "owner": s.owner,
                    "sha256": s.sha256, "arms": s.arms.len() })
            })
            .collect(),
    })
}

fn benchmarks(project: &Project) -> Result<Listing> {
    let suites = project.suites(&[])?;
    let arms: Vec<_> =
        suites.iter().flat_map(|s| s.arms.iter().map(move |a| (&s.name, a))).collect();
    let metrics = |arm: &model::Arm| arm.metrics.iter().map(|m| m.name).collect::<Vec<_>>();
    let profile = |quick| if quick { "quick, full" } else { "full" };
    Ok(Listing {
        headings: &["suite", "benchmark", "arm", "driver", "profiles", "metrics"],
        rows: arms
            .iter()
            .map(|(suite, arm)| {
                vec![
                    (*suite).clone(),
                    arm.benchmark.clone(),
                    arm.name.clone(),
                    arm.driver.to_string(),
                    profile(arm.quick).to_owned(),
                    metrics(arm).join(" "),
                ]
            })
            .collect(),
        json: arms
            .iter()
            .map(|(suite, arm)| {
                json!({ "suite": suite, "benchmark": arm.benchmark, "arm": arm.name,
                    "driver": arm.driver, "quick": arm.quick, "needs": arm.needs,
                    "noise": arm.noise, "budget_s": arm.budget_s, "metrics": metrics(arm) })
            })
            .collect(),
    })
}

fn targets(project: &Project) -> Listing {
    let config = &project.config;
    let role = |name: &String| match (
        name == &config.default_target,
        Some(name) == config.anchor.as_ref(),
    ) {
        (true, _) => "default",
        (_, true) => "anchor",
        _ => "",
    };
    Listing {
        headings: &["target", "role", "sources", "about"],
        rows: config
            .targets
            .iter()
            .map(|t| vec![t.name.clone(), role(&t.name).to_owned(), origin(t), t.about.clone()])
            .collect(),
        json: config
            .targets
            .iter()
            .map(|t| {
                json!({ "target": t.name, "role": role(&t.name), "source": origin(t),
                    "binary": t.binary, "about": t.about, "start": t.launch.start })
            })
            .collect(),
    }
}

fn origin(target: &Target) -> String {
    match &target.origin {
        Origin::Folder { repository: Some(place), source, .. } => {
            format!("{} of {place}", source.display())
        }
        Origin::Folder { source, .. } => source.display().to_string(),
        Origin::Crate(source) => format!("crate {}", source.name),
    }
}

async fn versions(project: &Project) -> Result<Listing> {
    let versions = if project.database.exists() {
        Store::open_read_only(&project.database).await?.versions().await?
    } else {
        Vec::new()
    };
    let is_failed = |v: &VersionSummary| v.measured == 0 && v.failed_build.is_some();
    let outcome = |v: &VersionSummary| match &v.failed_build {
        Some(failed) if v.measured == 0 => format!("not built: {}", failed.reason),
        _ => format!("{} blocks", v.measured),
    };
    let subject = |v: &VersionSummary| match &v.version {
        VersionId::Commit { subject, .. } => subject.clone(),
        VersionId::Release { .. } | VersionId::Binary { .. } => String::new(),
    };
    Ok(Listing {
        headings: &["target", "version", "runs", "last measured", "outcome", "failed", "commit"],
        rows: versions
            .iter()
            .map(|v| {
                vec![
                    v.target.clone(),
                    v.version.label(),
                    v.runs.to_string(),
                    v.last_run_at.strftime("%Y-%m-%d %H:%M").to_string(),
                    outcome(v),
                    v.failed.to_string(),
                    subject(v),
                ]
            })
            .collect(),
        json: versions
            .iter()
            .map(|v| {
                let outcome = match is_failed(v) {
                    true => "failed",
                    false => "built",
                };
                json!({ "target": v.target, "label": v.version.label(), "version": v.version,
                    "outcome": outcome, "runs": v.runs, "last_run_at": v.last_run_at,
                    "measured": v.measured, "failed": v.failed, "unsupported": v.unsupported,
                    "reason": v.failed_build.as_ref().map(|failed| &failed.reason),
                    "rustc": v.failed_build.as_ref().and_then(|failed| failed.rustc.as_ref()) })
            })
            .collect(),
    })
}

async fn runs(project: &Project) -> Result<Listing> {
    // A list of nothing is an answer; a missing database is not an error here.
    let runs = if project.database.exists() {
        Store::open_read_only(&project.database).await?.runs().await?
    } else {
        Vec::new()
    };
    let versions = |run: &store::RunSummary| {
        run.versions.iter().map(|v| format!("{} {}", v.target, v.label)).collect::<Vec<_>>()
    };
    Ok(Listing {
        headings: &["run", "started", "status", "profile", "versions", "blocks", "failed", "epoch"],
        rows: runs
            .iter()
            .map(|run| {
                vec![
                    run.id.to_string(),
                    run.started_at.strftime("%Y-%m-%d %H:%M").to_string(),
                    run.status.word().to_owned(),
                    run.profile.clone(),
                    versions(run).join(", "),
                    format!("{}/{}", run.done(), run.planned),
                    run.failed.to_string(),
                    run.epoch.clone(),
                ]
            })
            .collect(),
        json: runs
            .iter()
            .map(|run| {
                json!({ "run": run.id, "started_at": run.started_at, "finished_at": run.finished_at,
                    "status": run.status, "profile": run.profile, "versions": versions(run),
                    "planned": run.planned, "measured": run.measured, "failed": run.failed,
                    "unsupported": run.unsupported, "epoch": run.epoch })
            })
            .collect(),
    })
}
