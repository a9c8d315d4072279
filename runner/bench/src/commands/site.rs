//! `bench site build` and `bench site serve`.

use crate::calibration::{self, Pool};
use crate::cli::Site;
use crate::exit::Exit;
use crate::output::note;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use model::Suite;
use std::path::Path;
use store::Store;
use tokio::net::TcpListener;

pub(super) async fn run(project: &Project, command: Site) -> Result<Exit> {
    match command {
        Site::Build { out } => build(project, &out).await,
        Site::Serve { addr, dir } => {
            if !dir.join("index.html").is_file() {
                bail!(
                    "there is no built site in {}; run `bench site build --out {0}`",
                    dir.display()
                );
            }
            let listener =
                TcpListener::bind(addr).await.with_context(|| format!("listening on {addr}"))?;
            note(&format!("http://{}/ (Ctrl-C ends it)", listener.local_addr()?));
            let shutdown = async {
                let _ = tokio::signal::ctrl_c().await;
            };
            site::serve(listener, dir, shutdown).await?;
            Ok(Exit::Fine)
        }
    }
}

async fn build(project: &Project, out: &Path) -> Result<Exit> {
    let store = Store::open_read_only(&project.database).await?;
    let suites = project.suites(&[])?;
    let built = site::build(&store, &suites, &project.config, out, Timestamp::now()).await?;
    publish_calibration(project, &store, &suites, out).await?;
    note(&format!(
        "{} files of {} runs and {} suites; open {}",
        built.files,
        built.runs,
        built.suites,
        out.join("index.html").display()
    ));
    Ok(Exit::Fine)
}

/// How often the method is wrong, beside the numbers it judges: `calibration.json`,
/// as `bench calibrate --json` tells it. Without a calibration there is no file.
async fn publish_calibration(
    project: &Project,
    store: &Store,
    suites: &[Suite],
    out: &Path,
) -> Result<()> {
    let runs = calibration::stored(store, None).await?;
    let rates = Pool::of(&runs, suites, &project.config, project.config.compare.blocks)?.rates()?;
    if rates.is_empty() {
        return Ok(());
    }
    let file = out.join("calibration.json");
    std::fs::write(&file, serde_json::to_string_pretty(&rates)? + "\n")
        .with_context(|| format!("writing {}", file.display()))
}
