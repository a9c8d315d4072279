//! `bench watch`: look for new versions and measure them. What is queued is not
//! stored: it follows from what is there and what is measured, so that a watcher
//! may be stopped and started at any time.

use super::bridge::Owed;
use super::run::open;
use crate::campaign::{self, Came, Campaign, Extent, Resume};
use crate::cli::Watch;
use crate::exit::Exit;
use crate::output::note;
use crate::project::Project;
use crate::queue::{self, Place, Why};
use crate::session::Sink;
use anyhow::{Context, Result, bail};
use build::Builder;
use model::{Origin, Suite, Target, VersionSpec};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// How long a wait takes to notice that the user wants out.
const LOOK_UP: Duration = Duration::from_millis(200);
/// What a release's tag is called, where `bench.toml` does not say.
const RELEASE_TAGS: &str = "v*";

/// A target that is watched, and which branch of it.
struct Watched<'a> {
    target: &'a Target,
    branch: Option<String>,
}

/// A version that is to be measured.
struct Queued {
    version: VersionSpec,
    why: Why,
}

pub(super) fn run(project: &Project, arguments: &Watch, runtime: Runtime) -> Result<Exit> {
    let begun = Instant::now();
    let watched = watched(project, &arguments.targets)?;
    let sink = open(project, runtime)?;
    let builder = project.builder()?;
    let mut exit = bridge(project, arguments, &sink)?;
    if exit != Exit::Fine {
        return Ok(exit);
    }
    let mut campaigns = Vec::new();
    for it in &watched {
        campaigns.push(Campaign::new(project, &sink, it.target, extent(project, arguments)?)?);
    }
    let cancel = std::sync::Arc::clone(&campaigns[0].session.cancel);
    if arguments.list {
        for (it, campaign) in watched.iter().zip(&campaigns) {
            for queued in queue_of(project, &builder, &sink, it, campaign)? {
                tell(arguments, it.target, &queued, "queued", None);
            }
        }
        return Ok(Exit::Fine);
    }
    loop {
        let measured = once(project, arguments, &builder, &sink, &watched, &mut campaigns);
        let is_spent = || arguments.budget.is_some_and(|budget| begun.elapsed() >= budget);
        match measured {
            Ok(Some(false)) => exit = Exit::Incomplete,
            Ok(Some(true)) => {}
            Ok(None) if arguments.once => return Ok(exit),
            Ok(None) => wait(arguments.every, &cancel),
            Err(error) if arguments.once => return Err(error),
            // Networks come and go; a watcher stays.
            Err(error) => {
                crate::output::error(&error);
                exit = Exit::Incomplete;
                wait(arguments.every, &cancel);
            }
        }
        if cancel.load(Ordering::Relaxed) || is_spent() {
            return Ok(exit);
        }
        builder.look_again();
    }
}

/// Links this testbed to the one before, if that is owed; not fine if somebody wants
/// out.
fn bridge(project: &Project, arguments: &Watch, sink: &Sink) -> Result<Exit> {
    let Extent { suites, quick, blocks, seed } = extent(project, arguments)?;
    // Quick blocks link nothing.
    let owed = if quick { None } else { Owed::find(project, sink, &suites)? };
    let Some(owed) = owed else { return Ok(Exit::Fine) };
    let (word, run) = if arguments.list {
        ("queued", None)
    } else {
        let measured = owed.measure(project, sink, (blocks, seed))?;
        (if measured.finished { "measured" } else { "interrupted" }, Some(measured.run))
    };
    for it in &owed.versions {
        let target = project.config.target(&it.target).context("an undeclared target")?;
        let queued = Queued { version: it.version.clone(), why: Why::Bridge };
        let came = run.clone().map(|run| Came::Measured { run, failed: 0 });
        tell(arguments, target, &queued, word, came.as_ref());
    }
    Ok(if word == "interrupted" { Exit::Incomplete } else { Exit::Fine })
}

