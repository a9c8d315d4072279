//! `bench suite check`: the files first, then one checked answer of each arm; then how much
//! the same version differs from itself, what that costs, which gates that is good enough
//! for, and the lines for the pull request. It stores nothing.

use super::super::run::{answers, print_checked, standing};
use super::noise::{Noise, Standing};
use crate::exit::Exit;
use crate::output::{BAD, GOOD, QUIET, UNSURE, note, table};
use crate::project::Project;
use crate::session::{Amount, Session, Sink, Straight, with_anchor};
use anyhow::{Context, Result, bail};
use model::{ProfileName, Run, Suite, TargetVersion};
use serde_json::json;
use std::time::{Duration, Instant};
use store::Store;
use tokio::runtime::Runtime;

/// What is checked, and how far.
pub(super) struct Asked<'a> {
    pub(super) name: &'a str,
    pub(super) version: Option<&'a str>,
    /// Blocks of each arm that are measured for its noise; 0 for none.
    pub(super) blocks: u32,
    pub(super) json: bool,
}

pub(super) fn run(project: &Project, asked: &Asked<'_>, runtime: Runtime) -> Result<Exit> {
    let suite = load(project, asked.name)?;
    note(&format!(
        "suites/{}/suite.toml is well-formed: benchmarks {}; {} arms",
        asked.name,
        suite.benchmarks().join(", "),
        suite.arms.len()
    ));
    let version = asked.version.unwrap_or(&project.config.default_target);
    let versions = with_anchor(project, vec![project.config.parse_version(version)?]);
    let session = Session::prepare(project, vec![suite], &versions)?;
    let Some(checked) = answers(&session) else { return Ok(Exit::Incomplete) };
    let exit = standing(&checked);
    let goes_on = exit == Exit::Fine && asked.blocks > 0;
    if !(asked.json && goes_on) {
        print_checked(&checked, asked.json)?;
    }
    if !goes_on {
        return Ok(exit);
    }
    let started = Instant::now();
    let Some(run) = measure(&session, &versions, asked.blocks, runtime)? else {
        return Ok(Exit::Incomplete);
    };
    let noise = Noise::of(&session, &run, started.elapsed());
    if asked.json {
        println!("{}", json!({ "answers": checked, "noise": as_json(&noise) }));
    } else {
        print(asked.name, &noise);
    }
    Ok(if noise.failed > 0 { Exit::Incomplete } else { Exit::Fine })
}

fn load(project: &Project, name: &str) -> Result<Suite> {
    let names = Suite::names(&project.suites_dir())?;
    if !names.iter().any(|known| known == name) {
        let near = model::nearest(name, names.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        bail!("there is no suite `{name}`; there are {}{near}", names.join(", "));
    }
    project.suite(name)
}

/// Measures into a database that goes with this; `None` if it was interrupted.
fn measure(
    session: &Session<'_>,
    versions: &[TargetVersion],
    blocks: u32,
    runtime: Runtime,
) -> Result<Option<Run>> {
    let folder = tempfile::tempdir().context("making a folder for a database")?;
    let store = runtime.block_on(Store::open(&folder.path().join("noise.sqlite")))?;
    let sink = Sink { runtime, store };
    let amount = Amount {
        profile: ProfileName::Full,
        quick: false,
        blocks: Some(blocks),
        seed: None,
        budget: None,
        compared: 0,
        variants: Vec::new(),
    };
    let measured = session.measure(&sink, versions, &amount, &mut Straight)?;
    let run = sink.runtime.block_on(sink.store.run(measured.run.as_str()))?;
    Ok(measured.finished.then_some(run))
}

fn print(name: &str, noise: &Noise) {
    let row = |standing: &Standing| {
        let style = match standing.may_gate {
            Some(true) => GOOD,
            Some(false) => BAD,
            None => UNSURE,
        };
        vec![
            standing.series.clone(),
            standing.metric.name.to_owned(),
            standing.metric.display(standing.median),
            percent(standing.spread),
            percent(standing.visible),
            format!("{style}{}{style:#}", standing.words),
        ]
    };
    let headings = ["benchmark", "metric", "median", "spread", "sees", "gate"];
    let rows = noise.standings.iter().map(row).collect();
    anstream::println!("{}", table(&headings, &[2, 3, 4], rows));
    anstream::println!(
        "{QUIET}spread: how far {} blocks of the same version lie apart (1.48 times the median \
         deviation); sees: the change that {} pairs would show{QUIET:#}",
        noise.blocks,
        noise.pairs
    );
    anstream::println!("cost: {}", cost(noise));
    println!("\nFor the pull request:\n\n{}", block(name, noise));
}

fn cost(noise: &Noise) -> String {
    let said = |time: Duration| {
        let seconds = time.as_secs_f64();
        if seconds < 100.0 {
            format!("{seconds:.0} s")
        } else {
            format!("{:.0} min", seconds / 60.0)
        }
    };
    let quick = match noise.quick {
        Some(time) => format!("about {} a version with --quick", said(time)),
        None => "not part of --quick".to_owned(),
    };
    format!(
        "{quick}, {} in full, {} for a comparison of two versions",
        said(noise.full),
        said(noise.compare)
    )
}

/// Markdown.
fn block(name: &str, noise: &Noise) -> String {
    let mut text = format!(
        "`bench suite check {name}`: every answer right; {}.\n\n\
         | benchmark | metric | median | spread | sees | gate |\n|---|---|---|---|---|---|\n",
        cost(noise)
    );
    for standing in &noise.standings {
        text.push_str(&format!(
            "| {} | `{}` | {} | {} | {} | {} |\n",
            standing.series,
            standing.metric.name,
            standing.metric.display(standing.median),
            percent(standing.spread),
            percent(standing.visible),
            standing.words
        ));
    }
    text
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn as_json(noise: &Noise) -> serde_json::Value {
    let series: Vec<_> = noise
        .standings
        .iter()
        .map(|it| {
            json!({ "series": it.series, "metric": it.metric.name, "unit": it.metric.unit.symbol(),
                "median": it.median, "spread": it.spread, "visible": it.visible,
                "may_gate": it.may_gate, "gate": it.words })
        })
        .collect();
    json!({ "blocks": noise.blocks, "pairs": noise.pairs, "failed": noise.failed,
        "quick_s": noise.quick.map(|it| it.as_secs_f64()), "full_s": noise.full.as_secs_f64(),
        "compare_s": noise.compare.as_secs_f64(), "series": series })
}
