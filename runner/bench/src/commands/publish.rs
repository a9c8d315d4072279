//! `bench publish`: the bundles that git keeps. What the policy of `bench.toml`
//! no longer keeps of this database goes; files of other runs are left alone.

use crate::cli::Publish;
use crate::exit::Exit;
use crate::output::note;
use crate::project::Project;
use crate::publication::{self, Head};
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use model::bundle;
use serde::Serialize;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use store::Store;

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Told {
    written: usize,
    unchanged: usize,
    removed: usize,
    /// Bytes of the bundles of this database, and of the largest.
    bytes: u64,
    largest_bytes: u64,
}

pub(super) async fn run(project: &Project, arguments: &Publish) -> Result<Exit> {
    let policy = &project.config.publication;
    let folder = match &arguments.out {
        Some(folder) => folder.clone(),
        None => project.root.join(&policy.folder),
    };
    let store = Store::open_read_only(&project.database).await?;
    let mut heads = Vec::new();
    let mut history = store.history().await?;
    while let Some(run) = history.next_run().await? {
        heads.push(Head::of(&run));
    }
    let chosen = publication::chosen(&heads, policy);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let mut told = Told::default();
    let mut history = store.history().await?;
    while let Some(run) = history.next_run().await? {
        let file = folder.join(publication::file_name(&run));
        let Some(with_histograms) = chosen.get(&run.id) else {
            told.removed += usize::from(remove(&file)?);
            continue;
        };
        let bytes = packed(&publication::published(&run, *with_histograms))?;
        told.bytes += bytes.len() as u64;
        told.largest_bytes = told.largest_bytes.max(bytes.len() as u64);
        if fs::read(&file).is_ok_and(|there| there == bytes) {
            told.unchanged += 1;
        } else {
            write(&file, &bytes).with_context(|| format!("writing {}", file.display()))?;
            told.written += 1;
        }
    }
    tell(&folder, &told, arguments.json)?;
    Ok(Exit::Fine)
}

fn tell(folder: &Path, told: &Told, json: bool) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string(told)?);
        return Ok(());
    }
    let runs = told.written + told.unchanged;
    note(&format!(
        "{runs} runs in {}: {} written, {} as they were, {} no longer kept",
        folder.display(),
        told.written,
        told.unchanged,
        told.removed
    ));
    if let Some(mean) = told.bytes.checked_div(runs as u64) {
        let bytes = |bytes: u64| model::Unit::Bytes.display(bytes as f64);
        note(&format!(
            "{} in all, {} a run, the largest {}",
            bytes(told.bytes),
            bytes(mean),
            bytes(told.largest_bytes)
        ));
    }
    Ok(())
}

/// Compressed without a time or a name, so that one run gives the same bytes.
fn packed(run: &model::Run) -> Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    bundle::write(&mut out, [run])?;
    Ok(out.finish()?)
}

fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = file.with_extension("partial");
    let mut out = fs::File::create(&partial)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    fs::rename(&partial, file)
}

fn remove(file: &Path) -> Result<bool> {
    match fs::remove_file(file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("removing {}", file.display())),
    }
}
