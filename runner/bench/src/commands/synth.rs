//! `bench synth`: a database full of made-up history, and the truth beside it.

use crate::cli::Synth;
use crate::exit::Exit;
use crate::output::note;
use crate::progress::Progress;
use crate::project::Project;
use crate::synth::{self, Change, Name, Size, sha};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::fs;
use store::Store;

/// A line of the truth file.
#[derive(Serialize)]
struct Truth {
    target: String,
    suite: String,
    benchmark: String,
    arm: String,
    metric: &'static str,
    noise: &'static str,
    changes: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    /// The commit that made the change.
    first: String,
    #[serde(flatten)]
    change: Change,
}

pub(super) async fn run(
    project: &Project,
    arguments: &Synth,
    database_named: bool,
) -> Result<Exit> {
    let database = &project.database;
    if !database_named {
        bail!("name a new database for what is made up: bench --db FILE synth ...");
    }
    if database.exists() {
        bail!(
            "{} exists; made-up history goes into a database of its own, so name a new file",
            database.display()
        );
    }
    let size =
        Size { series: arguments.series, versions: arguments.versions, seed: arguments.seed };
    let histories: Vec<_> = (0..size.series).map(|number| synth::history(&size, number)).collect();
    let truth = database.with_extension("truth.jsonl");
    let mut lines = String::new();
    for (number, history) in histories.iter().enumerate() {
        let Name { cell, metric } = Name::of(number);
        let told = |change: &Change| Told { first: sha(&size, change.version), change: *change };
        let line = Truth {
            target: cell.target,
            suite: cell.suite,
            benchmark: cell.benchmark,
            arm: cell.arm,
            metric,
            noise: history.kind.word(),
            changes: history.changes.iter().map(told).collect(),
        };
        lines.push_str(&serde_json::to_string(&line)?);
        lines.push('\n');
    }
    let store = Store::open(database).await?;
    let harness = format!("bench {}", env!("CARGO_PKG_VERSION"));
    let total = size.versions as u64;
    let mut progress = Progress::start("making up history", Some(total));
    let mut importer = store.importing().await?;
    for version in 0..size.versions {
        progress.at(version as u64, Some(total), &format!("version {version}"));
        importer.add(&synth::run(&size, &histories, version, &harness)).await?;
    }
    importer.commit().await?;
    progress.end();
    fs::write(&truth, lines).with_context(|| format!("writing {}", truth.display()))?;
    note(&format!(
        "{} series of {} versions are in {}, their changes in {}",
        size.series,
        size.versions,
        database.display(),
        truth.display()
    ));
    Ok(Exit::Fine)
}
