//! `bench detect` on the database: where the level of a series changed for good,
//! and what is known of it.

use crate::alerts::{self, Alert, AlertFile, State};
use crate::cli::Detect;
use crate::exit::Exit;
use crate::history::Histories;
use crate::output::{BAD, GOOD, QUIET, STRONG, UNSURE, note, table};
use crate::progress::Progress;
use crate::project::Project;
use crate::report::cells::change;
use anyhow::{Context, Result, bail};
use glob::Pattern;
use stats::Verdict;
use stats::detect::Options;
use store::Store;

/// Digits of a commit's hash that people are shown.
const SHORT: usize = 8;

pub(super) async fn run(project: &Project, arguments: &Detect) -> Result<Exit> {
    let file = arguments.alerts.clone().unwrap_or_else(|| project.root.join("data/alerts.toml"));
    let known = AlertFile::read(&file)?;
    let suites = arguments
        .suite
        .iter()
        .map(|text| Pattern::new(text).with_context(|| format!("reading the pattern `{text}`")))
        .collect::<Result<Vec<_>>>()?;
    let histories = read(project).await?;
    let options = Options { smallest_change: arguments.smallest_change };
    let (mut found, mut series) = (Vec::new(), 0);
    for segment in histories.segments() {
        let suite = &segment.series.suite;
        if suites.is_empty() || suites.iter().any(|pattern| pattern.matches(suite)) {
            series += 1;
            found.extend(alerts::in_segment(&segment, &options, &known)?);
        }
    }
    if series == 0 {
        bail!(
            "there is no history in {}: complete runs of commits or releases, not quick ones",
            project.database.display()
        );
    }
    let new: Vec<&Alert> = found.iter().filter(|alert| !alert.is_known).collect();
    if !arguments.dry_run {
        known.add(&new)?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
        return Ok(Exit::Fine);
    }
    print(&found, arguments.all);
    let kept = if arguments.dry_run { "not added to" } else { "added to" };
    note(&format!("{series} histories; {} new alerts, {kept} {}", new.len(), file.display()));
    Ok(Exit::Fine)
}

async fn read(project: &Project) -> Result<Histories> {
    let store = Store::open_read_only(&project.database).await?;
    let ids = store.visible_runs().await?;
    let total = ids.len() as u64;
    let mut progress = Progress::start("reading runs", Some(total));
    let mut histories = Histories::default();
    for (done, id) in (0..).zip(&ids) {
        progress.at(done, Some(total), id.as_str());
        histories.add(&store.run(id.as_str()).await?);
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
    let suspected = shown.iter().find(|alert| alert.standing == "suspected");
    if let Some(alert) = suspected {
        anstream::println!(
            "{QUIET}suspected: few versions follow; measure both sides again, as in: bench compare \
             {target}@{after} {target}@{first} --suite {suite}{QUIET:#}",
            target = alert.series.target,
            after = short(&alert.after),
            first = short(&alert.first),
            suite = alert.series.suite,
        );
    }
    let closed = found.len() - shown.len();
    let closed = if closed == 0 { String::new() } else { format!(", {closed} closed (--all)") };
    anstream::println!("{STRONG}{} open alerts{closed}{STRONG:#}", shown.len());
}

fn row(alert: &Alert) -> Vec<String> {
    let style = if alert.verdict == Verdict::Regressed.word() { BAD } else { GOOD };
    let standing = if alert.standing == "suspected" { UNSURE } else { QUIET };
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
    let is_hash = version.len() == 40 && version.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hash { version[..SHORT].to_owned() } else { version.to_owned() }
}
