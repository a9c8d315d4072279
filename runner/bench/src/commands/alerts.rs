//! `bench detect` on the database: where the level of a series changed for good,
//! and what is known of it.

use super::confirm::{self, Settled};
use super::run::open;
use crate::alerts::{self, Alert, AlertFile, SUSPECTED, State};
use crate::choice::Choices;
use crate::cli::Detect;
use crate::exit::Exit;
use crate::history::Histories;
use crate::output::{BAD, GOOD, QUIET, STRONG, UNSURE, note, table};
use crate::progress::Progress;
use crate::project::Project;
use crate::report::cells::change;
use anyhow::{Result, bail};
use model::VersionId;
use stats::Verdict;
use stats::detect::Options;
use store::Store;
use tokio::runtime::Runtime;

/// Digits of a commit's hash that people are shown.
const SHORT: usize = 8;

/// As many culprits are listed.
const MOST_CULPRITS: usize = 20;

pub(super) fn run(project: &Project, arguments: &Detect, runtime: Runtime) -> Result<Exit> {
    let file = arguments.alerts.clone().unwrap_or_else(|| project.root.join("data/alerts.toml"));
    let known = AlertFile::read(&file)?;
    let histories = runtime.block_on(read(project))?;
    let (mut found, series) = found(&histories, arguments, &known)?;
    if series == 0 {
        bail!(
            "there is no history in {}: complete runs of commits or releases, not quick ones",
            project.database.display()
        );
    }
    name_culprits(project, &mut found);
    let new: Vec<&Alert> = found.iter().filter(|alert| !alert.is_known).collect();
    let new_count = new.len();
    if !arguments.dry_run {
        known.add(&new)?;
    }
    if arguments.confirm && !measure_again(project, arguments, runtime, &known, &mut found)? {
        note("interrupted; what was found is kept, and `bench detect --confirm` starts anew");
        return Ok(Exit::Incomplete);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
        return Ok(Exit::Fine);
    }
    print(&found, arguments.all);
    let kept = if arguments.dry_run { "not added to" } else { "added to" };
    note(&format!("{series} histories; {new_count} new alerts, {kept} {}", file.display()));
    Ok(Exit::Fine)
}

/// The alerts of all histories that are asked for, and how many those are.
fn found(
    histories: &Histories,
    arguments: &Detect,
    known: &AlertFile,
) -> Result<(Vec<Alert>, usize)> {
    let choices = Choices::parse(&arguments.suite)?;
    let options = Options { smallest_change: arguments.smallest_change };
    let (mut found, mut series) = (Vec::new(), 0);
    for segment in histories.segments() {
        if choices.cover(&segment.series.suite, &segment.series.benchmark) {
            series += 1;
            found.extend(alerts::in_segment(&segment, &options, known)?);
        }
    }
    Ok((found, series))
}

/// Lists the commits of each range, where the repository knows them.
fn name_culprits(project: &Project, alerts: &mut [Alert]) {
    let Ok(builder) = project.builder() else { return };
    for alert in alerts {
        let Some(target) = project.config.target(&alert.series.target) else { continue };
        let between = builder.commits_between(target, &alert.after, &alert.first);
        let Ok(Some(commits)) = between else { continue };
        let line = |commit: &String| match builder.subject(target, commit) {
            Ok(subject) => format!("{} {subject}", short(commit)),
            Err(_) => short(commit),
        };
        alert.culprits = commits.iter().take(MOST_CULPRITS).map(line).collect();
        if commits.len() > MOST_CULPRITS {
            alert.culprits.push(format!("and {} more", commits.len() - MOST_CULPRITS));
        }
    }
}

/// Measures what is suspected again and keeps what that showed; false if it was
/// interrupted.
fn measure_again(
    project: &Project,
    arguments: &Detect,
    runtime: Runtime,
    file: &AlertFile,
    found: &mut [Alert],
) -> Result<bool> {
    if !found.iter().any(Alert::wants_confirmation) {
        note("nothing is suspected, so nothing is measured again");
        return Ok(true);
    }
    let sink = open(project, runtime)?;
    let Some(settled) = confirm::all(project, &sink, found, arguments.budget)? else {
        return Ok(false);
    };
    let decided = settled.iter().filter_map(|it| Some((&found[it.alert], it.state?, &it.note)));
    let decided: Vec<_> =
        decided.map(|(alert, state, note)| (alert, state, note.clone())).collect();
    if !arguments.dry_run {
        file.settle(&decided)?;
    }
    for Settled { alert, state, note } in settled {
        let alert = &mut found[alert];
        alert.state = state.unwrap_or(alert.state);
        alert.note = note;
    }
    Ok(true)
}

async fn read(project: &Project) -> Result<Histories> {
    let store = Store::open_read_only(&project.database).await?;
    let mut history = store.history().await?;
    let total = history.left() as u64;
    let mut progress = Progress::start("reading runs", Some(total));
    let mut histories = Histories::default();
    while let Some(run) = history.next_run().await? {
        progress.at(total - history.left() as u64, Some(total), run.id.as_str());
        histories.add(&run);
    }
    progress.end();
    Ok(histories)
}

fn print(found: &[Alert], all: bool) {
    let is_open = |alert: &&Alert| all || matches!(alert.state, State::New | State::Confirmed);
    let shown: Vec<&Alert> = found.iter().filter(is_open).collect();
    if !shown.is_empty() {
        let headings = ["state", "", "series", "change", "after", "first", ""];
        anstream::println!("{}", table(&headings, &[3], shown.iter().map(|a| row(a)).collect()));
    }
    for alert in shown.iter().filter(|alert| alert.culprits.len() > 1) {
        anstream::println!("{QUIET}after {}: one of{QUIET:#}", short(&alert.after));
        for line in &alert.culprits {
            anstream::println!("  {line}");
        }
    }
    if shown.iter().any(|alert| alert.wants_confirmation()) {
        anstream::println!(
            "{QUIET}suspected: few versions follow; `bench detect --confirm` measures both sides \
             again{QUIET:#}"
        );
    }
    let closed = found.len() - shown.len();
    let closed = if closed == 0 { String::new() } else { format!(", {closed} closed (--all)") };
    anstream::println!("{STRONG}{} open alerts{closed}{STRONG:#}", shown.len());
}

fn row(alert: &Alert) -> Vec<String> {
    let style = if alert.verdict == Verdict::Regressed.word() { BAD } else { GOOD };
    let standing = if alert.standing == SUSPECTED { UNSURE } else { QUIET };
    vec![
        alert.state.word().to_owned(),
        format!("{style}{}{style:#}", alert.verdict),
        alert.series.words(),
        alert.effect.map_or_else(|| "unknown".to_owned(), |effect| change(1.0 + effect)),
        short(&alert.after),
        short(&alert.first),
        format!("{standing}{} {}{standing:#}", alert.standing, alert.note),
    ]
}

/// A release has its whole name.
fn short(version: &str) -> String {
    if VersionId::is_commit_hash(version) {
        version[..SHORT].to_owned()
    } else {
        version.to_owned()
    }
}