/// Measures what comes first of all targets; `None` if there is nothing, else
/// whether all went well.
fn once(
    project: &Project,
    arguments: &Watch,
    builder: &Builder,
    sink: &Sink,
    watched: &[Watched<'_>],
    campaigns: &mut [Campaign<'_>],
) -> Result<Option<bool>> {
    let mut first: Option<(usize, Queued)> = None;
    for (index, (it, campaign)) in watched.iter().zip(campaigns.iter()).enumerate() {
        let queue = queue_of(project, builder, sink, it, campaign)?;
        if let Some(queued) = queue.into_iter().next()
            && first.as_ref().is_none_or(|(_, other)| queued.why < other.why)
        {
            first = Some((index, queued));
        }
    }
    let Some((index, queued)) = first else { return Ok(None) };
    let target = watched[index].target;
    let came = campaigns[index].measure(&queued.version, Resume::Interrupted)?;
    let (word, is_fine) = match &came {
        Came::Stored => ("stored", true),
        Came::Measured { failed, .. } => ("measured", *failed == 0),
        Came::NotBuilt { .. } => ("not-built", false),
        Came::Interrupted { .. } => ("interrupted", false),
    };
    tell(arguments, target, &queued, word, Some(&came));
    Ok(Some(is_fine))
}

fn watched<'a>(project: &'a Project, asked: &[String]) -> Result<Vec<Watched<'a>>> {
    let default = [project.config.default_target.clone()];
    let asked = if asked.is_empty() { &default } else { asked };
    let one = |text: &String| {
        let (name, branch) = match text.split_once('@') {
            Some((name, branch)) => (name, Some(branch.to_owned())),
            None => (text.as_str(), None),
        };
        let target = project.config.target(name);
        let target = target.with_context(|| {
            let known: Vec<&str> =
                project.config.targets.iter().map(|target| target.name.as_str()).collect();
            format!("there is no target `{name}` to watch; bench.toml has {}", known.join(", "))
        })?;
        if branch.is_some() && matches!(target.origin, Origin::Crate(_)) {
            bail!("`{name}` is a crate, which has releases and no branches; write {name}");
        }
        Ok(Watched { target, branch })
    };
    asked.iter().map(one).collect()
}

fn extent(project: &Project, arguments: &Watch) -> Result<Extent> {
    let suites: Vec<Suite> = project.suites(&arguments.selection.suite)?;
    Ok(Extent {
        suites,
        quick: arguments.quick,
        blocks: arguments.selection.blocks,
        seed: arguments.selection.seed,
    })
}

/// What is to be measured of a target, first things first.
fn queue_of(
    project: &Project,
    builder: &Builder,
    sink: &Sink,
    watched: &Watched<'_>,
    campaign: &Campaign<'_>,
) -> Result<Vec<Queued>> {
    let target = watched.target;
    let stored = sink.runtime.block_on(sink.store.versions())?;
    let known: Vec<_> = stored.iter().filter(|it| it.target == target.name).collect();
    let is_known = |spec: &VersionSpec| known.iter().any(|it| campaign::is(spec, &it.version));
    let releases: Vec<String> = known.iter().map(|it| it.version.label()).collect();
    let drift = project.config.gate.as_ref().and_then(|gate| gate.drift.as_ref());
    let tags = drift.map_or(RELEASE_TAGS, |drift| &drift.release_tags);
    let line = builder.line(target, watched.branch.as_deref(), tags, &is_known, &releases)?;
    let versions: Vec<VersionSpec> = line.iter().map(|it| it.version.clone()).collect();
    let places = campaign.are_done(&versions)?.into_iter().zip(&line);
    let places: Vec<Place> =
        places.map(|(is_done, it)| Place { is_done, is_release: it.is_release }).collect();
    let queue = queue::queue(&places).into_iter();
    Ok(queue.map(|(at, why)| Queued { version: versions[at].clone(), why }).collect())
}

/// A line for each thing that happens.
fn tell(arguments: &Watch, target: &Target, queued: &Queued, what: &str, came: Option<&Came>) {
    let version = campaign::short(target, &queued.version);
    if arguments.json {
        let (run, reason) = match came {
            Some(Came::Measured { run, .. } | Came::Interrupted { run }) => (Some(run), None),
            Some(Came::NotBuilt { run, reason }) => (Some(run), Some(reason)),
            Some(Came::Stored) | None => (None, None),
        };
        println!(
            "{}",
            serde_json::json!({ "target": target.name, "version": version, "outcome": what,
                "why": queued.why.word(), "run": run, "reason": reason })
        );
    } else if came.is_none() {
        println!("{} {version} ({})", target.name, queued.why.word());
    } else {
        note(&format!("{} {version} ({}): {what}", target.name, queued.why.word()));
    }
}

fn wait(time: Duration, cancel: &AtomicBool) {
    let end = Instant::now() + time;
    while Instant::now() < end && !cancel.load(Ordering::Relaxed) {
        thread::sleep(LOOK_UP.min(end.saturating_duration_since(Instant::now())));
    }
}
