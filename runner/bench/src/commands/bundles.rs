//! `bench export` and `bench import`: which runs, and whole files or none.

use crate::cli::{Export, Import};
use crate::exit::Exit;
use crate::output::note;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use flate2::bufread::MultiGzDecoder;
use model::{Run, RunStatus, bundle};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use store::{Imported, Store};
use tokio::sync::mpsc;

/// Each may be large: a file holds any number of runs.
const BUNDLES_AHEAD: usize = 4;

/// Files by name, each with its runs or why it was refused.
type Bundles = mpsc::Receiver<(String, Result<Vec<Run>>)>;

pub(super) async fn export(project: &Project, arguments: &Export) -> Result<Exit> {
    let store = Store::open_read_only(&project.database).await?;
    let mut runs = Vec::new();
    if arguments.runs.is_empty() {
        for id in store.visible_runs().await? {
            runs.push(store.run(id.as_str()).await?);
        }
    }
    for asked in &arguments.runs {
        runs.push(store.run(asked).await?);
    }
    if runs.is_empty() {
        bail!(
            "there is no complete run in {}; measure one with `bench run`",
            project.database.display()
        );
    }
    if let Some(run) = runs.iter().find(|run| run.status == RunStatus::Running) {
        bail!("run {} is still running; wait for it, or end it with Ctrl-C", run.id);
    }
    let format = &arguments.format;
    match &arguments.out {
        None => write(&mut BufWriter::new(io::stdout().lock()), format, &runs)?,
        Some(file) => {
            let partial = file.with_extension("partial");
            write_file(&partial, format, &runs)
                .with_context(|| format!("writing {}", partial.display()))?;
            std::fs::rename(&partial, file)
                .with_context(|| format!("writing {}", file.display()))?;
            note(&format!("wrote {} runs to {}", runs.len(), file.display()));
        }
    }
    Ok(Exit::Fine)
}

fn write_file(file: &Path, format: &str, runs: &[Run]) -> Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    write(&mut out, format, runs)?;
    Ok(out.into_inner()?.sync_all()?)
}

fn write(out: &mut impl Write, format: &str, runs: &[Run]) -> Result<()> {
    match adapters::export::Export::named(format) {
        Some(export) => export.write(runs, out)?,
        None => bundle::write(out, runs)?,
    }
    Ok(out.flush()?)
}

pub(super) async fn import(project: &Project, arguments: &Import) -> Result<Exit> {
    let format = arguments.foreign.format.as_deref().and_then(adapters::Format::named);
    let bundles = match format {
        Some(format) => {
            let runs = super::foreign::runs(project, &arguments.files, format, &arguments.foreign)?;
            ready(arguments.files[0].display().to_string(), runs).await
        }
        None => read_ahead(files(&arguments.files)?),
    };
    store(project, bundles, arguments.json).await
}

async fn store(project: &Project, mut bundles: Bundles, json: bool) -> Result<Exit> {
    // One transaction: a file that is refused takes the others with it. The
    // database is opened for the first run that was read, so that a bad bundle
    // alone does not make one.
    let mut importer = None;
    let (mut new, mut known) = (0, 0);
    while let Some((name, read)) = bundles.recv().await {
        for run in read.with_context(|| format!("{name} was refused, nothing was stored"))? {
            if importer.is_none() {
                importer = Some(Store::open(&project.database).await?.importing().await?);
            }
            let Some(importer) = &mut importer else { continue };
            match importer.add(&run).await.with_context(|| format!("{name}: nothing was stored"))? {
                Imported::New => new += 1,
                Imported::AlreadyThere => known += 1,
            }
        }
    }
    if let Some(importer) = importer {
        importer.commit().await?;
    }
    if json {
        println!("{}", serde_json::json!({ "new": new, "already_there": known }));
    } else {
        println!("{new} runs stored, {known} were already there");
    }
    Ok(Exit::Fine)
}

/// Runs that are there already, as one file.
async fn ready(name: String, runs: Vec<Run>) -> Bundles {
    let (sender, bundles) = mpsc::channel(1);
    // There is place for one, so this neither waits nor fails.
    let _ = sender.send((name, Ok(runs))).await;
    bundles
}

/// Reads files in turn beside whoever stores what was in the earlier ones: reading and
/// checking takes as long as storing.
fn read_ahead(files: Vec<PathBuf>) -> Bundles {
    let (sender, bundles) = mpsc::channel(BUNDLES_AHEAD);
    std::thread::spawn(move || {
        for file in files {
            let read = read(&file);
            // Nobody listens any more once one was refused.
            if sender.blocking_send((file.display().to_string(), read)).is_err() {
                break;
            }
        }
    });
    bundles
}

/// The files that were named, and those in the folders that were, by name.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        for entry in path.read_dir().with_context(|| format!("reading {}", path.display()))? {
            let path = entry.with_context(|| format!("reading {}", path.display()))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with(".jsonl") || name.ends_with(".jsonl.gz") {
                files.push(path);
            }
        }
        files[before..].sort();
        if files.len() == before {
            bail!("{} holds no bundle (*.jsonl, *.jsonl.gz)", path.display());
        }
    }
    Ok(files)
}

fn read(file: &Path) -> Result<Vec<Run>> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    if file.as_os_str() == "-" {
        return Ok(bundle::read(io::stdin().lock())?);
    }
    let open = File::open(file).with_context(|| format!("opening {}", file.display()))?;
    let mut input = BufReader::new(open);
    let is_packed = input.fill_buf()?.starts_with(&GZIP);
    Ok(if is_packed {
        bundle::read(BufReader::new(MultiGzDecoder::new(input)))?
    } else {
        bundle::read(input)?
    })
}
