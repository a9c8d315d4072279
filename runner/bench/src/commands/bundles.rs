//! `bench export` and `bench import`.

use crate::cli::{Export, Import};
use crate::exit::Exit;
use crate::output::note;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use model::{RunStatus, bundle};
use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::Path;
use store::{Imported, Store};

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
    match &arguments.out {
        None => bundle::write(&mut BufWriter::new(io::stdout().lock()), &runs)?,
        Some(file) => {
            let partial = file.with_extension("partial");
            write_file(&partial, &runs)
                .with_context(|| format!("writing {}", partial.display()))?;
            std::fs::rename(&partial, file)
                .with_context(|| format!("writing {}", file.display()))?;
            note(&format!("wrote {} runs to {}", runs.len(), file.display()));
        }
    }
    Ok(Exit::Fine)
}

fn write_file(file: &Path, runs: &[model::Run]) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    bundle::write(&mut out, runs)?;
    out.into_inner()?.sync_all()
}

pub(super) async fn import(project: &Project, arguments: &Import) -> Result<Exit> {
    // Every file is read and checked before anything is stored.
    let mut runs = Vec::new();
    for file in &arguments.files {
        let name = file.display();
        let read = if file.as_os_str() == "-" {
            bundle::read(io::stdin().lock())
        } else {
            let open = File::open(file).with_context(|| format!("opening {name}"))?;
            bundle::read(BufReader::new(open))
        };
        runs.extend(read.with_context(|| format!("{name} was refused, nothing was stored"))?);
    }
    let store = Store::open(&project.database).await?;
    let mut new = 0;
    for run in &runs {
        new += u32::from(store.import(run).await? == Imported::New);
    }
    let known = runs.len() as u32 - new;
    if arguments.json {
        println!("{}", serde_json::json!({ "new": new, "already_there": known }));
    } else {
        println!("{new} runs stored, {known} were already there");
    }
    Ok(Exit::Fine)
}
